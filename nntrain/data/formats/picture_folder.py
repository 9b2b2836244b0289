"""A data set as pictures in folders: train/<label>/*.png and test/<label>/*.png."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np

from nntrain.data.dataset import MAX_CLASSES, SPLITS, Split
from nntrain.data.formats.reader import MAX_BYTES, readable
from nntrain.errors import DataError, ImageError
from nntrain.task import IMAGE_SHAPE, IMAGE_SIZE, PIXELS

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")
SHUFFLE_SEED = 0


class PictureFolderReader:
    """A folder train/<label>/*.png, test/<label>/*.png; the names of the inner folders are the classes.

    Pictures are sorted by name and then shuffled with a fixed seed, so that their order depends neither on the file
    system nor on the labels.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        names = _folder_names(path / "train")
        unknown = sorted(set(_folder_names(path / "test")) - set(names))
        if unknown:
            raise DataError(f"{path / 'test'}: has {', '.join(unknown)}, but train does not; no network can learn it")
        if len(names) > MAX_CLASSES:
            raise DataError(f"{path / 'train'}: has {len(names):,} folders; there can be {MAX_CLASSES:,} classes")
        self._classes = _sorted_classes(names)

    def labels(self, split: Split) -> np.ndarray:
        """Return a split's labels: the class of each picture's folder."""
        return np.array([label for _, label in self._files[split]], np.int64)

    def images(self, split: Split) -> np.ndarray:
        """Return a split's pictures; raises DataError, naming the picture, if one is not 28 x 28 pixels."""
        files = self._files[split]
        if len(files) * PIXELS > MAX_BYTES:
            raise DataError(f"{self.path / split}: has more than 4 GiB of pictures; remove some")
        return np.stack([_read_picture(path) for path, _ in files])

    def classes(self) -> tuple[str, ...]:
        """Return the names of the folders, in numerical order if all are numbers, or else in alphabetical order."""
        return self._classes

    @cached_property
    def _files(self) -> dict[Split, list[tuple[Path, int]]]:
        return {split: self._shuffled_files(split) for split in SPLITS}

    def _shuffled_files(self, split: Split) -> list[tuple[Path, int]]:
        """Return the path and label of each picture of a split."""
        files: list[tuple[Path, int]] = []
        for label, name in enumerate(self._classes):
            folder = self.path / split / name
            pictures = _picture_paths(folder)
            # A class may be missing from test, but not from train.
            if not pictures and split == "train":
                raise DataError(f"{folder}: has no pictures ({' '.join(SUFFIXES)}); add some or remove the folder")
            files += [(path, label) for path in pictures]
        if not files:
            raise DataError(f"{self.path / split}: has no pictures ({' '.join(SUFFIXES)})")
        order = np.random.Generator(np.random.PCG64(SHUFFLE_SEED)).permutation(len(files))
        return [files[index] for index in order]


def _folder_names(folder: Path) -> list[str]:
    with readable(folder):
        names = [entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")]
    if not names:
        raise DataError(f"{folder}: has no folders; pictures belong in {folder.name}/<label>/")
    return names


def _sorted_classes(names: list[str]) -> tuple[str, ...]:
    if all(map(str.isdecimal, names)):
        return tuple(sorted(names, key=lambda name: (int(name), name)))
    return tuple(sorted(names))


def _picture_paths(folder: Path) -> list[Path]:
    """Return a folder's pictures by name, without hidden files; none if there is no such folder."""
    if not folder.is_dir():
        return []
    with readable(folder):
        paths = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file()]
    return sorted((path for path in paths if not path.name.startswith(".")), key=lambda path: path.name)


def _read_picture(path: Path) -> np.ndarray:
    """Return a picture as `predict` would give it to a network trained on it: grey, upright, not inverted."""
    from nntrain.preprocessing.prepare import read_pixels

    _check_size(path)
    try:
        return read_pixels(path).image
    except ImageError as error:
        raise DataError(str(error)) from None


def _check_size(path: Path) -> None:
    """Raise DataError if a picture is not 28 x 28; one that Pillow cannot open is left to the reader."""
    import warnings

    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(path) as image:
                width, height = image.size
        # On a damaged file, Pillow's plugins may raise nearly any exception.
        except Exception:
            return
    if (height, width) != IMAGE_SHAPE:
        raise DataError(
            f"{path}: is {width} x {height} pixels; a data set's pictures must be {IMAGE_SIZE} x {IMAGE_SIZE}"
        )
