"""How messages write paths, values and what a field accepts."""

from __future__ import annotations

import json
import math
import re
import shlex
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nntrain.config.yaml_tree import KeyPath

# Text that YAML reads as text without quotes, unless it is one of the words after it.
PLAIN_TEXT = re.compile(r"[A-Za-z_./][\w./-]*")
NOT_TEXT = ("null", "true", "false", ".inf", ".nan")
MAX_LENGTH = 60  # characters of a value; longer ones are cut


def dotted(path: KeyPath) -> str:
    """Return a path as overrides write it: "model.0.dense.units"."""
    return ".".join(map(str, path))


def format_setting(key: str, value: object) -> str:
    """Return a setting as an override: "fit.epochs=3", "early_stopping=null"."""
    return f"{key}={flow_yaml(value)}"


def format_settings(settings: Mapping[str, object]) -> str:
    """Return settings as overrides that a shell takes: "seed=7 'model.0.conv2d.kernel_size=[3, 5]'"."""
    return shlex.join(format_setting(key, value) for key, value in settings.items())


def flow_yaml(value: object) -> str:
    """Return a plain value as YAML on one line."""
    match value:
        case str() if PLAIN_TEXT.fullmatch(value) and value.lower() not in NOT_TEXT:
            return value
        case list() | tuple():
            return f"[{', '.join(map(flow_yaml, value))}]"
        case dict():
            return f"{{{', '.join(f'{flow_yaml(key)}: {flow_yaml(entry)}' for key, entry in value.items())}}}"
    return json.dumps(value, ensure_ascii=False)


def with_article(noun: str) -> str:
    """Return a noun with its article: "a layer", "an optimizer"."""
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def join_or(alternatives: Iterable[str]) -> str:
    """Join alternatives: "a", "a or b", "a, b or c"."""
    *others, last = alternatives
    return f"{', '.join(others)} or {last}" if others else last


def format_value(value: object) -> str:
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
            text = f"a mapping ({', '.join(map(str, value))})" if value else "an empty mapping"
        case _:
            text = "a list"
    return text if len(text) <= MAX_LENGTH else f"{text[: MAX_LENGTH - 3]}..."


def describe_accepted(schema: Mapping[str, Any]) -> str:
    """Return what a JSON schema accepts: "a number of at least 0 and below 1"."""
    return join_or(_alternatives(schema))


def _alternatives(schema: Mapping[str, Any]) -> list[str]:
    if "anyOf" in schema:
        return [alternative for option in schema["anyOf"] for alternative in _alternatives(option)]
    if "enum" in schema:
        return [str(value) for value in schema["enum"]]
    if "const" in schema:
        return [str(schema["const"])]
    match schema["type"]:
        case "boolean":
            return ["true", "false"]
        case "array":
            return [f"a list of {_entries(schema)}"]
        case "string":
            return ["non-empty text" if schema.get("minLength") else "text"]
        case "null":
            return ["null"]
        case number:
            return [{"integer": "a whole number", "number": "a number"}[number] + _range(schema)]


def _entries(schema: Mapping[str, Any]) -> str:
    """Return how many entries of which kind a list has, for example "2 whole numbers"."""
    length = f"{schema['minItems']} " if schema.get("minItems") == schema.get("maxItems", 0) else ""
    return length + _plural(schema["items"])


def _plural(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        return join_or(_plural(option) for option in schema["anyOf"])
    if schema["type"] == "array":
        return f"lists of {_entries(schema)}"
    plural = {"integer": "whole numbers", "number": "numbers", "string": "names"}
    return plural[schema["type"]] + _range(schema)


def _range(schema: Mapping[str, Any]) -> str:
    limits = [
        text.format(schema[key])
        for key, text in (
            ("minimum", "of at least {:,}"),
            ("exclusiveMinimum", "above {:,}"),
            ("maximum", "at most {:,}"),
            ("exclusiveMaximum", "below {:,}"),
        )
        if key in schema
    ]
    return f" {' and '.join(limits)}" if limits else ""
