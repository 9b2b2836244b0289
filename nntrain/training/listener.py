"""The listener that is notified while a network trains, and that can stop training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

from nntrain.results import EpochResult


def _ignore(*_: object) -> None:
    pass


@dataclass(frozen=True, repr=False)
class TrainingListener:
    """Functions called during training; each does nothing by default."""

    on_device: Callable[[str], None] = _ignore  # a message: the device, and whether XLA compiles the network
    on_epoch: Callable[[EpochResult], None] = _ignore
    on_progress: Callable[[int, float, dict[str, float]], None] = (
        _ignore  # the epoch (from 1), its finished fraction, metrics
    )
    on_note: Callable[[str], None] = _ignore  # why the learning rate dropped, or training stopped
    on_saving: Callable[[], None] = _ignore  # after the last epoch, before the network is saved and tested
    should_stop: Callable[[], bool] = lambda: False  # called several times a second

    def __repr__(self) -> str:
        given = [field.name for field in fields(self) if getattr(self, field.name) is not field.default]
        return f"{type(self).__name__}({', '.join(given)})"
