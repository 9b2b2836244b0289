"""The JSON schema for editors, the shipped configs, and the layer table."""

from __future__ import annotations

import json

import pytest
import yaml

from nntrain.config.json_schema import config_schema
from nntrain.config.loading import load_config
from nntrain.config.network import layer_table, work
from nntrain.config.shipped import shipped_config, shipped_configs, shipped_dir
from nntrain.errors import UsageError

SCHEMA = config_schema()


def accepts(schema, value):
    """Tell whether a JSON schema accepts a value; knows the keywords that ours uses."""
    if "$ref" in schema:
        return accepts(SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]], value)
    if "anyOf" in schema:
        return any(accepts(option, value) for option in schema["anyOf"])
    if "enum" in schema:
        return value in schema["enum"]
    if "const" in schema:
        return value == schema["const"]
    kinds = {
        "object": dict,
        "array": list,
        "string": str,
        "boolean": bool,
        "integer": int,
        "number": (int, float),
        "null": type(None),
    }
    if not isinstance(value, kinds[schema["type"]]) or (isinstance(value, bool) and schema["type"] != "boolean"):
        return False
    if isinstance(value, dict):
        known = schema.get("properties", {})
        return set(schema.get("required", ())) <= set(value) <= set(known) and all(
            accepts(known[name], child) for name, child in value.items()
        )
    if isinstance(value, list):
        return all(accepts(schema["items"], child) for child in value)
    return not (isinstance(value, int | float) and value < schema.get("minimum", value))


@pytest.mark.parametrize("config", shipped_configs(), ids=lambda config: config.name)
def test_the_schema_accepts_every_shipped_config(config):
    assert accepts(SCHEMA, yaml.safe_load(config.path.read_text()))


@pytest.mark.parametrize(
    "change",
    [
        {"sead": 1},
        {"seed": -1},
        {"fit": {"epoch": 3}},
        {"optimizer": "adm"},
        {"optimizer": {"adam": {"learnig_rate": 1}}},
        {"model": [{"dense": {}}]},
        {"model": [{"dense": 8, "activation": "relu"}]},
        {"loss": None},
    ],
)
def test_the_schema_refuses_what_the_program_refuses(change):
    good = yaml.safe_load(shipped_config("mlp").path.read_text())
    assert not accepts(SCHEMA, {**good, **change})


def test_the_shipped_schema_is_the_programs():
    assert (shipped_dir() / "schema.json").read_text(encoding="utf-8") == json.dumps(SCHEMA, indent=1) + "\n"


@pytest.mark.parametrize("config", shipped_configs(), ids=lambda config: config.name)
def test_shipped_configs_open_with_what_they_show_and_where_the_schema_is(config):
    lines = config.path.read_text().splitlines()
    assert config.shows.endswith((".", "?", "sigmoid.", "digits."))
    assert lines[2] == "# yaml-language-server: $schema=schema.json"


def test_an_unknown_config_is_answered_with_a_guess():
    with pytest.raises(UsageError, match="no config named 'mlp_dropuot'; did you mean 'mlp_dropout'"):
        shipped_config("mlp_dropuot")


def test_the_articles_first_network_has_118282_parameters():
    config = load_config(shipped_config("mlp").path).config
    # 784 x 128 + 128, 128 x 128 + 128, 128 x 10 + 10
    assert [row.parameters for row in layer_table(config.model)] == [0, 0, 100_480, 16_512, 1_290]
    assert work(config.model).parameters == 118_282


def test_the_convolutional_networks_table_is_counted_by_hand():
    rows = layer_table(load_config(shipped_config("cnn").path).config.model)
    assert [(row.kind, row.shape, row.parameters) for row in rows[1:]] == [
        ("Reshape", (28, 28, 1), 0),
        ("Conv2D", (26, 26, 32), 320),  # 3 x 3 x 1 x 32 + 32
        ("MaxPooling2D", (13, 13, 32), 0),
        ("Conv2D", (11, 11, 64), 18_496),  # 3 x 3 x 32 x 64 + 64
        ("MaxPooling2D", (5, 5, 64), 0),
        ("Flatten", (1600,), 0),
        ("Dropout", (1600,), 0),
        ("Dense", (10,), 16_010),  # 1600 x 10 + 10
    ]


@pytest.mark.parametrize(
    ("name", "parameters", "trainable"),
    [
        ("mlp_dropout", 269_322, 269_322),  # 784 x 256 + 256, 256 x 256 + 256, 256 x 10 + 10
        ("mlp_batchnorm", 271_370, 270_346),  # and 4 x 256 twice, half of it moving averages
        ("mlp_complete", 271_370, 270_346),
        ("cnn", 34_826, 34_826),  # 320 + 18,496 + 16,010
        ("binary", 50_305, 50_305),  # 784 x 64 + 64, 64 + 1
        ("regression", 50_305, 50_305),
    ],
)
def test_parameters_of_the_articles_networks_are_those_counted_by_hand(name, parameters, trainable):
    rows = layer_table(load_config(shipped_config(name).path).config.model)
    assert (sum(row.parameters for row in rows), sum(row.trainable for row in rows)) == (parameters, trainable)


def test_the_layer_table_names_each_layers_telling_arguments(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text(
        "model:\n"
        "  - conv2d: {filters: 4, kernel_size: [3, 5], strides: 2, padding: same, activation: relu}\n"
        "  - max_pooling2d: {strides: 1}\n"
        "  - average_pooling2d: 3\n"
        "  - batch_normalization\n"
        "  - leaky_re_lu: {negative_slope: 0.1}\n"
        "  - dropout: 0.25\n"
        "  - flatten\n"
        "  - dense: 10\n"
        "  - activation: softmax\n"
        "optimizer: adam\nloss: categorical_crossentropy\n"
    )
    rows = layer_table(load_config(path).config.model)
    assert [(row.kind, row.description, row.shape, row.parameters) for row in rows] == [
        ("Rescaling", "pixels / 255", (28, 28), 0),
        ("Reshape", "", (28, 28, 1), 0),
        ("Conv2D", "4 of 3x5, strides 2x2, same, relu", (14, 14, 4), 64),  # 3 x 5 x 4 + 4
        ("MaxPooling2D", "2x2, strides 1x1", (13, 13, 4), 0),
        ("AveragePooling2D", "3x3", (4, 4, 4), 0),
        ("BatchNormalization", "", (4, 4, 4), 16),
        ("LeakyReLU", "0.1", (4, 4, 4), 0),
        ("Dropout", "0.25", (4, 4, 4), 0),
        ("Flatten", "", (64,), 0),
        ("Dense", "10", (10,), 650),
        ("Activation", "softmax", (10,), 0),
    ]


def test_training_work_is_three_times_the_forward_products():
    config = load_config(shipped_config("mlp").path).config
    assert work(config.model).training_operations(1) == 6 * (784 * 128 + 128 * 128 + 128 * 10)
