"""Suggestions: the known name that a user probably meant by an unknown one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

# Names from Keras's classes, PyTorch and everyday speech, with ours. Ours are suggested; the others are not accepted.
SYNONYMS = {
    "acc": "accuracy",
    "architecture": "model",
    "averagepool2d": "average_pooling2d",
    "avgpool2d": "average_pooling2d",
    "batch": "batch_size",
    "batchnorm": "batch_normalization",
    "batchnorm2d": "batch_normalization",
    "bce": "binary_crossentropy",
    "bordermode": "padding",
    "bs": "batch_size",
    "classify": "classification",
    "convolution2d": "conv2d",
    "cosinedecay": "cosine_annealing",
    "crossentropy": "categorical_crossentropy",
    "cuda": "gpu",
    "dropout2d": "spatial_dropout2d",
    "dropoutrate": "rate",
    "epoch": "epochs",
    "f1": "f1_score",
    "fashion": "fashion_mnist",
    "float16": "mixed_float16",
    "focalloss": "categorical_focal_crossentropy",
    "bfloat16": "mixed_bfloat16",
    "fp16": "mixed_float16",
    "init": "kernel_initializer",
    "kld": "kl_divergence",
    "kldivloss": "kl_divergence",
    "layernorm": "layer_normalization",
    "layers": "model",
    "linearlayer": "dense",
    "lr": "learning_rate",
    "maxepochs": "epochs",
    "maxpool2d": "max_pooling2d",
    "maxpool": "max_pooling2d",
    "meanabsoluteerror": "mae",
    "meansquarederror": "mse",
    "nbepoch": "epochs",
    "nbfilter": "filters",
    "nepochs": "epochs",
    "network": "model",
    "neurons": "units",
    "none": "linear",
    "nodes": "units",
    "numepochs": "epochs",
    "outputdim": "units",
    "p": "rate",
    "plateau": "reduce_lr_on_plateau",
    "rocauc": "auc",
    "smoothl1loss": "huber",
    "subsample": "strides",
    "swish": "silu",
    "train": "fit",
    "valsplit": "validation_split",
    "wregularizer": "kernel_regularizer",
    "view": "reshape",
    "zeropad2d": "zero_padding2d",
    "training": "fit",
    "stride": "strides",
    "sparsecrossentropy": "sparse_categorical_crossentropy",
}


def suggest(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" with the known word that was probably meant, or "" if none is close."""
    known = list(known)
    suggestion = same_word(word, known) or closest_word(word, known)
    return f"; did you mean '{suggestion}'?" if suggestion else ""


def same_word(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that differs from `word` in spelling only, or is its synonym, or None."""
    by_letters = {_letters(name): name for name in known}
    synonym = SYNONYMS.get(_letters(word))
    return synonym if synonym in by_letters.values() else by_letters.get(_letters(word))


def closest_word(word: str, known: Iterable[str]) -> str | None:
    """Return the known word whose spelling is closest, or None if none is close."""
    by_letters = {_letters(name): name for name in known}
    close = difflib.get_close_matches(_letters(word), by_letters, n=1, cutoff=0.6)
    return by_letters[close[0]] if close else None


def _letters(word: str) -> str:
    return re.sub(r"[^a-z0-9]", "", word.lower())
