"""Saves and restores the complete training state."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, ClassVar

import keras
import numpy as np

from nntrain.engine.callbacks.built_in import find_callback
from nntrain.engine.callbacks.history_recorder import HistoryRecorder
from nntrain.errors import RunError
from nntrain.runs.checkpoint import TrainingState, write_checkpoint
from nntrain.runs.folder import RunDir

# In seconds. Writing a checkpoint of a shipped network takes a few milliseconds: at most a hundredth of this.
MIN_CHECKPOINT_INTERVAL = 2.0
# If writing a checkpoint takes longer (a large network, a slow disk), the next one is written after this many times the
# duration, so that checkpoints take at most 2.5 % of the time.
CHECKPOINT_COST_RATIO = 40


class CheckpointCallback(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Holds the training state after the last finished epoch, writes it from time to time, and restores it on resume.

    It has to be the last callback: it saves the state of the other callbacks after they have processed an epoch, and
    restores it after they have reset themselves.
    """

    COUNTERS: ClassVar = {
        "ReduceLROnPlateau": ("best", "wait", "cooldown_counter"),
        "EarlyStopping": ("best", "wait", "stopped_epoch", "best_epoch"),
    }

    def __init__(
        self,
        run: RunDir,
        *,
        built_in: Sequence[Any],
        recorder: HistoryRecorder,
        resumed: TrainingState | None = None,
    ) -> None:
        super().__init__()
        self.run, self.recorder, self.state = run, recorder, resumed
        self._counted = {type(callback).__name__: callback for callback in built_in}
        self._counted = {name: callback for name, callback in self._counted.items() if name in self.COUNTERS}
        self._early_stopping = find_callback(built_in, keras.callbacks.EarlyStopping)
        self._seconds_before = resumed.seconds if resumed else 0.0
        self._started = self._written_at = time.monotonic()
        self._written_state = resumed
        self._write_seconds = 0.0  # that the last checkpoint took

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Restore the state to resume from; raises RunError if it does not fit the network."""
        if self.state is None or not self.state.epoch:
            return
        self._restore_variables(self.state)
        for name, counters in self.state.counters.items():
            if name in self._counted:  # early stopping may have been removed since
                self._restore_counters(name, counters)
        if self._early_stopping is not None:
            self._early_stopping.best_weights = _arrays(self.state, "best") or None

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Hold the state after a finished epoch, and write it if the last checkpoint is old enough."""
        if self.recorder.finished_epochs == (self.state.epoch if self.state else 0):
            return  # the epoch was interrupted or diverged
        self.state = self._current_state()
        interval = max(MIN_CHECKPOINT_INTERVAL, CHECKPOINT_COST_RATIO * self._write_seconds)
        if time.monotonic() - self._written_at >= interval:
            self.write()

    def write(self) -> None:
        """Write the state, unless it is already on the disk; raises NntrainError if the disk fails."""
        if self.state is None or self.state is self._written_state:
            return
        started = time.monotonic()
        write_checkpoint(self.run.checkpoint_dir, self.state)
        self._written_state, self._written_at = self.state, time.monotonic()
        self._write_seconds = self._written_at - started

    def restore_weights(self) -> bool:
        """Restore the best weights, if early stopping holds them, or else those of the last finished epoch.

        Called after training was interrupted within an epoch or diverged. Returns False if no epoch was finished.
        """
        if self.state is None or not self.state.epoch:
            return False
        self._restore_variables(self.state)
        optimizer = _unwrapped(self.model.optimizer)
        if optimizer.use_ema:
            optimizer.finalize_variable_values(self.model.trainable_variables)
        if best_weights := self._best_weights():
            self.model.set_weights(best_weights)
        return True

    @property
    def kept_epoch(self) -> int | None:
        """The epoch, from 1, whose weights the network has after training; None if no epoch was finished.

        It is the best epoch if early stopping holds its weights, also if training reached its last epoch, because Keras
        restores them in both cases.
        """
        if self.state is None or not self.state.epoch:
            return None
        if self._best_weights():
            return int(self.state.counters["EarlyStopping"]["best_epoch"]) + 1
        return self.state.epoch

    def _best_weights(self) -> list[np.ndarray]:
        """Return the weights that early stopping holds; early stopping may have been removed since."""
        return _arrays(self.state, "best") if self.state and self._early_stopping is not None else []

    def _restore_variables(self, state: TrainingState) -> None:
        _assign(self.model.variables, _arrays(state, "network"))
        _assign(_optimizer_variables(self.model.optimizer), _arrays(state, "optimizer"))
        if best_weights := _arrays(state, "best"):
            _check_shapes(best_weights, self.model.weights)

    def _restore_counters(self, name: str, counters: Any) -> None:
        if counters.keys() != set(self.COUNTERS[name]):
            raise RunError("the checkpoint lacks a counter of its callbacks; restore the run folder's files")
        for counter, value in counters.items():
            setattr(self._counted[name], counter, value)

    def _current_state(self) -> TrainingState:
        stopping = self._early_stopping
        best_weights = (stopping.best_weights or ()) if stopping is not None else ()
        return TrainingState(
            epoch=self.recorder.finished_epochs,
            seconds=self._seconds_before + time.monotonic() - self._started,
            history=tuple(self.recorder.history),
            counters={
                name: {counter: _as_json(getattr(callback, counter)) for counter in self.COUNTERS[name]}
                for name, callback in self._counted.items()
            },
            arrays={
                **_named_arrays("network", self.model.variables),
                **_named_arrays("optimizer", _optimizer_variables(self.model.optimizer)),
                **_named_arrays("best", best_weights),
            },
            # Keras's stopped_epoch counts from 0 and is 0 before a stop, which the first epoch cannot cause.
            stopped_early=stopping is not None and 0 < stopping.stopped_epoch == self.recorder.finished_epochs - 1,
        )


def _arrays(state: TrainingState, kind: str) -> list[np.ndarray]:
    return [array for name, array in state.arrays.items() if name.startswith(f"{kind}-")]


def _named_arrays(kind: str, values: Any) -> dict[str, np.ndarray]:
    return {f"{kind}-{index:04}": np.array(keras.ops.convert_to_numpy(value)) for index, value in enumerate(values)}


def _assign(variables: list[Any], arrays: list[np.ndarray]) -> None:
    _check_shapes(arrays, variables)
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)


def _check_shapes(arrays: list[np.ndarray], variables: list[Any]) -> None:
    expected = [(tuple(variable.shape), np.dtype(variable.dtype)) for variable in variables]
    if expected != [(array.shape, array.dtype) for array in arrays]:
        raise RunError(
            "the checkpoint does not fit the network and optimizer of config.yaml; restore the run folder's files"
        )


def _optimizer_variables(optimizer: Any) -> list[Any]:
    """Return all variables of an optimizer; Nadam has one that Keras does not list: the product of its momenta."""
    listed = list(optimizer.variables)
    attributes = [value for value in vars(_unwrapped(optimizer)).values() if isinstance(value, keras.Variable)]
    return listed + [variable for variable in attributes if all(variable is not other for other in listed)]


def _unwrapped(optimizer: Any) -> Any:
    """Return the optimizer itself; under mixed_float16 Keras wraps it in one that scales the loss."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def _as_json(value: Any) -> Any:
    """Return a counter as a type that JSON supports."""
    return value if value is None or isinstance(value, int) else float(value)
