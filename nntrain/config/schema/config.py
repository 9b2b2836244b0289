"""A whole run: the data, the network, how it is trained and on what."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from nntrain.config.schema.augmentation import Augmentation
from nntrain.config.schema.base import CountOrZero, Section, Share, Task
from nntrain.config.schema.early_stopping import EarlyStopping
from nntrain.config.schema.layers import Layer
from nntrain.config.schema.losses import Loss
from nntrain.config.schema.lr_schedules import LearningRateSchedule
from nntrain.config.schema.metrics import Accuracy, MeanAbsoluteErrorMetric, Metric
from nntrain.config.schema.optimizers import Optimizer

# TensorFlow calls layers within calls; somewhere above this Python's stack overflows.
MAX_LAYERS = 400
MAX_METRICS = 50


class Data(Section):
    """The images to train on."""

    dataset: Annotated[str, Field(min_length=1)] = Field(
        "mnist", description="mnist, fashion_mnist, mnist_5k, or a path relative to this file"
    )
    positive: tuple[CountOrZero, ...] | None = Field(None, description="task binary: the labels that count as yes")


class Fit(Section):
    """How long to train, and in batches of what size."""

    epochs: Annotated[int, Field(ge=1, le=100_000)] = 10
    batch_size: Annotated[int, Field(ge=1, le=1_000_000)] = 128
    validation_split: Share = Field(0.2, description="the last share of the training images")
    stratify: bool = Field(False, description="draw the validation images by class instead")


class Runtime(Section):
    """Where and how to compute; the config of a run has what was chosen in place of `auto`."""

    device: Literal["auto", "cpu", "gpu"] = "auto"
    jit_compile: Literal["auto"] | bool = "auto"
    dtype_policy: Literal["float32", "mixed_float16", "mixed_bfloat16"] = "float32"
    threads: Literal["auto"] | Annotated[int, Field(ge=1, le=1024)] = "auto"


class Config(Section):
    """A whole run."""

    seed: Annotated[int, Field(ge=0, lt=2**32)] = 42
    task: Task = "classification"
    data: Data = Data()
    model: Annotated[tuple[Layer, ...], Field(min_length=1, max_length=MAX_LAYERS)]
    optimizer: Optimizer
    loss: Loss
    metrics: tuple[Metric, ...] | None = Field(
        None, max_length=MAX_METRICS, description="none given: accuracy, and mae for a regression"
    )
    fit: Fit = Fit()
    lr_schedule: LearningRateSchedule | None = None
    early_stopping: EarlyStopping | None = None
    augmentation: Augmentation | None = None
    runtime: Runtime = Runtime()


def default_metrics(task: Task) -> tuple[Metric, ...]:
    """Return the metrics of a config that names none."""
    return (MeanAbsoluteErrorMetric(),) if task == "regression" else (Accuracy(),)
