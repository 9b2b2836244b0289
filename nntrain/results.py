"""Results that nntrain's modules exchange, as frozen dataclasses of plain values."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Problem:
    """An error in a config, or a piece of advice about it."""

    place: str  # "my.yaml:4:24", lines and columns from 1, or "argument fit.epochs=x"
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


@dataclass(frozen=True)
class LayerRow:
    """A row of the layer table, as `keras.Model.summary` prints it."""

    kind: str  # Keras's class name, "Dense"
    description: str  # the main arguments, "128, relu"
    shape: tuple[int, ...]  # output shape without the batch dimension
    parameters: int  # trainable and non-trainable
    trainable: int


@dataclass(frozen=True)
class EpochResult:
    """The result of a finished epoch."""

    epoch: int  # from 1
    epochs: int  # in total, as set in the config
    seconds: float
    learning_rate: float
    metrics: dict[str, float]  # by Keras's names: loss, metrics, and val_* for those on validation data


@dataclass(frozen=True)
class TrainResult:
    """How training ended."""

    status: str  # complete, interrupted or diverged
    epochs: int  # finished
    test: Scores | None  # None if there is no network to score
    problem: str | None = None  # what went wrong, as a sentence
    notes: tuple[str, ...] = ()  # what else the user should know
    kept_epoch: int | None = None  # the epoch whose weights are saved; None: the last finished one
    signal: int | None = None  # the number of the signal that asked training to stop


@dataclass(frozen=True)
class ClassScore:
    """How well one class was recognized; a ratio with the denominator 0 is 0, as in scikit-learn."""

    label: str
    precision: float  # correct predictions of the class / predictions of the class
    recall: float  # correct predictions of the class / images of the class
    f1: float  # harmonic mean of precision and recall
    support: int  # images of the class


@dataclass(frozen=True)
class Scores:
    """A network's scores on a set of images."""

    images: int
    metrics: dict[str, float]  # "loss" (without L1/L2 and label smoothing), then each metric of the config
    classes: tuple[ClassScore, ...] = ()  # empty for regression
    confusion: tuple[tuple[int, ...], ...] = ()  # [true class][predicted class], counts; empty for regression

    def class_ratios(self) -> list[tuple[float | None, float | None, float | None]]:
        """Return the precision, recall and F1 of each class, 0 to 1, or None for a ratio that is 0 of 0."""
        predicted = [sum(column) for column in zip(*self.confusion, strict=True)]
        return [
            (
                row.precision if count else None,
                row.recall if row.support else None,
                row.f1 if count or row.support else None,
            )
            for row, count in zip(self.classes, predicted, strict=True)
        ]


@dataclass(frozen=True)
class Prediction:
    """A network's prediction for one image.

    Classification: `label` is the class and `confidence` its probability. Binary: `label` is "yes" or "no" and
    `confidence` the probability of that label. Regression: `label` is the value, rounded; `confidence` is None.
    """

    label: str
    confidence: float | None  # 0 to 1
    outputs: tuple[float, ...] = field(repr=False)  # a probability per class; one probability; or one value


@dataclass(frozen=True)
class Mistake:
    """An image whose prediction is wrong."""

    index: int  # within the training or test images
    truth: str
    prediction: Prediction
