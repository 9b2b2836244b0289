"""Loads a data set by name or path."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nntrain.data.catalog import DATASETS, cached_path, dataset_path, find_dataset
from nntrain.data.dataset import SPLITS, Dataset, Split, validate_split
from nntrain.data.download import OnDownload, fetch_dataset, not_found
from nntrain.data.formats import Reader, open_reader
from nntrain.errors import DataError, NntrainError
from nntrain.task import IMAGE_SHAPE


def load_dataset(
    name: str,
    *,
    splits: tuple[Split, ...] = SPLITS,
    download: bool = True,
    on_download: OnDownload | None = None,
) -> Dataset:
    """Load and validate a data set by name or path; a split that is not in `splits` stays empty.

    Raises UsageError for an unknown name, DataError if the data is missing, damaged or invalid.
    """
    source = _locate(name, download=download, on_download=on_download)
    try:
        return _read(name, source, splits)
    except DataError as error:
        if name in DATASETS and DATASETS[name].origins and source == cached_path(name):
            raise DataError(f"{error}. Delete {source} and run `nntrain data fetch {name}`") from None
        raise


def class_names(name: str) -> tuple[str, ...] | None:
    """Return the names of a data set's classes, or None if it cannot be read (`load_dataset` reports why)."""
    if name in DATASETS:
        return DATASETS[name].classes
    try:
        return open_reader(dataset_path(name)).classes()
    except NntrainError:
        return None


def _locate(name: str, *, download: bool, on_download: OnDownload | None) -> Path:
    if name not in DATASETS:
        return dataset_path(name)
    path = find_dataset(name)
    if path is not None:
        return path
    if not download:
        raise not_found(name)
    return fetch_dataset(name, on_download=on_download)


def _read(name: str, source: Path, splits: tuple[Split, ...]) -> Dataset:
    reader = open_reader(source)
    classes = DATASETS[name].classes if name in DATASETS else reader.classes()
    if len(classes) < 2:
        raise DataError(f"{source}: has only one class; at least two are needed")
    empty = np.zeros((0, *IMAGE_SHAPE), np.uint8), np.zeros(0, np.uint8)
    x_train, y_train = _read_split(reader, "train", classes) if "train" in splits else empty
    x_test, y_test = _read_split(reader, "test", classes) if "test" in splits else empty
    return Dataset(name, source, x_train, y_train, x_test, y_test, classes)


def _read_split(reader: Reader, split: Split, classes: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    images, labels = validate_split(reader.images(split), reader.labels(split), split, reader.path)
    if labels.max() >= len(classes):
        raise DataError(
            f"{reader.path}: {split} has the label {labels.max()}, but the data set has {len(classes)} classes"
        )
    if split == "train" and labels.min() == labels.max():
        raise DataError(f"{reader.path}: train has images of only one class; at least two are needed")
    return images, labels
