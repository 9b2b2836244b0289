"""Finds the data that a run was trained on, also after the project was moved."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePath, PureWindowsPath
from typing import TYPE_CHECKING, Any

from nntrain.data.catalog import DATASETS, find_dataset, is_dataset_path, missing_path
from nntrain.data.load import load_dataset
from nntrain.errors import DataError, NntrainError
from nntrain.jobs.data import absolute_dataset, suggesting
from nntrain.jobs.listener import JobListener
from nntrain.runs.folder import RunDir

if TYPE_CHECKING:
    from nntrain.config.load import LoadedConfig
    from nntrain.data.dataset import Dataset
    from nntrain.inference.trained_model import TrainedModel


NAME_DATA = "if it is elsewhere, name it: --data PATH"
EVALUATE_ON_SAMPLE = "or use the 5,000 images of MNIST that ship with nntrain: --data mnist_5k"


def load_test_images(model: TrainedModel, data: str | None) -> Dataset:
    """Load the test images of a run's data set, or of `data`; raises DataError if they are missing or do not fit."""
    name = find_run_dataset(model.run, model.dataset, model.info) if data is None else absolute_dataset(data)
    with suggesting(None if data is not None else EVALUATE_ON_SAMPLE if name in DATASETS else NAME_DATA):
        if name not in DATASETS and find_dataset(name) is None:
            raise missing_path(name)
        dataset = load_dataset(name, splits=("test",), download=False)
    _check_classes(model, dataset)
    return dataset


def find_run_dataset(run: RunDir, name: str, info: Mapping[str, Any]) -> str:
    """Return where the data set of a run is: at its name or path, or, if that path is gone, near the run.

    Runs store absolute paths. A project that was moved has the same files at the same places relative to the run, so
    the end of the path is looked for in all folders around the run. Data with the fingerprints in `info`, the content
    of run.json, is the run's. If there is none, `name` is returned.
    """
    fingerprints = (info["data"] or {}).get("fingerprints") or {}
    if not is_dataset_path(name) or not fingerprints or find_dataset(name) is not None:
        return name
    places = (str(path) for path in _places(Path(os.path.realpath(run.path)), name) if os.path.exists(path))
    return next((place for place in places if _has_fingerprints(place, fingerprints)), name)


def _places(run: Path, name: str) -> Iterator[Path]:
    """Return the paths in folders around a run that end as the data's path does, first those with the longest end."""
    parts = (PureWindowsPath(name) if "\\" in name else PurePath(name)).parts
    if ".." in parts:
        return
    for start in range(1, len(parts)):
        for folder in run.parents:
            yield folder.joinpath(*parts[start:])


def _has_fingerprints(path: str, fingerprints: Mapping[str, str]) -> bool:
    try:
        found = load_dataset(path, download=False).fingerprints
    except NntrainError:
        return False
    return all(found.get(array) == expected for array, expected in fingerprints.items())


def with_run_dataset(
    loaded: LoadedConfig, run: RunDir, info: Mapping[str, Any], data: str | None, listener: JobListener
) -> LoadedConfig:
    """Return a run's config with the data set `data`, or with the place where the run's data is now."""
    config = loaded.config
    name = find_run_dataset(run, config.data.dataset, info) if data is None else absolute_dataset(data)
    if name != config.data.dataset and data is None:
        listener.on_note(moved_note(name))
    section = config.data.model_copy(update={"dataset": name})
    return replace(loaded, config=config.model_copy(update={"data": section}))


def moved_note(place: str) -> str:
    """Return the note on data that was found near its run."""
    return f"the data has moved along with the run, to {place}"


def _check_classes(model: TrainedModel, dataset: Dataset) -> None:
    """Raise DataError if a data set has more classes than a run's network."""
    classes = len(model.task_spec.classes)
    if len(dataset.classes) > classes:
        raise DataError(f"{dataset.name} has {len(dataset.classes)} classes, but {model.run.name} knows {classes}")
