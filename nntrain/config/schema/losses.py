"""Losses; Keras's names, arguments and defaults."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from nntrain.config.schema.base import TASKS, Component, Labels, Task


class Loss(Component, family="loss"):
    """What training minimizes."""

    tasks: ClassVar[tuple[Task, ...]]  # whose answers it can compare
    labels: ClassVar[Labels] = "one_hot"  # the form it takes those of a classification in


class MeanSquaredError(Loss, key="mse"):
    """The mean of squared differences."""

    tasks = TASKS


class MeanAbsoluteError(Loss, key="mae"):
    """The mean of absolute differences."""

    tasks = TASKS


class BinaryCrossentropy(Loss, key="binary_crossentropy"):
    """For a single probability."""

    tasks = ("binary",)
    label_smoothing: Annotated[float, Field(ge=0, le=1)] = 0.0


class CategoricalCrossentropy(Loss, key="categorical_crossentropy"):
    """For one probability per class; labels are made one-hot for you."""

    tasks = ("classification",)
    label_smoothing: Annotated[float, Field(ge=0, le=1)] = 0.0


class SparseCategoricalCrossentropy(Loss, key="sparse_categorical_crossentropy"):
    """The same with integer labels."""

    tasks = ("classification",)
    labels = "integers"
