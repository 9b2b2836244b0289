"""Builds a config's network, optimizer, loss and metrics with Keras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from nntrain.config import schema
from nntrain.config.model_summary import needs_flatten
from nntrain.engine import fused_layers, optimizers
from nntrain.task import CHANNELS, IMAGE_SHAPE


def _keras_members(family: type[schema.Component], module: Any, **faster: Any) -> dict[str, Any]:
    """Return Keras's class or function for each member of a family, by the member's name in a config.

    `faster` replaces some of them by versions that compute the same. Raises AttributeError if Keras lacks a member.
    """
    unknown = [member for member in family.members.values() if not hasattr(module, member.keras_name())]
    if unknown:
        raise AttributeError(
            f"{module.__name__} has no {unknown[0].keras_name()}: correct the name of the class "
            f"{unknown[0].__module__}.{unknown[0].__name__}, or override its keras_name()"
        )
    return {key: getattr(module, member.keras_name()) for key, member in family.members.items()} | faster


LAYERS = _keras_members(schema.Layer, keras.layers)
ACTIVATIONS = _keras_members(schema.Activation, keras.activations)
INITIALIZERS = _keras_members(schema.Initializer, keras.initializers)
REGULARIZERS = _keras_members(schema.Regularizer, keras.regularizers)
OPTIMIZERS = _keras_members(
    schema.Optimizer, keras.optimizers, adam=optimizers.Adam, adamw=optimizers.AdamW, sgd=optimizers.SGD
)
LOSSES = _keras_members(schema.Loss, keras.losses)
METRICS = _keras_members(schema.Metric, keras.metrics)
del METRICS["accuracy"]  # one of the others, see _specific_metric; Keras's Accuracy compares outputs with labels


# The layers used in training: Keras's, or faster ones that compute the same.
TRAINING_LAYERS = LAYERS | {"batch_normalization": fused_layers.BatchNormalization, "conv2d": fused_layers.Conv2D}
XLA_TRAINING_LAYERS = TRAINING_LAYERS | {"conv2d": fused_layers.XLAConv2D, "dropout": fused_layers.Dropout}


def build_network(config: schema.Config, *, dtype: str | None = None) -> Any:
    """Return the config's network as a plain keras.Sequential that takes images of shape (n, 28, 28), 0 to 255."""
    return keras.Sequential([keras.Input(IMAGE_SHAPE), *build_layers(config, dtype=dtype)], name="nntrain")


def compile_plain_network(network: Any, config: schema.Config) -> None:
    """Compile a network with the config's optimizer, loss and metrics: Keras's own, not the faster versions of them."""
    optimizer = getattr(keras.optimizers, type(config.optimizer).keras_name())
    network.compile(
        optimizer=optimizer(**_arguments(config.optimizer)),
        loss=build_loss(config.loss),
        metrics=build_metrics(config),
    )


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
