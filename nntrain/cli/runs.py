"""`nntrain runs`: list the runs, how they ended and what they scored."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from nntrain.cli.options import Json, RunsDir, chosen_runs_dir

if TYPE_CHECKING:
    from nntrain.jobs.runs import RunSummary


def runs_command(runs_dir: RunsDir = None, json: Json = False) -> None:
    """List the runs: how each one ended, what it scored, and how its config differs.

    Example: nntrain runs --json
    """
    from nntrain.jobs.runs import summarize_runs
    from nntrain.report import console, tables

    folder = chosen_runs_dir(runs_dir)
    runs = summarize_runs(folder)
    if json:
        documents = [{**asdict(run), "path": str(run.path)} for run in runs]
        console.print_json({"schema": 1, "runs_dir": str(folder), "runs": documents})
        return
    if not runs:
        console.print_message(f"No runs in {folder} yet. Train one: `nntrain train quickstart`")
        return
    table = tables.new_table("run", "config", "status", "epochs", "time", "test", "differs", right=["epochs", "time"])
    for run in runs:
        table.add_row(*tables.cells(*_cells(run)))
    tables.print_table(table)


def _epochs(run: RunSummary) -> str:
    """Return the number of finished epochs: "3 of 6" if the network is that of epoch 3."""
    if run.epochs is None:
        return ""
    return str(run.epochs) if run.kept_epoch in (None, run.epochs) else f"{run.kept_epoch} of {run.epochs}"


def _cells(run: RunSummary) -> tuple[object, ...]:
    from nntrain.config.wording import format_settings
    from nntrain.report import tables

    test = {name: value for name, value in (run.test or {}).items() if name != "images"}
    return (
        run.name,
        run.config or "",
        run.status,
        _epochs(run),
        "" if run.seconds is None else tables.format_duration(run.seconds),
        tables.format_metrics(test),
        format_settings(run.differs or {}),
    )
