"""Activation functions; Keras's names."""

from __future__ import annotations

from typing import ClassVar

from nntrain.config.schema.base import Component
from nntrain.task import Task


class Activation(Component, family="activation"):
    """A function of a neuron's weighted sum. A function with arguments is a layer instead, such as `leaky_re_lu`."""

    # The tasks for which the last layer may have the function.
    output_tasks: ClassVar[tuple[Task, ...]]
    # Why the function is unusual in a hidden layer, as in "softmax in a hidden layer makes its neurons compete".
    hidden_drawback: ClassVar[str | None] = None

    @classmethod
    def keras_name(cls) -> str:
        """Return the name of Keras's function, which is the name in the config."""
        return cls.key


class Relu(Activation, key="relu"):
    """max(0, x)."""

    output_tasks = ("regression",)


class Relu6(Activation, key="relu6"):
    """min(max(0, x), 6)."""

    output_tasks = ()


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


class Mish(Activation, key="mish"):
    """x tanh(softplus(x))."""

    output_tasks = ("regression",)


class Softplus(Activation, key="softplus"):
    """log(1 + exp(x)), a smooth relu."""

    output_tasks = ("regression",)


class Selu(Activation, key="selu"):
    """A scaled elu that keeps mean 0 and variance 1."""

    output_tasks = ("regression",)


class Sigmoid(Activation, key="sigmoid"):
    """1 / (1 + exp(-x)): a probability."""

    output_tasks = ("binary",)
    hidden_drawback = "makes gradients small"


class HardSigmoid(Activation, key="hard_sigmoid"):
    """x / 6 + 1/2, limited to 0 and 1: a fast approximation of sigmoid."""

    output_tasks = ("binary",)
    hidden_drawback = "makes gradients small"


class Tanh(Activation, key="tanh"):
    """The hyperbolic tangent, from -1 to 1."""

    output_tasks = ()
    hidden_drawback = "makes gradients small"


class Softmax(Activation, key="softmax"):
    """exp(x) divided by the sum over all classes: probabilities that sum to 1."""

    output_tasks = ("classification",)
    hidden_drawback = "makes its neurons compete"


class Linear(Activation, key="linear"):
    """x unchanged."""

    output_tasks = ("regression",)
