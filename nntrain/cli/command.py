"""The command and group classes of the Typer app."""

from __future__ import annotations

from functools import partial
from typing import Any

from typer.core import TyperArgument, TyperCommand, TyperGroup

from nntrain.cli.startup import skip_needless_validation
from nntrain.errors import UsageError


class _PlainParameters:
    """Validates only values that need conversion, and shows no Python types in the help."""

    def get_params(self, ctx: Any) -> Any:
        """Return all options and arguments, including `--help`."""
        params = super().get_params(ctx)  # type: ignore[misc]
        for param in params:
            skip_needless_validation(param)
            if isinstance(param, TyperArgument) and param.metavar:
                # Typer would add braces and dots.
                param.get_usage_pieces = partial(_usage, param.metavar)  # type: ignore[method-assign]
            if isinstance(param, TyperArgument) or param.is_flag:
                param.display_type_rich = _no_type  # "<bool>" or "<list[str]>" tells a user nothing
        return params


def _usage(metavar: str, ctx: Any) -> list[str]:
    """Return what the usage line shows for an argument: its metavar as it is written."""
    return [metavar]


def _no_type(ctx: Any) -> None:
    """Return None, so that the help shows no type for the value."""


class Command(_PlainParameters, TyperCommand):
    """The class to pass to `app.command(cls=...)`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments; an unknown option that other programs have becomes a UsageError with what to type."""
        typed = list(args)  # parsing consumes them
        try:
            return super().parse_args(ctx, args)
        except Exception as error:
            option = getattr(error, "option_name", None)  # of NoSuchOption, whose module differs between Typers
            if type(error).__name__ == "NoSuchOption" and option is not None:
                self._explain_option(ctx, option, typed)
            raise

    def _explain_option(self, ctx: Any, option: str, args: list[str]) -> None:
        from nntrain.cli.habits import replace_option

        known = [name for param in self.get_params(ctx) for name in param.opts]
        meant = replace_option(option, args, str(self.name), options=known)
        if meant:
            raise UsageError(f"{self.name} has no option {option}; write `{meant}` instead")


class Group(_PlainParameters, TyperGroup):
    """The class to pass to `typer.Typer(cls=...)`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command; a word that other programs have as a command becomes a UsageError with what to type."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            self._explain_command(ctx, args)
        return super().resolve_command(ctx, args)

    def _explain_command(self, ctx: Any, args: list[str]) -> None:
        from nntrain.cli.habits import COMMANDS, command_meant
        from nntrain.config.wording import join_or
        from nntrain.report.console import next_command

        word, *others = args
        parents = [] if ctx.parent is None else [ctx.info_name]
        meant = command_meant(word, [*self.commands]) or (("",) if parents and word in ("list", "ls") else ())
        if not meant:
            return
        rest = others if word.lower() in COMMANDS else args
        lines = (f"`{next_command(*parents, *command.split(), *rest)}`" for command in meant)
        raise UsageError(f"no command '{word}'; did you mean {join_or(lines)}?")
