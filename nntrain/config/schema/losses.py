"""Losses; Keras's names, arguments and defaults."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from nntrain.config.schema.base import Component, Labels, NonNegative, Positive
from nntrain.task import TASKS, Task


class Loss(Component, family="loss"):
    """What training minimizes."""

    tasks: ClassVar[tuple[Task, ...]]  # the tasks that it suits
    labels: ClassVar[Labels] = "one_hot"  # the form of the labels in a classification


class MeanSquaredError(Loss, key="mse"):
    """The mean of squared differences."""

    tasks = TASKS


class MeanAbsoluteError(Loss, key="mae"):
    """The mean of absolute differences."""

    tasks = TASKS


class Huber(Loss, key="huber"):
    """Half the squared difference up to `delta`, and a straight line beyond it, so that outliers count less."""

    tasks = TASKS
    delta: Positive = Field(1.0, description="where the straight line begins")


class BinaryCrossentropy(Loss, key="binary_crossentropy"):
    """The cross-entropy of a single probability."""

    tasks = ("binary",)
    label_smoothing: Annotated[float, Field(ge=0, le=1)] = Field(
        0.0, description="the part of each label that is spread evenly over yes and no"
    )


class CategoricalCrossentropy(Loss, key="categorical_crossentropy"):
    """The cross-entropy of one probability per class; the labels are converted to one-hot for you."""

    tasks = ("classification",)
    label_smoothing: Annotated[float, Field(ge=0, le=1)] = Field(
        0.0, description="the part of each label that is spread evenly over all classes"
    )


class SparseCategoricalCrossentropy(Loss, key="sparse_categorical_crossentropy"):
    """The cross-entropy of one probability per class, with integer labels."""

    tasks = ("classification",)
    labels = "integers"


class CategoricalFocalCrossentropy(Loss, key="categorical_focal_crossentropy"):
    """The cross-entropy, which counts less the more probable the true class already is (arXiv 1708.02002)."""

    tasks = ("classification",)
    alpha: Positive | tuple[Positive, ...] = Field(0.25, description="a weight for all classes, or one for each")
    gamma: NonNegative = Field(2.0, description="how much less a well classified image counts; 0: the cross-entropy")
    label_smoothing: Annotated[float, Field(ge=0, le=1)] = Field(
        0.0, description="the part of each label that is spread evenly over all classes"
    )


class KLDivergence(Loss, key="kl_divergence"):
    """The Kullback-Leibler divergence of the probabilities from the labels; nearly equal to the cross-entropy here."""

    tasks = ("classification",)
