"""Configs in every form."""

from __future__ import annotations

import pytest

import nntrain
from nntrain.errors import ConfigError, UsageError

TEXT = """
model: [dense: {units: 8, activation: relu}, dense: {units: 10, activation: softmax}]
optimizer: adam
loss: categorical_crossentropy
"""


def test_a_config_is_a_name_a_path_text_a_dict_or_a_config(tmp_path):
    path = tmp_path / "my.yaml"
    path.write_text(TEXT)
    forms = [
        path,
        str(path),
        TEXT,
        "{" + ", ".join(TEXT.strip().splitlines()) + "}",
        nntrain.load_config(TEXT).to_dict(),
    ]
    configs = [nntrain.load_config(form) for form in (*forms, nntrain.load_config(TEXT))]
    assert len({config.to_yaml() for config in configs}) == 1
    assert [config.name for config in configs] == ["my", "my", "config", "config", "config", "config"]
    assert nntrain.load_config("mlp").parameters == 118_282


@pytest.mark.parametrize("overrides", [{"fit.epochs": 3, "learning_rate": 0.5}, ["epochs=3", "learning_rate=0.5"]])
def test_overrides_are_a_dict_or_arguments(overrides):
    settings = nntrain.load_config("mlp", overrides, seed=7).settings
    assert (settings.fit.epochs, settings.optimizer.learning_rate, settings.seed) == (3, 0.5, 7)


def test_a_config_can_be_changed_again():
    config = nntrain.load_config(nntrain.load_config("mlp", {"fit.epochs": 3}), {"fit.batch_size": 64})
    assert (config.settings.fit.epochs, config.settings.fit.batch_size) == (3, 64)


def test_two_seeds_are_an_error():
    assert nntrain.load_config("mlp", {"seed": 7}, seed=7).settings.seed == 7
    assert nntrain.load_config("mlp", ["seed=7"], seed=7).settings.seed == 7
    with pytest.raises(UsageError, match="seed=7, but the overrides set seed to 8; give one of them"):
        nntrain.load_config("mlp", {"seed": 8}, seed=7)
    with pytest.raises(UsageError, match="seed=7, but the overrides set seed to '8'; give one of them"):
        nntrain.load_config("mlp", ["seed=8"], seed=7)


@pytest.mark.parametrize("seed", [None, 7])
@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ("epochs=3", r"overrides='epochs=3': give a dict, or a list of arguments: \['epochs=3'\]"),
        (None, "overrides are a dict, or a list of arguments, got NoneType"),
        ([("fit.epochs", 3)], r"in a list, overrides are strings such as 'epochs=3', got \('fit.epochs', 3\)"),
    ],
)
def test_overrides_of_other_types_are_an_error_that_says_what_to_give(overrides, message, seed):
    with pytest.raises(UsageError, match=message):
        nntrain.load_config("mlp", overrides, seed=seed)


@pytest.mark.parametrize("config", [None, 3, b"mlp", ["mlp"]])
def test_what_is_no_config_is_named_by_its_type(config):
    with pytest.raises(UsageError, match=f"YAML text, a dict or a Config, got {type(config).__name__}"):
        nntrain.load_config(config)


def test_a_name_that_no_file_can_have_is_an_unknown_config():
    with pytest.raises(UsageError, match="No shipped config 'xxx"):
        nntrain.load_config("x" * 5000)


def test_changing_a_config_checks_the_classes_of_its_data(tiny_data):
    config = nntrain.load_config(TEXT + f"data: {{dataset: {tiny_data}}}")
    with pytest.raises(ConfigError, match="4 units"):
        nntrain.load_config(config, {"model.1.dense.units": 4})


def test_the_error_has_all_problems():
    with pytest.raises(ConfigError) as caught:
        nntrain.load_config({"model": ["flatten"], "optimizer": "adm", "loss": "mse"})
    assert "config: optimizer: no optimizer 'adm'; did you mean 'adam'?" in map(str, caught.value.problems)


def test_a_config_shows_its_size_and_in_a_notebook_its_layers():
    config = nntrain.load_config("mlp")
    assert repr(config) == "Config(mlp: 118,282 parameters, 10 epochs, batch size 128, data set mnist)"
    assert '<td style="text-align: left">128, relu</td>' in config._repr_html_()
    assert [layer.kind for layer in config.layers] == ["Rescaling", "Flatten", "Dense", "Dense", "Dense"]


def test_hints_are_escaped_in_a_notebook():
    config = nntrain.load_config(TEXT.replace("relu", "sigmoid"))
    assert len(config.hints) == 1
    assert "<li>config:2:" in config._repr_html_()


def test_the_shipped_configs_are_listed():
    assert {"mlp", "cnn", "quickstart"} <= {config.name for config in nntrain.list_configs()}
