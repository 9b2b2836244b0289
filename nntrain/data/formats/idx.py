"""A data set in MNIST's original format: four IDX files in a folder.

An IDX file consists of a magic number (0, 0, the type of the values, the number of dimensions), the size of each
dimension as a big-endian integer of 4 bytes, and the big-endian values (https://yann.lecun.com/exdb/mnist/). The end of
its name states dimensions and type: `idx3-ubyte` for images, `idx1-ubyte` for labels. QMNIST has 8 integers per image,
`idx2-int`; the first is the label (https://github.com/facebookresearch/qmnist).
"""

from __future__ import annotations

import gzip
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from nntrain.data.dataset import Split
from nntrain.data.formats.reader import MAX_BYTES, classes_of_labels, readable
from nntrain.errors import DataError

IDX_FILES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}
QMNIST_FILES = {
    "x_train": "qmnist-train-images-idx3-ubyte",
    "y_train": "qmnist-train-labels-idx2-int",
    "x_test": "qmnist-test-images-idx3-ubyte",
    "y_test": "qmnist-test-labels-idx2-int",
}
# By the end of a file's name: the type in the magic number, NumPy's type, and the word in messages.
VALUE_TYPES: dict[str, tuple[int, np.dtype[Any], str]] = {
    "ubyte": (8, np.dtype(np.uint8), "bytes"),
    "int": (12, np.dtype(">i4"), "integers"),
}


class IdxReader:
    """A folder with the four IDX files of MNIST or of QMNIST, gzipped or not."""

    def __init__(self, path: Path) -> None:
        self.path = path
        names = QMNIST_FILES if _has_any(path, QMNIST_FILES) else IDX_FILES
        self._paths = {array: _find_file(path, name) for array, name in names.items()}

    def labels(self, split: Split) -> np.ndarray:
        """Return the labels in a split's label file."""
        values = _read_idx(self._paths[f"y_{split}"])
        if values.ndim == 1:
            return values
        return values[:, :1].ravel().astype(np.int64)  # none if a damaged header states no columns

    def images(self, split: Split) -> np.ndarray:
        """Return the content of a split's image file."""
        return _read_idx(self._paths[f"x_{split}"])

    def classes(self) -> tuple[str, ...]:
        """Return numbers as class names, up to the largest label."""
        return classes_of_labels(self)


def has_idx_files(folder: Path) -> bool:
    """Return whether a folder holds at least one of the four IDX files."""
    return _has_any(folder, IDX_FILES) or _has_any(folder, QMNIST_FILES)


def _has_any(folder: Path, names: Mapping[str, str]) -> bool:
    return any(path.is_file() for name in names.values() for path in _candidate_paths(folder, name))


def _candidate_paths(folder: Path, name: str) -> tuple[Path, Path]:
    return folder / name, folder / f"{name}.gz"


def _find_file(folder: Path, name: str) -> Path:
    for path in _candidate_paths(folder, name):
        if path.is_file():
            return path
    raise DataError(f"{folder}: has no {name} (or {name}.gz); all four IDX files are needed")


def _read_idx(path: Path) -> np.ndarray:
    """Return the array in an IDX file, of the dimensions and type that the file's name states."""
    dimensions, value_type = path.name.removesuffix(".gz").rpartition("-idx")[2].split("-")
    dtype = VALUE_TYPES[value_type][1]
    open_file = gzip.open if path.suffix == ".gz" else open
    with readable(path), open_file(path, "rb") as file:
        shape = _read_header(file, path, int(dimensions), value_type)
        size = int(np.prod(shape, dtype=object)) * dtype.itemsize
        if size > MAX_BYTES:
            raise DataError(f"{path}: its header states {size:,} bytes, more than 4 GiB; get the file again")
        content = file.read(size + 1)
    if len(content) != size:
        actual = f"{len(content):,}" if len(content) < size else "more"
        raise DataError(f"{path}: damaged: its header states {size:,} bytes, but it has {actual}; get the file again")
    return np.frombuffer(content, dtype).reshape(shape)


def _read_header(file: BinaryIO | gzip.GzipFile, path: Path, dimensions: int, value_type: str) -> tuple[int, ...]:
    """Return the shape in an IDX header; raises DataError for a wrong magic number, struct.error if it is cut short."""
    code, _, values = VALUE_TYPES[value_type]
    if struct.unpack(">HBB", file.read(4)) != (0, code, dimensions):
        raise DataError(
            f"{path}: not an IDX file of {values} in {dimensions} dimension{'s' if dimensions > 1 else ''} "
            "(wrong magic number); get the file again"
        )
    return struct.unpack(f">{dimensions}I", file.read(4 * dimensions))
