"""Stops training on a loss or metric that is not finite."""

from __future__ import annotations

import math

import keras


class TerminateOnNonFinite(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Stops training on a loss, or a metric, that is not finite."""

    def __init__(self) -> None:
        super().__init__()
        self.diverged_in: int | None = None  # epoch, from 1
        self.spoilt = ""  # which figure
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Note the epoch."""
        self._epoch = epoch + 1

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Look at the figures after each portion: they are running means, so what is not finite stays so."""
        self._look(logs)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Look at the epoch's figures."""
        self._look(logs)

    def _look(self, logs: dict[str, float] | None) -> None:
        spoilt = next((name for name, value in (logs or {}).items() if not math.isfinite(float(value))), None)
        if spoilt and self.diverged_in is None:
            self.diverged_in, self.spoilt = self._epoch, spoilt
            self.model.stop_training = True
