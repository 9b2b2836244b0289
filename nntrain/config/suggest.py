"""Which known word a user probably meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

# What people write who know Keras's classes, PyTorch or the long forms; these are suggested, never accepted.
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
    "stride": "strides",
    "sparsecrossentropy": "sparse_categorical_crossentropy",
}


def suggest(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" for the known word that was probably meant, or nothing."""
    known = list(known)
    meant = same_word(word, known) or closest_word(word, known)
    return f"; did you mean '{meant}'?" if meant else ""


def same_word(word: str, known: Iterable[str]) -> str | None:
    """Return the known word of which `word` is another spelling or another library's name, or None."""
    by_letters = {_letters(name): name for name in known}
    other = OTHER_NAMES.get(_letters(word))
    return other if other in by_letters.values() else by_letters.get(_letters(word))


def closest_word(word: str, known: Iterable[str]) -> str | None:
    """Return the known word whose spelling is closest, or None if none is close."""
    by_letters = {_letters(name): name for name in known}
    close = difflib.get_close_matches(_letters(word), by_letters, n=1, cutoff=0.6)
    return by_letters[close[0]] if close else None


def _letters(word: str) -> str:
    return re.sub(r"[^a-z0-9]", "", word.lower())
