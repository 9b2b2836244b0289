"""Activation functions; Keras's names."""

from __future__ import annotations

from typing import ClassVar

from nntrain.config.schema.base import Component
from nntrain.task import Task


class Activation(Component, family="activation"):
    """A function of a neuron's weighted sum. A function with arguments is a layer instead, such as `leaky_re_lu`."""

    # The tasks for which the last layer may have the function.
    output_tasks: ClassVar[tuple[Task, ...]]

    @classmethod
    def keras_name(cls) -> str:
        """Return the name of Keras's function, which is the name in the config."""
        return cls.key


class Relu(Activation, key="relu"):
    """max(0, x)."""

    output_tasks = ("regression",)


class LeakyRelu(Activation, key="leaky_relu"):
    """x if positive, else 0.2 x."""

    output_tasks = ("regression",)


class Elu(Activation, key="elu"):
    """x if positive, else exp(x) - 1."""

    output_tasks = ("regression",)


class Gelu(Activation, key="gelu"):
    """x times the cumulative normal distribution at x."""

    output_tasks = ("regression",)


class Silu(Activation, key="silu"):
    """x sigmoid(x)."""

    output_tasks = ("regression",)


class Selu(Activation, key="selu"):
    """A scaled elu that keeps mean 0 and variance 1."""

    output_tasks = ("regression",)


class Sigmoid(Activation, key="sigmoid"):
    """1 / (1 + exp(-x)): a probability."""

    output_tasks = ("binary",)


class Tanh(Activation, key="tanh"):
    """The hyperbolic tangent, from -1 to 1."""

    output_tasks = ()


class Softmax(Activation, key="softmax"):
    """exp(x) divided by the sum over all classes: probabilities that sum to 1."""

    output_tasks = ("classification",)


class Linear(Activation, key="linear"):
    """x unchanged."""

    output_tasks = ("regression",)
