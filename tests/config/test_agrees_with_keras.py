"""Our names, arguments, defaults, shapes and parameter counts are those of the installed Keras."""

from __future__ import annotations

import inspect
import random

import pytest

from nntrain.config import schema
from nntrain.config.checks import Subject, shapes_fit
from nntrain.config.loading import plain
from nntrain.config.network import layer_table

pytestmark = pytest.mark.tensorflow

# Arguments of Keras's that the config leaves out: nntrain settles them, or they make no sense in it.
LEFT_OUT = {
    "dense": {"kernel_constraint", "bias_constraint", "lora_rank", "lora_alpha", "quantization_config"},
    "conv2d": {"data_format", "kernel_constraint", "bias_constraint"},
    "max_pooling2d": {"data_format", "name"},
    "average_pooling2d": {"data_format", "name"},
    "global_average_pooling2d": {"data_format"},
    "global_max_pooling2d": {"data_format"},
    "flatten": {"data_format"},
    "dropout": {"noise_shape", "seed"},
    "batch_normalization": {
        *("axis", "beta_constraint", "gamma_constraint", "synchronized"),
        *("renorm", "renorm_clipping", "renorm_momentum"),
    },
    "initializer": {"seed", "input_axes", "output_axes"},
    "optimizer": {"name"},
    "loss": {"from_logits", "axis", "reduction", "name", "dtype", "ignore_class"},
    "callback": {"verbose"},
}


def keras_arguments(cls):
    """Return a Keras class's arguments with their defaults."""
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return {one.name: one.default for one in parameters if one.kind not in kinds}


def our_arguments(section):
    """Return a section's arguments with their defaults, as Keras writes them."""
    given = {}
    for name, field in section.model_fields.items():
        value = inspect.Parameter.empty if field.is_required() else plain(field.default)
        if isinstance(value, dict):
            (value,) = value
        given[name] = tuple(value) if isinstance(value, list) else value
    return given


def families():
    """Return (name, our section, Keras's class, arguments left out) of everything that Keras has too."""
    import keras

    from nntrain.engine import model

    for family, classes in (
        (schema.Layer, model.LAYERS),
        (schema.Initializer, model.INITIALIZERS),
        (schema.Regularizer, model.REGULARIZERS),
        (schema.Optimizer, model.OPTIMIZERS),
        (schema.Loss, model.LOSSES),
    ):
        for name, member in family.members.items():
            yield name, member, classes[name], LEFT_OUT.get(name, set()) | LEFT_OUT.get(family.family, set())
    for section, callback in (
        (schema.ReduceLROnPlateau, keras.callbacks.ReduceLROnPlateau),
        (schema.EarlyStopping, keras.callbacks.EarlyStopping),
    ):
        yield callback.__name__, section, callback, LEFT_OUT["callback"]


def test_arguments_and_defaults_are_kerass():
    differences = []
    for name, section, cls, left_out in families():
        theirs = {key: value for key, value in keras_arguments(cls).items() if key not in left_out}
        ours = our_arguments(section)
        if name in ("ReduceLROnPlateau", "EarlyStopping"):
            theirs["patience"] = ours["patience"]  # Keras's defaults, 10 and 0, surprise people: ours has to be given
        if ours != theirs:
            differences.append((name, ours, theirs))
    assert differences == []


def test_every_name_can_be_built_and_nothing_else():
    from nntrain.engine import model

    assert set(model.LAYERS) == set(schema.Layer.members)
    assert set(model.INITIALIZERS) == set(schema.Initializer.members)
    assert set(model.REGULARIZERS) == set(schema.Regularizer.members)
    assert set(model.OPTIMIZERS) == set(schema.Optimizer.members)
    assert set(model.LOSSES) == set(schema.Loss.members)
    assert {*model.METRICS, "accuracy"} == set(schema.Metric.members)


def test_activations_are_kerass():
    import keras

    assert [name for name in schema.Activation.members if keras.activations.get(name).__name__ != name] == []


def a_network(draw):
    """Return layers drawn at random that fit together."""
    layers = []
    for _ in range(draw.randint(1, 6)):
        candidate = a_layer(draw)
        config = schema.Config.model_construct(
            model=(*layers, candidate), task="regression", optimizer=schema.Adam(), loss=schema.MeanSquaredError()
        )
        problems = [words for path, words in shapes_fit(Subject(config, None)) if "network ends" not in words]
        if not any("model." in words for words in problems):
            layers.append(candidate)
    return tuple(layers) or (schema.Flatten(),)


def a_layer(draw):
    """Return one layer drawn at random."""
    pair = lambda most: (draw.randint(1, most), draw.randint(1, most))  # noqa: E731
    padding, boolean = draw.choice(["valid", "same"]), lambda: draw.random() < 0.5
    strided = boolean()
    return draw.choice(
        [
            schema.Dense(units=draw.randint(1, 40), use_bias=boolean()),
            schema.Conv2D(
                filters=draw.choice([1, 2, 4, 6]),
                kernel_size=pair(4),
                strides=pair(3) if strided else (1, 1),
                dilation_rate=(1, 1) if strided else pair(2),
                padding=padding,
                groups=draw.choice([1, 1, 2]),
                use_bias=boolean(),
            ),
            schema.MaxPooling2D(pool_size=pair(3), strides=draw.choice([None, pair(3)]), padding=padding),
            schema.AveragePooling2D(pool_size=pair(3), strides=draw.choice([None, pair(3)]), padding=padding),
            schema.GlobalAveragePooling2D(keepdims=boolean()),
            schema.GlobalMaxPooling2D(keepdims=boolean()),
            schema.Flatten(),
            schema.Dropout(rate=0.3),
            schema.BatchNormalization(center=boolean(), scale=boolean()),
            schema.ActivationLayer(activation=schema.Relu()),
            schema.LeakyReLU(),
        ]
    )


def test_shapes_and_parameters_of_200_networks_are_those_of_kerass_summary():
    from nntrain.engine.model import build_network

    draw = random.Random(1)
    for _ in range(200):
        layers = a_network(draw)
        config = schema.Config.model_construct(
            model=layers, task="regression", optimizer=schema.Adam(), loss=schema.MeanSquaredError()
        )
        network = build_network(config)
        ours = [(row.kind, row.shape, row.parameters, row.trainable) for row in layer_table(layers)]
        theirs = [
            (
                type(layer).__name__,
                tuple(layer.output.shape[1:]),
                layer.count_params(),
                sum(int(variable.value.shape.num_elements()) for variable in layer.trainable_variables),
            )
            for layer in network.layers
        ]
        assert ours == theirs
