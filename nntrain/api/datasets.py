"""Data sets: listed and loaded as the commands do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nntrain.data.dataset import Dataset
from nntrain.jobs.listener import SILENT, JobListener

if TYPE_CHECKING:
    from nntrain.jobs.data import DatasetSummary


def load_dataset(name: str | Path = "mnist", *, listener: JobListener | None = None) -> Dataset:
    """Return a data set by name or path, downloaded to Keras's cache if it is not on disk.

    `x_train` and `x_test` are uint8 (n, 28, 28), `y_train` and `y_test` integers (n,), and `classes` are the names by
    label. Raises UsageError for an unknown name, and DataError if the data is missing, damaged or invalid.
    """
    from nntrain.data.load import load_dataset as load
    from nntrain.jobs.data import absolute_dataset, ensure_dataset

    name = absolute_dataset(str(name))
    ensure_dataset(name, listener=listener or SILENT)
    return load(name, download=False)


def list_datasets() -> list[DatasetSummary]:
    """Return the data sets that are known by name, and where they are on disk."""
    from nntrain.jobs.data import list_datasets as listed

    return listed()
