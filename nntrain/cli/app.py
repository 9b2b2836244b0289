"""The Typer app and its commands. Errors become messages and exit codes here and nowhere else."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from nntrain.cli.command import Command, Group
from nntrain.errors import NntrainError
from nntrain.system.signals import exit_code_of
from nntrain.version import __version__

EXAMPLES = """
Examples:

  nntrain train quickstart           train a first network in half a minute\n
  nntrain train mlp epochs=3         change any setting of a config\n
  nntrain evaluate                   evaluate the latest run on all test images\n
  nntrain predict photo.png          read the digit in a picture
"""


class ErrorBoundary(Group):
    """Turns an NntrainError into a message and its exit code; a bug keeps its traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; raises typer.Exit if it fails."""
        try:
            return super().invoke(ctx)
        except NntrainError as error:
            from nntrain.report import console

            console.show_error(error)
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt as error:
            from nntrain.report import console

            console.print_message("interrupted")
            raise typer.Exit(exit_code_of(error)) from None


app = typer.Typer(
    cls=ErrorBoundary,
    no_args_is_help=False,
    invoke_without_command=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EXAMPLES,
)


def _print_version(requested: bool) -> None:
    if requested:
        typer.echo(f"nntrain {__version__}")
        raise typer.Exit


def _disable_color(requested: bool) -> None:
    if requested:
        import os

        os.environ["NO_COLOR"] = "1"
        os.environ.pop("FORCE_COLOR", None)


Version = Annotated[bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)]
NoColor = Annotated[bool, typer.Option("--no-color", help="Print without colors.", callback=_disable_color)]


@app.callback()
def nntrain(context: typer.Context, version: Version = False, no_color: NoColor = False) -> None:
    """Train neural networks on MNIST from a YAML file."""
    if context.invoked_subcommand is None:
        _tour()


def _tour() -> None:
    from nntrain.report import console

    for arguments, purpose in (
        (("train", "quickstart"), "train a first network in half a minute"),
        (("configs",), "list the configs to start from"),
        (("predict", "picture.png"), "read the digit in a picture"),
        (("--help",), "show all commands"),
    ):
        console.print_result(f"{console.next_command(*arguments):<40}  {purpose}")


def _add_commands() -> None:
    from nntrain.cli import check, configs, data, evaluate, predict, reproduce, resume, runs, train

    app.command("train", cls=Command)(train.train_command)
    app.command("resume", cls=Command)(resume.resume_command)
    app.command("evaluate", cls=Command)(evaluate.evaluate_command)
    app.command("predict", cls=Command)(predict.predict_command)
    app.command("check", cls=Command)(check.check_command)
    app.add_typer(configs.app, name="configs")
    app.add_typer(data.app, name="data")
    app.command("runs", cls=Command)(runs.runs_command)
    app.command("reproduce", cls=Command)(reproduce.reproduce_command)


_add_commands()
