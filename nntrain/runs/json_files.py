"""Reading and writing the JSON files of a run folder."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from types import NoneType
from typing import Any

from nntrain.errors import RunError
from nntrain.system.files import read_whole

SCHEMA = 1  # of run.json and metrics.json


MAX_JSON_BYTES = 50_000_000


# What the rest of the program relies on in run.json and metrics.json; anything else in them is taken as it is.
_NUMBER = (int, float)


def to_json(document: Mapping[str, Any]) -> str:
    """Write a JSON document for people and programs: indented, in UTF-8, without NaN (which is no JSON)."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def read_json(path: Path, shape: Mapping[str, tuple[type, ...]]) -> dict[str, Any]:
    """Read one of our JSON files; raises RunError that names the file and what is wrong with it.

    `shape` gives the types that a value may have, by dotted key; what is below a null need not be there.
    """
    try:
        content = read_whole(path, most=MAX_JSON_BYTES)
    except FileNotFoundError:
        raise RunError(f"{path}: missing; {path.parent} is not a whole run folder") from None
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise RunError(f"{path}: {error}; it is not one of nntrain's") from None
    try:
        document = json.loads(content, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError):
        raise RunError(f"{path}: damaged: it is not JSON; train again or restore the file") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        written = document.get("schema") if isinstance(document, dict) else None
        raise RunError(
            f"{path}: schema {written}, but this nntrain reads schema {SCHEMA}; use the version that wrote it"
        )
    for key, kinds in shape.items():
        outer, _, inner = key.rpartition(".")
        holder = document.get(outer) if outer else document
        if holder is not None and not _is_a(holder.setdefault(inner, None), kinds):
            words = " or ".join("null" if kind is NoneType else kind.__name__ for kind in kinds)
            raise RunError(f"{path}: damaged: {key} has to be {words}; train again or restore the file")
    return document


def _finite(text: str) -> float:
    """Read a number of JSON, which knows no infinite ones."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _is_a(value: object, kinds: tuple[type, ...]) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool)
