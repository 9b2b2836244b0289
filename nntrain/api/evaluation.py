"""Scores of a run on test images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nntrain.api.runs import AnyRun, run_name
from nntrain.jobs.listener import SILENT, JobListener
from nntrain.system.stdio import library_output

if TYPE_CHECKING:
    from nntrain.jobs.evaluate import Evaluation


def evaluate(
    run: AnyRun | None = None,
    *,
    data: str | Path | None = None,
    plots: bool = False,
    runs_dir: str | Path | None = None,
    listener: JobListener | None = None,
) -> Evaluation:
    """Score a run on all test images of its data set, or of `data`, a name or a path.

    Without a run, the latest complete one is scored, or the pretrained one if there is none. With `plots`,
    confusion.png and worst.png are drawn in the run's folder, as the command does. Warnings go to `listener.on_note`.

    Raises UsageError if there is no such run, RunError if it is damaged, and DataError if the data does not fit it.
    """
    from nntrain.jobs.evaluate import evaluate as score

    with library_output.silenced():
        return score(
            run_name(run),
            data=None if data is None else str(data),
            plots=plots,
            runs_dir=None if runs_dir is None else Path(runs_dir),
            listener=listener or SILENT,
        )
