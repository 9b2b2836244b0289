"""The article's worked examples, computed by the layers, losses and optimizers that nntrain trains with."""

from __future__ import annotations

import numpy as np
import pytest

from nntrain.config import schema

pytestmark = pytest.mark.tensorflow


def dense(units, activation, kernel, bias):
    """Return nntrain's dense layer with these weights; kernel rows are neurons, as the article writes them."""
    from nntrain.engine.build import build_layer

    layer = build_layer(schema.Dense(units=units, activation=activation))
    kernel = np.array(kernel, np.float32).reshape(units, -1).T
    layer.build((None, len(kernel)))
    layer.set_weights([kernel, np.array(bias, np.float32).reshape(units)])
    return layer


def test_the_forward_pass_gives_15026_7_and_5013_5():
    # 35 x 0.5 + 50000 x 0.3 + 10 x 0.8 + 1.2: the article's prose says 15009.7, its code computes this.
    hidden = dense(2, schema.Relu(), [[0.5, 0.3, 0.8], [0.2, 0.1, 0.6]], [1.2, 0.5])
    activations = np.asarray(hidden(np.array([[35.0, 50000.0, 10.0]], np.float32)))
    np.testing.assert_allclose(activations, [[15026.7, 5013.5]], rtol=1e-6)
    output = dense(1, schema.Sigmoid(), [[0.4, 0.7]], [0.3])
    assert float(np.asarray(output(activations))[0, 0]) == 1.0


def test_the_backward_pass_gives_its_loss_and_gradients():
    import tensorflow as tf

    from nntrain.engine.build import build_loss

    neuron = dense(1, schema.Sigmoid(), [[0.5, 0.3]], [0.1])
    with tf.GradientTape() as tape:
        loss = build_loss(schema.BinaryCrossentropy())(np.ones((1, 1)), neuron(np.array([[1.0, 2.0]], np.float32)))
    kernel, bias = tape.gradient(loss, neuron.trainable_variables)
    assert float(loss) == pytest.approx(0.2633, abs=5e-5)
    np.testing.assert_allclose(kernel.numpy().ravel(), [-0.2315, -0.4630], atol=5e-5)
    np.testing.assert_allclose(bias.numpy(), [-0.2315], atol=5e-5)


def test_a_gradient_step_gives_0_498_and_0_296():
    import keras

    from nntrain.engine.build import build_optimizer

    weights = keras.Variable([0.5, 0.3])
    build_optimizer(schema.SGD(learning_rate=0.01)).apply([np.array([0.2, 0.4], np.float32)], [weights])
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
    from nntrain.config.load import load_config
    from nntrain.config.shipped import shipped_config
    from nntrain.engine.build import build_network

    config = load_config(shipped_config(name).path).config
    assert build_network(config).count_params() == parameters
