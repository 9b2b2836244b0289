"""Loading a data set by name or path."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nntrain.data.catalog import DATASETS, FASHION, ORIGINS, _cached, _path, find_dataset
from nntrain.data.dataset import PARTS, Dataset, checked, numbered
from nntrain.data.download import OnDownload, _ways_out, fetch_dataset
from nntrain.data.formats import Reader, open_reader
from nntrain.errors import DataError, NntrainError


def load_dataset(
    name: str,
    *,
    parts: tuple[str, ...] = PARTS,
    download: bool = True,
    on_download: OnDownload | None = None,
) -> Dataset:
    """Return a data set by name or path, whole or in parts ("train", "test"), checked.

    Raises UsageError for an unknown name, DataError where the data is missing, damaged or unfit.
    """
    source = _source(name, download=download, on_download=on_download)
    try:
        return _read(name, source, parts)
    except DataError as error:
        if name in ORIGINS and source == _cached(name):
            raise DataError(f"{error}. Delete {source} and run `nntrain data fetch {name}`") from None
        raise


def _read(name: str, source: Path, parts: tuple[str, ...]) -> Dataset:
    reader = open_reader(source)
    classes = _class_names(name, reader)
    if len(classes) < 2:
        raise DataError(f"{source}: all is of one class; there is nothing to tell apart")
    arrays = {part: (np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.uint8)) for part in PARTS}
    for part in parts:
        images, labels = checked(reader.images(part), reader.labels(part), part, source)
        if labels.max() >= len(classes):
            raise DataError(f"{source}: {part} has the label {labels.max()}, but {name} has {len(classes)} classes")
        if part == "train" and labels.min() == labels.max():
            raise DataError(f"{source}: train has images of one class alone; there is nothing to tell apart")
        arrays[part] = images, labels
    return Dataset(name, source, *arrays["train"], *arrays["test"], classes)


def _class_names(name: str, reader: Reader) -> tuple[str, ...]:
    if name == "fashion_mnist":
        return FASHION
    return numbered(10) if name in DATASETS else reader.classes()


def count_classes(name: str) -> int | None:
    """Return how many classes a data set has; None where it cannot be read (`load_dataset` says why)."""
    if name in DATASETS:
        return 10
    try:
        return len(open_reader(_path(name)).classes())
    except NntrainError:
        return None


def _source(name: str, *, download: bool, on_download: OnDownload | None) -> Path:
    if name not in DATASETS:
        return _path(name)
    found = find_dataset(name)
    if found is not None:
        return found
    if not download:
        raise DataError(_ways_out(name, "nothing was to be downloaded"))
    return fetch_dataset(name, on_download=on_download)
