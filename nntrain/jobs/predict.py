"""Recognize pictures, or a data set's test images, with a trained run."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from nntrain.errors import UsageError
from nntrain.inference.calibrated_classifier import CalibratedClassifier
from nntrain.inference.pipeline import Networks, Recognition, recognize_requests
from nntrain.inference.trained_model import TrainedModel, open_trained_model
from nntrain.jobs.keras_fallback import load_keras_classifier
from nntrain.preprocessing.parallel import Picture, PictureFailure, PictureRequest, prepare_pictures
from nntrain.preprocessing.prepare import unchanged
from nntrain.runs.folder import RunDir
from nntrain.runs.store import pretrained_run
from nntrain.task import IMAGE_SHAPE, YES_NO

# HEIC cannot be read, but an iPhone's photos must not be skipped without a message.
PICTURE_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif", ".heic", ".heif"}


def predict(
    pictures: Sequence[Picture], model: TrainedModel, *, keep_pictures: int = 0, processes: bool = True
) -> Iterator[Recognition | PictureFailure]:
    """Recognize picture files, all pictures in folders, `-` for stdin, and pictures in memory.

    Unreadable pictures become failures. If the run classifies digits and is not the pretrained one, the pretrained
    network gives a second opinion. Recognitions of the first `keep_pictures` digits keep their pictures, for drawing.
    With `processes`, many pictures are prepared in forked processes; see `prepare_pictures`.
    Raises RunError if the run's network is missing or damaged.
    """
    model.test_metrics()  # an error in metrics.json comes before the answers, which show them
    requests = prepare_pictures(expand_folders(pictures), digits=model.reads_digits, processes=processes)
    return recognize_requests(
        requests, lambda: Networks(_load(model), _second_opinion(model)), keep_pictures=keep_pictures
    )


def predict_test_images(
    indices: range, model: TrainedModel, *, data: str | None = None, keep_pictures: int = 0
) -> Iterator[Recognition]:
    """Recognize test images of the run's data set, or of `data`; the recognitions include the true labels.

    Raises UsageError if an index is out of range, and DataError if the data set is missing or damaged.
    """
    model.test_metrics()
    results = recognize_requests(
        _test_images(indices, model, data), lambda: Networks(_load(model)), keep_pictures=keep_pictures
    )
    return (result for result in results if isinstance(result, Recognition))


def predict_images(run: RunDir, images: np.ndarray) -> np.ndarray:
    """Return a run's calibrated outputs, float32 (n, classes) or (n, 1), for images that are prepared already.

    Images are integers from 0 to 255, (n, 28, 28) or (28, 28). Raises UsageError for others, and RunError if the run's
    network is missing or damaged.
    """
    return _load(open_trained_model(run)).predict(_validate_images(np.asarray(images)))


def _validate_images(images: np.ndarray) -> np.ndarray:
    """Return images as uint8 (n, 28, 28)."""
    if images.ndim == 2:
        images = images[None]
    if images.ndim != 3 or images.shape[1:] != IMAGE_SHAPE:
        raise UsageError(
            f"images have the shape {images.shape}, but the network takes (n, 28, 28); "
            "nntrain.predict reads pictures of any size"
        )
    if images.dtype == np.uint8:
        return images
    pixels = np.nan_to_num(images.astype(np.float64), nan=-1).clip(-1, 256).astype(np.int64)
    if (pixels != images).any() or not ((pixels >= 0) & (pixels <= 255)).all():
        lowest, highest = float(images.min()), float(images.max())
        remedy = "; multiply by 255 and round" if 0 <= lowest <= highest <= 1 else ""
        found = f"{images.dtype} from {lowest:.4g} to {highest:.4g}"
        raise UsageError(f"images must hold whole numbers from 0 to 255, got {found}{remedy}")
    return pixels.astype(np.uint8)


def expand_folders(pictures: Sequence[Picture]) -> list[Picture]:
    """Replace each folder by its pictures, sorted by name, or by a failure if it has none or cannot be read."""
    expanded: list[Picture] = []
    for picture in pictures:
        # Not Path.is_dir, which raises an error if the name is too long; such a name becomes a failure later.
        is_folder = isinstance(picture, str) and picture != "-" and os.path.isdir(picture)
        expanded += _pictures_in(str(picture)) if is_folder else [picture]
    return expanded


def _pictures_in(folder: str) -> list[Picture]:
    try:
        paths = [path for path in Path(folder).iterdir() if path.suffix.lower() in PICTURE_SUFFIXES and path.is_file()]
    except OSError as error:
        return [PictureFailure(folder, f"{folder}: the folder cannot be read ({error.strerror})")]
    if not paths:
        return [PictureFailure(folder, f"{folder}: no pictures in this folder ({', '.join(sorted(PICTURE_SUFFIXES))})")]
    return [str(path) for path in sorted(paths)]


def _test_images(indices: range, model: TrainedModel, data: str | None = None) -> Iterator[PictureRequest]:
    from nntrain.jobs.run_data import load_test_images

    dataset = load_test_images(model, data)
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
