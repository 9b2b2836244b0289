"""What is quicker than Keras's own learns the same."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.tensorflow

OPTIMIZERS = [
    ("Adam", {}),
    ("Adam", {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3, "clipnorm": 0.5}),
    ("Adam", {"amsgrad": True}),
    ("AdamW", {"weight_decay": 0.1}),
    ("SGD", {}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
]


@pytest.mark.parametrize("compiled", [False, True], ids=["plain", "xla"])
@pytest.mark.parametrize(("name", "arguments"), OPTIMIZERS, ids=str)
def test_an_optimizers_steps_are_keras_own(name, arguments, compiled):
    import keras
    import tensorflow as tf

    from nntrain.engine import optimizers

    def descend(module):
        optimizer = getattr(module, name)(0.1, **arguments)
        weights = keras.Variable(np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4))
        optimizer.build([weights])

        @tf.function(jit_compile=compiled)
        def step():
            value = tf.convert_to_tensor(weights)
            optimizer.apply([tf.sin(3 * value) + value], [weights])

        for _ in range(20):
            step()
        return [keras.ops.convert_to_numpy(variable) for variable in [weights, *optimizer.variables]]

    for ours, keras_own in zip(descend(optimizers), descend(keras.optimizers), strict=True):
        # The operations hold 1 - beta_2 as a difference of float32 numbers: 0.00100005 where Keras has 0.001.
        np.testing.assert_allclose(ours, keras_own, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "arguments", [{}, {"momentum": 0.5, "epsilon": 0.1}, {"scale": False}, {"center": False}], ids=str
)
def test_batch_normalization_of_feature_maps_is_keras_own(arguments):
    import keras
    import tensorflow as tf

    from nntrain.engine import fused_layers as layers

    pictures = tf.constant(np.random.default_rng(1).normal(2, 3, (5, 4, 4, 6)).astype(np.float32))

    def normalize(module):
        layer = module.BatchNormalization(**arguments)
        layer.build(pictures.shape)
        with tf.GradientTape() as tape:
            tape.watch(pictures)
            outputs = layer(pictures, training=True)
            loss = tf.reduce_sum(outputs**3)
        wanted = [pictures, *(variable.value for variable in layer.trainable_variables)]
        return [outputs, *tape.gradient(loss, wanted), *layer.variables, layer(pictures, training=False)]

    for ours, keras_own in zip(normalize(layers), normalize(keras.layers), strict=True):
        np.testing.assert_allclose(ours, keras_own, rtol=1e-4, atol=1e-4)


def test_bias_and_relu_after_the_pooling_give_the_same_network():
    import keras

    from nntrain.engine.fused_layers import Conv2D, pooled

    pair = [
        [kind(8, 3, activation="relu"), keras.layers.MaxPooling2D(), kind(4, 3, activation="relu"), last]
        for kind, last in (
            (Conv2D, keras.layers.MaxPooling2D(padding="same")),
            (keras.layers.Conv2D, keras.layers.MaxPooling2D(padding="same")),
        )
    ]
    ours, plain = (keras.Sequential([keras.Input((28, 28, 1)), *layers]) for layers in (pooled(pair[0]), pair[1]))
    images = np.random.default_rng(1).random((8, 28, 28, 1), np.float32)
    plain.set_weights([weight + 0.05 for weight in ours.get_weights()])  # biases that are not zero
    ours.set_weights(plain.get_weights())
    assert len(ours.layers) == 2
    assert np.array_equal(ours(images), plain(images))


def test_pooling_stays_after_a_convolution_whose_activations_are_penalized():
    import keras

    from nntrain.engine.fused_layers import Conv2D, pooled

    layers = [Conv2D(8, 3, activation="relu", activity_regularizer="l2"), keras.layers.MaxPooling2D()]
    assert pooled(layers) == layers


def test_dropout_drops_its_share_anew_each_time_and_scales_up_the_rest():
    from nntrain.engine.fused_layers import Dropout

    layer = Dropout(0.3, seed=5)
    ones = np.ones((500, 400), np.float32)
    first, second = (np.asarray(layer(ones, training=True)) for _ in range(2))
    assert set(np.unique(first)) == {np.float32(0), np.float32(1 / np.float32(0.7))}
    kept = np.stack([first > 0, second > 0])
    # 0.7 of 200,000 has a standard deviation of 0.001, and 0.49 of them about as much.
    assert kept.mean(axis=(1, 2)) == pytest.approx([0.7, 0.7], abs=0.005)
    assert (kept[0] & kept[1]).mean() == pytest.approx(0.49, abs=0.005)  # the next batch's dice are others
    assert (kept[0][:, 1:] & kept[0][:, :-1]).mean() == pytest.approx(0.49, abs=0.005)  # the next unit's, too
    assert (kept[0][1:] & kept[0][:-1]).mean() == pytest.approx(0.49, abs=0.005)  # and the next image's


def test_dropout_does_nothing_outside_training():
    from nntrain.engine.fused_layers import Dropout

    ones = np.ones((4, 5), np.float32)
    assert np.array_equal(Dropout(0.9)(ones, training=False), ones)
