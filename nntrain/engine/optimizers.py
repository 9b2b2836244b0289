"""Keras's Adam, AdamW and SGD with one TensorFlow operation per variable and step.

Keras composes a step of a dozen array operations, each of which reads and writes memory. TensorFlow has a single
operation for a step of Adam and of SGD, with the same formula; the state is in the same variables as Keras's. Variants
without such an operation are left to Keras.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


class Adam(keras.optimizers.Adam):  # type: ignore[misc]  # Keras ships no types
    """Adam (Kingma and Ba 2015, arXiv 1412.6980)."""

    _beta_powers: dict[str, Any]

    def apply(self, grads: Any, trainable_variables: Any = None) -> Any:
        """Update the variables; the powers of both betas are computed once for all of them."""
        # `iterations` counts updates, even if gradients accumulate over several batches; `_iterations` counts batches.
        step = tf.cast(self.iterations + 1, tf.float32)
        self._beta_powers = {
            "beta1_power": tf.pow(float(self.beta_1), step),
            "beta2_power": tf.pow(float(self.beta_2), step),
        }
        return super().apply(grads, trainable_variables)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Update a variable and its two moments."""
        if self.amsgrad:
            super().update_step(gradient, variable, learning_rate)
            return
        index = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            **self._beta_powers,
            lr=tf.cast(learning_rate, variable.dtype),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=tf.cast(gradient, variable.dtype),
        )


class AdamW(Adam, keras.optimizers.AdamW):  # type: ignore[misc]
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv 1711.05101), which Keras applies first."""


class SGD(keras.optimizers.SGD):  # type: ignore[misc]
    """Gradient descent, with momentum or Nesterov momentum."""

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Update a variable and its momentum."""
        rate, gradient = tf.cast(learning_rate, variable.dtype), tf.cast(gradient, variable.dtype)
        if self.momentum == 0:
            tf.raw_ops.ResourceApplyGradientDescent(var=variable.handle, alpha=rate, delta=gradient)
            return
        tf.raw_ops.ResourceApplyKerasMomentum(
            var=variable.handle,
            accum=self.momentums[self._get_variable_index(variable)].value.handle,
            lr=rate,
            grad=gradient,
            momentum=self.momentum,
            use_nesterov=self.nesterov,
        )
