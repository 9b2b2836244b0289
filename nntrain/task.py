"""What a network is asked: the shape of its images, its task, and how its outputs are to be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

# The images of every network: MNIST's format.
IMAGE_SIZE = 28  # pixels a side
CHANNELS = 1  # grey
IMAGE_SHAPE = (IMAGE_SIZE, IMAGE_SIZE)
PIXELS = IMAGE_SIZE * IMAGE_SIZE * CHANNELS

TASKS = ("classification", "binary", "regression")
YES_NO = ("no", "yes")  # the labels of a binary task


@dataclass(frozen=True)
class TaskSpec:
    """What a network was asked, and how its answers are to be judged."""

    task: Literal["classification", "binary", "regression"]
    loss: str  # by Keras's name, a key of METRICS
    metrics: tuple[tuple[str, dict[str, Any]], ...]  # name and arguments, ("top_k_categorical_accuracy", {"k": 3})
    classes: tuple[str, ...]  # names by label
    positive: tuple[int, ...] = ()  # binary: the labels that count as yes


def targets(labels: np.ndarray, task_spec: TaskSpec) -> np.ndarray:
    """Return what the loss compares the outputs with.

    Classification: the labels as they are. Binary: float32, 1 for the labels that count and 0 for the rest.
    Regression: the labels as float32.
    """
    if task_spec.task == "binary":
        return np.isin(labels, task_spec.positive).astype(np.float32)
    if task_spec.task == "regression":
        return labels.astype(np.float32)
    return labels
