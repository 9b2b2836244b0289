"""The wiring: the Typer app, its commands, and the one place where errors become a message and an exit code."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from nntrain import __version__
from nntrain.cli.command import Command, Group
from nntrain.errors import NntrainError
from nntrain.system.signals import EXIT_CODE

EXAMPLES = """
Examples:

  nntrain train quickstart           a first network, in half a minute\n
  nntrain train mlp epochs=3         any setting of the config can follow it\n
  nntrain evaluate                   the latest run on its test images\n
  nntrain predict photo.png          what digit is it?
"""


class ErrorBoundary(Group):
    """Turns our errors into one message and their exit code; a bug keeps its traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except NntrainError as error:
            from nntrain.report import console

            console.show_error(error)
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            from nntrain.report import console

            console.print_message("interrupted")
            raise typer.Exit(EXIT_CODE) from None
        except BrokenPipeError:
            # Whoever read stdout (`| head`) has enough.
            import os
            import sys

            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None


app = typer.Typer(
    cls=ErrorBoundary,
    no_args_is_help=False,
    invoke_without_command=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EXAMPLES,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"nntrain {__version__}")
        raise typer.Exit


def _no_color(asked: bool) -> None:
    if asked:
        import os

        os.environ["NO_COLOR"] = "1"
        os.environ.pop("FORCE_COLOR", None)


@app.callback()
def nntrain(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="Print without colours.", callback=_no_color)] = False,
) -> None:
    """Train neural networks on MNIST from a YAML file."""
    if context.invoked_subcommand is None:
        _tour()


def _tour() -> None:
    from nntrain.report import console

    for words, what in (
        (("train", "quickstart"), "train a first network, in half a minute"),
        (("configs",), "see what there is to train, and what it reaches"),
        (("predict", "picture.png"), "ask the latest network about a picture"),
        (("--help",), "all commands"),
    ):
        line = console.next_command(*words)
        console.print_result(f"{line}{' ' * max(2, 42 - len(line))}{what}")


def _add_commands() -> None:
    from nntrain.cli import check, configs, data, evaluate, predict, reproduce, resume, runs, train

    app.command(cls=Command)(train.train)
    app.command(cls=Command)(resume.resume)
    app.command(cls=Command)(evaluate.evaluate)
    app.command(cls=Command)(predict.predict)
    app.command(cls=Command)(check.check)
    app.add_typer(configs.app, name="configs")
    app.add_typer(data.app, name="data")
    app.command(cls=Command)(runs.runs)
    app.command(cls=Command)(reproduce.reproduce)


_add_commands()
