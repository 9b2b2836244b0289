"""Who is told about a training as it runs, and who may stop it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nntrain.results import EpochResult


def _ignore(*_: object) -> None:
    """Take anything, do nothing."""


@dataclass(frozen=True)
class TrainingListener:
    """Who is told of a training as it goes, and who may stop it."""

    on_device: Callable[[str], None] = _ignore  # in words: what is trained on, and whether XLA compiles
    on_epoch: Callable[[EpochResult], None] = _ignore
    on_progress: Callable[[int, float, dict[str, float]], None] = _ignore  # epoch from 1, its share done, logs so far
    on_note: Callable[[str], None] = _ignore  # why the rate dropped or training stopped
    on_saving: Callable[[], None] = _ignore  # training is over, files are written
    should_stop: Callable[[], bool] = lambda: False  # asked a few times a second
