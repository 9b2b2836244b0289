"""Words of config errors: what was found, what is accepted, what was probably meant."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

# What people write who know Keras's classes, PyTorch or the long forms; only ever suggested, never accepted.
OTHER_NAMES = {
    "acc": "accuracy",
    "architecture": "model",
    "averagepool2d": "average_pooling2d",
    "avgpool2d": "average_pooling2d",
    "batchnorm": "batch_normalization",
    "batchnorm2d": "batch_normalization",
    "bce": "binary_crossentropy",
    "classify": "classification",
    "convolution2d": "conv2d",
    "cosinedecay": "cosine_annealing",
    "crossentropy": "categorical_crossentropy",
    "cuda": "gpu",
    "fashion": "fashion_mnist",
    "float16": "mixed_float16",
    "bfloat16": "mixed_bfloat16",
    "fp16": "mixed_float16",
    "layers": "model",
    "linearlayer": "dense",
    "lr": "learning_rate",
    "maxpool2d": "max_pooling2d",
    "maxpool": "max_pooling2d",
    "meanabsoluteerror": "mae",
    "meansquarederror": "mse",
    "network": "model",
    "neurons": "units",
    "none": "linear",
    "nodes": "units",
    "plateau": "reduce_lr_on_plateau",
    "swish": "silu",
    "train": "fit",
    "training": "fit",
    "stepdecay": "step_decay",
    "stride": "strides",
    "sparsecrossentropy": "sparse_categorical_crossentropy",
}


def suggest(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" for the known word that is likely meant, or nothing."""
    meant = same(word, known) or closest(word, known)
    return f"; did you mean '{meant}'?" if meant else ""


def same(word: str, known: Iterable[str]) -> str | None:
    """Return the known word of which `word` is another spelling or another library's name, or None."""
    by_bare = {_bare(name): name for name in known}
    bare = _bare(word)
    other = OTHER_NAMES.get(bare)
    return other if other in by_bare.values() else by_bare.get(bare)


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is written most alike, or None where none is."""
    by_bare = {_bare(name): name for name in known}
    close = difflib.get_close_matches(_bare(word), by_bare, n=1, cutoff=0.6)
    return by_bare[close[0]] if close else None


def _bare(word: str) -> str:
    return re.sub(r"[^a-z0-9]", "", word.lower())


def with_article(noun: str) -> str:
    """Return "a layer", "an optimizer"."""
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def found(value: object) -> str:
    """Show a value as it would be written in YAML, shortened."""
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
            text = "a mapping (" + ", ".join(str(key) for key in value) + ")"
        case _:
            text = "a list"
    return text if len(text) <= 60 else text[:57] + "..."


def accepted(schema: Mapping[str, Any]) -> str:
    """Say in words what a JSON schema accepts: "a number of at least 0 and below 1"."""
    if "anyOf" in schema:
        return " or ".join(accepted(option) for option in schema["anyOf"])
    if "enum" in schema:
        words = [str(word) for word in schema["enum"]]
        return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
    if "const" in schema:
        return str(schema["const"])
    kind = schema.get("type")
    if kind == "array":
        return f"{_amount(schema)} {_plural(schema.get('items', {}))}"
    return {"integer": "a whole number", "number": "a number", "boolean": "true or false", "string": "a word"}.get(
        str(kind), "null"
    ) + _range(schema)


def _amount(schema: Mapping[str, Any]) -> str:
    least, most = schema.get("minItems"), schema.get("maxItems")
    return f"a list of {least}" if least == most and least else "a list of"


def _plural(schema: Mapping[str, Any]) -> str:
    return {"integer": "whole numbers", "number": "numbers"}.get(str(schema.get("type")), "values") + _range(schema)


def _range(schema: Mapping[str, Any]) -> str:
    bounds = [
        words.format(schema[key])
        for key, words in (
            ("minimum", "of at least {:,}"),
            ("exclusiveMinimum", "above {:,}"),
            ("maximum", "at most {:,}"),
            ("exclusiveMaximum", "below {:,}"),
        )
        if key in schema
    ]
    return " " + " and ".join(bounds) if bounds else ""
