"""Stops training when the loss or a metric becomes NaN or infinite."""

from __future__ import annotations

import math

import keras


class TerminateOnNonFinite(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Stops training when the loss or a metric becomes NaN or infinite, in training or validation.

    Keras's TerminateOnNaN checks only the training loss, and does not report the epoch.
    """

    def __init__(self) -> None:
        super().__init__()
        self.diverged_in: int | None = None  # epoch, from 1
        self.bad_metric = ""  # the name of the first metric that is not finite
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Store the number of the epoch."""
        self._epoch = epoch + 1

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Check the metrics after each chunk: they are running means, so a bad value stays bad."""
        self._check(logs or {})

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Check the epoch's metrics, including those of the validation."""
        self._check(logs or {})

    def _check(self, logs: dict[str, float]) -> None:
        bad_metric = next((name for name, value in logs.items() if not math.isfinite(float(value))), None)
        if bad_metric and self.diverged_in is None:
            self.diverged_in, self.bad_metric = self._epoch, bad_metric
            self.model.stop_training = True
