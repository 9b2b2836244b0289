"""The console: messages and errors go to stderr, results and JSON to stdout.

All output is passed to Rich as Text, so that a user's text (names, paths, class labels) is never parsed as markup;
`to_text` makes it, and shows control characters as escapes. Long lines are not wrapped, so a problem in a config stays
on one line.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from nntrain.errors import ConfigError, NntrainError
from nntrain.results import Problem
from nntrain.system.control_characters import escape_controls, escape_controls_in_json


def err() -> Console:
    """Return the console for messages."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def out() -> Console:
    """Return the console for results."""
    return Console(highlight=False, soft_wrap=True)


def to_text(content: object, style: str = "") -> Text:
    """Return text to print on one line; control characters, which may be a stranger's, are shown as escapes."""
    return Text(escape_controls(str(content)), style=style)


def command() -> str:
    """Return what the user types to run this program: `nntrain` if a shell finds it by that name, else its path."""
    program = Path(sys.argv[0] or "nntrain")
    if program.name == "__main__.py":
        python = shutil.which("python")
        is_same = python is not None and os.path.abspath(python) == os.path.abspath(sys.executable)
        return f"{'python' if is_same else _short(Path(sys.executable))} -m nntrain"
    installed = shutil.which("nntrain")
    if installed is not None and Path(installed).resolve() == program.resolve():
        return "nntrain"
    return _short(program)


def _short(program: Path) -> str:
    """Return a path quoted for a shell, relative if it is inside the current folder."""
    absolute = os.path.abspath(program)
    relative = os.path.relpath(absolute) if Path(absolute).anchor == Path.cwd().anchor else absolute
    return shlex.quote(absolute if relative.startswith("..") else relative)


def as_typed(message: str) -> str:
    """Replace `nntrain` at the start of each command in a message by what the user types."""
    return re.sub(r"`nntrain(?=[ `])", lambda _: f"`{command()}", message)


def next_command(*arguments: str) -> str:
    """Return a command line that the user can copy and run."""
    return " ".join([command(), *(shlex.quote(argument) for argument in arguments)])


def print_message(message: str, *, style: str = "") -> None:
    """Print a message on stderr."""
    err().print(to_text(as_typed(message), style))


def print_warning(message: str) -> None:
    """Print a warning on stderr."""
    print_message(message, style="yellow")


def show_error(error: NntrainError) -> None:
    """Show an error: a config's problems one per line, any other error as one message."""
    if not isinstance(error, ConfigError):
        message = "\n  ".join(escape_controls(as_typed(line)) for line in error.lines)
        err().print(Text.assemble(("Error: ", "bold red"), message))
        return
    for problem in error.problems:
        err().print(Text.assemble(to_text(f"{problem.place}: ", "bold"), to_text(as_typed(problem.message))))
    count = len(error.problems)
    err().print(Text(f"{count} problem{'s' if count > 1 else ''}; nothing was run", style="red"))


def show_hints(hints: Iterable[Problem]) -> None:
    """Show advice on a config."""
    for hint in hints:
        err().print(Text.assemble(to_text(f"{hint.place}: hint: ", "cyan"), to_text(hint.message)))


def print_json(document: Mapping[str, Any] | Sequence[Any]) -> None:
    """Print one JSON document on stdout."""
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    sys.stdout.write(escape_controls_in_json(text) + "\n")


def print_result(text: str | Text) -> None:
    """Print a line of a result on stdout."""
    out().print(to_text(text) if isinstance(text, str) else text)


def emphasized(strong: str, rest: str) -> Text:
    """Return text with a bold beginning."""
    return Text.assemble(to_text(strong, "bold"), to_text(rest))


def faint(text: str) -> Text:
    """Return dimmed text."""
    return to_text(text, "dim")
