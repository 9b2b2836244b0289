"""Options and arguments that several commands share."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from nntrain.errors import UsageError

RunsDir = Annotated[
    Path | None,
    typer.Option(
        "--runs-dir",
        metavar="DIR",
        help="The folder with the runs. Default: the environment variable NNTRAIN_RUNS_DIR, or runs.",
        show_default=False,
    ),
]
RunData = Annotated[
    str | None,
    typer.Option(
        "--data",
        metavar="DATASET",
        help="Where the run's data is now, if it was moved: a name or a path. It must be the same data.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only results and errors.")]
Require = Annotated[
    list[str] | None,
    typer.Option(
        "--require",
        metavar="NAME>=VALUE",
        help="Exit with code 6 if a test metric misses this, as in 'accuracy>=0.97' or 'loss<=0.1'. Can be repeated.",
        show_default=False,
    ),
]
ConfigArguments = Annotated[
    list[str],
    typer.Argument(
        metavar="CONFIG [KEY=VALUE]...",
        help="A YAML file or the name of a shipped config, followed by settings to change, such as epochs=3.",
    ),
]
RunArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[RUN]", help="A run's name or folder. Default: the latest complete run.", show_default=False
    ),
]


def split_config(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """Return a config's name or path and the `key=value` overrides; raises UsageError unless there is one config."""
    names, overrides = _split(arguments)
    if not names:
        raise UsageError("no config given; name a shipped config (`nntrain configs` lists them) or a YAML file")
    if len(names) > 1:
        raise UsageError(f"give one config, not {len(names)}: {' and '.join(names)}{_hint(names, arguments)}")
    return names[0], overrides


def _hint(names: Sequence[str], arguments: Sequence[str]) -> str:
    """Return how to write what follows the config, as the end of a message, or "" if it does not look like settings."""
    from nntrain.cli.habits import settings_meant

    settings = settings_meant([argument for argument in arguments if argument != names[0]])
    if settings:
        return f"; write settings as key=value: `{' '.join(map(shlex.quote, settings))}`"
    return "; write a setting as key=value" if any("=" in name or ":" in name for name in names[1:]) else ""


def split_run(arguments: Sequence[str]) -> tuple[str | None, list[str]]:
    """Return a run's name or path, or None, and the overrides; raises UsageError if there are several runs."""
    names, overrides = _split(arguments)
    if len(names) > 1:
        raise UsageError(f"give one run, not {len(names)}: {' and '.join(names)}{_hint(names, arguments)}")
    return (names[0] if names else None), overrides


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    from nntrain.cli.habits import with_dots
    from nntrain.config.overrides import is_override

    for argument in arguments:
        dotted = with_dots(argument)
        if dotted != argument and is_override(dotted):
            raise UsageError(f"{argument}: write the key with dots: `{shlex.quote(dotted)}`")
    overrides = [argument for argument in arguments if is_override(argument)]
    return [argument for argument in arguments if not is_override(argument)], overrides


def chosen_runs_dir(option: Path | None) -> Path:
    """Return the folder of the runs: the option, else NNTRAIN_RUNS_DIR, else `runs`."""
    from nntrain.runs.store import runs_dir

    return option if option is not None else runs_dir()
