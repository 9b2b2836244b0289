"""What a network is trained to do: the shape of its images, its task, its loss and metrics, its classes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    import numpy as np

# The images of every network: MNIST's format.
IMAGE_SIZE = 28  # pixels, height and width
CHANNELS = 1  # grey
IMAGE_SHAPE = (IMAGE_SIZE, IMAGE_SIZE)
PIXELS = IMAGE_SIZE * IMAGE_SIZE * CHANNELS

Task = Literal["classification", "binary", "regression"]
TASKS: tuple[Task, ...] = get_args(Task)
YES_NO = ("no", "yes")  # the answers of a binary task


@dataclass(frozen=True)
class TaskSpec:
    """What a network is trained to do, and how its outputs are scored.

    Raises ValueError for an unknown task, and for a positive label that is no class.
    """

    task: Task
    loss: str  # a name in METRICS of nntrain/inference/metrics.py
    metrics: tuple[tuple[str, dict[str, Any]], ...]  # name and arguments: ("top_k_categorical_accuracy", {"k": 3})
    classes: tuple[str, ...]  # names by label
    positive: tuple[int, ...] = ()  # binary: the labels that count as yes
    loss_arguments: dict[str, Any] = field(default_factory=dict)  # without label smoothing, which is for training only

    def __post_init__(self) -> None:
        if self.task not in TASKS:
            raise ValueError(f"unknown task {self.task!r}")
        if not all(0 <= label < len(self.classes) for label in self.positive):
            raise ValueError(f"positive labels {self.positive} of {len(self.classes)} classes")

    @property
    def output_units(self) -> int:
        """The number of values that the network outputs per image: one per class, or one."""
        return len(self.classes) if self.task == "classification" else 1

    @property
    def answers(self) -> tuple[str, ...]:
        """The names of the answers: of the classes, no and yes, or none for a regression."""
        if self.task == "regression":
            return ()
        return YES_NO if self.task == "binary" else self.classes


def label_numbers(labels: Iterable[int | str], classes: Sequence[str]) -> tuple[int, ...]:
    """Return labels given by number or by the name of their class as numbers; raises ValueError for an unknown name."""
    return tuple(label if isinstance(label, int) else classes.index(label) for label in labels)


def targets(labels: np.ndarray, task_spec: TaskSpec) -> np.ndarray:
    """Return what the loss compares the outputs with, shape (n,).

    Classification: the labels themselves. Binary: float32, 1 for the positive labels and 0 for the others.
    Regression: the labels as float32.
    """
    import numpy as np  # here, so that reading a config does not wait for it

    if task_spec.task == "binary":
        return np.isin(labels, task_spec.positive).astype(np.float32)
    if task_spec.task == "regression":
        return labels.astype(np.float32)
    return labels
