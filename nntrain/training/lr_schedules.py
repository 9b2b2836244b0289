"""Learning-rate schedules as functions of the epoch; the plateau, which watches training, is Keras's callback."""

from __future__ import annotations

import math
from collections.abc import Callable

from nntrain.config.schema import CosineAnnealing, ExponentialDecay, LearningRateSchedule, StepDecay

Rate = Callable[[int], float]


def learning_rate_by_epoch(schedule: LearningRateSchedule | None, *, start: float, epochs: int) -> Rate | None:
    """Return the learning rate as a function of the epoch (from 0), or None where it is not a function of it."""
    match schedule:
        case StepDecay():
            return lambda epoch: start * schedule.factor ** (epoch // schedule.every)
        case ExponentialDecay():
            return lambda epoch: start * schedule.rate**epoch
        case CosineAnnealing():
            return lambda epoch: _cosine(schedule, epoch, start=start, epochs=epochs)
    return None


def _cosine(schedule: CosineAnnealing, epoch: int, *, start: float, epochs: int) -> float:
    """Return SGDR's rate, min + (start - min) (1 + cos(pi t / T)) / 2 (Loshchilov and Hutter 2016, equation 5).

    t counts epochs since the last restart and T is a cycle's length: the epochs after the warm-up, divided evenly. In
    the warm-up the rate grows in equal steps, start / (warmup_epochs + 1) the first, so that it meets `start` after it.
    """
    if epoch < schedule.warmup_epochs:
        return start * (epoch + 1) / (schedule.warmup_epochs + 1)
    annealed = epochs - schedule.warmup_epochs
    # In whole numbers: a cycle's length need not be one, and a rounded one would put a restart at a cycle's end.
    place = (epoch - schedule.warmup_epochs) * (schedule.restarts + 1) % annealed / annealed
    return schedule.min_lr + (start - schedule.min_lr) * (1 + math.cos(math.pi * place)) / 2
