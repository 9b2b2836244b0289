"""The config's schema: pydantic models of all sections, and of all families of components.

Names, arguments and defaults of layers, optimizers, losses, metrics and callbacks are Keras's. Nothing here imports
TensorFlow; the engine builds Keras's objects from these models.

This package exports sections and families. The members of a family are in its module, for example
`schema.layers.Dense`: a class there is all that a config needs to have a new member.
"""

from nntrain.config.schema import (
    activations,
    initializers,
    layers,
    losses,
    lr_schedules,
    metrics,
    optimizers,
    regularizers,
)
from nntrain.config.schema.activations import Activation
from nntrain.config.schema.augmentation import Augmentation, Elastic
from nntrain.config.schema.base import (
    Component,
    FieldKind,
    Labels,
    Section,
    accepts,
    field_kinds,
    required_fields,
    value_schemas,
)
from nntrain.config.schema.config import (
    MAX_EPOCHS,
    MAX_LAYERS,
    MAX_METRICS,
    Config,
    Data,
    Fit,
    Runtime,
    default_metrics,
)
from nntrain.config.schema.early_stopping import EarlyStopping
from nntrain.config.schema.initializers import Initializer
from nntrain.config.schema.layers import Layer
from nntrain.config.schema.losses import Loss
from nntrain.config.schema.lr_schedules import LearningRateSchedule
from nntrain.config.schema.metrics import Metric
from nntrain.config.schema.optimizers import Optimizer
from nntrain.config.schema.regularizers import Regularizer
from nntrain.config.schema.shapes import LayerSummary, Shape, ShapeError, describe_shape
from nntrain.task import TASKS, Task

__all__ = [
    "MAX_EPOCHS",
    "MAX_LAYERS",
    "MAX_METRICS",
    "TASKS",
    "Activation",
    "Augmentation",
    "Component",
    "Config",
    "Data",
    "EarlyStopping",
    "Elastic",
    "FieldKind",
    "Fit",
    "Initializer",
    "Labels",
    "Layer",
    "LayerSummary",
    "LearningRateSchedule",
    "Loss",
    "Metric",
    "Optimizer",
    "Regularizer",
    "Runtime",
    "Section",
    "Shape",
    "ShapeError",
    "Task",
    "accepts",
    "activations",
    "default_metrics",
    "describe_shape",
    "field_kinds",
    "initializers",
    "layers",
    "losses",
    "lr_schedules",
    "metrics",
    "optimizers",
    "regularizers",
    "required_fields",
    "value_schemas",
]
