"""Losses; Keras's names, arguments and defaults."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from nntrain.config.schema.base import Component, Labels
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


class BinaryCrossentropy(Loss, key="binary_crossentropy"):
    """The cross-entropy of a single probability."""

    tasks = ("binary",)
    label_smoothing: Annotated[float, Field(ge=0, le=1)] = 0.0


class CategoricalCrossentropy(Loss, key="categorical_crossentropy"):
    """The cross-entropy of one probability per class; the labels are converted to one-hot for you."""

    tasks = ("classification",)
    label_smoothing: Annotated[float, Field(ge=0, le=1)] = 0.0


class SparseCategoricalCrossentropy(Loss, key="sparse_categorical_crossentropy"):
    """The cross-entropy of one probability per class, with integer labels."""

    tasks = ("classification",)
    labels = "integers"
