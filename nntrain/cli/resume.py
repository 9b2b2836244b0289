"""`nntrain resume`: a run that was stopped goes on."""

from __future__ import annotations

from typing import Annotated

import typer

from nntrain.cli.options import Json, Quiet, Require, RunsDir

ResumeArguments = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[RUN] [KEY=VALUE]...",
        help="A run's name or folder (else the latest unfinished one), then what to change, epochs above all.",
        show_default=False,
    ),
]


def resume(
    arguments: ResumeArguments = None,
    runs_dir: RunsDir = None,
    require: Require = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Go on with a run that was interrupted or killed, or train a finished one for more epochs.

    The result is, bit for bit, that of a run that was never stopped. What may change is fit.epochs, unless the
    learning rate depends on it (cosine_annealing), and early stopping: more patience, or none of it
    (early_stopping=null). Anything else is another training.

    Example: nntrain resume mlp-1 epochs=40
    """
    from nntrain.jobs.resume import resume_run

    resume_run(arguments or [], runs_dir=runs_dir, require=require, quiet=quiet, json=json)
