"""The work of `nntrain resume`: what a run has left, what may change in it, and its training from there."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from nntrain.cli.options import Requirements, chosen_runs_dir
from nntrain.config.diff import changed_settings
from nntrain.config.load import LoadedConfig
from nntrain.config.overrides import is_override
from nntrain.config.schema import Config, CosineAnnealing
from nntrain.errors import LockedError, RunError, UsageError
from nntrain.jobs.train import Job, ready_data, show_result
from nntrain.report import console
from nntrain.runs.checkpoint import TrainingState, read_checkpoint
from nntrain.runs.folder import RunDir
from nntrain.runs.history import read_epoch_results
from nntrain.runs.metadata import environment_differences, load_run_config
from nntrain.runs.store import find_run, latest_unfinished_run
from nntrain.system.files import clear_leftovers
from nntrain.system.locks import acquire_lock

# What a resume may change beside leaving early stopping out: what has no part in the epochs that are trained already.
CHANGEABLE = ("fit.epochs", "early_stopping.patience")


def resume_run(
    arguments: list[str],
    *,
    runs_dir: Path | None,
    require: list[str] | None,
    quiet: bool,
    json: bool,
) -> None:
    """Go on with the run that the arguments name; see `nntrain resume`."""
    overrides = [argument for argument in arguments if is_override(argument)]
    named = [argument for argument in arguments if not is_override(argument)]
    if len(named) > 1:
        raise UsageError(f"one run at a time, got {' and '.join(named)}")
    runs = chosen_runs_dir(runs_dir)
    run = find_run(named[0], runs) if named else latest_unfinished_run(runs)
    requirements = Requirements(require)
    with ExitStack() as stack:
        try:
            stack.enter_context(acquire_lock(run.lock_path))
        except LockedError:
            raise UsageError(f"{run.path} is being trained by another process; wait for it, or stop it first") from None
        job = _job(run, overrides, quiet=quiet or json)
        requirements.check_names(metric.key for metric in job.plan.config.metrics or ())
        for folder in (run.path, run.checkpoint_dir):
            clear_leftovers(folder)
        result = job.train()
    show_result(result, run, quiet=quiet, json=json)
    requirements.check(result.test.metrics if result.test else {})


def _job(run: RunDir, overrides: list[str], *, quiet: bool) -> Job:
    info = run.read_info()
    was, plan = load_run_config(run, info).config, load_run_config(run, info, overrides)
    changed = changed_settings(plan, previous=run.config_path, include_auto=True) if overrides else {}
    state = _state(run, plan, quiet=quiet)
    _check(run, info["status"], was, plan, state, changed)
    ready_data(plan.config.data.dataset, quiet=quiet)
    if not quiet:
        for words in environment_differences(info, plan.config):
            console.print_warning(
                f"{words}: the result may differ in the last digits from that of a run without a stop"
            )
    data = (info["data"] or {}).get("fingerprints")
    return Job(plan, run, quiet, resumed=replace(state, ended=state.ended and not changed), data=data)


def _state(run: RunDir, plan: LoadedConfig, *, quiet: bool) -> TrainingState:
    """Return the state that the run has left, or that of a run which has not begun."""
    state, notes = read_checkpoint(run.checkpoint_dir)
    if not quiet:
        for words in notes:
            console.print_warning(f"{words}; going on from {'the one before' if state else 'the beginning'}")
    state = state or TrainingState(epoch=0, seconds=0.0, history=())
    rows = []
    with suppress(RunError):  # the checkpoint has the rows as well
        rows = read_epoch_results(run.history_path, epochs=plan.config.fit.epochs)
    return replace(state, beyond=tuple(rows[state.epoch : plan.config.fit.epochs]))


def _check(
    run: RunDir, status: str, was: Config, plan: LoadedConfig, state: TrainingState, changed: Mapping[str, Any]
) -> None:
    """Raise UsageError for a resume that cannot be, or would not be the training that was asked for at once."""
    config = plan.config
    for key, value in changed.items():
        if key not in CHANGEABLE and (config.early_stopping or not key.startswith("early_stopping")):
            raise UsageError(
                f"{key}={value}: a resume may change fit.epochs and early_stopping.patience alone, and leave "
                "early_stopping out (=null); "
                f"for another training `{console.next_command('train', str(run.config_path), f'{key}={value}')}`"
            )
    asked, before = (one.early_stopping.patience if one.early_stopping else 0 for one in (config, was))
    if config.early_stopping and asked < before:
        raise UsageError(
            f"early_stopping.patience={asked}: with less than its {before} {run.path} may have ended before"
        )
    if status == "diverged":
        raise UsageError(f"{run.path} has diverged, and would again; train anew with a smaller learning rate")
    if "fit.epochs" in changed:
        if isinstance(config.lr_schedule, CosineAnnealing):
            raise UsageError("epochs: under cosine_annealing every learning rate depends on the number of epochs")
        if state.ended and not any(key.startswith("early_stopping") for key in changed):
            longer = console.next_command("resume", str(run.path), f"epochs={config.fit.epochs}", "early_stopping=null")
            raise UsageError(
                f"{run.path} was stopped early after {state.epoch} epochs, and would be again; to train on: `{longer}`"
            )
        if config.fit.epochs < state.epoch:
            raise UsageError(f"epochs={config.fit.epochs}: {run.path} has been trained for {state.epoch} already")
    if status == "complete" and not changed:
        longer = console.next_command("resume", str(run.path), f"epochs={2 * config.fit.epochs}")
        early = " early_stopping=null" if state.ended else ""
        raise UsageError(f"{run.path} is complete, after {state.epoch} epochs; to train it longer: `{longer}{early}`")
