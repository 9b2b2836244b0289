"""Learning-rate schedules as functions of the epoch; ReduceLROnPlateau, which depends on metrics, is left to Keras."""

from __future__ import annotations

import math
from collections.abc import Callable

from nntrain.config.schema.lr_schedules import (
    CosineAnnealing,
    ExponentialDecay,
    LearningRateSchedule,
    ReduceLROnPlateau,
    StepDecay,
)

RateByEpoch = Callable[[int], float]


def learning_rate_by_epoch(schedule: LearningRateSchedule | None, *, initial: float, epochs: int) -> RateByEpoch | None:
    """Return the learning rate as a function of the epoch (from 0), or None if it does not depend on the epoch alone.

    Raises TypeError for a schedule without a rule here.
    """
    match schedule:
        case None | ReduceLROnPlateau():
            return None
        case StepDecay():
            return lambda epoch: initial * schedule.factor ** (epoch // schedule.every)
        case ExponentialDecay():
            return lambda epoch: initial * schedule.rate**epoch
        case CosineAnnealing():
            return lambda epoch: _cosine(schedule, epoch, initial=initial, epochs=epochs)
    raise TypeError(f"nntrain/training/lr_schedules.py: learning_rate_by_epoch has no rule for {schedule.key}")


def _cosine(schedule: CosineAnnealing, epoch: int, *, initial: float, epochs: int) -> float:
    """Return SGDR's rate, min + (initial - min) (1 + cos(pi t / T)) / 2 (Loshchilov and Hutter 2016, equation 5).

    t counts epochs since the last restart. T is a cycle's length: the epochs after the warm-up, divided evenly. During
    the warm-up the rate grows in equal steps from initial / (warmup_epochs + 1), so that it reaches `initial` after it.
    """
    if epoch < schedule.warmup_epochs:
        return initial * (epoch + 1) / (schedule.warmup_epochs + 1)
    annealed_epochs = epochs - schedule.warmup_epochs
    # Computed with integers: a cycle's length may be fractional, and rounding could move a restart to a cycle's end.
    progress = (epoch - schedule.warmup_epochs) * (schedule.restarts + 1) % annealed_epochs / annealed_epochs
    return schedule.min_lr + (initial - schedule.min_lr) * (1 + math.cos(math.pi * progress)) / 2
