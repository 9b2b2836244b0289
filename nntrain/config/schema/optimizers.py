"""Optimizers; Keras's names, arguments and defaults."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from nntrain.config.schema.base import Component, Count, Fraction, NonNegative, OpenFraction, Positive


class Optimizer(Component, family="optimizer"):
    """How gradients change the weights. All optimizers have these arguments."""

    learning_rate: Positive
    weight_decay: NonNegative | None = Field(
        None, description="each step subtracts this fraction of the weights, times the learning rate"
    )
    clipnorm: Positive | None = Field(None, description="largest norm of each variable's gradient")
    clipvalue: Positive | None = Field(None, description="largest absolute value in a gradient")
    global_clipnorm: Positive | None = Field(None, description="largest norm of all gradients together")
    use_ema: bool = Field(False, description="whether a moving average of the weights replaces them when training ends")
    ema_momentum: Annotated[float, Field(ge=0, le=1)] = Field(
        0.99, description="the part of the moving average that a step keeps"
    )
    ema_overwrite_frequency: Count | None = Field(
        None, description="steps after which it replaces the weights in training, too"
    )
    loss_scale_factor: Positive | None = Field(
        None, description="factor of the loss, by which gradients are divided again: for 16-bit floats"
    )
    gradient_accumulation_steps: Annotated[int, Field(ge=2, lt=2**31)] | None = Field(
        None, description="batches whose mean gradient is used for one step"
    )


class SGD(Optimizer, key="sgd"):
    """Stochastic gradient descent."""

    learning_rate: Positive = 0.01
    momentum: Fraction = 0.0
    nesterov: bool = Field(
        False, description="Nesterov's momentum: the gradient at the point to which the momentum leads"
    )


class Adam(Optimizer, key="adam"):
    """Adaptive moment estimation, Kingma and Ba 2014."""

    learning_rate: Positive = 0.001
    beta_1: Fraction = 0.9
    beta_2: Fraction = 0.999
    epsilon: Positive = 1e-7
    amsgrad: bool = Field(False, description="divide by the largest average so far, Reddi et al. 2018")


class AdamW(Optimizer, key="adamw"):
    """Adam with decoupled weight decay, Loshchilov and Hutter 2019."""

    learning_rate: Positive = 0.001
    weight_decay: NonNegative = Field(
        0.004, description="each step subtracts this fraction of the weights, times the learning rate"
    )
    beta_1: Fraction = 0.9
    beta_2: Fraction = 0.999
    epsilon: Positive = 1e-7
    amsgrad: bool = Field(False, description="divide by the largest average so far, Reddi et al. 2018")


class RMSprop(Optimizer, key="rmsprop"):
    """Divides the gradient by a running average of its magnitude."""

    learning_rate: Positive = 0.001
    rho: Fraction = 0.9
    momentum: Fraction = 0.0
    epsilon: Positive = 1e-7
    centered: bool = Field(False, description="divide by the gradient's standard deviation instead of its magnitude")


class Adagrad(Optimizer, key="adagrad"):
    """Divides the gradient by the root of its sum of squares since the start, Duchi et al. 2011."""

    learning_rate: Positive = 0.001
    initial_accumulator_value: NonNegative = Field(0.1, description="the sum of squares at the start")
    epsilon: Positive = 1e-7


class Adadelta(Optimizer, key="adadelta"):
    """Steps in proportion to a running average of the steps before, Zeiler 2012."""

    learning_rate: Positive = Field(0.001, description="1.0 in the paper")
    rho: Fraction = 0.95
    epsilon: Positive = 1e-7


class Adamax(Optimizer, key="adamax"):
    """Adam that divides by the largest recent gradient, Kingma and Ba 2014."""

    learning_rate: Positive = 0.001
    beta_1: Fraction = 0.9
    beta_2: Fraction = 0.999
    epsilon: Positive = 1e-7


class Lion(Optimizer, key="lion"):
    """Steps of the same size for every weight, in the direction of a momentum's sign, Chen et al. 2023."""

    learning_rate: Positive = Field(0.001, description="in the paper 3 to 10 times smaller than Adam's")
    beta_1: OpenFraction = 0.9
    beta_2: Fraction = 0.99


class Nadam(Optimizer, key="nadam"):
    """Adam with Nesterov momentum, Dozat 2016."""

    learning_rate: Positive = 0.001
    beta_1: Fraction = 0.9
    beta_2: Fraction = 0.999
    epsilon: Positive = 1e-7
