"""The JSON schema for editors, the shipped configs, and the layer table."""

from __future__ import annotations

import json

import pytest
import yaml

from nntrain.config.json_schema import config_schema
from nntrain.config.loading import load_config
from nntrain.config.network import layer_table, work
from nntrain.config.shipped import folder, shipped_config, shipped_configs
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
    assert json.loads((folder() / "schema.json").read_text()) == json.loads(json.dumps(SCHEMA))


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


def test_training_work_is_three_times_the_forward_products():
    config = load_config(shipped_config("mlp").path).config
    assert work(config.model).training_operations(1) == 6 * (784 * 128 + 128 * 128 + 128 * 10)
