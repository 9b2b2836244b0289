"""The config file itself, and the sections that have no file of their own: data, fit and runtime."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from nntrain.config.schema.augmentation import Augmentation
from nntrain.config.schema.base import CountOrZero, Fraction, Section
from nntrain.config.schema.early_stopping import EarlyStopping
from nntrain.config.schema.layers import Layer
from nntrain.config.schema.losses import Loss
from nntrain.config.schema.lr_schedules import LearningRateSchedule
from nntrain.config.schema.metrics import Accuracy, MeanAbsoluteErrorMetric, Metric
from nntrain.config.schema.optimizers import Optimizer
from nntrain.data.catalog import DATASETS
from nntrain.task import Task

# TensorFlow nests a function call per layer; with many more layers, Python's stack overflows.
MAX_LAYERS = 400
MAX_METRICS = 50


class Data(Section):
    """The images to train on."""

    dataset: Annotated[str, Field(min_length=1)] = Field(
        "mnist", description=f"{', '.join(DATASETS)}, or a path relative to this file"
    )
    positive: tuple[CountOrZero, ...] | None = Field(None, description="task binary: the labels that count as yes")


class Fit(Section):
    """The number of epochs, the batch size and the validation split."""

    epochs: Annotated[int, Field(ge=1, le=100_000)] = 10
    batch_size: Annotated[int, Field(ge=1, le=1_000_000)] = 128
    validation_split: Fraction = Field(0.2, description="fraction of the training images, taken from their end")
    stratify: bool = Field(False, description="draw the same fraction of every class instead")


class Runtime(Section):
    """Where and how to compute. The config of a run has the values that were chosen for `auto`."""

    device: Literal["auto", "cpu", "gpu"] = "auto"
    jit_compile: Literal["auto"] | bool = "auto"
    dtype_policy: Literal["float32", "mixed_float16", "mixed_bfloat16"] = "float32"
    threads: Literal["auto"] | Annotated[int, Field(ge=1, le=1024)] = "auto"


class Config(Section):
    """Everything that defines a run: data, network, training, and where to compute."""

    seed: Annotated[int, Field(ge=0, lt=2**32)] = 42
    task: Task = "classification"
    data: Data = Data()
    model: Annotated[tuple[Layer, ...], Field(min_length=1, max_length=MAX_LAYERS)]
    optimizer: Optimizer
    loss: Loss
    metrics: tuple[Metric, ...] | None = Field(
        None, max_length=MAX_METRICS, description="default: accuracy, or mae for a regression"
    )
    fit: Fit = Fit()
    lr_schedule: LearningRateSchedule | None = None
    early_stopping: EarlyStopping | None = None
    augmentation: Augmentation | None = None
    runtime: Runtime = Runtime()


def default_metrics(task: Task) -> tuple[Metric, ...]:
    """Return the metrics that a config has if it does not set any."""
    return (MeanAbsoluteErrorMetric(),) if task == "regression" else (Accuracy(),)
