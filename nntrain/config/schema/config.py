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
MAX_EPOCHS = 100_000


ClassName = Annotated[str, Field(min_length=1)]


class Data(Section):
    """The images to train on."""

    dataset: Annotated[str, Field(min_length=1)] = Field(
        "mnist", description=f"{', '.join(DATASETS)}, or a path relative to this file"
    )
    positive: tuple[CountOrZero | ClassName, ...] | None = Field(
        None, description="task binary: the labels that count as yes, by number or by the name of the class"
    )


class Fit(Section):
    """The number of epochs, the batch size and the validation split."""

    epochs: Annotated[int, Field(ge=1, le=MAX_EPOCHS)] = Field(
        10, description="passes over the training images; 1 in Keras"
    )
    batch_size: Annotated[int, Field(ge=1, le=1_000_000)] = Field(128, description="images per step; 32 in Keras")
    validation_split: Fraction = Field(
        0.2, description="fraction of the training images that is kept for validation, taken from their end; 0 in Keras"
    )
    stratify: bool = Field(False, description="draw the same fraction of every class for validation instead")


class Runtime(Section):
    """Where and how to compute. The config of a run has the values that were chosen for `auto`."""

    device: Literal["auto", "cpu", "gpu"] = Field("auto", description="auto: the GPU if there is one")
    jit_compile: Literal["auto"] | bool = Field(
        "auto",
        description="whether to compile with XLA; auto: on a GPU, and on a CPU for long runs without convolutions",
    )
    dtype_policy: Literal["float32", "mixed_float16", "mixed_bfloat16"] = Field(
        "float32", description="precision of the computation; a mixed one is refused if it is no faster on the device"
    )
    threads: Literal["auto"] | Annotated[int, Field(ge=1, le=1024)] = Field(
        "auto", description="threads on the CPU; auto: one per core"
    )


class Config(Section):
    """Everything that defines a run: data, network, training, and where to compute."""

    seed: Annotated[int, Field(ge=0, lt=2**32)] = Field(
        42, description="for the initial weights, dropout, augmentation and the order of the images"
    )
    task: Task = Field(
        "classification",
        description="binary: whether the label is one of data.positive; regression: the value of the label",
    )
    data: Data = Field(Data(), description="the images")
    model: Annotated[tuple[Layer, ...], Field(min_length=1, max_length=MAX_LAYERS, description="from first to last")]
    optimizer: Optimizer = Field(description="how gradients change the weights")
    loss: Loss = Field(description="what training minimizes")
    metrics: tuple[Metric, ...] | None = Field(
        None,
        max_length=MAX_METRICS,
        description="what is measured besides the loss; default: accuracy, or mae for a regression",
    )
    fit: Fit = Field(Fit(), description="epochs, batch size and validation split")
    lr_schedule: LearningRateSchedule | None = Field(
        None, description="how the learning rate changes from epoch to epoch"
    )
    early_stopping: EarlyStopping | None = Field(None, description="when training stops before the last epoch")
    augmentation: Augmentation | None = Field(None, description="random distortions of the training images")
    runtime: Runtime = Field(Runtime(), description="where and how to compute")


def default_metrics(task: Task) -> tuple[Metric, ...]:
    """Return the metrics that a config has if it does not set any."""
    return (MeanAbsoluteErrorMetric(),) if task == "regression" else (Accuracy(),)
