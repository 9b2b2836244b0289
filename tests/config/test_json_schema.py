"""The JSON schema for editors."""

from __future__ import annotations

import json

import pytest
import yaml

from nntrain.config.json_schema import config_schema
from nntrain.config.shipped import shipped_config, shipped_configs, shipped_dir

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
