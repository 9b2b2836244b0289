"""From a config to Keras's objects: the network, its optimizer, loss and metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from nntrain.config import schema
from nntrain.config.dump import to_plain
from nntrain.config.model_summary import needs_flatten
from nntrain.engine import fused_layers as quicker
from nntrain.engine import optimizers
from nntrain.task import CHANNELS, IMAGE_SHAPE

LAYERS = {
    "dense": keras.layers.Dense,
    "conv2d": keras.layers.Conv2D,
    "max_pooling2d": keras.layers.MaxPooling2D,
    "average_pooling2d": keras.layers.AveragePooling2D,
    "global_average_pooling2d": keras.layers.GlobalAveragePooling2D,
    "global_max_pooling2d": keras.layers.GlobalMaxPooling2D,
    "flatten": keras.layers.Flatten,
    "dropout": keras.layers.Dropout,
    "batch_normalization": keras.layers.BatchNormalization,
    "activation": keras.layers.Activation,
    "leaky_re_lu": keras.layers.LeakyReLU,
}
INITIALIZERS = {
    "glorot_uniform": keras.initializers.GlorotUniform,
    "glorot_normal": keras.initializers.GlorotNormal,
    "he_uniform": keras.initializers.HeUniform,
    "he_normal": keras.initializers.HeNormal,
    "lecun_uniform": keras.initializers.LecunUniform,
    "lecun_normal": keras.initializers.LecunNormal,
    "zeros": keras.initializers.Zeros,
    "ones": keras.initializers.Ones,
    "constant": keras.initializers.Constant,
    "random_normal": keras.initializers.RandomNormal,
    "random_uniform": keras.initializers.RandomUniform,
    "truncated_normal": keras.initializers.TruncatedNormal,
    "variance_scaling": keras.initializers.VarianceScaling,
    "orthogonal": keras.initializers.Orthogonal,
}
REGULARIZERS = {"l1": keras.regularizers.L1, "l2": keras.regularizers.L2, "l1_l2": keras.regularizers.L1L2}
OPTIMIZERS = {
    "sgd": optimizers.SGD,
    "adam": optimizers.Adam,
    "adamw": optimizers.AdamW,
    "rmsprop": keras.optimizers.RMSprop,
    "adagrad": keras.optimizers.Adagrad,
    "nadam": keras.optimizers.Nadam,
}
LOSSES = {
    "mse": keras.losses.MeanSquaredError,
    "mae": keras.losses.MeanAbsoluteError,
    "binary_crossentropy": keras.losses.BinaryCrossentropy,
    "categorical_crossentropy": keras.losses.CategoricalCrossentropy,
    "sparse_categorical_crossentropy": keras.losses.SparseCategoricalCrossentropy,
}
METRICS = {
    "categorical_accuracy": keras.metrics.CategoricalAccuracy,
    "sparse_categorical_accuracy": keras.metrics.SparseCategoricalAccuracy,
    "top_k_categorical_accuracy": keras.metrics.TopKCategoricalAccuracy,
    "sparse_top_k_categorical_accuracy": keras.metrics.SparseTopKCategoricalAccuracy,
    "binary_accuracy": keras.metrics.BinaryAccuracy,
    "precision": keras.metrics.Precision,
    "recall": keras.metrics.Recall,
    "mse": keras.metrics.MeanSquaredError,
    "mae": keras.metrics.MeanAbsoluteError,
    "root_mean_squared_error": keras.metrics.RootMeanSquaredError,
    "categorical_crossentropy": keras.metrics.CategoricalCrossentropy,
    "sparse_categorical_crossentropy": keras.metrics.SparseCategoricalCrossentropy,
    "binary_crossentropy": keras.metrics.BinaryCrossentropy,
}


def input_shape() -> tuple[int, int]:
    """Return the shape of the pictures that a network takes: pixels from 0 to 255."""
    return IMAGE_SHAPE


def all_layers(config: schema.Config, *, dtype: str | None = None, kinds: Mapping[str, Any] = LAYERS) -> list[Any]:
    """Return the network's layers in order: scaling and shaping, which are ours, and the config's, of these classes.

    With `dtype` "float32" the layers compute in it whatever the run's precision was: what is saved answers alike
    everywhere.
    """
    head = (
        keras.layers.Flatten(dtype=dtype)
        if needs_flatten(config.model)
        else keras.layers.Reshape((*IMAGE_SHAPE, CHANNELS), dtype=dtype)
    )
    layers = [keras.layers.Rescaling(1 / 255, dtype=dtype), head]
    for index, layer in enumerate(config.model):
        # The last layer stays in float32: probabilities need the precision, and Keras's guide says so.
        last = index == len(config.model) - 1
        layers.append(build_layer(layer, dtype="float32" if last else dtype, kinds=kinds))
    return layers


def quicker_layers(*, xla: bool) -> Mapping[str, Any]:
    """Return the classes of the network that is trained, with XLA or without."""
    kinds = LAYERS | {"batch_normalization": quicker.BatchNormalization, "conv2d": quicker.Conv2D}
    return kinds | ({"dropout": quicker.Dropout} if xla else {})


def build_layer(layer: schema.Layer, *, dtype: str | None = None, kinds: Mapping[str, Any] = LAYERS) -> Any:
    """Return Keras's layer of one entry of `model`."""
    return kinds[layer.key](**_arguments(layer), dtype=dtype)


def build_network(config: schema.Config, *, dtype: str | None = None) -> Any:
    """Return the config's network as a plain keras.Sequential that takes pictures of shape (n, 28, 28), 0 to 255."""
    return keras.Sequential([keras.Input(input_shape()), *all_layers(config, dtype=dtype)], name="nntrain")


def _arguments(component: schema.Component) -> dict[str, Any]:
    return {name: _argument(getattr(component, name)) for name in type(component).model_fields}


def _argument(value: object) -> Any:
    match value:
        case schema.Activation():
            return value.key
        case schema.Initializer():
            return INITIALIZERS[value.key](**to_plain(value)[value.key])
        case schema.Regularizer():
            return REGULARIZERS[value.key](**to_plain(value)[value.key])
    return value


def build_optimizer(optimizer: schema.Optimizer) -> Any:
    """Return Keras's optimizer."""
    return OPTIMIZERS[optimizer.key](**_arguments(optimizer))


def build_loss(loss: schema.Loss) -> Any:
    """Return Keras's loss."""
    return LOSSES[loss.key](**_arguments(loss))


def build_metrics(config: schema.Config) -> list[Any]:
    """Return Keras's metrics, each named as in the config; `accuracy` is the one of the task, as Keras chooses it."""
    return [_metric(metric, config) for metric in config.metrics or ()]


def _metric(metric: schema.Metric, config: schema.Config) -> Any:
    kind = metric.key
    if kind == "accuracy":
        sparse = config.loss.key == "sparse_categorical_crossentropy"
        categorical = "sparse_categorical_accuracy" if sparse else "categorical_accuracy"
        kind = "binary_accuracy" if config.task == "binary" else categorical
    return METRICS[kind](**_arguments(metric), name=metric.key)
