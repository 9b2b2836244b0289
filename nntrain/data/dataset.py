"""A data set in memory, and the checks that each data set passes before it is used."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from nntrain.errors import DataError
from nntrain.system.hashing import fingerprint, fingerprint_arrays
from nntrain.task import CHANNELS, IMAGE_SHAPE, PIXELS

Split = Literal["train", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)
MAX_CLASSES = 1000


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Images with labels; a split that was not requested is empty.

    Images are uint8 (n, 28, 28), labels uint8 or int64 (n,) from 0.
    """

    name: str  # as the config names it: "mnist", or an absolute path
    source: Path  # the file or folder it was read from
    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    classes: tuple[str, ...]  # names by label

    def __repr__(self) -> str:
        images = f"{len(self.x_train):,} training and {len(self.x_test):,} test images"
        return f"Dataset({self.name}: {images}, {len(self.classes)} classes)"

    @cached_property
    def fingerprints(self) -> dict[str, str]:
        """The MD5 of the bytes of each array that is not empty, by the array's name; labels below 256 as uint8."""
        arrays = {name: getattr(self, name) for name in ("x_train", "y_train", "x_test", "y_test")}
        return {name: fingerprint_arrays([_compact(array)]) for name, array in arrays.items() if len(array)}

    @property
    def fingerprint(self) -> str:
        """The MD5 of the fingerprints of all arrays."""
        return fingerprint("".join(self.fingerprints.values()).encode())


def _compact(array: np.ndarray) -> np.ndarray:
    """Return labels below 256 as uint8, as MNIST's are stored."""
    return array.astype(np.uint8) if array.dtype != np.uint8 and array.max() < 256 else array


def validate_split(images: np.ndarray, labels: np.ndarray, split: Split, source: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return a split's images, uint8 (n, 28, 28), and labels, uint8 or int64 (n,); raises DataError if they differ."""
    labels = validate_labels(labels, split, source)
    validate_images(images, split, source)
    if len(images) != len(labels):
        raise DataError(f"{source}: {split} has {len(images):,} images but {len(labels):,} labels")
    return images, labels


def validate_images(images: np.ndarray, split: Split, source: Path) -> None:
    """Raise DataError if images are not uint8 (n, 28, 28)."""
    height, width = IMAGE_SHAPE
    if images.ndim != 3 or images.shape[1:] != IMAGE_SHAPE:
        shape = " x ".join(map(str, images.shape))
        remedy = f"; save x_{split}.reshape(-1, {height}, {width})" if _can_be_reshaped(images) else ""
        raise DataError(f"{source}: {split} images have the shape {shape}, expected count x {height} x {width}{remedy}")
    if images.dtype != np.uint8:
        raise DataError(f"{source}: {split} images are {images.dtype}; save pixels from 0 to 255 as uint8")


def _can_be_reshaped(images: np.ndarray) -> bool:
    """Return whether images are flat or have a channel axis: (n, 784), (n, 28, 28, 1), (n, 1, 28, 28)."""
    return images.shape[1:] in ((PIXELS,), (*IMAGE_SHAPE, CHANNELS), (CHANNELS, *IMAGE_SHAPE))


def validate_labels(labels: np.ndarray, split: Split, source: Path) -> np.ndarray:
    """Return labels as uint8 or int64 (n,); raises DataError if they are not integers from 0 to MAX_CLASSES - 1."""
    prefix = f"{source}: {split}"
    if labels.ndim != 1:
        remedy = f"; if they are one-hot, save y_{split}.argmax(axis=1)" if labels.ndim == 2 else ""
        raise DataError(f"{prefix} labels have {labels.ndim} dimensions, expected one integer per image{remedy}")
    if not np.issubdtype(labels.dtype, np.integer):
        raise DataError(f"{prefix} labels are {labels.dtype}, expected integers from 0")
    if not len(labels):
        raise DataError(f"{prefix} has no images")
    lowest, highest = int(labels.min()), int(labels.max())
    if lowest < 0 or highest >= MAX_CLASSES:
        label = lowest if lowest < 0 else highest
        raise DataError(f"{prefix} has the label {label}; labels must be from 0 to {MAX_CLASSES - 1}")
    return labels if labels.dtype == np.uint8 else labels.astype(np.int64)


def numbered_classes(count: int) -> tuple[str, ...]:
    """Return numbers as class names: "0", "1", and so on."""
    return tuple(map(str, range(count)))
