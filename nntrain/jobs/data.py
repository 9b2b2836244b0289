"""Find, download, list and describe data sets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from nntrain.data.catalog import DATASETS, find_dataset, is_dataset_path, missing_path
from nntrain.data.dataset import Dataset
from nntrain.data.load import load_dataset
from nntrain.errors import DataError, DatasetNotFoundError, UsageError
from nntrain.jobs.listener import SILENT, JobListener


@dataclass(frozen=True)
class DatasetSummary:
    """A named data set and where it is on disk. If it is not on disk, all fields but `name` and `about` are None."""

    name: str
    about: str
    source: Path | None = None
    training: int | None = None  # images
    test: int | None = None
    fingerprint: str | None = None
    problem: str | None = None  # why the files on disk cannot be used


@dataclass(frozen=True)
class PartDescription:
    """The training or the test images of a data set."""

    name: str  # "training" or "test"
    shape: tuple[int, ...]
    dtype: str
    pixels: tuple[int, int]  # the lowest and the highest value
    counts: tuple[int, ...]  # number of images by label


@dataclass(frozen=True)
class DatasetDescription:
    """The contents of a data set."""

    name: str
    source: Path
    fingerprint: str
    classes: tuple[str, ...]  # names by label
    parts: tuple[PartDescription, ...]
    image: np.ndarray = field(repr=False)  # the first training image: uint8, 28 x 28
    label: int  # the label of `image`

    @property
    def one_hot(self) -> tuple[int, ...]:
        """The label as a one-hot vector, the target of a classification."""
        return tuple(int(index == self.label) for index in range(len(self.classes)))


@dataclass(frozen=True)
class FetchedDataset:
    """Where a data set is on disk, and whether it was downloaded now."""

    path: Path
    downloaded: bool


def absolute_dataset(name: str) -> str:
    """Return the name of a data set unchanged, or the absolute path of one that is given by path."""
    # Not Path.resolve, which raises an error for links in a circle; whoever reads the data reports them.
    return os.path.realpath(name) if is_dataset_path(name) else name


@contextmanager
def suggesting(advice: str | None) -> Iterator[None]:
    """Add a line of advice to the error for a data set that is not found: what the command offers in its place."""
    try:
        yield
    except DatasetNotFoundError as error:
        raise DatasetNotFoundError(*error.lines, *([advice] if advice else [])) from None


def ensure_dataset(name: str, *, listener: JobListener = SILENT) -> None:
    """Download a named data set unless it is on disk; raises DataError if a path does not exist."""
    if find_dataset(name) is not None:
        return
    if name not in DATASETS:
        raise missing_path(name)
    _fetch(name, listener, by_command=False)


def fetch_dataset(name: str, *, listener: JobListener = SILENT) -> FetchedDataset:
    """Download a data set to Keras's cache unless it is on disk, as `nntrain data fetch` does.

    Raises UsageError for an unknown name, and DataError if the download fails.
    """
    return _fetch(name, listener, by_command=True)


def _fetch(name: str, listener: JobListener, *, by_command: bool) -> FetchedDataset:
    from nntrain.data import download

    if name not in DATASETS:
        raise UsageError(f"no data set '{name}' to download; choose from {', '.join(DATASETS)}")
    path = find_dataset(name)
    if path is not None:
        return FetchedDataset(path, downloaded=False)
    with listener.downloading(name) as on_download:
        path = download.fetch_dataset(name, on_download=on_download, by_command=by_command)
    return FetchedDataset(path, downloaded=True)


def list_datasets() -> list[DatasetSummary]:
    """Return the named data sets; those on disk are read."""
    return [_summarize(name, info.description) for name, info in DATASETS.items()]


def _summarize(name: str, about: str) -> DatasetSummary:
    if find_dataset(name) is None:
        return DatasetSummary(name, about)
    try:
        dataset = load_dataset(name, download=False)
    except DataError as error:
        return DatasetSummary(name, about, problem=str(error))
    training, test = len(dataset.x_train), len(dataset.x_test)
    return DatasetSummary(name, about, dataset.source, training, test, dataset.fingerprint)


def describe_dataset(name: str) -> DatasetDescription:
    """Describe a data set, given by name or path; raises the same errors as `load_dataset`."""
    dataset = load_dataset(absolute_dataset(name), download=False)
    return DatasetDescription(
        name=dataset.name,
        source=dataset.source,
        fingerprint=dataset.fingerprint,
        classes=dataset.classes,
        parts=(
            _describe_part("training", dataset.x_train, dataset.y_train, dataset),
            _describe_part("test", dataset.x_test, dataset.y_test, dataset),
        ),
        image=dataset.x_train[0],
        label=int(dataset.y_train[0]),
    )


def _describe_part(name: str, images: np.ndarray, labels: np.ndarray, dataset: Dataset) -> PartDescription:
    return PartDescription(
        name=name,
        shape=images.shape,
        dtype=str(images.dtype),
        pixels=(int(images.min()), int(images.max())),
        counts=tuple(np.bincount(labels, minlength=len(dataset.classes)).tolist()),
    )
