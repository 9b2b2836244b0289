"""Faster versions of Keras's layers: they use one TensorFlow operation for what Keras composes of many.

They are used only in the network that is trained, never in the one that is saved.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


class BatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc]  # Keras ships no types
    """Batch normalization (Ioffe and Szegedy 2015, arXiv 1502.03167) that trains on feature maps with one operation.

    A convolutional network of three layers trains a fifth faster with it on a CPU. After a dense layer, whose outputs
    are small, Keras's version is as fast.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalize; in training by the batch's mean and variance, which also update the moving averages."""
        if not training or len(inputs.shape) != 4 or self.compute_dtype != "float32":
            return super().call(inputs, training=training, mask=mask)
        channels = inputs.shape[-1]
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=tf.convert_to_tensor(self.gamma) if self.scale else tf.ones(channels),
            offset=tf.convert_to_tensor(self.beta) if self.center else tf.zeros(channels),
            mean=tf.zeros(0),
            variance=tf.zeros(0),
            epsilon=self.epsilon,
            is_training=True,
        )
        # The operation's variance is divided by n - 1, that of Keras's moving average by n.
        count = tf.cast(tf.size(inputs) // channels, tf.float32)
        self._update_average(self.moving_mean, mean)
        self._update_average(self.moving_variance, variance * (count - 1) / count)
        return outputs

    def _update_average(self, moving_average: Any, value: Any) -> None:
        moving_average.assign(moving_average * self.momentum + value * (1 - self.momentum))


class Conv2D(keras.layers.Conv2D):  # type: ignore[misc]
    """A convolution that can include the max pooling after it and apply the pooling before bias and ReLU.

    Bias and ReLU are monotonic, even with rounding, so the result is the same. After a pooling of 2x2 they process only
    a quarter of the values.
    """

    pooling: Any = None

    def call(self, inputs: Any) -> Any:
        """Apply the convolution, the pooling, the bias and the activation."""
        if self.pooling is None:
            return super().call(inputs)
        outputs = self.pooling(self.convolution_op(inputs, self.kernel))
        if self.use_bias:
            outputs = tf.nn.bias_add(outputs, tf.convert_to_tensor(self.bias))
        return self.activation(outputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape after the pooling."""
        shape = super().compute_output_shape(input_shape)
        return shape if self.pooling is None else self.pooling.compute_output_shape(shape)


class XLAConv2D(Conv2D):
    """The same convolution for a network that XLA compiles: a single operation, even with groups and a dilation.

    For groups, Keras compiles a function of its own. If there is also a dilation, XLA cannot compile the gradient of
    that function inside the network's.
    """

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        """Return the convolution, without bias and activation."""
        return tf.nn.conv2d(
            inputs,
            tf.convert_to_tensor(kernel),
            strides=self.strides,
            padding=self.padding.upper(),
            dilations=self.dilation_rate,
        )


def fuse_pooling(layers: list[Any]) -> list[Any]:
    """Merge each max pooling into the convolution with ReLU before it, and return the layers."""
    fused: list[Any] = []
    for layer in layers:
        if isinstance(layer, keras.layers.MaxPooling2D) and fused and _can_include_pooling(fused[-1]):
            fused[-1].pooling = layer
        else:
            fused.append(layer)
    return fused


def _can_include_pooling(layer: Any) -> bool:
    # An activity regularizer penalizes all activations, including those that the pooling drops.
    return (
        isinstance(layer, Conv2D)
        and layer.pooling is None
        and layer.activation is keras.activations.relu
        and layer.activity_regularizer is None
    )


class Dropout(keras.layers.Dropout):  # type: ignore[misc]
    """Dropout (Srivastava et al. 2014) with a random number generator that costs next to nothing under XLA.

    Under XLA, TensorFlow's generator takes a third of a dense network's step. Here a unit's random number is a hash of
    the layer's seed, which changes with every batch as Keras's does, and of the unit's index. The hash applies the
    finalizer of MurmurHash3 (Appleby, public domain) twice: each input bit flips each output bit in half of all cases.
    Without XLA, TensorFlow's generator is as fast.
    """

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Drop each unit with probability `rate` in training, and scale the others up by 1 / (1 - rate)."""
        if not training or self.rate == 0:
            return super().call(inputs, training=training)
        seed = tf.cast(self.seed_generator.next(), tf.uint32)
        units = tf.cast(tf.range(tf.size(inputs)), tf.uint32)
        random = _murmur_mix(_murmur_mix(units ^ seed[0]) + seed[1])
        threshold = min(round(self.rate * 2**32), 2**32 - 1)
        keep = tf.reshape(random >= tf.constant(threshold, tf.uint32), tf.shape(inputs))
        return tf.where(keep, inputs / tf.cast(1 - self.rate, inputs.dtype), tf.zeros_like(inputs))


def _murmur_mix(values: Any) -> Any:
    """Apply MurmurHash3's 32-bit finalizer to uint32 values of any shape."""
    for factor, shift in ((0x85EBCA6B, 16), (0xC2B2AE35, 13)):
        shifted = tf.bitwise.right_shift(values, tf.constant(shift, tf.uint32))
        values = (values ^ shifted) * tf.constant(factor, tf.uint32)
    return values ^ tf.bitwise.right_shift(values, tf.constant(16, tf.uint32))
