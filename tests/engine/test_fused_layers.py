"""The faster layers train as Keras's own do."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.tensorflow


def normalized(module, **arguments):
    """Return the outputs, gradients and variables of a module's BatchNormalization after a training step."""
    import tensorflow as tf

    feature_maps = tf.constant(np.random.default_rng(1).normal(2, 3, (5, 4, 4, 6)).astype(np.float32))
    layer = module.BatchNormalization(**arguments)
    layer.build(feature_maps.shape)
    with tf.GradientTape() as tape:
        tape.watch(feature_maps)
        outputs = layer(feature_maps, training=True)
        loss = tf.reduce_sum(tf.cast(outputs, tf.float32) ** 3)
    inputs = [feature_maps, *(variable.value for variable in layer.trainable_variables)]
    return [outputs, *tape.gradient(loss, inputs), *layer.variables, layer(feature_maps, training=False)]


@pytest.mark.parametrize(
    "arguments", [{}, {"momentum": 0.5, "epsilon": 0.1}, {"scale": False}, {"center": False}], ids=str
)
def test_batch_normalization_of_feature_maps_is_keras_own(arguments):
    import keras

    from nntrain.engine import fused_layers

    pairs = zip(normalized(fused_layers, **arguments), normalized(keras.layers, **arguments), strict=True)
    for ours, keras_own in pairs:
        np.testing.assert_allclose(ours, keras_own, rtol=1e-4, atol=1e-4)


def test_batch_normalization_in_half_precision_is_left_to_keras():
    import keras

    from nntrain.engine import fused_layers

    half = {"dtype": "mixed_bfloat16"}
    for ours, keras_own in zip(normalized(fused_layers, **half), normalized(keras.layers, **half), strict=True):
        assert np.array_equal(ours, keras_own)


@pytest.fixture
def networks():
    """Return a network with fused poolings, and Keras's own with the same weights."""
    import keras

    from nntrain.engine.fused_layers import Conv2D, fuse_pooling

    fused, plain = (
        [
            convolution(8, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            convolution(4, 3, activation="relu", use_bias=False),
            keras.layers.MaxPooling2D(padding="same"),
        ]
        for convolution in (Conv2D, keras.layers.Conv2D)
    )
    ours, keras_own = (keras.Sequential([keras.Input((28, 28, 1)), *layers]) for layers in (fuse_pooling(fused), plain))
    ours.set_weights([weight + 0.05 for weight in ours.get_weights()])  # biases that are not zero
    keras_own.set_weights(ours.get_weights())
    return ours, keras_own


def test_bias_and_relu_after_the_pooling_give_the_same_outputs(networks):
    ours, keras_own = networks
    images = np.random.default_rng(1).random((8, 28, 28, 1), np.float32)
    assert [layer.output.shape for layer in ours.layers] == [(None, 13, 13, 8), (None, 6, 6, 4)]
    assert np.array_equal(ours(images), keras_own(images))


@pytest.mark.parametrize(
    ("arguments", "fused"),
    [
        ({"activation": "relu"}, True),
        ({"activation": "tanh"}, False),
        ({}, False),
        ({"activation": "relu", "activity_regularizer": "l2"}, False),  # it penalizes what the pooling drops
    ],
    ids=str,
)
def test_a_max_pooling_is_fused_with_a_plain_relu_convolution(arguments, fused):
    import keras

    from nntrain.engine.fused_layers import Conv2D, fuse_pooling

    layers = [Conv2D(8, 3, **arguments), keras.layers.MaxPooling2D()]
    assert fuse_pooling(layers) == (layers[:1] if fused else layers)


def test_only_the_first_max_pooling_after_a_convolution_is_fused():
    import keras

    from nntrain.engine.fused_layers import Conv2D, fuse_pooling

    convolution, first, second = (
        Conv2D(8, 3, activation="relu"),
        keras.layers.MaxPooling2D(),
        keras.layers.MaxPooling2D(),
    )
    assert fuse_pooling([convolution, first, second]) == [convolution, second]
    assert convolution.pooling is first


def test_another_pooling_or_one_without_a_convolution_is_not_fused():
    import keras

    from nntrain.engine.fused_layers import Conv2D, fuse_pooling

    layers = [keras.layers.MaxPooling2D(), Conv2D(8, 3, activation="relu"), keras.layers.AveragePooling2D(2)]
    assert fuse_pooling(layers) == layers


@pytest.mark.parametrize(
    "arguments",
    [{"groups": 2, "dilation_rate": 2}, {"groups": 2, "strides": 2, "padding": "same"}, {"dilation_rate": (1, 2)}],
    ids=str,
)
def test_a_convolution_for_xla_is_keras_own(arguments):
    import keras
    import tensorflow as tf

    from nntrain.engine.fused_layers import XLAConv2D

    images = np.random.default_rng(1).random((2, 9, 8, 4), np.float32)
    ours, keras_own = (convolution(6, 3, **arguments) for convolution in (XLAConv2D, keras.layers.Conv2D))
    for layer in (ours, keras_own):
        layer.build(images.shape)
    ours.set_weights(keras_own.get_weights())

    def gradients(layer):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(images) ** 2)
        return tape.gradient(loss, layer.trainable_variables)

    compiled = tf.function(gradients, jit_compile=True)
    for gradient, expected in zip(compiled(ours), gradients(keras_own), strict=True):
        np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-4)


def test_dropout_drops_its_fraction_anew_each_time_and_scales_up_the_rest():
    from nntrain.engine.fused_layers import Dropout

    layer = Dropout(0.3, seed=5)
    ones = np.ones((500, 400), np.float32)
    first, second = (np.asarray(layer(ones, training=True)) for _ in range(2))
    assert set(np.unique(first)) == {np.float32(0), np.float32(1 / np.float32(0.7))}
    kept = np.stack([first > 0, second > 0])
    # 0.7 of 200,000 has a standard deviation of 0.001, and 0.49 of them about as much.
    assert kept.mean(axis=(1, 2)) == pytest.approx([0.7, 0.7], abs=0.005)
    assert (kept[0] & kept[1]).mean() == pytest.approx(0.49, abs=0.005)  # independent of the batch before,
    assert (kept[0][:, 1:] & kept[0][:, :-1]).mean() == pytest.approx(0.49, abs=0.005)  # of the unit before,
    assert (kept[0][1:] & kept[0][:-1]).mean() == pytest.approx(0.49, abs=0.005)  # and of the image before


def test_dropout_of_nothing_changes_nothing():
    from nntrain.engine.fused_layers import Dropout

    ones = np.ones((4, 5), np.float32)
    assert np.array_equal(Dropout(0.0)(ones, training=True), ones)


def test_dropout_does_nothing_outside_training():
    from nntrain.engine.fused_layers import Dropout

    ones = np.ones((4, 5), np.float32)
    assert np.array_equal(Dropout(0.9)(ones, training=False), ones)


def test_the_random_numbers_are_those_of_murmurhash3():
    from nntrain.engine.fused_layers import _murmur_mix

    # fmix32 of 0, 1 and 2, computed with Python's integers.
    assert _murmur_mix(np.array([0, 1, 2], np.uint32)).numpy().tolist() == [0, 0x514E28B7, 0x30F4C306]
