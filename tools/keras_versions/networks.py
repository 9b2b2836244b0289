"""Networks that use, together, whatever a config can name; what they lack is reported."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import keras
from keras import layers

from nntrain.config.load import load_config
from nntrain.engine import build
from nntrain.engine.export import plain_network

CONFIGS = Path(__file__).parents[2] / "configs"
SHIPPED = ("mlp", "cnn", "cnn_best", "mlp_complete", "binary", "regression", "sparse_labels")

Compiled = tuple[Any, str, str]  # an optimizer, and the names of Keras's classes of a loss and of metrics
ADAM: Compiled = (keras.optimizers.Adam(), "CategoricalCrossentropy", "CategoricalAccuracy")
# Every loss and metric, each with an optimizer of another class, and optimizers with optional state. RMSprop's
# `centered` is left out: Keras 3.0 cannot train with it on JAX.
COMPILED: dict[str, Compiled] = {
    "sgd": (
        keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True, use_ema=True),
        "MeanSquaredError",
        "MeanSquaredError RootMeanSquaredError",
    ),
    "plain sgd": (keras.optimizers.SGD(0.01, weight_decay=1e-4), "CategoricalCrossentropy", "CategoricalAccuracy"),
    "adam": (
        keras.optimizers.Adam(0.002, amsgrad=True, clipnorm=1.0),
        "CategoricalCrossentropy",
        "CategoricalAccuracy TopKCategoricalAccuracy CategoricalCrossentropy",
    ),
    "adamw": (keras.optimizers.AdamW(gradient_accumulation_steps=2), "Huber", "MeanAbsoluteError"),
    "rmsprop": (keras.optimizers.RMSprop(momentum=0.9), "MeanAbsoluteError", "MeanAbsoluteError"),
    "adagrad": (keras.optimizers.Adagrad(), "KLDivergence", "CategoricalAccuracy KLDivergence"),
    "nadam": (keras.optimizers.Nadam(clipvalue=0.5), "CategoricalFocalCrossentropy", "F1Score AUC"),
    "lion": (
        keras.optimizers.Lion(global_clipnorm=1.0),
        "BinaryCrossentropy",
        "BinaryAccuracy BinaryCrossentropy Precision Recall AUC",
    ),
    "adamax": (
        keras.optimizers.Adamax(),
        "SparseCategoricalCrossentropy",
        "SparseCategoricalAccuracy SparseTopKCategoricalAccuracy SparseCategoricalCrossentropy",
    ),
    "adadelta": (keras.optimizers.Adadelta(), "CategoricalCrossentropy", "CategoricalAccuracy"),
}


def all_networks() -> Iterator[tuple[str, Any]]:
    """Yield the name of each network, and the network, compiled, with random weights."""
    for name in SHIPPED:
        config = load_config(CONFIGS / f"{name}.yaml", ()).config
        yield name, plain_network(config, build.build_network(config))
    yield "layers", _network(_image_layers(), ADAM)
    yield "layers 2", _network([layers.Reshape((28, 28, 1)), layers.GlobalAveragePooling2D()], ADAM)
    yield "layers 3", _network([layers.Reshape((28, 28, 1)), layers.GlobalMaxPooling2D(keepdims=True)], ADAM)
    yield "activations", _network([layers.Flatten(), *_activations()], ADAM)
    yield "initializers", _network([layers.Flatten(), *_initializers()], ADAM)
    yield "regularizers", _network([layers.Flatten(), *_regularizers()], ADAM)
    for name, compiled in COMPILED.items():
        yield name, _network([layers.Flatten(), layers.Dense(8)], compiled)


def _network(middle: Iterable[Any], compiled: Compiled) -> Any:
    optimizer, loss, metrics = compiled
    activation = "sigmoid" if loss == "BinaryCrossentropy" else "softmax"
    output = layers.Dense(10, activation=activation)
    network = keras.Sequential(
        [keras.Input((28, 28)), layers.Rescaling(1 / 255), *middle, layers.Flatten(), output], name="nntrain"
    )
    network.compile(
        optimizer=type(optimizer).from_config(optimizer.get_config()),
        loss=getattr(keras.losses, loss)(),
        metrics=[getattr(keras.metrics, metric)() for metric in metrics.split()],
    )
    return network


def _image_layers() -> list[Any]:
    return [
        layers.Reshape((28, 28, 1)),
        layers.Conv2D(4, 3, padding="same", strides=2, groups=1),
        layers.BatchNormalization(),
        layers.SeparableConv2D(4, 3, dilation_rate=2),
        layers.DepthwiseConv2D(3),
        layers.LayerNormalization(),
        layers.ZeroPadding2D(1),
        layers.SpatialDropout2D(0.2),
        layers.GaussianNoise(0.1),
        layers.MaxPooling2D(2, strides=1),
        layers.AveragePooling2D(2),
        layers.LeakyReLU(0.1),
        layers.Flatten(),
        layers.Dropout(0.2),
        layers.Activation("relu"),
        layers.LayerNormalization(epsilon=1e-5),
    ]


def _activations() -> Iterator[Any]:
    for name in sorted({*build.ACTIVATIONS, "mish", "hard_sigmoid", "relu6", "softplus"}):
        yield layers.Dense(8, activation=name)
        yield layers.Activation(keras.activations.get(name))


def _initializers() -> Iterator[Any]:
    for initializer in build.INITIALIZERS.values():
        yield layers.Dense(8, kernel_initializer=initializer())


def _regularizers() -> Iterator[Any]:
    for regularizer in build.REGULARIZERS.values():
        yield layers.Dense(
            8,
            kernel_regularizer=regularizer(),
            bias_regularizer=regularizer(),
            activity_regularizer=regularizer(),
        )
        yield layers.BatchNormalization(beta_regularizer=regularizer(), gamma_regularizer=regularizer())


def untried(networks: Iterable[Any]) -> list[str]:
    """Return the names of Keras's classes and functions that a config can name and no network has."""
    text = "".join(json.dumps(keras.saving.serialize_keras_object(network)) for network in networks)
    tables = (build.LAYERS, build.INITIALIZERS, build.REGULARIZERS, build.OPTIMIZERS, build.LOSSES, build.METRICS)
    names = {item.__name__ for table in tables for item in table.values()}
    names |= {function.__name__ for function in build.ACTIVATIONS.values()}
    return sorted(name for name in names if f'"{name}"' not in text)
