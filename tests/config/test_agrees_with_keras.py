"""Our names, arguments, defaults, shapes and parameter counts are those of the installed Keras."""

from __future__ import annotations

import inspect
import random

import pytest

from nntrain.config import schema
from nntrain.config.checks import Subject, shapes_fit
from nntrain.config.loading import load_config, plain
from nntrain.config.network import layer_table
from nntrain.errors import ConfigError

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
    "metric": {
        "name",
        "dtype",
        "from_logits",
        "label_smoothing",
        "axis",
        "ignore_class",
        "top_k",
        "class_id",
        "from_sorted_ids",
    },
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
        (schema.Metric, model.METRICS),
    ):
        for name, member in family.members.items():
            if member is schema.Accuracy:
                continue  # Keras's choice among the others
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


def test_the_better_direction_of_every_metric_is_kerass():
    from nntrain.engine import model

    for name, metric in model.METRICS.items():
        assert schema.Metric.members[name].higher_is_better == (metric()._direction == "up")


FLAT, PICTURE = [[0.0] * 4], [[[[0.0] * 2] * 6] * 6]
OUTPUT = "{dense: {units: 10, activation: softmax}}"
REFUSED_LAYERS = [
    ("dense: {units: 3, bias_initializer: orthogonal}", FLAT),
    ("batch_normalization: {gamma_initializer: orthogonal}", FLAT),
    ("batch_normalization: {moving_mean_initializer: orthogonal}", FLAT),
    ("dense: {units: 0}", FLAT),
    ("dropout: 1.5", FLAT),
    ("leaky_re_lu: {negative_slope: -1}", FLAT),
    ("conv2d: {filters: 4, kernel_size: 2, strides: 2, dilation_rate: 2}", PICTURE),
    ("conv2d: {filters: 3, kernel_size: 2, groups: 2}", PICTURE),
    ("conv2d: {filters: 4, kernel_size: 0}", PICTURE),
    ("conv2d: {filters: 4, kernel_size: 30}", PICTURE),
]


@pytest.mark.parametrize(("layer", "inputs"), REFUSED_LAYERS, ids=[layer for layer, _ in REFUSED_LAYERS])
def test_a_layer_that_keras_refuses_is_refused_in_our_words(layer, inputs, tmp_path):
    import numpy as np
    import yaml

    from nntrain.engine import model

    ((name, arguments),) = yaml.safe_load(layer).items()
    if not isinstance(arguments, dict):
        arguments = {schema.Layer.members[name].bare(): arguments}
    with pytest.raises(ValueError):  # noqa: PT011 (the words are Keras's)
        model.LAYERS[name](**arguments)(np.array(inputs, np.float32))
    flatten = "" if inputs is FLAT else "flatten, "
    path = tmp_path / "bad.yaml"
    path.write_text(f"model: [{{{layer}}}, {flatten}{OUTPUT}]\noptimizer: adam\nloss: categorical_crossentropy\n")
    with pytest.raises(ConfigError, match=r"bad\.yaml:1:\d+: model\.0"):
        load_config(path)


REFUSED_OPTIMIZERS = [
    "sgd: {clipnorm: 1.0, clipvalue: 1.0}",
    "sgd: {momentum: 1.5}",
    "adam: {gradient_accumulation_steps: 1}",
    "adam: {use_ema: true, ema_momentum: 1.5}",
    "adamw: {weight_decay: null}",
]


@pytest.mark.parametrize("optimizer", REFUSED_OPTIMIZERS)
def test_an_optimizer_that_keras_refuses_is_refused_in_our_words(optimizer, tmp_path):
    import yaml

    from nntrain.engine import model

    ((name, arguments),) = yaml.safe_load(optimizer).items()
    with pytest.raises(ValueError):  # noqa: PT011 (the words are Keras's)
        model.OPTIMIZERS[name](**arguments)
    path = tmp_path / "bad.yaml"
    path.write_text(f"model: [{OUTPUT}]\noptimizer: {{{optimizer}}}\nloss: categorical_crossentropy\n")
    with pytest.raises(ConfigError, match=r"bad\.yaml:2:\d+: optimizer"):
        load_config(path)


def a_network(draw):
    """Return layers drawn at random that fit together."""
    layers = []
    for _ in range(draw.randint(2, 9)):
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
    convolution = schema.Conv2D(
        filters=draw.choice([1, 2, 4, 6]),
        kernel_size=pair(4),
        strides=pair(3) if strided else (1, 1),
        dilation_rate=(1, 1) if strided else pair(2),
        padding=padding,
        groups=draw.choice([1, 1, 2]),
        use_bias=boolean(),
    )
    others = [
        schema.Dense(units=draw.randint(1, 40), use_bias=boolean()),
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
    # Convolutions have the most arguments, and fit in few places.
    return convolution if draw.random() < 0.4 else draw.choice(others)


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
