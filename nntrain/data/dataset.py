"""What a data set is, and the checks that every one passes before it is used."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from nntrain.errors import DataError
from nntrain.system.hashing import fingerprint, fingerprint_arrays

PARTS = ("train", "test")
SIDE = 28
MAX_CLASSES = 1000


@dataclass
class Dataset:
    """Pictures with labels; a part that was not asked for is empty.

    Images are uint8 (n, 28, 28), labels uint8 or int64 (n,) from 0.
    """

    name: str  # as the config names it: "mnist", or an absolute path
    source: Path  # the file or folder it was read from
    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    classes: tuple[str, ...]  # names by label

    @cached_property
    def fingerprints(self) -> dict[str, str]:
        """The MD5 of each array's bytes, labels below 256 as uint8."""
        names = ("x_train", "y_train", "x_test", "y_test")
        return {name: fingerprint_arrays([_small(getattr(self, name))]) for name in names if len(getattr(self, name))}

    @property
    def fingerprint(self) -> str:
        """One MD5 over all of them."""
        return fingerprint("".join(self.fingerprints.values()).encode())


def _small(array: np.ndarray) -> np.ndarray:
    """Return labels below 256 as uint8, as MNIST's are stored."""
    return array.astype(np.uint8) if array.dtype != np.uint8 and array.max(initial=0) < 256 else array


def checked(images: np.ndarray, labels: np.ndarray, part: str, source: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return a part's images and labels if they are fit to be learnt from; raises DataError that says what is not."""
    where = f"{source}: {part}"
    labels = checked_labels(labels, part, source)
    if images.ndim != 3 or images.shape[1:] != (SIDE, SIDE):
        shape = " x ".join(map(str, images.shape))
        remedy = f"; save x_{part}.reshape(-1, {SIDE}, {SIDE})" if _only_shaped_otherwise(images) else ""
        raise DataError(f"{where} images have the shape {shape}; it has to be count x {SIDE} x {SIDE}{remedy}")
    if images.dtype != np.uint8:
        raise DataError(f"{where} images are {images.dtype}; save pixels from 0 to 255 as uint8")
    if len(images) != len(labels):
        raise DataError(f"{where} has {len(images):,} images but {len(labels):,} labels; each image takes one label")
    return images, labels


def checked_labels(labels: np.ndarray, part: str, source: Path) -> np.ndarray:
    """Return a part's labels, uint8 or int64, if they number classes; raises DataError that says what is wrong."""
    where = f"{source}: {part}"
    if labels.ndim != 1:
        remedy = f"; save y_{part}.argmax(axis=1) if they are one-hot" if labels.ndim == 2 else ""
        raise DataError(f"{where} labels have {labels.ndim} dimensions; it has to be one whole number an image{remedy}")
    if not np.issubdtype(labels.dtype, np.integer):
        raise DataError(f"{where} labels are {labels.dtype}; they have to be whole numbers from 0")
    if not len(labels):
        raise DataError(f"{where} is empty; it takes at least one image")
    if labels.min() < 0 or labels.max() >= MAX_CLASSES:
        found = int(labels.min() if labels.min() < 0 else labels.max())
        raise DataError(f"{where} labels have to lie from 0 to {MAX_CLASSES - 1}; there is a {found}")
    return labels if labels.dtype == np.uint8 else labels.astype(np.int64)


def _only_shaped_otherwise(images: np.ndarray) -> bool:
    """Tell whether images are flat, or have a channel of their own: (n, 784) or (n, 28, 28, 1)."""
    return images.shape[1:] in ((SIDE * SIDE,), (SIDE, SIDE, 1), (1, SIDE, SIDE))


def numbered(count: int) -> tuple[str, ...]:
    """Return the class names of labels without names."""
    return tuple(map(str, range(count)))
