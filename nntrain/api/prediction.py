"""What a run reads in pictures."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from nntrain.api.runs import AnyRun, run_name
from nntrain.errors import ImageError, UsageError
from nntrain.preprocessing.parallel import PictureFailure, PictureSource
from nntrain.runs.store import find_trained_run
from nntrain.runs.store import runs_dir as default_runs_dir
from nntrain.system.stdio import library_output

if TYPE_CHECKING:
    from nntrain.inference.pipeline import Recognition
    from nntrain.inference.reading import Answer
    from nntrain.inference.trained_model import TrainedModel

CHANNELS = (1, 3, 4)  # the last axis of an array that is one picture


@dataclass(frozen=True)
class DigitPrediction:
    """The answer for one digit of a picture, or for a picture of another object."""

    label: str  # the class; `yes` or `no` of a binary network; the rounded value of a regression
    confidence: float | None  # 0 to 1, calibrated; None for a regression
    probabilities: dict[str, float] = field(repr=False)  # by class; empty for a regression
    value: float | None  # of a regression
    why_unsure: str | None  # why the answer is unsure, or None
    image: np.ndarray = field(repr=False, compare=False)  # what the network saw: uint8 (28, 28)

    @property
    def unsure(self) -> bool:
        """Whether the answer may be wrong."""
        return self.why_unsure is not None


@dataclass(frozen=True, repr=False)
class PicturePrediction:
    """What a run reads in a picture: one digit, or several in reading order."""

    name: str  # the file, or "array 0" for the first of several arrays
    digits: tuple[DigitPrediction, ...]
    decisions: tuple[str, ...]  # what was done to the picture
    document: dict[str, Any] = field(compare=False)  # the entry of `nntrain predict --json`

    @property
    def text(self) -> str:
        """The labels, joined: "745"."""
        return "".join(digit.label for digit in self.digits)

    @property
    def confidence(self) -> float | None:
        """The lowest confidence of the digits, 0 to 1; None for a regression."""
        values = [digit.confidence for digit in self.digits if digit.confidence is not None]
        return min(values) if values else None

    @property
    def unsure(self) -> bool:
        """Whether any digit is unsure."""
        return any(digit.unsure for digit in self.digits)

    @property
    def why_unsure(self) -> str | None:
        """Why the answer is unsure, or None."""
        reasons = dict.fromkeys(digit.why_unsure for digit in self.digits if digit.why_unsure)
        return "; ".join(reasons) if reasons else None

    def __repr__(self) -> str:
        confidence = "" if self.confidence is None else f", {100 * self.confidence:.1f} %"
        return f"PicturePrediction({self.name}: {self.text}{confidence}{self._doubt()})"

    def _doubt(self) -> str:
        return f", unsure: {self.why_unsure}" if self.unsure else ""

    def _repr_html_(self) -> str:
        from nntrain.report import html

        return html.table(COLUMNS, [self._row()])

    def _row(self) -> tuple[object, ...]:
        from nntrain.report import html

        images = html.Html("".join(html.pixels(digit.image, title=digit.label) for digit in self.digits))
        confidence = "" if self.confidence is None else f"{100 * self.confidence:.1f} %"
        return self.name, images, self.text, confidence, self.why_unsure or ""


COLUMNS = ("picture", "what the network saw", "answer", "confidence", "unsure")


@dataclass(frozen=True, repr=False)
class PicturePredictions(Sequence[PicturePrediction]):
    """The predictions for several pictures, in their order, and the pictures that could not be read."""

    predictions: tuple[PicturePrediction, ...]
    failures: tuple[PictureFailure, ...]  # each with its `name` and the `error`, a sentence

    def __len__(self) -> int:
        return len(self.predictions)

    @overload
    def __getitem__(self, index: int) -> PicturePrediction: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[PicturePrediction, ...]: ...

    def __getitem__(self, index: int | slice) -> PicturePrediction | tuple[PicturePrediction, ...]:
        return self.predictions[index]

    def __iter__(self) -> Iterator[PicturePrediction]:
        return iter(self.predictions)

    def __repr__(self) -> str:
        lines = [*map(repr, self.predictions), *(f"not read: {failure.error}" for failure in self.failures)]
        return "\n".join(lines) if lines else "no pictures"

    def _repr_html_(self) -> str:
        from nntrain.report import html

        errors = html.items([failure.error for failure in self.failures])
        return html.table(COLUMNS, [prediction._row() for prediction in self.predictions]) + errors


AnyPicture = str | Path | bytes | np.ndarray


@overload
def predict(pictures: bytes, *, run: AnyRun | None = None, runs_dir: str | Path | None = None) -> PicturePrediction: ...


@overload
def predict(
    pictures: str | Path | np.ndarray, *, run: AnyRun | None = None, runs_dir: str | Path | None = None
) -> Any: ...  # a folder or an array may hold several


@overload
def predict(
    pictures: Sequence[AnyPicture], *, run: AnyRun | None = None, runs_dir: str | Path | None = None
) -> PicturePredictions: ...


def predict(
    pictures: AnyPicture | Sequence[AnyPicture],
    *,
    run: AnyRun | None = None,
    runs_dir: str | Path | None = None,
) -> Any:
    """Read the digits in a picture, or in several, and return a PicturePrediction, or PicturePredictions.

    A picture is the path of a file, the contents of a file as bytes, or an array of pixels: (height, width), grey, or
    (height, width, 3) in colour, of any size. It is prepared as `nntrain predict` prepares it. Several pictures are a
    list, a folder, or an array (n, height, width). By default the latest complete run answers, or the pretrained one if
    there is none.

    Raises ImageError if a single picture cannot be read (of several, those are `failures`), UsageError if there is no
    such run, and RunError if its network is missing or damaged.
    """
    from nntrain.inference.pipeline import Recognition
    from nntrain.inference.trained_model import open_trained_model
    from nntrain.jobs.predict import predict as recognize

    folder = default_runs_dir() if runs_dir is None else Path(runs_dir)
    model = open_trained_model(find_trained_run(run_name(run), folder))
    sources, single = _sources(pictures)
    predictions, failures = [], []
    with library_output.silenced():
        for result in recognize(sources, model, processes=False):
            if isinstance(result, Recognition):
                predictions.append(_prediction(model, result))
            else:
                failures.append(result)
    if not single:
        return PicturePredictions(tuple(predictions), tuple(failures))
    if failures:
        raise ImageError(failures[0].error)
    return predictions[0]


def _sources(pictures: AnyPicture | Sequence[AnyPicture]) -> tuple[list[str | PictureSource | PictureFailure], bool]:
    """Return the pictures for the job, and whether the caller gave a single one."""
    if isinstance(pictures, np.ndarray):
        if _is_one_picture(pictures):
            return [PictureSource("array", pictures)], True
        return [PictureSource(f"array {index}", pixels) for index, pixels in enumerate(pictures)], False
    if isinstance(pictures, (str, Path, bytes)):
        single = isinstance(pictures, bytes) or not os.path.isdir(pictures)
        return [_source(pictures, "picture")], single
    if not isinstance(pictures, (list, tuple)):
        raise UsageError(
            f"pictures are of type {type(pictures).__name__}; give a path, bytes, a NumPy array "
            "(`numpy.asarray(image)`), or a list of these"
        )
    return [_source(picture, f"picture {index}") for index, picture in enumerate(pictures)], False


def _is_one_picture(pixels: np.ndarray) -> bool:
    return pixels.ndim < 3 or (pixels.ndim == 3 and pixels.shape[2] in CHANNELS)


def _source(picture: AnyPicture, name: str) -> str | PictureSource:
    if isinstance(picture, (bytes, np.ndarray)):
        return PictureSource(name, picture)
    if isinstance(picture, (str, Path)):
        return str(picture)
    raise UsageError(
        f"{name} is of type {type(picture).__name__}; give a path, bytes or a NumPy array (`numpy.asarray(image)`)"
    )


def _prediction(model: TrainedModel, recognition: Recognition) -> PicturePrediction:
    from nntrain.report.predictions import json_prediction

    digits = tuple(_digit(model, answer) for answer in recognition.reading.answers)
    decisions = tuple(map(str, recognition.reading.decisions))
    return PicturePrediction(recognition.name, digits, decisions, json_prediction(model, recognition))


def _digit(model: TrainedModel, answer: Answer) -> DigitPrediction:
    prediction, task_spec = answer.prediction, model.task_spec
    regression = task_spec.task == "regression"
    probabilities = prediction.outputs
    if task_spec.task == "binary":
        probabilities = (1 - prediction.outputs[0], prediction.outputs[0])
    return DigitPrediction(
        label=prediction.label,
        confidence=prediction.confidence,
        probabilities=dict(zip(task_spec.answers, probabilities, strict=True)) if not regression else {},
        value=prediction.outputs[0] if regression else None,
        why_unsure=None if answer.reason is None else str(answer.reason),
        image=answer.digit.image,
    )
