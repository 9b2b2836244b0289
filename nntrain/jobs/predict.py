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

# HEIC cannot be read, but an iPhone's photos must not be skipped without a message.
PICTURE_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif", ".heic", ".heif"}


def predict(
    pictures: Sequence[str], model: TrainedModel, *, keep_pictures: int = 0
) -> Iterator[Recognition | PictureFailure]:
    """Recognize picture files, all pictures in folders, and `-` for stdin; unreadable pictures become failures.

    If the run classifies digits and is not the pretrained one, the pretrained network gives a second opinion. The
    recognitions of the first `keep_pictures` digits keep their pictures, for drawing.
    Raises RunError if the run's network is missing or damaged.
    """
    requests = prepare_pictures(expand_folders(pictures), digits=model.reads_digits)
    return recognize_requests(
        requests, lambda: Networks(_load(model), _second_opinion(model)), keep_pictures=keep_pictures
    )


def predict_test_images(indices: range, model: TrainedModel, *, keep_pictures: int = 0) -> Iterator[Recognition]:
    """Recognize test images of the data set that the run was trained on; the recognitions include the true labels.

    Raises UsageError if an index is out of range, and DataError if the data set is missing or damaged.
    """
    results = recognize_requests(
        _test_images(indices, model), lambda: Networks(_load(model)), keep_pictures=keep_pictures
    )
    return (result for result in results if isinstance(result, Recognition))


def expand_folders(names: Sequence[str]) -> list[str | PictureFailure]:
    """Replace each folder by its pictures, sorted by name, or by a failure if it has none or cannot be read."""
    expanded: list[str | PictureFailure] = []
    for name in names:
        # Not Path.is_dir, which raises an error if the name is too long; such a name becomes a failure later.
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
    """Return the pretrained network if the model is another one for the same task, else None."""
    run = pretrained_run()
    same_task = model.reads_digits and model.task_spec.task == "classification"
    if run is None or model.run.is_pretrained or not same_task:
        return None
    return _load(open_trained_model(run))
