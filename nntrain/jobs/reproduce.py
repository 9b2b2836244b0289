"""The work of `nntrain reproduce`: a run trained again beside itself."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nntrain.cli.options import chosen_runs_dir
from nntrain.config.dump import dump_config
from nntrain.errors import NotReproducedError, RunError, UsageError
from nntrain.jobs.train import Job, ready_data
from nntrain.report import console
from nntrain.results import EpochResult
from nntrain.runs.folder import RunDir
from nntrain.runs.history import read_epoch_results
from nntrain.runs.json_files import to_json
from nntrain.runs.metadata import environment_differences, initial_info, load_run_config
from nntrain.runs.store import create_run, find_run
from nntrain.system.locks import acquire_lock, is_locked
from nntrain.training.listener import TrainingListener

# Two machines round otherwise, and training magnifies that: losses and metrics may differ by so much in any epoch.
TOLERANCE = 0.02


@dataclass
class Comparison:
    """A run's rows, met one by one by those of its repetition."""

    expected: list[EpochResult]
    met: int = 0
    first: tuple[int, str, float, float] | None = None  # epoch, what, was, is
    largest: float = field(default=0.0)

    def on_epoch(self, again: EpochResult) -> None:
        """Compare an epoch."""
        before = self.expected[again.epoch - 1]
        self.met = again.epoch
        was = {"learning_rate": before.learning_rate, **before.metrics}
        now = {"learning_rate": again.learning_rate, **again.metrics}
        for name in was:
            apart = abs(was[name] - now.get(name, float("inf")))
            self.largest = max(self.largest, apart)
            if apart and self.first is None:
                self.first = (again.epoch, name, was[name], now.get(name, float("nan")))

    def enough(self) -> bool:
        """Tell whether every epoch of the run was met."""
        return self.met >= len(self.expected)


def reproduce_run(named: str | None, *, runs_dir: Path | None, quiet: bool, json: bool) -> None:
    """Train a run again and tell whether it came out the same; raises NotReproducedError."""
    run = find_run(named, chosen_runs_dir(runs_dir))
    info = run.read_info()
    if is_locked(run.lock_path):
        raise UsageError(f"{run.path} is being trained; wait for it, or stop it first")
    plan = load_run_config(run, info)
    rows = read_epoch_results(run.history_path, epochs=plan.config.fit.epochs)
    if not rows:
        raise RunError(f"{run.history_path}: no epoch to compare with")
    ready_data(plan.config.data.dataset, quiet=quiet or json)
    reasons = environment_differences(info, plan.config)
    comparison = Comparison(rows)
    with tempfile.TemporaryDirectory(prefix="nntrain-") as folder:
        again = create_run(Path(folder), run.name, _files(info, dump_config(plan.config)))
        with acquire_lock(again.lock_path):
            listener = TrainingListener(on_epoch=comparison.on_epoch, should_stop=comparison.enough)
            data = (info["data"] or {}).get("fingerprints")
            result = Job(plan, again, quiet or json, data=data, listener=listener, scratch=Path(folder)).train()
        if result.status == "interrupted" and not comparison.enough():
            raise KeyboardInterrupt
        found = again.read_info()
    reasons += _another_device(info, found)
    known = _weights(run, info, epochs=len(rows))
    same_weights = None if known is None else known == found["fingerprints"].get("weights")
    _tell(run, comparison, reasons, same_weights=same_weights, json=json)


def _files(info: dict[str, Any], config: str) -> dict[str, str]:
    first = initial_info(info["config"], shipped=False, differs={}, parameters=info["parameters"])
    return {"config.yaml": config, "run.json": to_json(first)}


def _another_device(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    names = [(info["device"] or {}).get("name") for info in (now, before)]
    return [] if names[0] == names[1] else [f"the device is {names[0]}, was {names[1]}"]


def _weights(run: RunDir, info: Mapping[str, Any], *, epochs: int) -> str | None:
    """Return the fingerprint of a run's weights after so many epochs; None where it ended elsewhere, or not at all."""
    if not run.metrics_path.exists() or run.read_metrics()["epochs"] != epochs:
        return None
    found: str | None = info["fingerprints"].get("weights")
    return found


def _tell(run: RunDir, comparison: Comparison, reasons: list[str], *, same_weights: bool | None, json: bool) -> None:
    """Say what came of it; `same_weights` is None where the run has saved none of its last epoch."""
    epochs, first = len(comparison.expected), comparison.first
    identical = first is None and same_weights is not False and comparison.met == epochs
    near = comparison.met == epochs and comparison.largest <= TOLERANCE
    if json:
        different = dict(zip(("epoch", "what", "was", "is"), first, strict=True)) if first else None
        console.print_json(
            {
                "schema": 1,
                "run": str(run.path),
                "epochs": comparison.met,
                "identical": identical,
                "weights_identical": same_weights,
                "first_difference": different,
                "reasons": reasons,
            }
        )
    if identical:
        if not json:
            weights = "and the weights" if same_weights else "(it has not saved their weights)"
            console.print_result(f"{run.path}: identical, {epochs} epochs {weights}")
        return
    cause = f"; {', '.join(reasons)}" if reasons else "; data, config, versions and machine are the same as then"
    if reasons and near:
        if not json:
            console.print_result(
                f"{run.path}: within {comparison.largest:.2g} of the run in all {epochs} epochs{cause}"
            )
        return
    if first is None:
        what = "the weights differ" if comparison.met == epochs else f"it stopped after epoch {comparison.met}"
        raise NotReproducedError(f"{run.path}: not reproduced: {what}{cause}")
    epoch, name, was, now = first
    raise NotReproducedError(f"{run.path}: not reproduced: epoch {epoch} has {name} {now:.9g}, was {was:.9g}{cause}")
