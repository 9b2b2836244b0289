"""`nntrain runs`: what was trained, how it ended, what it scored."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from nntrain.cli.options import Json, RunsDir, chosen_runs_dir
from nntrain.errors import RunError
from nntrain.report import console, tables
from nntrain.runs.folder import RunDir
from nntrain.runs.store import list_runs


def runs(runs_dir: RunsDir = None, json: Json = False) -> None:
    """List the runs: how each ended, what it scored, and how its config differs.

    Example: nntrain runs --json
    """
    folder = chosen_runs_dir(runs_dir)
    listed = [_summary(run) for run in list_runs(folder)]
    if json:
        console.print_json({"schema": 1, "runs_dir": str(folder), "runs": listed})
        return
    if not listed:
        console.print_message(f"no runs in {folder} yet; train one: `nntrain train quickstart`")
        return
    made = tables.new_table("run", "config", "status", "epochs", "time", "test", "differs", right=["epochs", "time"])
    for one in listed:
        test = {name: value for name, value in (one["test"] or {}).items() if name != "images"}
        seconds = tables.format_duration(one["seconds"]) if one["seconds"] is not None else ""
        differs = " ".join(f"{key}={value}" for key, value in (one["differs"] or {}).items())
        epochs = one["epochs"] if one["epochs"] is not None else ""
        row = (one["name"], one["config"], one["status"], epochs, seconds, tables.format_metrics(test), differs)
        made.add_row(*tables.cells(*row))
    tables.print_table(made)


def _summary(run: RunDir) -> dict[str, Any]:
    empty = {"config": None, "epochs": None, "seconds": None, "test": None, "differs": None, "finished": None}
    summary: dict[str, Any] = {"name": run.name, "path": str(run.path), "status": "damaged", **empty}
    with suppress(RunError, KeyError):
        info = run.read_info()
        summary.update(
            status=run.status(),
            config=info["config"],
            seconds=info["seconds"],
            differs=info["differs"],
            finished=info["finished"],
        )
    with suppress(RunError, KeyError):
        metrics = run.read_metrics()
        summary.update(epochs=metrics["epochs"], test=metrics["test"])
    return summary
