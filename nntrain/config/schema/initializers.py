"""Weight initializers; Keras's names, arguments and defaults."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from nntrain.config.schema.base import Component, NonNegative, Positive


class Initializer(Component, family="initializer"):
    """How weights are drawn before training."""


class GlorotUniform(Initializer, key="glorot_uniform"):
    """Glorot and Bengio 2010, uniform."""


class GlorotNormal(Initializer, key="glorot_normal"):
    """Glorot and Bengio 2010, truncated normal."""


class HeUniform(Initializer, key="he_uniform"):
    """He et al. 2015, uniform."""


class HeNormal(Initializer, key="he_normal"):
    """He et al. 2015, truncated normal."""


class LecunUniform(Initializer, key="lecun_uniform"):
    """LeCun et al. 1998, uniform."""


class LecunNormal(Initializer, key="lecun_normal"):
    """LeCun et al. 1998, truncated normal."""


class Zeros(Initializer, key="zeros"):
    """All 0."""


class Ones(Initializer, key="ones"):
    """All 1."""


class Constant(Initializer, key="constant"):
    """The same value everywhere."""

    value: float = 0.0


class RandomNormal(Initializer, key="random_normal"):
    """A normal distribution."""

    mean: float = 0.0
    stddev: NonNegative = 0.05


class RandomUniform(Initializer, key="random_uniform"):
    """A uniform distribution from minval to maxval."""

    minval: float = -0.05
    maxval: float = 0.05


class TruncatedNormal(Initializer, key="truncated_normal"):
    """A normal distribution, truncated at two standard deviations."""

    mean: float = 0.0
    stddev: NonNegative = 0.05


class VarianceScaling(Initializer, key="variance_scaling"):
    """A distribution with the variance scale / n; n is the number of inputs, of outputs, or their mean."""

    scale: Positive = 1.0
    mode: Literal["fan_in", "fan_out", "fan_avg"] = Field(
        "fan_in", description="what n is: inputs, outputs, or their mean"
    )
    distribution: Literal["normal", "truncated_normal", "untruncated_normal", "uniform"] = "truncated_normal"


class Orthogonal(Initializer, key="orthogonal"):
    """An orthogonal matrix."""

    gain: float = Field(1.0, description="factor of the matrix")
