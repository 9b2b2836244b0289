"""A config given as Python values becomes the same tree as its YAML, or its mistakes are named."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from nntrain.config.load import load_config_text, load_config_values
from nntrain.config.python_values import read_values
from nntrain.errors import ConfigError

VALUES = {
    "model": [{"dense": {"units": 8, "activation": "relu"}}, {"dense": (10)}],
    "optimizer": {"adam": {"learning_rate": 0.01}},
    "loss": "mse",
    "fit": {"epochs": 3, "stratify": True},
    "early_stopping": None,
}
TEXT = """
model: [dense: {units: 8, activation: relu}, dense: 10]
optimizer: {adam: {learning_rate: 0.01}}
loss: mse
fit: {epochs: 3, stratify: true}
task: classification
"""


def read(value):
    return read_values(value, "config", base=Path("/base"))


def test_a_dict_gives_the_config_of_the_same_yaml():
    text = TEXT.replace("dense: 10", "dense: {units: 10, activation: softmax}")
    values = {**VALUES, "model": [VALUES["model"][0], {"dense": {"units": 10, "activation": "softmax"}}]}
    from_values, from_text = load_config_values(values), load_config_text(text)
    assert from_values.config == from_text.config
    assert (from_values.name, from_values.path, from_text.path) == ("config", None, None)


def test_all_mistakes_of_a_dict_are_reported_by_their_dotted_keys():
    with pytest.raises(ConfigError) as caught:
        load_config_values({**VALUES, "model": [{"dense": {"units": 8, "activation": "rellu"}}], "seeds": 1})
    assert sorted(map(str, caught.value.problems)) == [
        "config: model.0.dense.activation: no activation 'rellu'; did you mean 'relu'?",
        "config: seeds: unknown key; did you mean 'seed'?",
    ]


def test_text_has_lines_and_columns():
    with pytest.raises(ConfigError, match=r"config:5:28: fit.stratify: must be true or false, got 3"):
        load_config_text(TEXT.replace("stratify: true", "stratify: 3"))


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ((1, [2.5, "a"]), [1, [2.5, "a"]]),
        ({"a": {"b": None}}, {"a": {"b": None}}),
        (np.int64(3), 3),
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        (np.array(4), 4),
        (Path("a/b.npz"), str(Path("a/b.npz"))),
        (math.inf, math.inf),
    ],
)
def test_values_are_read_as_those_of_a_file(value, plain):
    node, problems = read(value)
    assert (node.plain(), problems) == (plain, [])
    assert (str(node.place), node.place.base) == ("config", Path("/base"))


CYCLE = {}
CYCLE["a"] = CYCLE


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({3: 1}, "a key must be a string, got 3"),
        (b"a", "a config cannot hold bytes; use strings, numbers, lists and dicts"),
        (np.zeros(2), "a config cannot hold ndarray; use strings, numbers, lists and dicts"),
        (
            10**40,
            "1000000000000000000000000000000000000000 is outside the range of float32, in which the network computes",
        ),
        (2**2000, "a whole number this large is outside the range of float32"),
        (
            {"model": [{"dense": {"units": {3}}}]},
            "model.0.dense.units: a config cannot hold set; use strings, numbers, lists and dicts",
        ),
        (1e-300, "1e-300 is outside the range of float32, in which the network computes"),
        (CYCLE, "nested more than 40 levels deep, or more than 50,000 values"),
        ([0] * 60_000, "nested more than 40 levels deep, or more than 50,000 values"),
    ],
)
def test_what_a_file_could_not_hold_is_a_problem(value, message):
    assert [str(problem) for problem in read(value)[1]][:1] == [f"config: {message}"]
