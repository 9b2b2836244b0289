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

from nntrain.data.dataset import MAX_CLASSES, PARTS, SIDE, checked_labels, numbered
from nntrain.errors import DataError, ImageError

MAX_BYTES = 4 * 2**30
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")
ORDER_SEED = 0  # of the order in which pictures of a folder are read


class Reader(Protocol):
    """A data set on disk."""

    path: Path

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
    import tokenize
    import warnings

    try:
        with warnings.catch_warnings():
            # NumPy warns of headers that Python 2 wrote, and reads them.
            warnings.simplefilter("ignore")
            yield
    except FileNotFoundError:
        raise DataError(f"{path}: no such file or folder") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, gzip.BadGzipFile, struct.error):
        raise DataError(f"{path}: damaged or cut short; get the file again") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from None
    # NumPy reads the header of an array as Python's own tokens and literals, which fail each in their way.
    except (
        ValueError,
        LookupError,
        TypeError,
        ArithmeticError,
        MemoryError,
        RuntimeError,
        SyntaxError,
        tokenize.TokenError,
    ):
        raise DataError(f"{path}: damaged, or not a data set; get the file again") from None


class NpzReader:
    """An .npz with x_train, y_train, x_test and y_test; members are read one by one, as they are asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with _readable(path), zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
        missing = [f"{kind}_{part}" for part in PARTS for kind in "xy" if f"{kind}_{part}.npy" not in names]
        if missing:
            raise DataError(
                f"{path}: has no {' and no '.join(missing)}; an .npz data set holds x_train, y_train, x_test, y_test"
            )

    def _array(self, name: str) -> np.ndarray:
        with _readable(self.path), zipfile.ZipFile(self.path) as archive:
            if archive.getinfo(f"{name}.npy").compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise DataError(f"{self.path}: {name} is packed in a way that NumPy never does; save it with np.savez")
            with archive.open(f"{name}.npy") as member:
                shape, dtype = _npy_header(member)
            if dtype.hasobject:
                raise DataError(f"{self.path}: {name} is pickled, and pickles are never loaded; save plain arrays")
            # By the header, before anything is allocated: a file of a few bytes can ask for all memory there is.
            if int(np.prod(shape, dtype=object)) * dtype.itemsize > MAX_BYTES:
                words = " x ".join(map(str, shape))
                raise DataError(f"{self.path}: {name} is {words} of {dtype}, more than 4 GiB; save fewer images")
            with archive.open(f"{name}.npy") as member:
                array: np.ndarray = np.lib.format.read_array(member, allow_pickle=False)
                # To the end, where the checksum is compared.
                if member.read(1):
                    raise DataError(f"{self.path}: {name} has more bytes than it says; get the file again")
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
    largest = max(int(checked_labels(reader.labels(part), part, reader.path).max()) for part in PARTS)
    return numbered(largest + 1)


IDX_FILES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}


class IdxReader:
    """A folder with MNIST's four IDX files, gzipped or not."""

    def __init__(self, path: Path) -> None:
        self.path = path
        for name in IDX_FILES.values():
            if _idx_file(path, name) is None:
                raise DataError(f"{path}: has no {name} (or {name}.gz); it takes all four IDX files")

    def _array(self, name: str, dimensions: int) -> np.ndarray:
        path = _idx_file(self.path, IDX_FILES[name]) or self.path / IDX_FILES[name]
        opened = gzip.open if path.suffix == ".gz" else open
        with _readable(path), opened(path, "rb") as file:
            zeros, kind, count = struct.unpack(">HBB", file.read(4))
            if zeros != 0 or kind != 8 or count != dimensions:
                raise DataError(
                    f"{path}: not an IDX file of {dimensions}-dimensional bytes (its magic number says otherwise); "
                    "get the file again"
                )
            shape = struct.unpack(f">{count}I", file.read(4 * count))
            size = int(np.prod(shape, dtype=object))
            if size > MAX_BYTES:
                raise DataError(f"{path}: says it has {size:,} bytes, more than 4 GiB; get the file again")
            content = file.read(size + 1)
        if len(content) != size:
            found = f"{len(content):,}" if len(content) < size else "more"
            raise DataError(f"{path}: damaged or cut short: it says {size:,} bytes and has {found}; get it again")
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

    def __init__(self, path: Path) -> None:
        self.path = path
        names = self._folders("train")
        unknown = sorted(set(self._folders("test")) - set(names))
        if unknown:
            raise DataError(f"{path / 'test'}: has {', '.join(unknown)}, which train has not and no network can learn")
        if len(names) > MAX_CLASSES:
            raise DataError(f"{path / 'train'}: has {len(names):,} folders; there can be {MAX_CLASSES:,} classes")
        numbers = all(map(str.isdecimal, names))
        self._classes = tuple(sorted(names, key=(lambda name: (int(name), name)) if numbers else None))

    def _folders(self, part: str) -> list[str]:
        inside = self.path / part
        with _readable(inside):
            names = [entry.name for entry in inside.iterdir() if entry.is_dir() and not entry.name.startswith(".")]
        if not names:
            raise DataError(f"{inside}: has no folders; pictures lie in {part}/<label>/")
        return names

    def classes(self) -> tuple[str, ...]:
        """Return the folders' names: in the order of numbers where all are, else of the alphabet."""
        return self._classes

    def _files(self, part: str) -> list[tuple[Path, int]]:
        files: list[tuple[Path, int]] = []
        for label, name in enumerate(self._classes):
            folder = self.path / part / name
            found = _pictures(folder)
            # A class may be missing from test; to learn it takes pictures.
            if not found and part == "train":
                raise DataError(f"{folder}: has no pictures ({' '.join(PICTURES)}); add some or remove the folder")
            files += [(path, label) for path in found]
        if not files:
            raise DataError(f"{self.path / part}: has no pictures ({' '.join(PICTURES)})")
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
            raise DataError(f"{self.path / part}: more than 4 GiB of pictures; leave some out")
        return np.stack([_picture(path) for path, _ in files])


def _pictures(folder: Path) -> list[Path]:
    """List a folder's pictures by name; what is hidden or something else is passed over."""
    if not folder.is_dir():
        return []
    with _readable(folder):
        found = [path for path in folder.iterdir() if path.suffix.lower() in PICTURES and path.is_file()]
    return sorted((path for path in found if not path.name.startswith(".")), key=lambda path: path.name)


def _picture(path: Path) -> np.ndarray:
    """Read a picture as `predict` reads it for a network of such pictures: grey, upright, not centred, not inverted."""
    from nntrain.preprocessing.prepare import read_pixels

    _check_size(path)
    try:
        return read_pixels(path).image
    except ImageError as error:
        raise DataError(str(error)) from None


def _check_size(path: Path) -> None:
    """Raise DataError if a picture is not 28 x 28; what cannot be read at all is left to the reading."""
    import warnings

    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(path) as image:
                width, height = image.size
        # A damaged file makes Pillow's plugins raise nearly anything.
        except Exception:
            return
    if (width, height) != (SIDE, SIDE):
        raise DataError(f"{path}: {width} x {height} pixels; pictures of a data set have to be {SIDE} x {SIDE}")


def open_reader(path: Path) -> Reader:
    """Return the reader that a path's form calls for; raises DataError where it has none of the forms."""
    with _readable(path):
        path.stat()
    if path.is_file():
        if path.suffix != ".npz":
            raise DataError(f"{path}: a data set is an .npz file, a folder of IDX files, or a folder of pictures")
        return NpzReader(path)
    if any(_idx_file(path, name) for name in IDX_FILES.values()):
        return IdxReader(path)
    if (path / "train").is_dir() and (path / "test").is_dir():
        return FolderReader(path)
    raise DataError(
        f"{path}: holds neither IDX files ({IDX_FILES['x_train']} ...) nor the folders train/<label>/ and test/<label>/"
    )
