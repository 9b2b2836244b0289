"""What happens between epochs: the stock ReduceLROnPlateau and EarlyStopping, and our guard and record after them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, ClassVar

import keras
import numpy as np

from nntrain.checkpoints import State, write_checkpoint
from nntrain.config import schema
from nntrain.errors import RunError
from nntrain.results import EpochResult
from nntrain.runs import RunDir
from nntrain.schedules import rate_by_epoch

# Seconds: a checkpoint of the shipped networks takes some milliseconds, a hundredth of that at most.
BETWEEN_CHECKPOINTS = 2.0
# Where a checkpoint takes longer, a large network's on a slow disk, the next is so many times as long in coming: then
# they cost 2.5 % of the time.
TIMES_ITS_OWN = 40


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


class Record(keras.callbacks.Callback):  # type: ignore[misc]
    """Turns each finished epoch into an EpochResult, and says why the rate drops or training stops."""

    def __init__(
        self,
        config: schema.Config,
        *,
        portions: int,
        resumed: State | None,
        on_epoch: Callable[[EpochResult], None],
        on_progress: Callable[[int, float, dict[str, float]], None],
        on_note: Callable[[str], None],
        should_stop: Callable[[], bool],
        stock: list[Any],
        guard: Guard,
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
        self.history.append(before if before.values == values else result)
        self.on_epoch(self.history[-1])
        self._note_plateau()
        self._note_early_stop()
        if self.finished < self.config.fit.epochs and not self.model.stop_training:
            self._stop_if_asked()

    def rows(self) -> list[EpochResult]:
        """Return the finished epochs, with those that were finished before a checkpoint was written of them."""
        columns = self.history[-1].values.keys()
        return [*self.history, *(row for row in self.beyond.values() if row.values.keys() == columns)]

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


class Keeper(keras.callbacks.Callback):  # type: ignore[misc]
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
        record: Record,
        resumed: State | None = None,
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
        if time.monotonic() - self._written_at >= max(BETWEEN_CHECKPOINTS, TIMES_ITS_OWN * self._took):
            self.write()

    def write(self) -> None:
        """Write the state that is held, unless it is on the disk already."""
        if self.run is not None and self.state is not None and self.state is not self._written:
            begun = time.monotonic()
            write_checkpoint(self.run.checkpoints, self.state)
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

    def _put_back_all(self, state: State) -> None:
        _put_back(state, "network", self.model.variables)
        _put_back(state, "optimizer", _variables(self.model.optimizer))
        if best := _arrays(state, "best"):
            _check_shapes(best, self.model.weights)

    def _taken(self) -> State:
        arrays = {
            **_named("network", self.model.variables),
            **_named("optimizer", _variables(self.model.optimizer)),
            **_named("best", (self.stopping.best_weights or ()) if self.stopping is not None else ()),
        }
        counters = {
            name: {field: _plain(getattr(one, field)) for field in self.COUNTERS[name]}
            for name, one in self.counted.items()
        }
        return State(
            epoch=self.record.finished,
            seconds=self._before + time.monotonic() - self._begun,
            history=tuple(self.record.history),
            counters=counters,
            arrays=arrays,
            ended=self.stopping is not None and self.stopping.stopped_epoch == self.record.finished - 1 > 0,
        )


def _arrays(state: State, kind: str) -> list[Any]:
    return [value for name, value in state.arrays.items() if name.startswith(f"{kind}-")]


def _put_back(state: State, kind: str, variables: list[Any]) -> None:
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


def _only(callbacks: list[Any], kind: Any) -> Any:
    return next((callback for callback in callbacks if isinstance(callback, kind)), None)
