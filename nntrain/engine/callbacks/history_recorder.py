"""Records every finished epoch, reports progress, and stops training on request."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import keras

from nntrain.config import schema
from nntrain.engine.callbacks.built_in import find_callback
from nntrain.engine.callbacks.terminate_on_non_finite import TerminateOnNonFinite
from nntrain.results import EpochResult
from nntrain.runs.checkpoint import TrainingState
from nntrain.runs.folder import RunDir
from nntrain.runs.history import write_history
from nntrain.training.listener import TrainingListener


class HistoryRecorder(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Writes each finished epoch to history.csv and reports it; explains drops of the learning rate and early stops."""

    def __init__(
        self,
        config: schema.Config,
        run: RunDir,
        listener: TrainingListener,
        *,
        chunks_per_epoch: int,
        built_in: Sequence[Any],
        terminate: TerminateOnNonFinite,
        resumed: TrainingState | None = None,
    ) -> None:
        super().__init__()
        self.config, self.run, self.listener, self.terminate = config, run, listener, terminate
        self.history = list(resumed.history) if resumed else []
        self.later_epochs = {row.epoch: row for row in resumed.later_epochs} if resumed else {}
        self.interrupted = False
        self._chunks_per_epoch = chunks_per_epoch
        self._plateau = find_callback(built_in, keras.callbacks.ReduceLROnPlateau)
        self._early_stopping = find_callback(built_in, keras.callbacks.EarlyStopping)
        self._epoch_started = 0.0
        self._finished_chunks = 0
        self._learning_rate = 0.0

    @property
    def finished_epochs(self) -> int:
        """The number of finished epochs, including those before a resume."""
        return len(self.history)

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Start the epoch's timer, and note the learning rate, which a schedule has already set."""
        self._epoch_started, self._finished_chunks = time.perf_counter(), 0
        self._learning_rate = float(self.model.optimizer.learning_rate)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Report the progress after each chunk, and stop if that was requested."""
        self._finished_chunks += 1
        metrics = {name: float(value) for name, value in (logs or {}).items()}
        self.listener.on_progress(self.finished_epochs + 1, self._finished_chunks / self._chunks_per_epoch, metrics)
        self._stop_if_requested()

    def on_test_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Report progress during validation, which may take long."""
        self.listener.on_progress(self.finished_epochs + 1, 1.0, {})

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Record the epoch, unless it was interrupted or diverged."""
        if self.interrupted or self.terminate.diverged_in is not None:
            return
        self._record(self._epoch_result(logs or {}))
        write_history(self.run.history_path, self.rows())
        self.listener.on_epoch(self.history[-1])
        self._explain_plateau()
        self._explain_early_stopping()
        if self.finished_epochs < self.config.fit.epochs and not self.model.stop_training:
            self._stop_if_requested()

    def rows(self) -> list[EpochResult]:
        """Return the rows of history.csv: the finished epochs, then later ones that were finished before the resume."""
        columns = self.history[-1].metrics.keys()
        return [*self.history, *(row for row in self.later_epochs.values() if row.metrics.keys() == columns)]

    def _epoch_result(self, logs: dict[str, float]) -> EpochResult:
        return EpochResult(
            epoch=self.finished_epochs + 1,
            epochs=self.config.fit.epochs,
            seconds=time.perf_counter() - self._epoch_started,
            learning_rate=self._learning_rate,
            metrics={name: float(value) for name, value in logs.items() if name != "learning_rate"},
        )

    def _record(self, result: EpochResult) -> None:
        """Add an epoch; if it was trained before with the same metrics, the time that it took then is kept."""
        earlier = self.later_epochs.pop(result.epoch, result)
        self.history.append(replace(result, seconds=earlier.seconds) if earlier.metrics == result.metrics else result)

    def _stop_if_requested(self) -> None:
        if self.listener.should_stop():
            self.interrupted = True
            self.model.stop_training = True

    def _explain_plateau(self) -> None:
        rate = float(self.model.optimizer.learning_rate)
        if self._plateau is not None and rate < self._learning_rate:
            self.listener.on_note(
                f"{self._plateau.monitor} has not improved for {_count_epochs(self._plateau.patience)}: "
                f"learning rate {self._learning_rate:.3g} -> {rate:.3g}"
            )

    def _explain_early_stopping(self) -> None:
        """Tell why training stops, and which weights are restored at its end."""
        stopping = self._early_stopping
        if stopping is None:
            return
        best = stopping.best_epoch + 1
        restored = f"; the weights of epoch {best} are restored" if stopping.best_weights is not None else ""
        if not self.model.stop_training:
            if restored and self.finished_epochs == self.config.fit.epochs != best:
                self.listener.on_note(f"{stopping.monitor} was best in epoch {best}{restored}")
            return
        self.listener.on_note(
            f"stopped early: {stopping.monitor} was best in epoch {best} ({float(stopping.best):.4g}) and has not "
            f"improved for {_count_epochs(stopping.patience)}{restored}"
        )


def _count_epochs(count: int) -> str:
    return f"{count} epoch" if count == 1 else f"{count} epochs"
