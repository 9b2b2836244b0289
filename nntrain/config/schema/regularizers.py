"""Weight regularizers; Keras's names, arguments and defaults."""

from __future__ import annotations

from nntrain.config.schema.base import Component, NonNegative


class Regularizer(Component, family="regularizer"):
    """A penalty on weights or outputs, added to the training loss."""


class L1(Regularizer, key="l1"):
    """l1 times the sum of absolute values."""

    l1: NonNegative = 0.01


class L2(Regularizer, key="l2"):
    """l2 times the sum of squares."""

    l2: NonNegative = 0.01


class L1L2(Regularizer, key="l1_l2"):
    """The sum of l1 and l2."""

    l1: NonNegative = 0.0
    l2: NonNegative = 0.0
