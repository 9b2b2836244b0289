"""List the runs of a folder."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nntrain.errors import RunError
from nntrain.runs.folder import RunDir
from nntrain.runs.store import list_runs
from nntrain.runs.store import runs_dir as default_runs_dir


@dataclass(frozen=True)
class RunSummary:
    """How a run ended and what it scored. A value that its files do not have is None."""

    name: str
    path: Path
    status: str = "damaged"  # or a status of run.json
    config: str | None = None  # the name of its config
    epochs: int | None = None  # number of finished epochs
    kept_epoch: int | None = None  # the epoch of its network
    seconds: float | None = None
    test: Mapping[str, float] | None = None  # "images", "loss", and each metric
    differs: Mapping[str, Any] | None = None  # settings that differ from the previous run, by dotted key
    finished: str | None = None  # ISO 8601, UTC


def summarize_runs(runs_dir: Path | None = None) -> list[RunSummary]:
    """Return summaries of the runs in a folder, oldest first."""
    return [summarize_run(run) for run in list_runs(runs_dir or default_runs_dir())]


def summarize_run(run: RunDir) -> RunSummary:
    """Return the summary of a run; a file that cannot be read leaves its values None."""
    summary = RunSummary(run.name, run.path)
    with suppress(RunError, KeyError):
        info = run.read_info()
        summary = replace(
            summary,
            status=run.status(),
            config=info["config"],
            seconds=info["seconds"],
            differs=info["differs"],
            finished=info["finished"],
        )
    with suppress(RunError, KeyError):
        metrics = run.read_metrics()
        summary = replace(summary, epochs=metrics["epochs"], kept_epoch=metrics["kept_epoch"], test=metrics["test"])
    return summary
