"""Continue a run that was stopped, or train a finished one for more epochs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import pairwise, starmap
from pathlib import Path
from typing import Any

from nntrain.config.diff import differing_settings
from nntrain.config.load import override_config
from nntrain.config.overrides import Overrides
from nntrain.config.schema import MAX_EPOCHS, Config
from nntrain.config.wording import format_setting
from nntrain.errors import (
    ConfigError,
    DataError,
    DeviceError,
    LockedError,
    NewerSchemaError,
    NntrainError,
    RunError,
    UsageError,
)
from nntrain.jobs.commands import command_line
from nntrain.jobs.data import ensure_dataset, suggesting
from nntrain.jobs.listener import SILENT, JobListener
from nntrain.jobs.requirements import NO_REQUIREMENTS, Requirements
from nntrain.jobs.run_data import NAME_DATA, with_run_dataset
from nntrain.jobs.session import TrainingSession
from nntrain.jobs.train import TrainedRun, draw_history
from nntrain.results import EpochResult
from nntrain.runs.checkpoint import TrainingState, read_checkpoint, set_aside
from nntrain.runs.folder import RunDir
from nntrain.runs.history import read_epoch_results
from nntrain.runs.metadata import environment_differences, load_run_config
from nntrain.runs.store import find_run, reject_symlinks, unfinished_runs
from nntrain.runs.store import runs_dir as default_runs_dir
from nntrain.system.files import clear_leftovers
from nntrain.system.locks import acquire_lock

# Settings that do not affect the finished epochs. Early stopping may also be turned off.
CHANGEABLE = ("fit.epochs", "early_stopping.patience")


def resume(
    name: str | None = None,
    overrides: Overrides = (),
    *,
    data: str | None = None,
    runs_dir: Path | None = None,
    requirements: Requirements = NO_REQUIREMENTS,
    listener: JobListener = SILENT,
    handle_signals: bool = False,
) -> TrainedRun:
    """Continue a run, given by name or path. Default: the latest unfinished run that can be resumed here.

    The result is bit for bit the same as without the interruption. `data` names where the run's data is now; it must
    be the data that the run was trained on. `requirements` and `handle_signals` are as for `train`.

    Raises UsageError if there is no such run, if it is being trained, or if an override would change the finished
    epochs, RunError if it is damaged, and the errors of `train`.
    """
    runs = runs_dir or default_runs_dir()

    def open_session(run: RunDir) -> TrainingSession:
        session = _open_session(run, overrides, data, listener)
        session.handle_signals = handle_signals
        requirements.check_names(metric.key for metric in session.loaded.config.metrics or ())
        return session

    def resume_run(run: RunDir) -> TrainedRun:
        return _resume_run(reject_symlinks(run), open_session)

    if name is not None:
        return resume_run(find_run(name, runs))
    return _resume_newest(unfinished_runs(runs), resume_run, listener)


def _resume_newest(
    runs: Sequence[RunDir], resume_run: Callable[[RunDir], TrainedRun], listener: JobListener
) -> TrainedRun:
    """Resume the first of these runs that can be resumed here: its files are intact, its data and its device exist."""
    for run, next_run in pairwise(runs):
        before = run.read_info()
        try:
            return resume_run(run)
        except (RunError, DataError, DeviceError, ConfigError) as error:
            if not _is_of_run(error, run) or not run.info_path.exists() or run.read_info() != before:
                raise  # an override is wrong, or the run was resumed and failed
            listener.on_note(f"{run.path} cannot be resumed: {error}. Trying {next_run.path}")
    return resume_run(runs[-1])


def _is_of_run(error: NntrainError, run: RunDir) -> bool:
    """Return whether an error is one of the run, and not of an override."""
    if isinstance(error, ConfigError):
        return all(problem.place.startswith(str(run.config_path)) for problem in error.problems)
    return True


def _resume_run(run: RunDir, open_session: Callable[[RunDir], TrainingSession]) -> TrainedRun:
    with ExitStack() as stack:
        try:
            stack.enter_context(acquire_lock(run.lock_path))
        except LockedError:
            raise UsageError(
                f"{run.path} is being trained by another process; wait until it ends, or stop it first"
            ) from None
        session = open_session(run)
        for folder in (run.path, run.checkpoint_dir):
            clear_leftovers(folder)
        result = session.execute()
    draw_history(run, result)
    return TrainedRun(run, result, session.loaded.config)


def _open_session(run: RunDir, overrides: Overrides, data: str | None, listener: JobListener) -> TrainingSession:
    info = run.read_info()
    before = load_run_config(run, info)
    loaded = override_config(before, overrides) if overrides else before
    changed = differing_settings(before.config, loaded.config, include_auto=True)
    _refuse_newer_metrics(run)
    state, damaged = read_checkpoint(run.checkpoint_dir)
    state = state or TrainingState(epoch=0, seconds=0.0, history=())
    rows = _read_rows(run, loaded.config.fit.epochs)
    finished = max(state.epoch, len(rows)) if info["status"] == "complete" else state.epoch
    _Resumption(run, info["status"], before.config, loaded.config, changed, state, finished).check()
    loaded = with_run_dataset(loaded, run, info, data, listener)
    with suggesting(NAME_DATA if data is None else None):
        ensure_dataset(loaded.config.data.dataset, listener=listener)
    _report_checkpoints(state, damaged, listener)
    for difference in environment_differences(info, loaded.config):
        listener.on_note(f"{difference}: the result may differ in its last digits from a run that was not stopped")
    return TrainingSession(
        loaded,
        run,
        listener,
        resumed=replace(
            state,
            stopped_early=state.stopped_early and not changed,
            later_epochs=tuple(rows[state.epoch : loaded.config.fit.epochs]),
        ),
        fingerprints=(info["data"] or {}).get("fingerprints") or {},
    )


def _refuse_newer_metrics(run: RunDir) -> None:
    """Raise NewerSchemaError if metrics.json, which training replaces, was written by a newer version of nntrain."""
    try:
        run.read_metrics()
    except NewerSchemaError:
        raise
    except RunError:
        pass  # missing or damaged: it is written again


def _read_rows(run: RunDir, epochs: int) -> list[EpochResult]:
    """Return the rows of history.csv, or none if it cannot be read: a checkpoint holds its rows as well."""
    try:
        return read_epoch_results(run.history_path, epochs=epochs)
    except RunError:
        return []


def _report_checkpoints(state: TrainingState, damaged: Sequence[Path], listener: JobListener) -> None:
    """Set damaged checkpoints aside; say so, and whether training starts again."""
    for path in damaged:
        listener.on_note(f"{path} is damaged; it is kept as {set_aside(path).name}")
    if not state.epoch:
        found = "no other checkpoint" if damaged else "no checkpoint"
        listener.on_note(f"{found} found: training starts again from epoch 1")
    elif damaged:
        listener.on_note(f"training continues from the checkpoint before, after epoch {state.epoch}")


@dataclass(frozen=True)
class _Resumption:
    """Checks whether a run can be continued with changed settings."""

    run: RunDir
    status: str
    before: Config
    after: Config
    changed: Mapping[str, Any]  # settings of `after` that differ from `before`, by dotted key
    state: TrainingState
    finished: int  # epochs, also those whose checkpoint is lost if the run is complete

    def check(self) -> None:
        """Raise UsageError unless the result is that of a run trained with the new settings from the start."""
        self._check_settings()
        self._check_patience()
        if self.status == "diverged":
            raise UsageError(
                f"{self.run.path} diverged, and would diverge again; train a new run with a smaller learning rate"
            )
        if "fit.epochs" in self.changed:
            self._check_epochs()
        if self.status == "complete" and not self.changed:
            raise UsageError(
                f"{self.run.path} is complete after {self.finished} epochs; to train it longer: {self._longer()}"
            )

    def _longer(self) -> str:
        """Return the command that trains a complete run for more epochs."""
        epochs = f"epochs={min(2 * self.after.fit.epochs, MAX_EPOCHS)}"
        fixed = self._schedule_depends_on_epochs()
        if self.state.stopped_early and (self.finished < self.after.fit.epochs or not fixed):
            return self._command(*([] if fixed else [epochs]), "early_stopping=null")
        return self._train_command(epochs) if fixed else self._command(epochs)

    def _command(self, *arguments: str) -> str:
        return command_line("resume", str(self.run.path), *arguments)

    def _train_command(self, *arguments: str) -> str:
        return command_line("train", str(self.run.config_path), *arguments)

    def _schedule_depends_on_epochs(self) -> bool:
        return self.after.lr_schedule is not None and self.after.lr_schedule.depends_on_epochs

    def _check_settings(self) -> None:
        refused = next((key for key in self.changed if not self._can_change(key)), None)
        if refused is not None:
            setting = format_setting(refused, self.changed[refused])
            raise UsageError(
                f"{setting}: resume can only change epochs and early stopping (more patience, or "
                "early_stopping=null); to train a new run with this setting: "
                f"{self._train_command(*starmap(format_setting, self.changed.items()))}"
            )

    def _can_change(self, key: str) -> bool:
        if not key.startswith("early_stopping"):
            return key in CHANGEABLE
        added, removed = self.before.early_stopping is None, self.after.early_stopping is None
        return removed or (key in CHANGEABLE and not added)

    def _check_patience(self) -> None:
        before, after = (
            config.early_stopping.patience if config.early_stopping else 0 for config in (self.before, self.after)
        )
        if self.after.early_stopping and after < before:
            raise UsageError(
                f"early_stopping.patience={after}: with a patience below {before}, {self.run.path} might have "
                "stopped earlier"
            )

    def _check_epochs(self) -> None:
        epochs, schedule = self.after.fit.epochs, self.after.lr_schedule
        if epochs < self.finished:
            raise UsageError(f"epochs={epochs}: {self.run.path} has already been trained for {self.finished} epochs")
        if schedule is not None and schedule.depends_on_epochs:
            raise UsageError(
                f"epochs: with {schedule.key}, every learning rate depends on the number of epochs; to train a new "
                f"run with this number: {self._train_command(*starmap(format_setting, self.changed.items()))}"
            )
        if self.state.stopped_early and not any(key.startswith("early_stopping") for key in self.changed):
            raise UsageError(
                f"{self.run.path} stopped early after {self.state.epoch} epochs and would stop there again; "
                f"to continue: {self._command(f'epochs={epochs}', 'early_stopping=null')}"
            )
