"""What the parts of nntrain hand one another: frozen records of plain values and small arrays."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, or worth a hint, in a config."""

    place: str  # "my.yaml:4:24", lines and columns from 1, or "argument fit.epochs=x"
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


@dataclass(frozen=True)
class LayerRow:
    """One line of the layer table, as `keras.Model.summary` would print it."""

    kind: str  # Keras's class name, "Dense"
    description: str  # its telling arguments in words, "128, relu"
    shape: tuple[int, ...]  # output shape without the batch
    parameters: int  # trainable and not
    trainable: int


@dataclass(frozen=True)
class EpochResult:
    """One finished epoch."""

    epoch: int  # from 1
    epochs: int  # asked for
    seconds: float
    learning_rate: float
    metrics: dict[str, float]  # loss, metrics, and their val_ twins, by Keras's names


@dataclass(frozen=True)
class TrainResult:
    """How a training ended."""

    status: str  # complete, interrupted or diverged
    epochs: int  # finished
    test: Scores | None  # None where there is no network to score
    problem: str | None = None  # what went wrong, in words
    notes: tuple[str, ...] = ()  # what the user should know beside it


@dataclass(frozen=True)
class ClassScore:
    """How one class was answered; a ratio without a denominator is 0, as in scikit-learn."""

    label: str
    precision: float  # of the images answered so, the fraction that is
    recall: float  # of the images that are, the fraction answered so
    f1: float
    support: int  # images that are


@dataclass(frozen=True)
class Scores:
    """How a network answered a set of images."""

    images: int
    metrics: dict[str, float]  # "loss" (plain: no L1/L2, no smoothing), then each metric of the config
    classes: tuple[ClassScore, ...] = ()  # empty for regression
    confusion: tuple[tuple[int, ...], ...] = ()  # [true class][answered class], counts; empty for regression


@dataclass(frozen=True)
class Prediction:
    """A network's answer to one picture, in the terms of its task.

    Classification: `label` is the class and `confidence` its probability. Binary: `label` is "yes" or "no" and
    `confidence` the probability of that. Regression: `label` is the value, rounded; `confidence` is None.
    """

    label: str
    confidence: float | None  # 0 to 1
    outputs: tuple[float, ...] = field(repr=False)  # probabilities by class; one probability; or one value


@dataclass(frozen=True)
class Mistake:
    """One image that was answered wrongly."""

    index: int  # in the data set's part
    truth: str
    prediction: Prediction
