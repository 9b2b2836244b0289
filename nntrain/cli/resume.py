"""`nntrain resume`: continue a run that was stopped."""

from __future__ import annotations

from typing import Annotated

import typer

from nntrain.cli.options import Json, Quiet, Require, RunData, RunsDir, split_run

ResumeArguments = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[RUN] [KEY=VALUE]...",
        help="A run's name or folder, followed by settings to change. Default: the latest unfinished run that can be "
        "resumed.",
        show_default=False,
    ),
]


def resume_command(
    arguments: ResumeArguments = None,
    data: RunData = None,
    runs_dir: RunsDir = None,
    require: Require = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Continue a run that was interrupted or killed, or train a complete one for more epochs.

    The result is bit for bit the same as without the interruption. Only two settings can be changed: the number of
    epochs (not with a schedule that depends on it, such as cosine_annealing), and early stopping (a higher patience,
    or early_stopping=null to turn it off).

    Example: nntrain resume mlp-1 epochs=40
    """
    from nntrain.cli.listener import terminal_listener
    from nntrain.cli.train import show_trained_run
    from nntrain.jobs.requirements import Requirements
    from nntrain.jobs.resume import resume
    from nntrain.report.progress import TrainingProgress

    run, overrides = split_run(arguments or ())
    requirements = Requirements.parse(require or ())
    with TrainingProgress(quiet=quiet) as progress:
        trained = resume(
            run,
            overrides,
            data=data,
            runs_dir=runs_dir,
            requirements=requirements,
            listener=terminal_listener(progress),
            handle_signals=True,
        )
    show_trained_run(trained, quiet=quiet, json=json)
    requirements.check(trained.test_metrics)
