"""Continue a run that was stopped, or train a finished one for more epochs."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nntrain.config.diff import differing_settings
from nntrain.config.load import LoadedConfig, override_config
from nntrain.config.overrides import Overrides
from nntrain.config.schema import Config
from nntrain.config.wording import format_setting
from nntrain.errors import LockedError, RunError, UsageError
from nntrain.jobs.commands import command_line
from nntrain.jobs.data import ensure_dataset, suggesting
from nntrain.jobs.listener import SILENT, JobListener
from nntrain.jobs.requirements import NO_REQUIREMENTS, Requirements
from nntrain.jobs.run_data import NAME_DATA, with_run_dataset
from nntrain.jobs.session import TrainingSession
from nntrain.jobs.train import TrainedRun, draw_history
from nntrain.runs.checkpoint import TrainingState, read_checkpoint
from nntrain.runs.folder import RunDir
from nntrain.runs.history import read_epoch_results
from nntrain.runs.metadata import environment_differences, load_run_config
from nntrain.runs.store import find_run, latest_unfinished_run
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
    """Continue a run, given by name or path. Default: the latest unfinished run.

    The result is bit for bit the same as without the interruption. `data` names where the run's data is now; it must
    be the data that the run was trained on. `requirements` and `handle_signals` are as for `train`.

    Raises UsageError if there is no such run, if it is being trained, or if an override would change the finished
    epochs, RunError if it is damaged, and the errors of `train`.
    """
    runs = runs_dir or default_runs_dir()
    run = find_run(name, runs) if name is not None else latest_unfinished_run(runs)
    with ExitStack() as stack:
        try:
            stack.enter_context(acquire_lock(run.lock_path))
        except LockedError:
            raise UsageError(
                f"{run.path} is being trained by another process; wait until it ends, or stop it first"
            ) from None
        session = _open_session(run, overrides, data, listener)
        session.handle_signals = handle_signals
        requirements.check_names(metric.key for metric in session.loaded.config.metrics or ())
        for folder in (run.path, run.checkpoint_dir):
            clear_leftovers(folder)
        result = session.execute()
    draw_history(run)
    return TrainedRun(run, result, session.loaded.config)


def _open_session(run: RunDir, overrides: Overrides, data: str | None, listener: JobListener) -> TrainingSession:
    info = run.read_info()
    before = load_run_config(run, info)
    loaded = override_config(before, overrides) if overrides else before
    changed = differing_settings(before.config, loaded.config, include_auto=True)
    state = _read_state(run, loaded, listener)
    _Resumption(run, info["status"], before.config, loaded.config, changed, state).check()
    loaded = with_run_dataset(loaded, run, info, data, listener)
    with suggesting(NAME_DATA if data is None else None):
        ensure_dataset(loaded.config.data.dataset, listener=listener)
    for difference in environment_differences(info, loaded.config):
        listener.on_note(f"{difference}: the result may differ in its last digits from a run that was not stopped")
    return TrainingSession(
        loaded,
        run,
        listener,
        resumed=replace(state, stopped_early=state.stopped_early and not changed),
        fingerprints=(info["data"] or {}).get("fingerprints") or {},
    )


def _read_state(run: RunDir, loaded: LoadedConfig, listener: JobListener) -> TrainingState:
    """Return the state after the run's last saved epoch, or the initial state if none is saved."""
    state, damages = read_checkpoint(run.checkpoint_dir)
    for damage in damages:
        listener.on_note(f"{damage}; continuing from {'the one before' if state else 'the beginning'}")
    state = state or TrainingState(epoch=0, seconds=0.0, history=())
    epochs = loaded.config.fit.epochs
    rows = []
    with suppress(RunError):  # the checkpoint holds the rows as well
        rows = read_epoch_results(run.history_path, epochs=epochs)
    return replace(state, later_epochs=tuple(rows[state.epoch : epochs]))


@dataclass(frozen=True)
class _Resumption:
    """Checks whether a run can be continued with changed settings."""

    run: RunDir
    status: str
    before: Config
    after: Config
    changed: Mapping[str, Any]  # settings of `after` that differ from `before`, by dotted key
    state: TrainingState

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
            options = [
                f"epochs={2 * self.after.fit.epochs}",
                *(["early_stopping=null"] if self.state.stopped_early else []),
            ]
            raise UsageError(
                f"{self.run.path} is complete after {self.state.epoch} epochs; to train it longer: "
                f"{command_line('resume', str(self.run.path), *options)}"
            )

    def _check_settings(self) -> None:
        for key, value in self.changed.items():
            left_out = key.startswith("early_stopping") and self.after.early_stopping is None
            added = key.startswith("early_stopping") and self.before.early_stopping is None
            if (key not in CHANGEABLE or added) and not left_out:
                setting = format_setting(key, value)
                raise UsageError(
                    f"{setting}: resume can only change epochs and early stopping (more patience, or "
                    "early_stopping=null); to train a new run with this setting: "
                    f"{command_line('train', str(self.run.config_path), setting)}"
                )

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
        schedule = self.after.lr_schedule
        if schedule is not None and schedule.depends_on_epochs:
            raise UsageError(f"epochs: with {schedule.key}, every learning rate depends on the number of epochs")
        if self.state.stopped_early and not any(key.startswith("early_stopping") for key in self.changed):
            arguments = (str(self.run.path), f"epochs={self.after.fit.epochs}", "early_stopping=null")
            raise UsageError(
                f"{self.run.path} stopped early after {self.state.epoch} epochs and would stop there again; "
                f"to continue: {command_line('resume', *arguments)}"
            )
        if self.after.fit.epochs < self.state.epoch:
            raise UsageError(
                f"epochs={self.after.fit.epochs}: {self.run.path} has already been trained for "
                f"{self.state.epoch} epochs"
            )
