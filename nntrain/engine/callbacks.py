"""What happens between epochs: the stock ReduceLROnPlateau and EarlyStopping, and our guard and record after them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import keras

from nntrain.config import schema
from nntrain.results import EpochResult
from nntrain.schedules import rate_by_epoch


def stock_callbacks(config: schema.Config) -> list[Any]:
    """Return Keras's own callbacks as the config asks for them.

    The plateau writes learning_rate into the epoch's logs, so it goes before anything that reads them.
    """
    callbacks: list[Any] = []
    schedule = config.lr_schedule
    rate = rate_by_epoch(schedule, start=config.optimizer.learning_rate, epochs=config.fit.epochs)
    if rate is not None:
        callbacks.append(keras.callbacks.LearningRateScheduler(rate))
    if isinstance(schedule, schema.ReduceLROnPlateau):
        callbacks.append(keras.callbacks.ReduceLROnPlateau(**schedule.model_dump(), verbose=0))
    if config.early_stopping is not None:
        callbacks.append(keras.callbacks.EarlyStopping(**config.early_stopping.model_dump(), verbose=0))
    return callbacks


class Guard(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Stops training on a loss that is not finite and puts the last good weights back."""

    def __init__(self) -> None:
        super().__init__()
        self.diverged_in: int | None = None  # epoch, from 1
        self._good: list[Any] | None = None
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Note the epoch."""
        self._epoch = epoch + 1

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Look at the loss after each portion: it is a running mean, so once it is not finite it stays so."""
        self._look(logs)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Look at the epoch's losses, and keep its weights if they are good."""
        self._look(logs)
        if self.diverged_in is None:
            self._good = self.model.get_weights()

    def _look(self, logs: dict[str, float] | None) -> None:
        losses = [float(logs[name]) for name in ("loss", "val_loss") if logs and name in logs]
        if self.diverged_in is None and not all(map(math.isfinite, losses)):
            self.diverged_in = self._epoch
            self.model.stop_training = True

    def restore(self) -> bool:
        """Put the weights of the last good epoch back; returns whether there was one."""
        if self._good is None:
            return False
        self.model.set_weights(self._good)
        return True


class Record(keras.callbacks.Callback):  # type: ignore[misc]
    """Turns each finished epoch into an EpochResult, and says why the rate drops or training stops."""

    def __init__(
        self,
        config: schema.Config,
        *,
        portions: int,
        on_epoch: Callable[[EpochResult], None],
        on_progress: Callable[[int, float, dict[str, float]], None],
        on_note: Callable[[str], None],
        should_stop: Callable[[], bool],
        stock: list[Any],
        guard: Guard,
    ) -> None:
        super().__init__()
        self.config, self.portions, self.guard = config, portions, guard
        self.on_epoch, self.on_progress, self.on_note, self.should_stop = on_epoch, on_progress, on_note, should_stop
        self.plateau = _only(stock, keras.callbacks.ReduceLROnPlateau)
        self.stopping = _only(stock, keras.callbacks.EarlyStopping)
        self.interrupted = False
        self.finished = 0  # epochs
        self._begun = 0.0
        self._done = 0
        self._rate = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Start the epoch's clock; a schedule has set its rate by now."""
        self._begun, self._done = time.perf_counter(), 0
        self._rate = float(self.model.optimizer.learning_rate)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Pass a portion's progress on, and stop here where that was asked."""
        self._done += 1
        values = {name: float(value) for name, value in (logs or {}).items()}
        self.on_progress(self.finished + 1, self._done / self.portions, values)
        self._stop_if_asked()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Record the epoch, unless it was cut short or its loss is no number."""
        if self.interrupted or self.guard.diverged_in is not None:
            return
        self.finished = epoch + 1
        values = {name: float(value) for name, value in (logs or {}).items() if name != "learning_rate"}
        seconds = time.perf_counter() - self._begun
        self.on_epoch(EpochResult(self.finished, self.config.fit.epochs, seconds, self._rate, values))
        self._note_plateau()
        self._note_early_stop()
        if self.finished < self.config.fit.epochs and not self.model.stop_training:
            self._stop_if_asked()

    def _stop_if_asked(self) -> None:
        if self.should_stop():
            self.interrupted = True
            self.model.stop_training = True

    def _note_plateau(self) -> None:
        rate = float(self.model.optimizer.learning_rate)
        if self.plateau is not None and rate < self._rate:
            self.on_note(
                f"{self.plateau.monitor} has not improved for {self.plateau.patience} epochs: "
                f"learning rate {self._rate:.3g} -> {rate:.3g}"
            )

    def _note_early_stop(self) -> None:
        stopping = self.stopping
        if stopping is None or not self.model.stop_training:
            return
        best = stopping.best_epoch + 1
        kept = f"; the weights of epoch {best} are kept" if stopping.restore_best_weights else ""
        self.on_note(
            f"stopped early: {stopping.monitor} was best in epoch {best} ({float(stopping.best):.4g}) and has not "
            f"improved for {stopping.patience} epochs{kept}"
        )


def _only(callbacks: list[Any], kind: Any) -> Any:
    return next((callback for callback in callbacks if isinstance(callback, kind)), None)
