"""Which training images are kept back for validation."""

from __future__ import annotations

from math import floor

import numpy as np

from nntrain.errors import DataError


def validation_split(
    labels: np.ndarray, fraction: float, *, stratify: bool, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of the images to learn from and of those to validate with, each in rising order.

    The last fraction is kept back, cut where Keras cuts; with `stratify` the same share of every class, drawn with the
    seed. Raises DataError where a part would lack a class.
    """
    numbers = np.arange(len(labels))
    if fraction == 0:
        return numbers, numbers[:0]
    learnt, held_out = (
        _by_class(labels, fraction, seed) if stratify else np.split(numbers, [floor(len(labels) * (1 - fraction))])
    )
    classes = np.unique(labels)
    for part, chosen in (("training", learnt), ("validation", held_out)):
        missing = np.setdiff1d(classes, labels[chosen])
        if len(missing):
            words = ", ".join(map(str, missing[:10]))
            remedy = "it has too few images for this" if stratify else "draw it by class with `fit.stratify: true`"
            raise DataError(
                f"fit.validation_split {fraction:g} leaves the {part} part without class {words} "
                f"({len(chosen):,} images); {remedy}"
            )
    return learnt, held_out


def _by_class(labels: np.ndarray, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.Generator(np.random.PCG64(seed))
    held_out = []
    for label in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == label))
        held_out.append(members[: round(len(members) * fraction)])
    chosen = np.sort(np.concatenate(held_out))
    return np.setdiff1d(np.arange(len(labels)), chosen), chosen
