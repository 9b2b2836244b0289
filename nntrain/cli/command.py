"""Typer's command and group, which load no pydantic for texts and whose help names none of Python's types."""

from __future__ import annotations

from typing import Any, get_args

from typer.core import TyperArgument, TyperCommand, TyperGroup


class _AsTheyCome:
    """Takes values as they come where they are of their option's type, as texts and defaults are.

    From version 0.29 on Typer has pydantic check every value, be it a text that is to be a text: for a prediction that
    is a sixth of its time and 10 MB of its memory. Values that have to become something else go Typer's way.
    """

    def get_params(self, ctx: Any) -> Any:
        """Return all options and arguments, `--help` among them."""
        params = super().get_params(ctx)  # type: ignore[misc]
        for param in params:
            # What Typer keeps here it makes when a value first comes; versions without it have nothing to spare.
            if getattr(param, "_runtime_param", param) is None:
                param._runtime_param = _HandedOn()
            # That a flag is a <bool>, and a PICTURE a <list[str]>, says nothing to who reads the help.
            if isinstance(param, TyperArgument) or param.is_flag:
                param.display_type_rich = _nothing
        return params


class _HandedOn:
    """Stands where Typer keeps what makes a parameter's value of texts, until one has to be made."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        several = param.multiple or param.nargs == -1
        if value is None:
            return () if several else None
        kind = param.type_descriptor.annotation
        if several and get_args(kind) == (str,) and all(isinstance(one, str) for one in value):
            return list(value)
        if isinstance(kind, type) and isinstance(value, kind):
            return value
        param._runtime_param = None
        return param.get_runtime_param().coerce(value, param=param, ctx=ctx)


def _nothing(ctx: Any) -> None:
    """Return what is shown for the type of a value."""


class Command(_AsTheyCome, TyperCommand):
    """What `app.command(cls=...)` takes."""


class Group(_AsTheyCome, TyperGroup):
    """What `typer.Typer(cls=...)` takes."""
