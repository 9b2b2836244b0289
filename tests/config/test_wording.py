"""How messages write paths, values and what a field accepts."""

from __future__ import annotations

import pytest

from nntrain.config.wording import (
    describe_accepted,
    dotted,
    format_setting,
    format_settings,
    format_value,
    join_or,
    with_article,
)


def test_a_path_is_written_with_dots():
    assert dotted(("model", 0, "dense", "units")) == "model.0.dense.units"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "x=null"),
        (True, "x=true"),
        (0.00001, "x=1e-05"),
        ("runs/a-1", "x=runs/a-1"),
        ("null", 'x="null"'),
        ("5", 'x="5"'),
        ("3: Ä", 'x="3: Ä"'),
        (["accuracy", "mse"], "x=[accuracy, mse]"),
        ([[1, 2], [3, 4]], "x=[[1, 2], [3, 4]]"),
        ({}, "x={}"),
        ({"sgd": {"momentum": 0.9}}, "x={sgd: {momentum: 0.9}}"),
    ],
)
def test_a_setting_is_written_as_an_override(value, text):
    assert format_setting("x", value) == text


def test_settings_are_quoted_for_a_shell():
    settings = {"seed": 7, "model.0.conv2d.kernel_size": [3, 5]}
    assert format_settings(settings) == "seed=7 'model.0.conv2d.kernel_size=[3, 5]'"


@pytest.mark.parametrize(
    ("noun", "article"),
    [
        ("activation", "an"),
        ("element", "an"),
        ("initializer", "an"),
        ("optimizer", "an"),
        ("user", "an"),
        ("layer", "a"),
    ],
)
def test_a_noun_has_its_article(noun, article):
    assert with_article(noun) == f"{article} {noun}"


@pytest.mark.parametrize(("words", "text"), [("a", "a"), ("ab", "a or b"), ("abc", "a, b or c")])
def test_alternatives_are_joined(words, text):
    assert join_or(words) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "nothing"),
        (True, "true"),
        (float("nan"), ".nan"),
        (float("inf"), ".inf"),
        (float("-inf"), "-.inf"),
        (1.5, "1.5"),
        (3, "3"),
        ("a", "'a'"),
        ({"a": 1, 2: 3}, "a mapping (a, 2)"),
        ([1], "a list"),
        ("x" * 58, f"'{'x' * 58}'"),
        ("x" * 59, f"'{'x' * 56}..."),
    ],
)
def test_a_value_is_shown_as_yaml_writes_it_and_shortened(value, text):
    assert format_value(value) == text


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 1000}, "a whole number of at least 1 and at most 1,000"),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, "a number above 0 and below 1"),
        ({"type": "number"}, "a number"),
        ({"type": "boolean"}, "true or false"),
        ({"type": "string"}, "text"),
        ({"type": "string", "minLength": 1}, "non-empty text"),
        ({"enum": ["a", "b", "c"]}, "a, b or c"),
        ({"anyOf": [{"const": "auto"}, {"type": "boolean"}]}, "auto, true or false"),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, "a number or null"),
        ({"type": "array", "items": {"type": "integer", "minimum": 0}}, "a list of whole numbers of at least 0"),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 5}, "a list of whole numbers"),
        (
            {
                "type": "array",
                "items": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2},
                "minItems": 3,
                "maxItems": 3,
            },
            "a list of 3 lists of 2 whole numbers",
        ),
        ({"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}, "a list of 2 numbers"),
    ],
)
def test_what_a_json_schema_accepts_is_described(schema, text):
    assert describe_accepted(schema) == text
