"""The Typer app and its commands. Errors become messages and exit codes here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from nntrain.cli.command import Command, Group
from nntrain.cli.options import Quiet
from nntrain.errors import NntrainError, UsageError
from nntrain.system.signals import exit_code_of
from nntrain.version import __version__

NO_COLOR = "--no-color"
EXAMPLES = """
Examples:

  nntrain train quickstart           train a first network in half a minute\n
  nntrain train mlp epochs=3         change any setting of a config\n
  nntrain evaluate                   evaluate the latest run on all test images\n
  nntrain predict photo.png          read the digit in a picture
"""


# Typer does not export it; a wrong option, a missing argument and the like.
_UsageError: Any = typer.BadParameter.__base__


class ErrorBoundary(Group):
    """Turns an NntrainError into a message and its exit code; a bug keeps its traceback."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take `--no-color` as an option of the program wherever it stands, also after the command."""
        end = args.index("--") if "--" in args else len(args)
        if NO_COLOR in args[:end]:
            args = [NO_COLOR, *(word for word in args[:end] if word != NO_COLOR), *args[end:]]
        return super().parse_args(ctx, args)

    def make_context(self, *arguments: Any, **settings: Any) -> Any:
        """Read the options before the command."""
        with _without_control_characters():
            return super().make_context(*arguments, **settings)

    def invoke(self, ctx: Any) -> Any:
        """Run a command; raises typer.Exit if it fails."""
        try:
            with _without_control_characters():
                return super().invoke(ctx)
        except NntrainError as error:
            from nntrain.report import console

            console.show_error(error)
            raise typer.Exit(error.exit_code) from None
        except MemoryError:
            import os

            from nntrain.report import console

            if os.environ.get("NNTRAIN_DEBUG"):
                raise
            console.show_error(NntrainError("not enough memory; close other programs, or raise the limit (ulimit -v)"))
            raise typer.Exit(NntrainError.exit_code) from None
        except KeyboardInterrupt as error:
            from nntrain.report import console

            console.print_message("interrupted")
            raise typer.Exit(exit_code_of(error)) from None


@contextmanager
def _without_control_characters() -> Iterator[None]:
    """Show control characters of an argument, which may be a file's name, as escapes when Typer refuses it."""
    try:
        yield
    except _UsageError as error:
        from nntrain.system.control_characters import escape_controls

        error.message = escape_controls(error.message)
        raise


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
NoColor = Annotated[
    bool, typer.Option(NO_COLOR, help="Print without colors. Also after the command.", callback=_disable_color)
]


@app.callback()
def nntrain(context: typer.Context, quiet: Quiet = False, no_color: NoColor = False, version: Version = False) -> None:
    """Train neural networks on MNIST from a YAML file."""
    name = context.invoked_subcommand
    if name is None:
        _tour()
    elif quiet:
        _make_quiet(context, name)


def _make_quiet(context: Any, name: str) -> None:
    """Give a command `--quiet`; raises UsageError if it has no such option."""
    if not any(param.name == "quiet" for param in context.command.commands[name].params):
        raise UsageError(f"`nntrain {name}` has no --quiet")
    context.default_map = {name: {"quiet": True}}


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
