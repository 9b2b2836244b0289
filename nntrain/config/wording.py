"""Values, and what a field accepts, in the words of messages."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from nntrain.config.yaml_tree import KeyPath

MAX_SHOWN = 60  # characters of a value


def dotted(path: KeyPath) -> str:
    """Return a path as overrides write it: "model.0.dense.units"."""
    return ".".join(map(str, path))


def with_article(noun: str) -> str:
    """Return "a layer", "an optimizer"."""
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def any_of(words: Iterable[str]) -> str:
    """Return "a", "a or b", "a, b or c"."""
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def show(value: object) -> str:
    """Return a value as YAML writes it, shortened."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case float() if math.isnan(value):
            return ".nan"
        case float() if math.isinf(value):
            return ".inf" if value > 0 else "-.inf"
        case float() | int():
            text = str(value)
        case str():
            text = repr(value)
        case dict():
            text = f"a mapping ({', '.join(map(str, value))})"
        case _:
            text = "a list"
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."


def describe_accepted(schema: Mapping[str, Any]) -> str:
    """Return what a JSON schema accepts: "a number of at least 0 and below 1"."""
    return any_of(_alternatives(schema))


def _alternatives(schema: Mapping[str, Any]) -> list[str]:
    if "anyOf" in schema:
        return [words for option in schema["anyOf"] for words in _alternatives(option)]
    if "enum" in schema:
        return [str(word) for word in schema["enum"]]
    if "const" in schema:
        return [str(schema["const"])]
    match schema["type"]:
        case "boolean":
            return ["true", "false"]
        case "array":
            return [f"{_amount(schema)} {_plural(schema['items'])}"]
        case "string":
            return ["non-empty text" if schema.get("minLength") else "text"]
        case "null":
            return ["null"]
        case kind:
            return [{"integer": "a whole number", "number": "a number"}[kind] + _range(schema)]


def _amount(schema: Mapping[str, Any]) -> str:
    return f"a list of {schema['minItems']}" if "minItems" in schema else "a list of"


def _plural(schema: Mapping[str, Any]) -> str:
    return {"integer": "whole numbers", "number": "numbers"}[schema["type"]] + _range(schema)


def _range(schema: Mapping[str, Any]) -> str:
    limits = [
        words.format(schema[key])
        for key, words in (
            ("minimum", "of at least {:,}"),
            ("exclusiveMinimum", "above {:,}"),
            ("maximum", "at most {:,}"),
            ("exclusiveMaximum", "below {:,}"),
        )
        if key in schema
    ]
    return f" {' and '.join(limits)}" if limits else ""
