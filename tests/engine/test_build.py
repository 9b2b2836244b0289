"""From a config to Keras's objects, and the article's worked examples computed by them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from components import example

from nntrain.config import schema
from nntrain.config.load import load_config
from nntrain.config.shipped import shipped_config

pytestmark = pytest.mark.tensorflow


def dense(units, activation, kernel, bias):
    """Return nntrain's dense layer with these weights; kernel rows are neurons, as the article writes them."""
    from nntrain.engine.build import build_layer

    layer = build_layer(schema.layers.Dense(units=units, activation=activation))
    kernel = np.array(kernel, np.float32).reshape(units, -1).T
    layer.build((None, len(kernel)))
    layer.set_weights([kernel, np.array(bias, np.float32).reshape(units)])
    return layer


def test_the_forward_pass_gives_15026_7_and_5013_5():
    # 35 x 0.5 + 50000 x 0.3 + 10 x 0.8 + 1.2: the article's prose has 15009.7, its code computes this.
    hidden = dense(2, schema.activations.Relu(), [[0.5, 0.3, 0.8], [0.2, 0.1, 0.6]], [1.2, 0.5])
    activations = np.asarray(hidden(np.array([[35.0, 50000.0, 10.0]], np.float32)))
    np.testing.assert_allclose(activations, [[15026.7, 5013.5]], rtol=1e-6)
    output = dense(1, schema.activations.Sigmoid(), [[0.4, 0.7]], [0.3])
    assert float(np.asarray(output(activations))[0, 0]) == 1.0


def test_the_backward_pass_gives_its_loss_and_gradients():
    import tensorflow as tf

    from nntrain.engine.build import build_loss

    neuron = dense(1, schema.activations.Sigmoid(), [[0.5, 0.3]], [0.1])
    with tf.GradientTape() as tape:
        loss = build_loss(schema.losses.BinaryCrossentropy())(
            np.ones((1, 1)), neuron(np.array([[1.0, 2.0]], np.float32))
        )
    kernel, bias = tape.gradient(loss, neuron.trainable_variables)
    assert float(loss) == pytest.approx(0.2633, abs=5e-5)
    np.testing.assert_allclose(kernel.numpy().ravel(), [-0.2315, -0.4630], atol=5e-5)
    np.testing.assert_allclose(bias.numpy(), [-0.2315], atol=5e-5)


def test_a_gradient_step_gives_0_498_and_0_296():
    import keras

    from nntrain.engine.build import build_optimizer

    weights = keras.Variable([0.5, 0.3])
    build_optimizer(schema.optimizers.SGD(learning_rate=0.01)).apply([np.array([0.2, 0.4], np.float32)], [weights])
    np.testing.assert_allclose(weights.numpy(), [0.498, 0.296], rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("mlp", 118_282),
        ("mlp_dropout", 269_322),
        ("mlp_batchnorm", 271_370),
        ("mlp_complete", 271_370),
        ("cnn", 34_826),
    ],
)
def test_the_articles_networks_have_their_parameters(name, parameters):
    from nntrain.engine.build import build_network

    config = load_config(Path(shipped_config(name).path)).config
    assert build_network(config).count_params() == parameters


@pytest.mark.parametrize("name", schema.Layer.members)
def test_every_layer_is_built(name):
    from nntrain.engine.build import LAYERS, build_layer

    layer = build_layer(example(schema.Layer.members[name]), dtype="float32")
    assert type(layer) is LAYERS[name]
    assert layer.dtype_policy.name == "float32"


@pytest.mark.parametrize("name", schema.Layer.members)
def test_every_layer_that_trains_is_one_of_keras(name):
    from nntrain.engine.build import LAYERS, XLA_TRAINING_LAYERS

    assert issubclass(XLA_TRAINING_LAYERS[name], LAYERS[name])


# The outputs for -1 and 2, by each activation's formula.
ACTIVATED = {
    "relu": [0, 2],
    "relu6": [0, 2],
    "leaky_relu": [-0.2, 2],
    "elu": [-0.6321206, 2],
    "gelu": [-0.1586553, 1.9544997],
    "silu": [-0.2689414, 1.7615942],
    "mish": [-0.3034015, 1.9439590],
    "softplus": [0.3132617, 2.1269280],
    "selu": [-1.1113307, 2.1014020],
    "hard_sigmoid": [0.3333333, 0.8333333],
    "sigmoid": [0.2689414, 0.8807971],
    "tanh": [-0.7615942, 0.9640276],
    "softmax": [0.0474259, 0.9525741],
    "linear": [-1, 2],
}


@pytest.mark.parametrize("name", schema.Activation.members)
def test_every_activation_computes_its_formula(name):
    assert name in ACTIVATED, f"tests/engine/test_build.py: ACTIVATED lacks {name}"
    layer = dense(2, schema.Activation.members[name](), [[1, 0], [0, 1]], [0, 0])
    outputs = np.asarray(layer(np.array([[-1.0, 2.0]], np.float32)))
    np.testing.assert_allclose(outputs, [ACTIVATED[name]], rtol=1e-5)


NORMAL, TRUNCATED, UNIFORM = (3.5, 5.5), (2.2, 2.3), (1.7, 1.75)  # the largest of 50,000 draws, in standard deviations
# Mean and standard deviation of a kernel of 784 inputs and 64 outputs, and the kind of the distribution.
INITIALIZED = [
    ("glorot_uniform", {}, 0, 0.0485643, UNIFORM),  # sqrt(2 / (784 + 64))
    ("glorot_normal", {}, 0, 0.0485643, TRUNCATED),
    ("he_uniform", {}, 0, 0.0505076, UNIFORM),  # sqrt(2 / 784)
    ("he_normal", {}, 0, 0.0505076, TRUNCATED),
    ("lecun_uniform", {}, 0, 0.0357143, UNIFORM),  # sqrt(1 / 784)
    ("lecun_normal", {}, 0, 0.0357143, TRUNCATED),
    ("zeros", {}, 0, 0, None),
    ("ones", {}, 1, 0, None),
    ("constant", {"value": 0.25}, 0.25, 0, None),
    ("random_normal", {"mean": 0.5, "stddev": 0.1}, 0.5, 0.1, NORMAL),
    ("random_uniform", {"minval": 0.0, "maxval": 0.3}, 0.15, 0.0866025, UNIFORM),  # 0.3 / sqrt(12)
    ("truncated_normal", {"mean": 0.5, "stddev": 0.1}, 0.5, 0.0879626, TRUNCATED),
    ("variance_scaling", {"scale": 2.0}, 0, 0.0505076, TRUNCATED),
    ("variance_scaling", {"mode": "fan_out"}, 0, 0.125, TRUNCATED),  # sqrt(1 / 64)
    ("variance_scaling", {"distribution": "uniform"}, 0, 0.0357143, UNIFORM),
    ("orthogonal", {"gain": 2.0}, 0, 0.0714286, NORMAL),  # 2 sqrt(1 / 784)
]


@pytest.mark.parametrize(("name", "arguments", "mean", "deviation", "largest"), INITIALIZED, ids=str)
def test_an_initializer_draws_from_its_distribution(name, arguments, mean, deviation, largest):
    from nntrain.engine.build import build_layer

    initializer = schema.Initializer.members[name](**arguments)
    layer = build_layer(schema.layers.Dense(units=64, kernel_initializer=initializer))
    layer.build((None, 784))
    weights = layer.get_weights()[0]
    assert weights.mean() == pytest.approx(mean, abs=0.02 * deviation)
    assert weights.std() == pytest.approx(deviation, rel=0.02, abs=1e-6)
    if largest:
        assert largest[0] < np.abs(weights - mean).max() / deviation < largest[1]


def test_every_initializer_and_each_of_its_arguments_is_tried():
    arguments = {(name, None) for name in schema.Initializer.members}
    arguments |= {(name, key) for name, cls in schema.Initializer.members.items() for key in cls.model_fields}
    tried = {(name, key) for name, arguments, *_ in INITIALIZED for key in (None, *arguments)}
    assert arguments - tried == set()


# The penalty on the weights 1 and -2.
PENALTIES = [
    ("l1", {}, 0.03),
    ("l1", {"l1": 0.1}, 0.3),
    ("l2", {}, 0.05),
    ("l2", {"l2": 0.1}, 0.5),
    ("l1_l2", {"l1": 0.1}, 0.3),
    ("l1_l2", {"l2": 0.1}, 0.5),
]


@pytest.mark.parametrize(("name", "arguments", "penalty"), PENALTIES, ids=str)
def test_a_regularizer_penalizes_the_kernel(name, arguments, penalty):
    from nntrain.engine.build import build_layer

    regularizer = schema.Regularizer.members[name](**arguments)
    layer = build_layer(schema.layers.Dense(units=1, kernel_regularizer=regularizer))
    layer.build((None, 2))
    layer.set_weights([np.array([[1.0], [-2.0]], np.float32), np.array([5.0], np.float32)])
    assert [float(loss) for loss in layer.losses] == pytest.approx([penalty])


def test_every_regularizer_is_tried():
    assert {name for name, *_ in PENALTIES} == set(schema.Regularizer.members)


# The loss of the probabilities 0.25 and 0.75, of which the second is right.
LOSSES = [
    ("mse", {}, 0.0625),
    ("mae", {}, 0.25),
    ("binary_crossentropy", {}, 0.2876821),
    ("binary_crossentropy", {"label_smoothing": 0.2}, 0.3975433),
    ("categorical_crossentropy", {}, 0.2876821),
    ("categorical_crossentropy", {"label_smoothing": 0.2}, 0.3975433),
    ("sparse_categorical_crossentropy", {}, 0.2876821),
    ("huber", {}, 0.03125),  # half the square of 0.25
    ("huber", {"delta": 0.1}, 0.02),  # 0.1 (0.25 - 0.1 / 2)
    ("categorical_focal_crossentropy", {}, 0.004495033),  # 0.25 (1 - 0.75)^2 times the cross-entropy
    ("categorical_focal_crossentropy", {"alpha": 1.0, "gamma": 0.0}, 0.2876821),
    ("categorical_focal_crossentropy", {"label_smoothing": 0.2}, 0.0235403),
    ("kl_divergence", {}, 0.2876821),
]


@pytest.mark.parametrize(("name", "arguments", "expected"), LOSSES, ids=str)
def test_a_loss_computes_its_formula(name, arguments, expected):
    from nntrain.engine.build import build_loss

    truth = [1] if name.startswith("sparse") else [[0.0, 1.0]]
    loss = build_loss(schema.Loss.members[name](**arguments))(np.array(truth), np.array([[0.25, 0.75]], np.float32))
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_every_loss_and_each_of_its_arguments_is_tried():
    assert {name for name, *_ in LOSSES} == set(schema.Loss.members)
    assert {key for _, arguments, _ in LOSSES for key in arguments} == {
        key for cls in schema.Loss.members.values() for key in cls.model_fields
    }


def config_with(metric, *, task="classification", loss=None):
    """Return a config with one metric."""
    loss = loss or schema.losses.CategoricalCrossentropy()
    return schema.Config.model_construct(metrics=(metric,), task=task, loss=loss)


TELLING_METRIC_ARGUMENTS = {
    "k": 3,
    "threshold": 0.3,
    "thresholds": 0.3,
    "num_thresholds": 20,
    "curve": "PR",
    "summation_method": "minoring",
    "average": "micro",
}


@pytest.mark.parametrize("name", schema.Metric.members)
def test_every_metric_is_built_under_its_name_with_its_arguments(name):
    from nntrain.engine.build import build_metrics

    arguments = {key: TELLING_METRIC_ARGUMENTS[key] for key in schema.Metric.members[name].model_fields}
    (metric,) = build_metrics(config_with(schema.Metric.members[name](**arguments)))
    assert metric.name == name
    assert {key: metric.get_config()[key] for key in arguments} == arguments


@pytest.mark.parametrize(
    ("task", "loss", "kind"),
    [
        ("classification", schema.losses.CategoricalCrossentropy(), "CategoricalAccuracy"),
        ("classification", schema.losses.SparseCategoricalCrossentropy(), "SparseCategoricalAccuracy"),
        ("binary", schema.losses.BinaryCrossentropy(), "BinaryAccuracy"),
    ],
    ids=str,
)
def test_accuracy_is_the_one_of_task_and_loss(task, loss, kind):
    from nntrain.engine.build import build_metrics

    (metric,) = build_metrics(config_with(schema.metrics.Accuracy(), task=task, loss=loss))
    assert (type(metric).__name__, metric.name) == (kind, "accuracy")


def test_a_network_takes_pixels_of_0_to_255_and_computes_in_the_precision_asked_for(load_text):
    from nntrain.engine.build import build_network

    network = build_network(load_text("model.0.dense.units=4"), dtype="bfloat16")
    assert network.input_shape == (None, 28, 28)
    assert [layer.compute_dtype for layer in network.layers] == ["bfloat16"] * 3 + ["float32"]
    assert float(np.asarray(network.layers[0](np.full((1, 28, 28), 255.0)))[0, 0, 0]) == pytest.approx(1, abs=0.01)


def test_convolutions_see_an_image_with_one_channel(load_text):
    from nntrain.engine.build import build_network

    network = build_network(
        load_text("model=[conv2d: {filters: 2, kernel_size: 3}, flatten, dense: {units: 10, activation: softmax}]")
    )
    assert [layer.output.shape[1:] for layer in network.layers] == [(28, 28), (28, 28, 1), (26, 26, 2), (1352,), (10,)]
