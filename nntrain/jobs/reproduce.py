"""Train a run again in a temporary folder and compare both trainings epoch by epoch."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from nntrain.config.dump import dump_config
from nntrain.errors import RunError, UsageError
from nntrain.jobs.commands import command_line
from nntrain.jobs.comparison import Comparison, Reproduction
from nntrain.jobs.data import ensure_dataset, suggesting
from nntrain.jobs.listener import SILENT, JobListener
from nntrain.jobs.run_data import NAME_DATA, with_run_dataset
from nntrain.jobs.session import TrainingSession
from nntrain.results import EpochResult
from nntrain.runs.folder import RunDir
from nntrain.runs.history import read_epoch_results
from nntrain.runs.json_files import to_json
from nntrain.runs.metadata import environment_differences, initial_info, load_run_config
from nntrain.runs.store import create_run, find_run
from nntrain.runs.store import runs_dir as default_runs_dir
from nntrain.system.locks import acquire_lock, is_locked
from nntrain.system.signals import Interruption


def reproduce(
    name: str | None = None,
    *,
    data: str | None = None,
    runs_dir: Path | None = None,
    listener: JobListener = SILENT,
    handle_signals: bool = False,
) -> Reproduction:
    """Train a run again, given by name or path, without changing it. Default: the latest complete run.

    `data` names where the run's data is now; it must be the data that the run was trained on.

    Raises UsageError if there is no such run or it is being trained, RunError if it is damaged or has no epochs,
    KeyboardInterrupt if the repetition is stopped before all epochs are compared, and the errors of `train`.
    """
    run = find_run(name, runs_dir or default_runs_dir())
    info = run.read_info()
    if is_locked(run.lock_path):
        raise UsageError(f"{run.path} is being trained; wait until it ends, or stop it first")
    loaded = load_run_config(run, info)
    epochs = _read_epochs(run, loaded.config.fit.epochs)
    loaded = with_run_dataset(loaded, run, info, data, listener)
    with suggesting(NAME_DATA if data is None else None):
        ensure_dataset(loaded.config.data.dataset, listener=listener)
    reasons = environment_differences(info, loaded.config)
    comparison = Comparison(epochs)
    with tempfile.TemporaryDirectory(prefix="nntrain-") as folder:
        files = {"config.yaml": dump_config(loaded.config), "run.json": to_json(_initial_info(info))}
        repetition = create_run(Path(folder), run.name, files)
        with acquire_lock(repetition.lock_path):
            result = TrainingSession(
                loaded,
                repetition,
                _comparing(listener, comparison),
                fingerprints=(info["data"] or {}).get("fingerprints") or {},
                scratch=Path(folder),
                handle_signals=handle_signals,
            ).execute()
        if result.status == "interrupted" and not comparison.is_complete():
            raise Interruption(result.signal) if result.signal else KeyboardInterrupt
        repeated = repetition.read_info()
    weights = _final_weights(run, info, epochs=len(epochs))
    return Reproduction(
        run=run,
        epochs=len(epochs),
        compared=comparison.compared,
        first_difference=comparison.first,
        largest=comparison.largest,
        weights_identical=None if weights is None else weights == repeated["fingerprints"].get("weights"),
        reasons=(*reasons, *_other_device(info, repeated)),
    )


def _read_epochs(run: RunDir, epochs: int) -> list[EpochResult]:
    """Return the run's finished epochs; raises RunError if there is none, or if history.csv is damaged."""
    finished = read_epoch_results(run.history_path, epochs=epochs) if run.history_path.exists() else []
    if not finished:
        unfinished = run.status() in ("interrupted", "failed")
        advice = f"; to train it: {command_line('resume', str(run.path))}" if unfinished else ""
        raise RunError(f"{run.path}: no epoch to compare with{advice}")
    return finished


def _comparing(listener: JobListener, comparison: Comparison) -> JobListener:
    """Return a listener that compares each epoch and stops training after the run's last one."""

    def on_epoch(result: EpochResult) -> None:
        listener.on_epoch(result)
        comparison.on_epoch(result)

    return replace(listener, on_epoch=on_epoch, should_stop=lambda: comparison.is_complete() or listener.should_stop())


def _initial_info(info: Mapping[str, Any]) -> dict[str, Any]:
    return initial_info(info["config"], shipped=False, differs={}, parameters=info["parameters"])


def _other_device(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    old, new = ((info["device"] or {}).get("name") for info in (before, after))
    return [] if new == old else [f"the device is {new}, was {old}"]


def _final_weights(run: RunDir, info: Mapping[str, Any], *, epochs: int) -> str | None:
    """Return the fingerprint of a run's weights after `epochs`, or None if the run did not save those weights."""
    if not run.metrics_path.exists() or run.read_metrics()["epochs"] != epochs:
        return None
    weights: str | None = info["fingerprints"].get("weights")
    return weights
