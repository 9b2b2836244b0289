"""Options that several commands share, and how their text is read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from nntrain.errors import RequirementError, UsageError
from nntrain.runs.store import runs_dir

RunsDir = Annotated[
    Path | None,
    typer.Option(
        "--runs-dir", metavar="DIR", help="Where runs are kept; NNTRAIN_RUNS_DIR, else runs.", show_default=False
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but results and errors.")]
Require = Annotated[
    list[str] | None,
    typer.Option(
        "--require",
        metavar="NAME>=VALUE",
        help="Exit with 6 if the test score misses this; may be repeated.",
        show_default=False,
    ),
]
ConfigArguments = Annotated[
    list[str],
    typer.Argument(metavar="CONFIG [KEY=VALUE]...", help="A shipped config's name or a file, then settings to change."),
]
RunArgument = Annotated[
    str | None,
    typer.Argument(metavar="[RUN]", help="A run's name or folder; the latest if none is given.", show_default=False),
]

_REQUIREMENT = re.compile(r"\s*(\w+)\s*(>=|<=)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(%?)\s*")


def chosen_runs_dir(option: Path | None) -> Path:
    """Return the folder of runs: the option's, the environment's, or `runs`."""
    return option if option is not None else runs_dir()


class Requirements:
    """The `--require` options, read before any work is done."""

    def __init__(self, texts: list[str] | None) -> None:
        self._wanted = [_read(text) for text in texts or ()]

    def check_names(self, metrics: Iterable[str]) -> None:
        """Raise UsageError for a figure that the test score will not have: it has the loss and these."""
        self._check_known(["loss", *metrics])

    def _check_known(self, known: list[str]) -> None:
        for text, name, _, _ in self._wanted:
            if name not in known:
                raise UsageError(f"--require '{text}': the test score has no {name}; it has {', '.join(known)}")

    def check(self, values: Mapping[str, float]) -> None:
        """Raise RequirementError for what was missed."""
        self._check_known(list(values))
        missed = [
            f"{name} is {values[name]:.4f}, required was {sign} {wanted:g}"
            for _, name, sign, wanted in self._wanted
            if not (values[name] >= wanted if sign == ">=" else values[name] <= wanted)
        ]
        if missed:
            raise RequirementError("; ".join(missed))


def _read(text: str) -> tuple[str, str, str, float]:
    match = _REQUIREMENT.fullmatch(text)
    if match is None:
        raise UsageError(f"--require '{text}': write NAME>=VALUE in quotes, for example --require 'accuracy>=0.97'")
    value = float(match[3]) / (100 if match[4] else 1)
    return text, match[1], match[2], value
