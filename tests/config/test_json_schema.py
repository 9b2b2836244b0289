"""The JSON schema for editors."""

from __future__ import annotations

import json

import pytest
import yaml

from nntrain.config.json_schema import config_schema
from nntrain.config.schema import LearningRateSchedule
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
    shipped = (shipped_dir() / "schema.json").read_text(encoding="utf-8")
    stale = "configs/schema.json is stale: `python -m nntrain configs schema > configs/schema.json`"
    assert shipped == json.dumps(SCHEMA, indent=2, ensure_ascii=False) + "\n", stale


def test_every_family_has_a_definition_with_its_members():
    assert list(SCHEMA["$defs"]) == sorted(SCHEMA["$defs"])
    assert set(SCHEMA["$defs"]) == {
        *("activation", "initializer", "layer", "learning_rate_schedule"),
        *("loss", "metric", "optimizer", "regularizer"),
    }
    names, *members = SCHEMA["$defs"]["learning_rate_schedule"]["anyOf"]
    assert "step_decay" in names["enum"]
    assert "reduce_lr_on_plateau" not in names["enum"]  # it has a required argument
    assert [member["required"] for member in members] == [[name] for name in LearningRateSchedule.members]


def test_a_component_with_one_required_argument_may_be_written_with_its_value_alone():
    (dropout,) = [
        option["properties"]["dropout"]
        for option in SCHEMA["$defs"]["layer"]["anyOf"]
        if "dropout" in option.get("properties", {})
    ]
    assert dropout["anyOf"][0] == {"exclusiveMaximum": 1, "minimum": 0, "type": "number", "description": "the fraction"}
    assert dropout["anyOf"][1]["required"] == ["rate"]
    assert dropout["anyOf"][1]["additionalProperties"] is False


def test_fields_have_their_description_default_and_null_if_they_are_optional():
    assert SCHEMA["properties"]["fit"]["anyOf"][0]["properties"]["validation_split"] == {
        "exclusiveMaximum": 1,
        "minimum": 0,
        "type": "number",
        "description": "fraction of the training images that is kept for validation, taken from their end; 0 in Keras",
        "default": 0.2,
    }
    assert SCHEMA["properties"]["lr_schedule"] == {
        "description": "how the learning rate changes from epoch to epoch",
        "anyOf": [{"$ref": "#/$defs/learning_rate_schedule"}, {"type": "null"}],
    }
    assert SCHEMA["properties"]["optimizer"] == {"$ref": "#/$defs/optimizer"}
    assert SCHEMA["properties"]["metrics"]["items"] == {"$ref": "#/$defs/metric"}
    assert SCHEMA["required"] == ["model", "optimizer", "loss"]
