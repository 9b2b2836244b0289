"""Builds a config's network, optimizer, loss and metrics with Keras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from nntrain.config import schema
from nntrain.config.model_summary import needs_flatten
from nntrain.engine import fused_layers, optimizers
from nntrain.task import CHANNELS, IMAGE_SHAPE

# Each table maps names in a config to Keras's classes. tests/engine/test_tables.py fails if a table lacks a name.
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
ACTIVATIONS = {
    "relu": keras.activations.relu,
    "leaky_relu": keras.activations.leaky_relu,
    "elu": keras.activations.elu,
    "gelu": keras.activations.gelu,
    "silu": keras.activations.silu,
    "selu": keras.activations.selu,
    "sigmoid": keras.activations.sigmoid,
    "tanh": keras.activations.tanh,
    "softmax": keras.activations.softmax,
    "linear": keras.activations.linear,
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


# The layers used in training: Keras's, or faster ones that compute the same.
TRAINING_LAYERS = LAYERS | {"batch_normalization": fused_layers.BatchNormalization, "conv2d": fused_layers.Conv2D}
XLA_TRAINING_LAYERS = TRAINING_LAYERS | {"dropout": fused_layers.Dropout}


def build_network(config: schema.Config, *, dtype: str | None = None) -> Any:
    """Return the config's network as a plain keras.Sequential that takes images of shape (n, 28, 28), 0 to 255."""
    return keras.Sequential([keras.Input(IMAGE_SHAPE), *build_layers(config, dtype=dtype)], name="nntrain")


def build_layers(config: schema.Config, *, dtype: str | None = None, classes: Mapping[str, Any] = LAYERS) -> list[Any]:
    """Return the network's layers in order: rescaling and reshaping, which nntrain adds, then the config's.

    With `dtype` "float32" they compute in float32 regardless of the run's precision policy, so that a saved network
    gives the same outputs everywhere.
    """
    shaping = (
        keras.layers.Flatten(dtype=dtype)
        if needs_flatten(config.model)
        else keras.layers.Reshape((*IMAGE_SHAPE, CHANNELS), dtype=dtype)
    )
    # The last layer computes in float32, as Keras's guide to mixed precision advises: probabilities need it.
    *hidden, output = config.model
    return [
        keras.layers.Rescaling(1 / 255, dtype=dtype),
        shaping,
        *(build_layer(layer, dtype=dtype, classes=classes) for layer in hidden),
        build_layer(output, dtype="float32", classes=classes),
    ]


def build_layer(layer: schema.Layer, *, dtype: str | None = None, classes: Mapping[str, Any] = LAYERS) -> Any:
    """Return the Keras layer for an entry of `model`."""
    return classes[layer.key](**_arguments(layer), dtype=dtype)


def build_optimizer(optimizer: schema.Optimizer) -> Any:
    """Return Keras's optimizer, or a faster version that computes the same."""
    return OPTIMIZERS[optimizer.key](**_arguments(optimizer))


def build_loss(loss: schema.Loss) -> Any:
    """Return Keras's loss."""
    return LOSSES[loss.key](**_arguments(loss))


def build_metrics(config: schema.Config) -> list[Any]:
    """Return Keras's metrics under the config's names."""
    return [
        METRICS[_specific_metric(metric, config)](**_arguments(metric), name=metric.key)
        for metric in config.metrics or ()
    ]


def _specific_metric(metric: schema.Metric, config: schema.Config) -> str:
    """Return a metric's key in METRICS; `accuracy` depends on the task and loss, as in Keras's `compile`."""
    if metric.key != "accuracy":
        return metric.key
    if config.task == "binary":
        return "binary_accuracy"
    sparse = config.loss.key == "sparse_categorical_crossentropy"
    return "sparse_categorical_accuracy" if sparse else "categorical_accuracy"


def _arguments(component: schema.Component) -> dict[str, Any]:
    return {name: _argument(getattr(component, name)) for name in type(component).model_fields}


def _argument(value: object) -> Any:
    match value:
        case schema.Activation():
            return ACTIVATIONS[value.key]
        case schema.Initializer():
            return INITIALIZERS[value.key](**_arguments(value))
        case schema.Regularizer():
            return REGULARIZERS[value.key](**_arguments(value))
    return value
