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

    from nntrain.engine import layers

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
