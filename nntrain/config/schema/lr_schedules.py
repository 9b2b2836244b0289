"""Learning-rate schedules."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from nntrain.config.schema.base import Component, Count, CountOrZero, NonNegative, OpenFraction


class LearningRateSchedule(Component, family="learning-rate schedule"):
    """How the learning rate changes from epoch to epoch."""


class StepDecay(LearningRateSchedule, key="step_decay"):
    """Multiplies the learning rate by `factor` after every `every` epochs."""

    factor: OpenFraction = 0.5
    every: Count = Field(10, description="epochs")


class ExponentialDecay(LearningRateSchedule, key="exponential_decay"):
    """Multiplies the learning rate by `rate` after each epoch."""

    rate: OpenFraction = 0.95


class CosineAnnealing(LearningRateSchedule, key="cosine_annealing"):
    """Half a cosine from the optimizer's rate to min_lr, restarted `restarts` times (SGDR, arXiv 1608.03983)."""

    warmup_epochs: CountOrZero = Field(0, description="epochs of linear increase before the cosine")
    restarts: CountOrZero = 0
    min_lr: NonNegative = 0.0


class ReduceLROnPlateau(LearningRateSchedule, key="reduce_lr_on_plateau"):
    """Multiplies the learning rate by `factor` when `monitor` has not improved for `patience` epochs."""

    monitor: str = "val_loss"
    factor: OpenFraction = 0.1
    patience: Count = Field(description="epochs")
    mode: Literal["auto", "min", "max"] = "auto"
    min_delta: NonNegative = 1e-4
    cooldown: CountOrZero = Field(0, description="epochs")
    min_lr: NonNegative = 0.0
