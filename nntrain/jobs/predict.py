"""Recognize pictures, or a data set's test images, with a trained run."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from nntrain.errors import UsageError
from nntrain.inference.calibrated_classifier import CalibratedClassifier
from nntrain.inference.pipeline import Networks, Recognition, recognize_requests
from nntrain.inference.trained_model import TrainedModel, open_trained_model
from nntrain.jobs.keras_fallback import load_keras_classifier
from nntrain.preprocessing.parallel import PictureFailure, PictureRequest, prepare_pictures
from nntrain.preprocessing.prepare import unchanged
from nntrain.runs.store import pretrained_run
from nntrain.task import YES_NO

# HEIC cannot be read, but an iPhone's photos must not be passed over in silence.
PICTURE_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif", ".heic", ".heif"}


def predict(
    pictures: Sequence[str], model: TrainedModel, *, keep_pictures: int = 0
) -> Iterator[Recognition | PictureFailure]:
    """Recognize picture files, `-` is stdin, and all pictures of folders; what cannot be read is a failure.

    A run of the user's own that reads digits is compared with the network that ships. The pictures of the first
    `keep_pictures` digits are kept in the recognitions, to be drawn.
    Raises RunError if the run's network is missing or damaged.
    """
    requests = prepare_pictures(expand_folders(pictures), digits=model.reads_digits)
    return recognize_requests(
        requests, lambda: Networks(_load(model), _second_opinion(model)), keep_pictures=keep_pictures
    )


def predict_test_images(indices: range, model: TrainedModel, *, keep_pictures: int = 0) -> Iterator[Recognition]:
    """Recognize test images of the data set that the run was trained on, by their indices, with the truth.

    Raises UsageError if there are no such images, DataError if the data set is missing or damaged.
    """
    results = recognize_requests(
        _test_images(indices, model), lambda: Networks(_load(model)), keep_pictures=keep_pictures
    )
    return (result for result in results if isinstance(result, Recognition))


def expand_folders(names: Sequence[str]) -> list[str | PictureFailure]:
    """Replace each folder by the pictures in it, sorted by name; by a failure if it has none or cannot be read."""
    expanded: list[str | PictureFailure] = []
    for name in names:
        # Not Path.is_dir, which raises for a name that is too long; such a name fails when it is read.
        expanded += _pictures_in(name) if name != "-" and os.path.isdir(name) else [name]
    return expanded


def _pictures_in(folder: str) -> list[str | PictureFailure]:
    try:
        paths = [path for path in Path(folder).iterdir() if path.suffix.lower() in PICTURE_SUFFIXES and path.is_file()]
    except OSError as error:
        return [PictureFailure(folder, f"{folder}: the folder cannot be read ({error.strerror})")]
    if not paths:
        return [PictureFailure(folder, f"{folder}: no pictures in this folder ({', '.join(sorted(PICTURE_SUFFIXES))})")]
    return [str(path) for path in sorted(paths)]


def _test_images(indices: range, model: TrainedModel) -> Iterator[PictureRequest]:
    from nntrain.data.load import load_dataset

    dataset = load_dataset(model.dataset, splits=("test",), download=False)
    count = len(dataset.x_test)
    missing = next((index for index in indices if not 0 <= index < count), None)
    if missing is not None:
        raise UsageError(f"there is no test image {missing}: they are numbered 0 to {count - 1}")
    task_spec = model.task_spec
    for index in indices:
        label = int(dataset.y_test[index])
        truth = YES_NO[label in task_spec.positive] if task_spec.task == "binary" else dataset.classes[label]
        yield PictureRequest(f"test image {index}", unchanged(dataset.x_test[index]), truth)


def _load(model: TrainedModel) -> CalibratedClassifier:
    return CalibratedClassifier(model, model.classifier(load_keras_classifier))


def _second_opinion(model: TrainedModel) -> CalibratedClassifier | None:
    """Return the network that ships if a run of the user's own answers the same question."""
    run = pretrained_run()
    same_question = model.reads_digits and model.task_spec.task == "classification"
    if run is None or model.run.is_pretrained or not same_question:
        return None
    return _load(open_trained_model(run))
