"""Splits the training images into a training and a validation part."""

from __future__ import annotations

from math import floor

import numpy as np

from nntrain.errors import DataError


def validation_split(
    labels: np.ndarray, fraction: float, *, stratify: bool, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices of the images to train on and of those to validate on, each in ascending order.

    The last `fraction` of the images, from 0 to below 1, is for validation, as in Keras. With `stratify`, it is that
    fraction of every class instead, drawn with the seed. Raises DataError if either part would lack a class.
    """
    indices = np.arange(len(labels))
    if fraction == 0:
        return indices, indices[:0]
    if stratify:
        train_indices, validation_indices = _split_by_class(labels, fraction, seed)
    else:
        train_indices, validation_indices = np.split(indices, [floor(len(labels) * (1 - fraction))])
    _check_classes(labels, train_indices, "training", fraction, stratify=stratify)
    _check_classes(labels, validation_indices, "validation", fraction, stratify=stratify)
    return train_indices, validation_indices


def _split_by_class(labels: np.ndarray, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.Generator(np.random.PCG64(seed))
    class_indices = []
    for label in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == label))
        class_indices.append(members[: round(len(members) * fraction)])
    validation_indices = np.sort(np.concatenate(class_indices))
    return np.setdiff1d(np.arange(len(labels)), validation_indices), validation_indices


def _check_classes(labels: np.ndarray, indices: np.ndarray, images: str, fraction: float, *, stratify: bool) -> None:
    """Raise DataError if the images of these indices lack a class; `images` is "training" or "validation"."""
    missing = np.setdiff1d(labels, labels[indices])
    if len(missing):
        remedy = "the class has too few images" if stratify else "`fit.stratify: true` splits every class"
        raise DataError(
            f"fit.validation_split {fraction:g} leaves no {images} images of class "
            f"{', '.join(map(str, missing[:10]))}; {remedy}"
        )
