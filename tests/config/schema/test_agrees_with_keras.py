"""Our names, arguments and defaults are those of the installed Keras."""

from __future__ import annotations

import inspect

import pytest
from components import example

from nntrain.config import schema
from nntrain.config.dump import to_plain
from nntrain.config.load import load_config
from nntrain.errors import ConfigError

pytestmark = pytest.mark.tensorflow


# Keras's arguments that the config does not have: nntrain sets them, or they do not apply.
LEFT_OUT = {
    "dense": {"kernel_constraint", "bias_constraint", "lora_rank", "lora_alpha", "quantization_config"},
    "conv2d": {"data_format", "kernel_constraint", "bias_constraint"},
    "depthwise_conv2d": {"data_format", "depthwise_constraint", "bias_constraint"},
    "separable_conv2d": {"data_format", "depthwise_constraint", "pointwise_constraint", "bias_constraint"},
    "max_pooling2d": {"data_format", "name"},
    "average_pooling2d": {"data_format", "name"},
    "global_average_pooling2d": {"data_format"},
    "global_max_pooling2d": {"data_format"},
    "flatten": {"data_format"},
    "zero_padding2d": {"data_format"},
    "dropout": {"noise_shape", "seed"},
    "spatial_dropout2d": {"data_format", "seed", "name", "dtype"},
    "gaussian_noise": {"seed"},
    "layer_normalization": {"axis", "beta_constraint", "gamma_constraint"},
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
    "auc": {"thresholds", "multi_label", "num_labels", "label_weights"},
    "callback": {"verbose"},
}


def keras_arguments(cls):
    """Return a Keras class's arguments with their defaults."""
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return {parameter.name: parameter.default for parameter in parameters if parameter.kind not in kinds}


def our_arguments(section):
    """Return a section's arguments with their defaults, as Keras writes them."""
    arguments = {}
    for name, field in section.model_fields.items():
        value = inspect.Parameter.empty if field.is_required() else to_plain(field.default)
        if isinstance(value, dict):
            (value,) = value
        arguments[name] = tuple(value) if isinstance(value, list) else value
    return arguments


def default_of(arguments, name):
    """Return an argument's default, or why it has none."""
    default = arguments.get(name, "not an argument")
    return "required" if default is inspect.Parameter.empty else default


def families():
    """Return (name, our section, Keras's class, arguments left out) of everything that Keras has too."""
    import keras

    from nntrain.engine import build

    for family, classes in (
        (schema.Layer, build.LAYERS),
        (schema.Initializer, build.INITIALIZERS),
        (schema.Regularizer, build.REGULARIZERS),
        (schema.Optimizer, build.OPTIMIZERS),
        (schema.Loss, build.LOSSES),
        (schema.Metric, build.METRICS),
    ):
        for name, member in family.members.items():
            if member is schema.metrics.Accuracy:
                continue  # Keras's choice among the others
            yield name, member, classes[name], LEFT_OUT.get(name, set()) | LEFT_OUT.get(family.family, set())
    for section, callback in (
        (schema.lr_schedules.ReduceLROnPlateau, keras.callbacks.ReduceLROnPlateau),
        (schema.EarlyStopping, keras.callbacks.EarlyStopping),
    ):
        yield callback.__name__, section, callback, LEFT_OUT["callback"]


def test_arguments_and_defaults_are_those_of_keras():
    differences = []
    for name, section, cls, left_out in families():
        theirs = {key: value for key, value in keras_arguments(cls).items() if key not in left_out}
        ours = our_arguments(section)
        if name in ("ReduceLROnPlateau", "EarlyStopping"):
            theirs["patience"] = ours["patience"]  # Keras's defaults, 10 and 0, surprise people: ours must be set
        if name == "f1_score":
            theirs["average"] = ours["average"]  # Keras's None gives a score per class, but history.csv needs a number
        for argument in {**ours, **theirs}:
            default, keras_default = default_of(ours, argument), default_of(theirs, argument)
            if default != keras_default:
                differences.append(f"{name}.{argument}: {default}, in Keras {keras_default}")
    assert differences == []


def test_every_name_can_be_built_and_nothing_else():
    from nntrain.engine import build

    assert (
        set(build.LAYERS) == set(build.TRAINING_LAYERS) == set(build.XLA_TRAINING_LAYERS) == set(schema.Layer.members)
    )
    assert set(build.OPTIMIZERS) == set(schema.Optimizer.members)
    assert {*build.METRICS, "accuracy"} == set(schema.Metric.members)


def test_a_name_means_the_same_in_keras():
    from keras import src
    from keras.src.utils.naming import to_snake_case

    from nntrain.engine import build

    for table, theirs in (
        (build.LAYERS, {to_snake_case(layer.__name__): layer for layer in build.LAYERS.values()}),
        (build.ACTIVATIONS, src.activations.ALL_OBJECTS_DICT),
        (build.INITIALIZERS, src.initializers.ALL_OBJECTS_DICT),
        (build.REGULARIZERS, src.regularizers.ALL_OBJECTS_DICT | {"l1_l2": src.regularizers.L1L2}),
        (build.METRICS, src.metrics.ALL_OBJECTS_DICT),
    ):
        assert table == {name: theirs.get(name) for name in table}
    for name, optimizer in build.OPTIMIZERS.items():
        assert issubclass(optimizer, src.optimizers.ALL_OBJECTS_DICT[name])
    for name, loss in build.LOSSES.items():
        assert loss().fn is src.losses.get(name)


def test_a_name_that_keras_lacks_fails_at_import_with_the_class_to_correct():
    import keras

    from nntrain.engine.build import _keras_members

    class Family(schema.Component, family="thing"):
        pass

    class Lyon(Family, key="lyon"):
        pass

    with pytest.raises(AttributeError, match=r"^keras\.optimizers has no Lyon: correct the name of the class .*\.Lyon"):
        _keras_members(Family, keras.optimizers)


def test_the_better_direction_of_every_metric_is_that_of_keras():
    from nntrain.engine import build

    for name, metric in build.METRICS.items():
        assert schema.Metric.members[name].higher_is_better == (metric()._direction == "up")


VECTORS, IMAGES = [[0.0] * 4], [[[[0.0] * 2] * 6] * 6]  # batches of one
OUTPUT = "{dense: {units: 10, activation: softmax}}"


REFUSED_LAYERS = [
    ("dense: {units: 3, bias_initializer: orthogonal}", VECTORS),
    ("batch_normalization: {gamma_initializer: orthogonal}", VECTORS),
    ("batch_normalization: {moving_mean_initializer: orthogonal}", VECTORS),
    ("dense: {units: 0}", VECTORS),
    ("dropout: 1.5", VECTORS),
    ("leaky_re_lu: {negative_slope: -1}", VECTORS),
    ("conv2d: {filters: 4, kernel_size: 2, strides: 2, dilation_rate: 2}", IMAGES),
    ("conv2d: {filters: 3, kernel_size: 2, groups: 2}", IMAGES),
    ("conv2d: {filters: 4, kernel_size: 0}", IMAGES),
    ("conv2d: {filters: 4, kernel_size: 30}", IMAGES),
    ("depthwise_conv2d: {kernel_size: 30}", IMAGES),
    ("separable_conv2d: {filters: 4, kernel_size: 3, depth_multiplier: 0}", IMAGES),
    ("gaussian_noise: 1.5", VECTORS),
    ("spatial_dropout2d: -0.1", IMAGES),
    ("zero_padding2d: {padding: [1, 2, 3]}", IMAGES),
    ("reshape: [5, 13]", IMAGES),
    ("reshape: [-1, 5]", IMAGES),
    ("reshape: [-1, -1]", IMAGES),
]


@pytest.mark.parametrize(("layer", "inputs"), REFUSED_LAYERS, ids=[layer for layer, _ in REFUSED_LAYERS])
def test_a_layer_that_keras_refuses_is_refused_with_our_message(layer, inputs, tmp_path):
    import numpy as np
    import yaml

    from nntrain.engine import build

    ((name, arguments),) = yaml.safe_load(layer).items()
    if not isinstance(arguments, dict):
        arguments = {schema.Layer.members[name].positional_argument(): arguments}
    with pytest.raises(ValueError):  # noqa: PT011 (the message is Keras's)
        build.LAYERS[name](**arguments)(np.array(inputs, np.float32))
    flatten = "" if inputs is VECTORS else "flatten, "
    path = tmp_path / "bad.yaml"
    path.write_text(f"model: [{{{layer}}}, {flatten}{OUTPUT}]\noptimizer: adam\nloss: categorical_crossentropy\n")
    with pytest.raises(ConfigError, match=r"bad\.yaml:1:\d+: model\.0"):
        load_config(path)


INITIALIZERS = [
    (name, argument)
    for name, layer in schema.Layer.members.items()
    for argument in layer.model_fields
    if argument.endswith("_initializer")
]


@pytest.mark.parametrize(("name", "argument"), INITIALIZERS)
def test_an_orthogonal_matrix_initializes_what_it_initializes_in_keras(name, argument):
    from nntrain.config.rules.network import VECTOR_INITIALIZERS
    from nntrain.engine.build import build_layer

    layer = build_layer(example(schema.Layer.members[name], **{argument: schema.initializers.Orthogonal()}))
    if argument in VECTOR_INITIALIZERS:
        with pytest.raises(ValueError, match="at least two-dimensional"):
            layer.build((None, 6, 6, 2))
    else:
        layer.build((None, 6, 6, 2))


REFUSED_OPTIMIZERS = [
    "lion: {beta_1: 0.0}",
    "sgd: {clipnorm: 1.0, clipvalue: 1.0}",
    "sgd: {momentum: 1.5}",
    "adam: {gradient_accumulation_steps: 1}",
    "adam: {use_ema: true, ema_momentum: 1.5}",
    "adamw: {weight_decay: null}",
]


@pytest.mark.parametrize("optimizer", REFUSED_OPTIMIZERS)
def test_an_optimizer_that_keras_refuses_is_refused_with_our_message(optimizer, tmp_path):
    import yaml

    from nntrain.engine import build

    ((name, arguments),) = yaml.safe_load(optimizer).items()
    with pytest.raises(ValueError):  # noqa: PT011 (the message is Keras's)
        build.OPTIMIZERS[name](**arguments)
    path = tmp_path / "bad.yaml"
    path.write_text(f"model: [{OUTPUT}]\noptimizer: {{{optimizer}}}\nloss: categorical_crossentropy\n")
    with pytest.raises(ConfigError, match=r"bad\.yaml:2:\d+: optimizer"):
        load_config(path)
