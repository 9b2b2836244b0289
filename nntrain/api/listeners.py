"""A listener that prints progress as plain lines, for scripts and notebooks."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

from nntrain.jobs.listener import JobListener
from nntrain.system.control_characters import escape_controls

if TYPE_CHECKING:
    from nntrain.results import EpochResult


def progress_listener(file: TextIO | None = None) -> JobListener:
    """Return a listener that prints the run's folder, the device, a line per epoch, and notes.

    `file` is where the lines go, by default sys.stdout. For your own progress, make a `JobListener` with functions for
    what interests you: `JobListener(on_epoch=lambda result: print(result.metrics["val_loss"]))`.
    """

    def say(line: str) -> None:
        print(escape_controls(line), file=file or sys.stdout, flush=True)

    def on_epoch(result: EpochResult) -> None:
        from nntrain.report.tables import format_epoch

        say(format_epoch(result))

    return JobListener(
        on_run=lambda run, epochs: say(f"run {run.path}" + (f", continuing after epoch {epochs}" if epochs else "")),
        on_device=lambda device: say(f"device {device}"),
        on_epoch=on_epoch,
        on_note=say,
    )
