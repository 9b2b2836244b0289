"""Records every finished epoch."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import keras

from nntrain.config import schema
from nntrain.engine.callbacks.stock import _only
from nntrain.engine.callbacks.terminate_on_non_finite import TerminateOnNonFinite
from nntrain.results import EpochResult
from nntrain.runs.checkpoint import TrainingState


class HistoryRecorder(keras.callbacks.Callback):  # type: ignore[misc]
    """Turns each finished epoch into an EpochResult, and says why the rate drops or training stops."""

    def __init__(
        self,
        config: schema.Config,
        *,
        portions: int,
        resumed: TrainingState | None,
        on_epoch: Callable[[EpochResult], None],
        on_progress: Callable[[int, float, dict[str, float]], None],
        on_note: Callable[[str], None],
        should_stop: Callable[[], bool],
        stock: list[Any],
        guard: TerminateOnNonFinite,
    ) -> None:
        super().__init__()
        self.config, self.portions, self.guard = config, portions, guard
        self.history = list(resumed.history) if resumed else []
        self.beyond = {row.epoch: row for row in resumed.beyond} if resumed else {}
        self.on_epoch, self.on_progress, self.on_note, self.should_stop = on_epoch, on_progress, on_note, should_stop
        self.plateau = _only(stock, keras.callbacks.ReduceLROnPlateau)
        self.stopping = _only(stock, keras.callbacks.EarlyStopping)
        self.interrupted = False
        self.finished = len(self.history)  # epochs
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

    def on_test_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Keep the progress alive through a long validation."""
        self.on_progress(self.finished + 1, 1.0, {})

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Record the epoch, unless it was cut short or its loss is no number."""
        if self.interrupted or self.guard.diverged_in is not None:
            return
        self.finished = epoch + 1
        values = {name: float(value) for name, value in (logs or {}).items() if name != "learning_rate"}
        seconds = time.perf_counter() - self._begun
        result = EpochResult(self.finished, self.config.fit.epochs, seconds, self._rate, values)
        before = self.beyond.pop(self.finished, result)
        self.history.append(before if before.metrics == values else result)
        self.on_epoch(self.history[-1])
        self._note_plateau()
        self._note_early_stop()
        if self.finished < self.config.fit.epochs and not self.model.stop_training:
            self._stop_if_asked()

    def rows(self) -> list[EpochResult]:
        """Return the finished epochs, with those that were finished before a checkpoint was written of them."""
        columns = self.history[-1].metrics.keys()
        return [*self.history, *(row for row in self.beyond.values() if row.metrics.keys() == columns)]

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
