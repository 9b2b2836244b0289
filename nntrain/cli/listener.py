"""Shows a job's reports on the terminal."""

from __future__ import annotations

from nntrain.cli.plan import plan_lines
from nntrain.jobs.listener import SILENT, JobListener
from nntrain.jobs.plan import TrainingPlan
from nntrain.report import console, tables
from nntrain.report.progress import TrainingProgress, download_bar
from nntrain.runs.folder import RunDir


def terminal_listener(progress: TrainingProgress) -> JobListener:
    """Return a listener that shows a job with `progress`, or a silent listener if `progress` is quiet."""
    if progress.quiet:
        return SILENT

    def on_plan(plan: TrainingPlan) -> None:
        progress.epochs = plan.epochs
        console.show_hints(plan.hints)
        tables.print_table(tables.layer_table(plan.layers), stderr=True)
        progress.say(f"{plan.parameters:,} parameters")
        for line in plan_lines(plan):
            progress.say(line)

    def on_run(run: RunDir, epochs: int) -> None:
        progress.say(f"run       {run.path}" + (f", continuing after epoch {epochs}" if epochs else ""))

    return JobListener(
        on_plan=on_plan,
        on_run=on_run,
        on_waiting=progress.waiting,
        downloading=download_bar,
        on_device=lambda device: progress.say(f"device    {device}"),
        on_epoch=progress.epoch,
        on_progress=progress.progress,
        on_note=lambda message: progress.say(message, "yellow"),
    )
