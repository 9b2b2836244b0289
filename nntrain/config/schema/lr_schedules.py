"""Learning-rate schedules: their arguments, and the learning rate in each epoch."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Annotated, Literal

from pydantic import Field

from nntrain.config.schema.base import Component, Count, CountOrZero, NonNegative, OpenFraction, Positive


class LearningRateSchedule(Component, family="learning-rate schedule"):
    """How the learning rate changes from epoch to epoch."""

    @property
    def depends_on_epochs(self) -> bool:
        """Whether an epoch's learning rate depends on the number of epochs; if so, a resume cannot change it."""
        return False


class EpochSchedule(LearningRateSchedule):
    """A schedule whose learning rate is a function of the epoch."""

    @abstractmethod
    def learning_rate(self, epoch: int, *, initial: float, epochs: int) -> float:
        """Return the learning rate in an epoch, from 0 to epochs - 1; `initial` is the optimizer's."""


class StepDecay(EpochSchedule, key="step_decay"):
    """Multiplies the learning rate by `factor` after every `every` epochs."""

    factor: OpenFraction = Field(0.5, description="0.5: half the learning rate")
    every: Count = Field(10, description="epochs from one reduction to the next")

    def learning_rate(self, epoch: int, *, initial: float, epochs: int) -> float:
        """Return initial * factor^floor(epoch / every)."""
        return float(initial * self.factor ** (epoch // self.every))


class ExponentialDecay(EpochSchedule, key="exponential_decay"):
    """Multiplies the learning rate by `rate` after each epoch."""

    rate: OpenFraction = Field(0.95, description="0.95: five percent less in each epoch")

    def learning_rate(self, epoch: int, *, initial: float, epochs: int) -> float:
        """Return initial * rate^epoch."""
        return float(initial * self.rate**epoch)


class PolynomialDecay(EpochSchedule, key="polynomial_decay"):
    """Lowers the learning rate to end_learning_rate on a straight line, or on a power of it; Keras's, per epoch."""

    decay_epochs: Count | None = Field(None, description="epochs until end_learning_rate; default: all of the run's")
    end_learning_rate: NonNegative = Field(0.0001, description="the learning rate after decay_epochs")
    power: Positive = Field(1.0, description="1 is a straight line; above 1, the learning rate falls faster at first")
    cycle: bool = Field(False, description="decay again every decay_epochs, each time from a lower learning rate")

    @property
    def depends_on_epochs(self) -> bool:
        """Whether the decay takes as long as the run."""
        return self.decay_epochs is None

    def learning_rate(self, epoch: int, *, initial: float, epochs: int) -> float:
        """Return end + (initial - end) (1 - t / T)^power, as keras.optimizers.schedules.PolynomialDecay does.

        t is the epoch, at most T. T is decay_epochs or, with `cycle`, its smallest multiple that is at least t.
        """
        length = self.decay_epochs or epochs
        if self.cycle:
            length *= max(1, math.ceil(epoch / length))
        left = 1 - min(epoch, length) / length
        return float(self.end_learning_rate + (initial - self.end_learning_rate) * left**self.power)


class CosineAnnealing(EpochSchedule, key="cosine_annealing"):
    """Half a cosine from the optimizer's rate to min_lr, restarted `restarts` times (SGDR, arXiv 1608.03983)."""

    warmup_epochs: CountOrZero = Field(0, description="epochs of linear increase before the cosine")
    restarts: CountOrZero = Field(0, description="how many times the rate goes back to the optimizer's")
    min_lr: NonNegative = Field(0.0, description="the rate to which each cosine falls")

    @property
    def depends_on_epochs(self) -> bool:
        """Always: the cycles share the run's epochs."""
        return True

    def learning_rate(self, epoch: int, *, initial: float, epochs: int) -> float:
        """Return SGDR's rate, min + (initial - min) (1 + cos(pi t / T)) / 2 (Loshchilov and Hutter 2016, equation 5).

        t counts epochs since the last restart. T is a cycle's length: the epochs after the warm-up, divided evenly.
        During the warm-up the rate grows in equal steps from initial / (warmup_epochs + 1), so that it reaches
        `initial` after it.
        """
        if epoch < self.warmup_epochs:
            return initial * (epoch + 1) / (self.warmup_epochs + 1)
        annealed_epochs = epochs - self.warmup_epochs
        # Computed with integers: with a cycle's length, which may be a fraction, rounding could move a restart.
        progress = (epoch - self.warmup_epochs) * (self.restarts + 1) % annealed_epochs / annealed_epochs
        return _cosine(initial, self.min_lr, progress)


class OneCycle(EpochSchedule, key="one_cycle"):
    """Raises the rate to the optimizer's, then lowers it far below (1cycle, arXiv 1803.09820); momentum is constant."""

    # PyTorch's arguments and defaults: Keras has no such schedule.
    pct_start: OpenFraction = Field(0.3, description="fraction of the epochs in which the learning rate rises")
    anneal_strategy: Literal["cos", "linear"] = Field(
        "cos", description="the shape of rise and fall: half a cosine, or a straight line"
    )
    div_factor: Annotated[float, Field(ge=1)] = Field(
        25.0, description="the first epoch has learning_rate / div_factor"
    )
    final_div_factor: Annotated[float, Field(ge=1)] = Field(
        1e4, description="the last epoch has the first one's learning rate / final_div_factor"
    )

    @property
    def depends_on_epochs(self) -> bool:
        """Always: the cycle takes as long as the run."""
        return True

    def learning_rate(self, epoch: int, *, initial: float, epochs: int) -> float:
        """Return the rate of torch.optim.lr_scheduler.OneCycleLR at step `epoch` of `epochs`, with max_lr = `initial`.

        It rises from initial / div_factor until epoch pct_start * epochs - 1, which need not be a whole number, and
        falls until the last epoch.
        """
        anneal = _cosine if self.anneal_strategy == "cos" else _line
        first = initial / self.div_factor
        peak = self.pct_start * epochs - 1
        if epoch < peak:
            return anneal(first, initial, epoch / peak)
        return anneal(initial, first / self.final_div_factor, (epoch - peak) / (epochs - 1 - peak))


class ReduceLROnPlateau(LearningRateSchedule, key="reduce_lr_on_plateau"):
    """Multiplies the learning rate by `factor` when `monitor` has not improved for `patience` epochs."""

    monitor: str = Field("val_loss", description="loss or a metric; with val_ in front, on the validation images")
    factor: OpenFraction = Field(0.1, description="0.1: a tenth of the learning rate")
    patience: Count = Field(description="epochs; 10 in Keras")
    mode: Literal["auto", "min", "max"] = Field(
        "auto", description="whether lower or higher values are better; auto: by the metric"
    )
    min_delta: NonNegative = Field(1e-4, description="the smallest change that counts as an improvement")
    cooldown: CountOrZero = Field(0, description="epochs after a reduction that do not count")
    min_lr: NonNegative = Field(0.0, description="the lowest learning rate")


def _cosine(start: float, end: float, progress: float) -> float:
    """Return the value on half a cosine from start to end; progress is from 0 to 1."""
    return end + (start - end) * (1 + math.cos(math.pi * progress)) / 2


def _line(start: float, end: float, progress: float) -> float:
    """Return the value on a straight line from start to end; progress is from 0 to 1."""
    return start + (end - start) * progress
