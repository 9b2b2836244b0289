"""The command and group classes of the Typer app."""

from __future__ import annotations

from functools import partial
from typing import Any

from typer.core import TyperArgument, TyperCommand, TyperGroup

from nntrain.cli.startup import skip_needless_validation


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


class Group(_PlainParameters, TyperGroup):
    """The class to pass to `typer.Typer(cls=...)`."""
