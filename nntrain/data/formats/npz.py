"""A data set in one .npz file, as NumPy's `savez` and Keras write it."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import IO

import numpy as np

from nntrain.data.dataset import SPLITS, Split
from nntrain.data.formats.reader import MAX_BYTES, classes_of_labels, readable
from nntrain.errors import DataError

MAX_HEADER = 10_000  # bytes of an array's header, as NumPy allows; the shape and the type take about 100


class NpzReader:
    """An .npz with x_train, y_train, x_test and y_test; each array is read when it is requested."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with readable(path), zipfile.ZipFile(path) as archive:
            members = set(archive.namelist())
        names = [f"{kind}_{split}" for split in SPLITS for kind in "xy"]
        missing = [name for name in names if f"{name}.npy" not in members]
        if missing:
            raise DataError(
                f"{path}: has no {' and no '.join(missing)}; an .npz data set holds x_train, y_train, x_test, y_test"
            )

    def labels(self, split: Split) -> np.ndarray:
        """Return the array y_train or y_test."""
        return self._array(f"y_{split}")

    def images(self, split: Split) -> np.ndarray:
        """Return the array x_train or x_test."""
        return self._array(f"x_{split}")

    def classes(self) -> tuple[str, ...]:
        """Return numbers as class names, up to the largest label."""
        return classes_of_labels(self)

    def _array(self, name: str) -> np.ndarray:
        with readable(self.path), zipfile.ZipFile(self.path) as archive:
            self._check_member(archive, name)
            with archive.open(f"{name}.npy") as member:
                array: np.ndarray = np.lib.format.read_array(member, allow_pickle=False)
                # Reading past the end makes zipfile verify the checksum.
                if member.read(1):
                    raise DataError(f"{self.path}: {name} has more bytes than its header states; get the file again")
        return array

    def _check_member(self, archive: zipfile.ZipFile, name: str) -> None:
        """Raise DataError if an array's header shows that it is not safe to read, before memory is allocated for it."""
        if archive.getinfo(f"{name}.npy").compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise DataError(f"{self.path}: {name} has a compression that NumPy never uses; save it with np.savez")
        with archive.open(f"{name}.npy") as member:
            _check_header_length(member)
        with archive.open(f"{name}.npy") as member:
            shape, dtype = _read_header(member)
        if dtype.hasobject:
            raise DataError(f"{self.path}: {name} is pickled, and pickles are never loaded; save plain arrays")
        # The header of a tiny file can ask for more memory than there is.
        if int(np.prod(shape, dtype=object)) * dtype.itemsize > MAX_BYTES:
            dimensions = " x ".join(map(str, shape))
            raise DataError(f"{self.path}: {name} is {dimensions} of {dtype}, more than 4 GiB; save fewer images")


def _check_header_length(member: IO[bytes]) -> None:
    """Raise ValueError for a header that is too long: NumPy would read all of it before it checks that."""
    size = 2 if np.lib.format.read_magic(member) == (1, 0) else 4
    if int.from_bytes(member.read(size), "little") > MAX_HEADER:
        raise ValueError("header too long")


def _read_header(member: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[np.generic]]:
    version = np.lib.format.read_magic(member)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(member)
    return shape, dtype
