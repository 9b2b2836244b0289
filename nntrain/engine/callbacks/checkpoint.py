"""Saves and restores the whole state of a training."""

from __future__ import annotations

import time
from typing import Any, ClassVar

import keras
import numpy as np

from nntrain.engine.callbacks.history_recorder import HistoryRecorder
from nntrain.errors import RunError
from nntrain.runs.checkpoint import TrainingState, write_checkpoint
from nntrain.runs.folder import RunDir

# Seconds: a checkpoint of the shipped networks takes some milliseconds, a hundredth of that at most.
MIN_CHECKPOINT_INTERVAL = 2.0


# Where a checkpoint takes longer, a large network's on a slow disk, the next is so many times as long in coming: then
# they cost 2.5 % of the time.
CHECKPOINT_COST_RATIO = 40


class CheckpointCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Holds the training's whole state after its last whole epoch, puts it on the disk, and takes up an earlier one.

    It goes last: what it holds is what the other callbacks have made of the epoch, and what it puts back at the start
    comes after they have reset themselves.
    """

    COUNTERS: ClassVar = {
        "ReduceLROnPlateau": ("best", "wait", "cooldown_counter"),
        "EarlyStopping": ("best", "wait", "stopped_epoch", "best_epoch"),
    }

    def __init__(
        self,
        run: RunDir | None,
        *,
        stock: list[Any],
        record: HistoryRecorder,
        resumed: TrainingState | None = None,
    ) -> None:
        super().__init__()
        self.run, self.record, self.state = run, record, resumed
        self.counted = {type(one).__name__: one for one in stock if type(one).__name__ in self.COUNTERS}
        self.stopping = self.counted.get("EarlyStopping")
        self._before = resumed.seconds if resumed else 0.0
        self._begun = self._written_at = time.monotonic()
        self._written = resumed
        self._took = 0.0  # seconds, by the last checkpoint

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Put an earlier state back; raises RunError where it is another network's."""
        if self.state is None or not self.state.epoch:
            return
        self._put_back_all(self.state)
        for name, values in self.state.counters.items():
            if name not in self.counted:
                continue  # early stopping was left out since
            if values.keys() != set(self.COUNTERS[name]):
                raise RunError("the checkpoint lacks a counter of its callbacks; restore the run folder's files")
            for field, value in values.items():
                setattr(self.counted[name], field, value)
        if self.stopping is not None:
            self.stopping.best_weights = _arrays(self.state, "best") or None

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Hold the state after an epoch, and write it unless that was done a moment ago."""
        if self.record.finished == (self.state.epoch if self.state else 0):
            return  # the epoch was cut short, or its weights are spoilt
        self.state = self._taken()
        if time.monotonic() - self._written_at >= max(MIN_CHECKPOINT_INTERVAL, CHECKPOINT_COST_RATIO * self._took):
            self.write()

    def write(self) -> None:
        """Write the state that is held, unless it is on the disk already."""
        if self.run is not None and self.state is not None and self.state is not self._written:
            begun = time.monotonic()
            write_checkpoint(self.run.checkpoint_dir, self.state)
            self._written, self._written_at = self.state, time.monotonic()
            self._took = self._written_at - begun

    def put_back_weights(self) -> bool:
        """Give the network what early stopping holds, or the weights of the last whole epoch; returns whether it could.

        After a training that was cut short within an epoch, or has diverged.
        """
        if self.state is None or not self.state.epoch:
            return False
        self._put_back_all(self.state)
        optimizer = _unwrapped(self.model.optimizer)
        if optimizer.use_ema:
            optimizer.finalize_variable_values(self.model.trainable_variables)
        if best := _arrays(self.state, "best"):
            self.model.set_weights(best)
        return True

    def _put_back_all(self, state: TrainingState) -> None:
        _put_back(state, "network", self.model.variables)
        _put_back(state, "optimizer", _variables(self.model.optimizer))
        if best := _arrays(state, "best"):
            _check_shapes(best, self.model.weights)

    def _taken(self) -> TrainingState:
        arrays = {
            **_named("network", self.model.variables),
            **_named("optimizer", _variables(self.model.optimizer)),
            **_named("best", (self.stopping.best_weights or ()) if self.stopping is not None else ()),
        }
        counters = {
            name: {field: _plain(getattr(one, field)) for field in self.COUNTERS[name]}
            for name, one in self.counted.items()
        }
        return TrainingState(
            epoch=self.record.finished,
            seconds=self._before + time.monotonic() - self._begun,
            history=tuple(self.record.history),
            counters=counters,
            arrays=arrays,
            ended=self.stopping is not None and self.stopping.stopped_epoch == self.record.finished - 1 > 0,
        )


def _arrays(state: TrainingState, kind: str) -> list[Any]:
    return [value for name, value in state.arrays.items() if name.startswith(f"{kind}-")]


def _put_back(state: TrainingState, kind: str, variables: list[Any]) -> None:
    values = _arrays(state, kind)
    _check_shapes(values, variables)
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _check_shapes(values: list[Any], variables: list[Any]) -> None:
    expected = [(tuple(variable.shape), np.dtype(variable.dtype)) for variable in variables]
    if expected != [(value.shape, value.dtype) for value in values]:
        raise RunError("the checkpoint is of another network than config.yaml's; restore the run folder's files")


def _variables(optimizer: Any) -> list[Any]:
    """Return all of an optimizer's variables; Nadam has one that Keras does not list, the product of its momenta."""
    listed = list(optimizer.variables)
    held = [value for value in vars(_unwrapped(optimizer)).values() if isinstance(value, keras.Variable)]
    return listed + [one for one in held if all(one is not other for other in listed)]


def _unwrapped(optimizer: Any) -> Any:
    """Return the optimizer within the one that scales the loss, which Keras puts around it under mixed_float16."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def _named(kind: str, values: Any) -> dict[str, Any]:
    return {f"{kind}-{index:04}": np.array(keras.ops.convert_to_numpy(value)) for index, value in enumerate(values)}


def _plain(value: Any) -> Any:
    """Return a counter as JSON has it."""
    return value if value is None or isinstance(value, int) else float(value)
