"""The forms a data set may have on disk: an .npz, a folder of IDX files, a folder of pictures.

A reader returns a part's images and labels, unchecked; what it cannot read is one DataError that names the file.
Pickles are never loaded, and nothing larger than MAX_BYTES is.
"""

from __future__ import annotations

import gzip
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np

from nntrain.data.dataset import PARTS, SIDE, numbered
from nntrain.errors import DataError

MAX_BYTES = 4 * 2**30
PICTURES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff"}
ORDER_SEED = 0  # of the order in which pictures of a folder are read


class Reader(Protocol):
    """A data set on disk."""

    def labels(self, part: str) -> np.ndarray:
        """Return a part's labels."""
        ...

    def images(self, part: str) -> np.ndarray:
        """Return a part's images."""
        ...

    def classes(self) -> tuple[str, ...]:
        """Return the names of the classes, by label."""
        ...


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn whatever goes wrong while a file is read into a DataError that names it."""
    try:
        yield
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, gzip.BadGzipFile, struct.error):
        raise DataError(f"{path}: damaged or cut short; get the file again") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, MemoryError, RuntimeError, NotImplementedError, SyntaxError):
        raise DataError(f"{path}: damaged, or not a data set; get the file again") from None


class NpzReader:
    """An .npz with x_train, y_train, x_test and y_test; members are read one by one, as they are asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with _readable(path), zipfile.ZipFile(path) as archive:
            names = {name.removesuffix(".npy") for name in archive.namelist()}
        missing = [f"{kind}_{part}" for part in PARTS for kind in "xy" if f"{kind}_{part}" not in names]
        if missing:
            raise DataError(f"{path}: has no {' and no '.join(missing)}; an .npz holds x_train, y_train, x_test, y_test")

    def _array(self, name: str) -> np.ndarray:
        with _readable(self.path), zipfile.ZipFile(self.path) as archive:
            with archive.open(f"{name}.npy") as member:
                shape, dtype = _npy_header(member)
            if dtype.hasobject:
                raise DataError(f"{self.path}: {name} is pickled, and pickles are never loaded; save plain arrays")
            if int(np.prod(shape, dtype=object)) * dtype.itemsize > MAX_BYTES:
                raise DataError(f"{self.path}: {name} says it has {shape} values; that is more than 4 GiB")
            with archive.open(f"{name}.npy") as member:
                array: np.ndarray = np.lib.format.read_array(member, allow_pickle=False)
        return array

    def labels(self, part: str) -> np.ndarray:
        """Return a part's labels."""
        return self._array(f"y_{part}")

    def images(self, part: str) -> np.ndarray:
        """Return a part's images."""
        return self._array(f"x_{part}")

    def classes(self) -> tuple[str, ...]:
        """Return the labels as names, up to the largest."""
        return _classes_of_labels(self)


def _npy_header(member: object) -> tuple[tuple[int, ...], np.dtype[np.generic]]:
    version = np.lib.format.read_magic(member)  # type: ignore[arg-type]
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(member)  # type: ignore[arg-type]
    return shape, dtype


def _classes_of_labels(reader: Reader) -> tuple[str, ...]:
    largest = max(int(labels.max(initial=0)) for labels in (reader.labels(part) for part in PARTS) if labels.size)
    return numbered(min(largest, 100_000) + 1)


IDX_FILES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}


class IdxReader:
    """A folder with MNIST's four IDX files, gzipped or not."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in IDX_FILES.values():
            if _idx_file(folder, name) is None:
                raise DataError(f"{folder}: has no {name} (or {name}.gz); it takes all four IDX files")

    def _array(self, name: str, dimensions: int) -> np.ndarray:
        path = _idx_file(self.folder, IDX_FILES[name]) or self.folder / IDX_FILES[name]
        opened = gzip.open if path.suffix == ".gz" else open
        with _readable(path), opened(path, "rb") as file:
            zeros, kind, count = struct.unpack(">HBB", file.read(4))
            if zeros != 0 or kind != 8 or count != dimensions:
                raise DataError(f"{path}: not an IDX file of bytes with {dimensions} dimensions")
            shape = struct.unpack(f">{count}I", file.read(4 * count))
            size = int(np.prod(shape, dtype=object))
            if size > MAX_BYTES:
                raise DataError(f"{path}: says it has {size:,} bytes; that is more than 4 GiB")
            content = file.read(size + 1)
        if len(content) != size:
            found = f"{len(content):,}" if len(content) < size else "more"
            raise DataError(f"{path}: damaged or cut short: it says {size:,} bytes and has {found}")
        return np.frombuffer(content, np.uint8).reshape(shape)

    def labels(self, part: str) -> np.ndarray:
        """Return a part's labels."""
        return self._array(f"y_{part}", 1)

    def images(self, part: str) -> np.ndarray:
        """Return a part's images."""
        return self._array(f"x_{part}", 3)

    def classes(self) -> tuple[str, ...]:
        """Return the labels as names, up to the largest."""
        return _classes_of_labels(self)


def _idx_file(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


class FolderReader:
    """A folder train/<label>/*.png, test/<label>/*.png; the names of the inner folders are the classes.

    Pictures are read in an order drawn once from a fixed seed over their sorted names, so that neither the file system
    nor the labels order them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        unknown = set(self._labels_in("test")) - set(self._labels_in("train"))
        if unknown:
            raise DataError(f"{folder / 'test'}: has {', '.join(sorted(unknown))}, which train has not")

    def _labels_in(self, part: str) -> list[str]:
        inside = self.folder / part
        with _readable(inside):
            names = [entry.name for entry in inside.iterdir() if entry.is_dir() and not entry.name.startswith(".")]
        if not names:
            raise DataError(f"{inside}: has no folders; pictures lie in {part}/<label>/")
        return names

    def classes(self) -> tuple[str, ...]:
        """Return the folders' names: as numbers where all are, else by the alphabet."""
        names = self._labels_in("train")
        return tuple(sorted(names, key=(lambda name: (int(name), name)) if all(map(str.isdecimal, names)) else None))

    def _files(self, part: str) -> list[tuple[Path, int]]:
        files = [
            (entry, label)
            for label, name in enumerate(self.classes())
            if (self.folder / part / name).is_dir()
            for entry in sorted((self.folder / part / name).iterdir(), key=lambda entry: entry.name)
            if entry.suffix.lower() in PICTURES and not entry.name.startswith(".") and entry.is_file()
        ]
        if not files:
            raise DataError(f"{self.folder / part}: has no pictures ({', '.join(sorted(PICTURES))})")
        order = np.random.Generator(np.random.PCG64(ORDER_SEED)).permutation(len(files))
        return [files[index] for index in order]

    @cached_property
    def _by_part(self) -> dict[str, list[tuple[Path, int]]]:
        return {part: self._files(part) for part in PARTS}

    def labels(self, part: str) -> np.ndarray:
        """Return a part's labels."""
        return np.array([label for _, label in self._by_part[part]], np.int64)

    def images(self, part: str) -> np.ndarray:
        """Return a part's images; raises DataError that names a picture that is not 28 x 28 pixels."""
        files = self._by_part[part]
        if len(files) * SIDE * SIDE > MAX_BYTES:
            raise DataError(f"{self.folder / part}: more than 4 GiB of pictures")
        return np.stack([_picture(path) for path, _ in files])


def _picture(path: Path) -> np.ndarray:
    from PIL import Image

    with _readable(path), Image.open(path) as image:
        if image.size != (SIDE, SIDE):
            width, height = image.size
            raise DataError(f"{path}: {width} x {height} pixels; pictures of a data set have to be {SIDE} x {SIDE}")
        return np.asarray(image.convert("L"), np.uint8)


def open_reader(path: Path) -> Reader:
    """Return the reader that a path's form calls for; raises DataError where it has none of the forms."""
    if not path.exists():
        raise DataError(f"{path}: no such file or folder")
    if path.is_file():
        if path.suffix != ".npz":
            raise DataError(f"{path}: a data set is an .npz file, a folder of IDX files, or a folder of pictures")
        return NpzReader(path)
    if any(_idx_file(path, name) for name in IDX_FILES.values()):
        return IdxReader(path)
    if (path / "train").is_dir() and (path / "test").is_dir():
        return FolderReader(path)
    raise DataError(
        f"{path}: holds neither IDX files ({IDX_FILES['x_train']}, ...) nor the folders train/<label>/ and test/<label>/"
    )
