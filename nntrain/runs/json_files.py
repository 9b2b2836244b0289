"""Reading and writing the JSON files of a run folder."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from types import NoneType
from typing import Any

from nntrain.errors import NewerSchemaError, RunError
from nntrain.system.files import read_limited

SCHEMA = 1  # the version of run.json and metrics.json
MAX_BYTES = 50_000_000
NUMBER = (int, float)  # JSON has a single type for both
TYPE_NAMES = {
    str: "a string",
    int: "an integer",
    float: "a number",
    dict: "an object",
    list: "an array",
    NoneType: "null",
}


def to_json(document: Mapping[str, Any]) -> str:
    """Return a document as indented JSON; raises ValueError for NaN and infinity, which JSON does not have."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def read_json(path: Path, types: Mapping[str, tuple[type, ...]]) -> dict[str, Any]:
    """Read a JSON file of a run; raises RunError if it is missing, damaged or of another schema.

    `types` are the types that a value may have, by dotted key (`data.name`). A missing key is read as null. Keys inside
    a null, and keys that are not in `types`, are not checked.
    """
    document = _parse(path)
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise other_schema(path, document.get("schema") if isinstance(document, dict) else None, expected=SCHEMA)
    for key, allowed in types.items():
        parent_key, _, name = key.rpartition(".")
        parent = document.get(parent_key) if parent_key else document
        if parent is not None and not has_type(parent.setdefault(name, None), allowed):
            raise RunError(f"{path}: damaged: {key} must be {_describe(allowed)}; restore the file or train again")
    return document


def other_schema(path: Path, schema: object, *, expected: int) -> RunError:
    """Return the error for a file of another schema, a NewerSchemaError if a newer version wrote it."""
    kind = NewerSchemaError if has_type(schema, (int,)) and schema > expected else RunError  # type: ignore[operator]
    return kind(f"{path}: has schema {schema}, but this nntrain reads schema {expected}; use the version that wrote it")


def has_type(value: object, types: tuple[type, ...]) -> bool:
    """Return whether a JSON value has one of these types; unlike in Python, true and false are not integers."""
    return isinstance(value, types) and not isinstance(value, bool)


def _parse(path: Path) -> object:
    try:
        content = read_limited(path, max_bytes=MAX_BYTES)
    except FileNotFoundError:
        raise RunError(f"{path}: missing; {path.parent} is not a complete run folder") from None
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise RunError(f"{path}: {error}; nntrain did not write it") from None
    try:
        return json.loads(content, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError):
        raise RunError(f"{path}: damaged: not JSON; restore the file or train again") from None


def _finite(text: str) -> float:
    """Return a number; raises ValueError for NaN and infinity, which JSON does not have."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _describe(types: tuple[type, ...]) -> str:
    """Return "a string or null"; a float includes the integers."""
    return " or ".join(TYPE_NAMES[type_] for type_ in types if not (type_ is int and float in types))
