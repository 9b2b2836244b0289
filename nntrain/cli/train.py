"""`nntrain train`: train a config's network in a new run folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from nntrain.cli.options import ConfigArguments, Json, Quiet, Require, RunsDir, split_config

if TYPE_CHECKING:
    from nntrain.jobs.train import TrainedRun

Name = Annotated[
    str | None,
    typer.Option(
        "--name",
        metavar="NAME",
        help="The run's name, to which a number is added. Default: the config's name.",
        show_default=False,
    ),
]


def train_command(
    arguments: ConfigArguments,
    name: Name = None,
    runs_dir: RunsDir = None,
    require: Require = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Train a network as a config describes it, and save it with its history and test metrics in a new run folder.

    Example: nntrain train mlp epochs=3 --name short --require 'accuracy>=0.95'
    """
    from nntrain.cli.listener import terminal_listener
    from nntrain.jobs.plan import open_config
    from nntrain.jobs.requirements import Requirements
    from nntrain.jobs.train import train
    from nntrain.report.progress import TrainingProgress

    config, overrides = split_config(arguments)
    loaded = open_config(config, overrides)
    requirements = Requirements.parse(require or ())
    with TrainingProgress(quiet=quiet) as progress:
        trained = train(
            loaded,
            name=name,
            runs_dir=runs_dir,
            requirements=requirements,
            listener=terminal_listener(progress),
            handle_signals=True,
        )
    show_trained_run(trained, quiet=quiet, json=json)
    requirements.check(trained.test_metrics)


def show_trained_run(trained: TrainedRun, *, quiet: bool, json: bool) -> None:
    """Show how a training ended; raises DivergedError if it diverged, and typer.Exit if a signal stopped it."""
    from signal import SIGINT

    from nntrain.jobs.session import how_to_continue
    from nntrain.report import console, tables
    from nntrain.system.signals import exit_code

    run, result = trained.run, trained.result
    for note in result.notes:
        console.print_warning(note)
    trained.check_diverged()
    if result.status == "interrupted":
        moment, saved = "during the first epoch", "no network is saved yet in"
        if result.epochs:
            moment, saved = f"after {tables.format_count(result.epochs, 'epoch')}", "the network is saved in"
        console.print_warning(f"interrupted {moment}; {saved} {run.path}. {how_to_continue(run)}")
        raise typer.Exit(exit_code(result.signal or SIGINT))
    if json:
        console.print_json(run.read_metrics())
    elif result.test is not None:
        metrics = tables.format_metrics(result.test.metrics)
        console.print_result(f"{run.path}: test {metrics} ({result.test.images:,} images, epoch {trained.kept_epoch})")
        if not quiet:
            console.print_message(f"Next: `{console.next_command('evaluate', str(run.path))}`")
