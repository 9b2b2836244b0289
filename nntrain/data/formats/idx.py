"""A data set in MNIST's original format: four IDX files in a folder.

An IDX file consists of a magic number (0, 0, the type of the values, the number of dimensions), the size of each
dimension as a big-endian integer of 4 bytes, and the values (https://yann.lecun.com/exdb/mnist/).
"""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import BinaryIO

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
UNSIGNED_BYTE = 8  # in the magic number


class IdxReader:
    """A folder with MNIST's four IDX files, gzipped or not."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._paths = {array: _find_file(path, name) for array, name in IDX_FILES.items()}

    def labels(self, split: Split) -> np.ndarray:
        """Return the content of a split's label file."""
        return _read_idx(self._paths[f"y_{split}"], dimensions=1)

    def images(self, split: Split) -> np.ndarray:
        """Return the content of a split's image file."""
        return _read_idx(self._paths[f"x_{split}"], dimensions=3)

    def classes(self) -> tuple[str, ...]:
        """Return numbers as class names, up to the largest label."""
        return classes_of_labels(self)


def has_idx_files(folder: Path) -> bool:
    """Return whether a folder holds at least one of the four IDX files."""
    return any(path.is_file() for name in IDX_FILES.values() for path in _candidate_paths(folder, name))


def _candidate_paths(folder: Path, name: str) -> tuple[Path, Path]:
    return folder / name, folder / f"{name}.gz"


def _find_file(folder: Path, name: str) -> Path:
    for path in _candidate_paths(folder, name):
        if path.is_file():
            return path
    raise DataError(f"{folder}: has no {name} (or {name}.gz); all four IDX files are needed")


def _read_idx(path: Path, *, dimensions: int) -> np.ndarray:
    open_file = gzip.open if path.suffix == ".gz" else open
    with readable(path), open_file(path, "rb") as file:
        shape = _read_header(file, path, dimensions)
        size = int(np.prod(shape, dtype=object))
        if size > MAX_BYTES:
            raise DataError(f"{path}: its header states {size:,} bytes, more than 4 GiB; get the file again")
        content = file.read(size + 1)
    if len(content) != size:
        actual = f"{len(content):,}" if len(content) < size else "more"
        raise DataError(f"{path}: damaged: its header states {size:,} bytes, but it has {actual}; get the file again")
    return np.frombuffer(content, np.uint8).reshape(shape)


def _read_header(file: BinaryIO | gzip.GzipFile, path: Path, dimensions: int) -> tuple[int, ...]:
    """Return the shape in an IDX header; raises DataError for a wrong magic number, struct.error if it is cut short."""
    if struct.unpack(">HBB", file.read(4)) != (0, UNSIGNED_BYTE, dimensions):
        raise DataError(
            f"{path}: not an IDX file of bytes in {dimensions} dimension{'s' if dimensions > 1 else ''} "
            "(wrong magic number); get the file again"
        )
    return struct.unpack(f">{dimensions}I", file.read(4 * dimensions))
