"""Every way to write a component is expanded to the same form."""

from __future__ import annotations

from pathlib import Path

import pytest

from nntrain.config.expand import expand
from nntrain.config.yaml_tree import read_tree


@pytest.fixture
def expanded():
    """Return a function that returns the expanded tree of a text."""
    return lambda text: expand(read_tree(text, "a.yaml", base=Path())[0])


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("optimizer: adam", {"optimizer": {"adam": {}}}),
        ("optimizer: {adam: {beta_1: 0.5}}", {"optimizer": {"adam": {"beta_1": 0.5}}}),
        ("model: [flatten]", {"model": [{"flatten": {}}]}),
        ("model: [dense: 8]", {"model": [{"dense": {"units": 8}}]}),
        ("model: [dense: {units: 8}]", {"model": [{"dense": {"units": 8}}]}),
        ("model: [activation: relu]", {"model": [{"activation": {"activation": {"relu": {}}}}]}),
        ("model: [dense: {activation: relu}]", {"model": [{"dense": {"activation": {"relu": {}}}}]}),
        ("metrics: [mse, accuracy]", {"metrics": [{"mse": {}}, {"accuracy": {}}]}),
        ("lr_schedule: {reduce_lr_on_plateau: 5}", {"lr_schedule": {"reduce_lr_on_plateau": {"patience": 5}}}),
    ],
)
def test_a_component_is_its_name_with_a_mapping_of_arguments(expanded, text, plain):
    assert expanded(text).plain() == plain


@pytest.mark.parametrize(
    "text",
    [
        "optimizer: adm",
        "optimizer: {adam: {}, sgd: {}}",
        "optimizer: {adam: 5}",  # no argument is required, so none is positional
        "optimizer: [adam]",
        "optimizer: {adm: x}",
        "optimizer:",
        "model: dense",
        "model: [conv2d: 3]",  # two arguments are required
        "model: [dense: ]",
        "model: [3, [dense]]",
        "fit: 3",
        "sead: relu",
        "- adam",
    ],
)
def test_mistakes_are_not_changed(expanded, text):
    assert expanded(text) == read_tree(text, "a.yaml", base=Path())[0]


def test_a_positional_argument_has_the_place_of_its_value(expanded):
    root = expanded("model: [dense: 8, flatten]")
    assert [
        str(root.at(("model", *path)).place) for path in [(0,), (0, "dense"), (0, "dense", "units"), (1, "flatten")]
    ] == [
        "a.yaml:1:9",
        "a.yaml:1:16",
        "a.yaml:1:16",
        "a.yaml:1:19",
    ]


def test_a_value_after_the_name_is_the_one_argument_that_keras_requires(read, with_layers):
    config = read(with_layers("dense: 8", "dropout: 0.3", "activation: relu"))
    assert (config.model[0].units, config.model[1].rate, config.model[2].activation.key) == (8, 0.3, "relu")
