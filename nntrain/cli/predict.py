"""`nntrain predict`: what is in these pictures?"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nntrain.cli.options import Json, Quiet, RunsDir, chosen_runs_dir
from nntrain.errors import ImageError, UsageError
from nntrain.jobs.keras_fallback import load_keras_classifier
from nntrain.report import console
from nntrain.runs.store import find_trained_run, pretrained_run

if TYPE_CHECKING:
    from nntrain.inference.litert import Classifier
    from nntrain.inference.recognize import Reading
    from nntrain.inference.trained_model import TrainedModel
    from nntrain.preprocessing.parallel import PictureFailure, PictureRequest
    from nntrain.preprocessing.prepare import PreparedPicture

# HEIC is not read, but an iPhone's photos must not be passed over in silence.
SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif", ".heic", ".heif"}
AT_ONCE = 256  # pictures that are answered at once,
BYTES_AT_ONCE = 64_000_000  # or so many as take this much memory


@dataclass(frozen=True)
class Recognition:
    """A picture and what it was read as; where its steps are not to be shown, all that is large is let go."""

    name: str  # as it was given
    reading: Reading
    picture: PreparedPicture | None = None
    truth: str | None = None
    otherwise: Reading | None = None  # by the shipped network, where it reads it differently and more surely

    def alone(self) -> Recognition:
        """Return the same without the picture and what was cut from it."""
        otherwise = None if self.otherwise is None else _alone(self.otherwise)
        return replace(self, reading=_alone(self.reading), otherwise=otherwise, picture=None)


def predict(
    pictures: Annotated[
        list[str] | None,
        typer.Argument(metavar="PICTURE", help="Files, folders, or - for stdin.", show_default=False),
    ] = None,
    test: Annotated[
        str | None,
        typer.Option(
            "--test", metavar="N or A-B", help="Answer test images instead, and show the truth.", show_default=False
        ),
    ] = None,
    run: Annotated[
        str | None,
        typer.Option(
            "--run",
            metavar="RUN",
            help="A run's name or folder, or pretrained; else the latest, or the network that ships.",
            show_default=False,
        ),
    ] = None,
    top: Annotated[int, typer.Option("--top", metavar="K", min=1, help="Show the K most probable classes.")] = 1,
    show: Annotated[bool, typer.Option("--show", help="Draw what the network saw, 28x28, on the terminal.")] = False,
    steps: Annotated[
        Path | None,
        typer.Option(
            "--steps", metavar="OUT.png", help="Draw how each picture was read, step by step.", show_default=False
        ),
    ] = None,
    runs_dir: RunsDir = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Say what digits a picture shows: a photo, a scan, a drawing, dark on light or light on dark.

    Example: nntrain predict photo.jpg scans/ --top 3
    """
    if bool(pictures) == bool(test):
        raise UsageError("name pictures (`nntrain predict photo.png`) or test images (`nntrain predict --test 0-4`)")
    from nntrain.inference.trained_model import open_trained_model
    from nntrain.preprocessing.parallel import PictureFailure, prepared
    from nntrain.report import predictions as answers

    if steps is not None:
        answers.check_steps(steps)
    kept = answers.MOST_STEPS if steps is not None else 0
    trained = open_trained_model(find_trained_run(run, chosen_runs_dir(runs_dir)))
    asked = _test_images(test, trained) if test else prepared(_files(pictures or []), digits=trained.reads_digits)
    found = list(_answered(asked, trained, compared=not test, kept=kept))
    answered = [one for one in found if isinstance(one, Recognition)]
    failed = [one for one in found if isinstance(one, PictureFailure)]
    if json:
        console.print_json(answers.document(trained, answered, failed))
    else:
        answers.show(trained, answered, top=top, pixels=show, quiet=quiet)
    if steps is not None and answered:
        answers.draw(trained, answered, steps)
        if not (quiet or json):
            console.print_message(f"drawn: {steps}")
    for one in failed:
        console.show_error(ImageError(one.error))
    if failed:
        raise typer.Exit(ImageError.exit_code)


def _answered(
    asked: Iterator[PictureRequest] | Iterator[PictureRequest | PictureFailure],
    trained: TrainedModel,
    *,
    compared: bool,
    kept: int,
) -> Iterator[Recognition | PictureFailure]:
    """Answer pictures some at a time, so that thousands need no more memory than some.

    The pictures of the first `kept` digits are kept.
    """
    batches = _batches(asked)
    some = next(batches, [])
    # Only now, since processes may have been forked for the first pictures, and LiteRT has threads.
    classifier = trained.classifier(load_keras_classifier)
    second = _second_opinion(trained) if compared else None
    while some:
        for one in _answer_some(some, trained, classifier, second):
            if isinstance(one, Recognition):
                one = one if kept > 0 else one.alone()
                kept -= len(one.reading.answers)
            yield one
        some = next(batches, [])


def _batches(
    asked: Iterator[PictureRequest] | Iterator[PictureRequest | PictureFailure],
) -> Iterator[list[PictureRequest | PictureFailure]]:
    from nntrain.preprocessing.parallel import PictureRequest

    some: list[PictureRequest | PictureFailure] = []
    size = 0
    for one in asked:
        some.append(one)
        size += one.picture.nbytes if isinstance(one, PictureRequest) else 0
        if len(some) == AT_ONCE or size >= BYTES_AT_ONCE:
            yield some
            some, size = [], 0
    yield some


def _answer_some(
    some: list[PictureRequest | PictureFailure],
    trained: TrainedModel,
    classifier: Classifier,
    second: tuple[TrainedModel, Classifier] | None,
) -> Iterator[Recognition | PictureFailure]:
    from nntrain.inference.recognize import more_surely, read
    from nntrain.preprocessing.parallel import PictureFailure, PictureRequest

    ready = [one for one in some if isinstance(one, PictureRequest)]
    readings = iter(read([one.picture for one in ready], trained, classifier))
    others = iter(read([one.picture for one in ready], *second) if second else [None] * len(ready))
    for one in some:
        if isinstance(one, PictureFailure):
            yield one
            continue
        reading, other = next(readings), next(others)
        otherwise = other if other is not None and more_surely(other, reading) else None
        yield Recognition(one.name, reading, one.picture, one.truth, otherwise)


def _alone(reading: Reading) -> Reading:
    return replace(reading, answers=tuple(replace(one, digit=one.digit.without_source()) for one in reading.answers))


def _second_opinion(trained: TrainedModel) -> tuple[TrainedModel, Classifier] | None:
    """Return the shipped network, where it was asked the same as a run of the user's own."""
    from nntrain.inference.trained_model import open_trained_model

    run = pretrained_run()
    if (
        run is None
        or trained.run.is_pretrained
        or not trained.reads_digits
        or trained.task_spec.task != "classification"
    ):
        return None
    shipped = open_trained_model(run)
    return shipped, shipped.classifier(load_keras_classifier)


def _files(given: list[str]) -> list[str | PictureFailure]:
    """Replace each folder by the pictures in it, by name; one that has none, or cannot be looked into, has failed."""
    names: list[str | PictureFailure] = []
    for name in given:
        # os.path: a name too long for any file is left to the reading.
        names += _inside(name) if name != "-" and os.path.isdir(name) else [name]
    return names


def _inside(folder: str) -> list[str | PictureFailure]:
    from nntrain.preprocessing.parallel import PictureFailure

    try:
        inside = [path for path in Path(folder).iterdir() if path.suffix.lower() in SUFFIXES and path.is_file()]
    except OSError as error:
        return [PictureFailure(folder, f"{folder}: the folder cannot be read ({error.strerror})")]
    if not inside:
        return [PictureFailure(folder, f"{folder}: no pictures in this folder ({', '.join(sorted(SUFFIXES))})")]
    return [str(path) for path in sorted(inside)]


def _test_images(text: str, trained: TrainedModel) -> Iterator[PictureRequest]:
    from nntrain.data.load import load_dataset
    from nntrain.preprocessing.parallel import PictureRequest
    from nntrain.preprocessing.prepare import unchanged
    from nntrain.task import YES_NO

    match = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", text)
    if match is None:
        raise UsageError(f"--test {text}: write a number or a range, for example --test 0-4")
    first, last = int(match[1]), int(match[2] or match[1])
    dataset = load_dataset(trained.dataset, splits=("test",), download=False)
    if last < first or last >= len(dataset.x_test):
        raise UsageError(f"--test {text}: there are test images 0 to {len(dataset.x_test) - 1}")
    task_spec = trained.task_spec
    for index in range(first, last + 1):
        label = int(dataset.y_test[index])
        truth = YES_NO[label in task_spec.positive] if task_spec.task == "binary" else dataset.classes[label]
        yield PictureRequest(f"test image {index}", unchanged(dataset.x_test[index]), truth)
