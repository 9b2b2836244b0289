"""The terminal: messages and errors on stderr, results on stdout; tables, progress, JSON.

Text of users (names, paths, class labels) is handed to Rich as Text or escaped, and long lines are never wrapped: a
problem in a config stays one line.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from nntrain.errors import ConfigError, NntrainError
from nntrain.results import EpochResult, LayerRow, Problem, Scores


def err() -> Console:
    """Return the console for messages."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def out() -> Console:
    """Return the console for results."""
    return Console(highlight=False, soft_wrap=True)


# --- what to type ----------------------------------------------------------------------------------------------------


def command() -> str:
    """Return what the user types to run nntrain again: `nntrain` only where that finds this program."""
    program = Path(sys.argv[0] or "nntrain")
    if program.name == "__main__.py":
        python = shutil.which("python")
        same = python is not None and os.path.abspath(python) == os.path.abspath(sys.executable)
        return f"{'python' if same else _short(Path(sys.executable))} -m nntrain"
    found = shutil.which("nntrain")
    if found is not None and Path(found).resolve() == program.resolve():
        return "nntrain"
    return _short(program)


def _short(program: Path) -> str:
    """Return a path relative to here where that is shorter and stays below here."""
    absolute = os.path.abspath(program)
    relative = os.path.relpath(absolute) if Path(absolute).anchor == Path.cwd().anchor else absolute
    return shlex.quote(absolute if relative.startswith("..") else relative)


def as_typed(message: str) -> str:
    """Put the program's real name into the commands of a message, which are written `nntrain ...`."""
    return re.sub(r"`nntrain(?=[ `])", lambda _: f"`{command()}", message)


def next_command(*words: str) -> str:
    """Return a command line that works as printed."""
    return " ".join([command(), *(shlex.quote(word) for word in words)])


# --- messages --------------------------------------------------------------------------------------------------------


def say(message: str, *, style: str = "") -> None:
    """Say something on stderr."""
    err().print(Text(as_typed(message), style=style))


def note(message: str) -> None:
    """Say something worth a look."""
    say(message, style="yellow")


def show_error(error: NntrainError) -> None:
    """Show one of our errors: a config's problems one a line, anything else as one sentence."""
    if not isinstance(error, ConfigError):
        err().print(Text.assemble(("Error: ", "bold red"), as_typed(str(error))))
        return
    for problem in error.problems:
        err().print(Text.assemble((f"{problem.place}: ", "bold"), as_typed(problem.message)))
    count = len(error.problems)
    err().print(Text(f"{count} problem{'s' if count > 1 else ''}; nothing was run", style="red"))


def show_hints(hints: Iterable[Problem]) -> None:
    """Show the article's advice."""
    for hint in hints:
        err().print(Text.assemble((f"{hint.place}: hint: ", "cyan"), hint.message))


def print_json(document: Mapping[str, Any] | Sequence[Any]) -> None:
    """Print one JSON document on stdout, and nothing else."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def result(text: str | Text) -> None:
    """Print a line of a result on stdout."""
    out().print(Text(text) if isinstance(text, str) else text)


# --- tables ----------------------------------------------------------------------------------------------------------


def table(*columns: str, right: Iterable[str] = ()) -> Table:
    """Return an empty table in the house style; columns named in `right` are numbers."""
    made = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    numbers = set(right)
    for column in columns:
        made.add_column(column, justify="right" if column in numbers else "left", no_wrap=True)
    return made


def cells(*values: object) -> list[Text]:
    """Return a row's cells as plain text, whatever is in them."""
    return [value if isinstance(value, Text) else Text(str(value)) for value in values]


def show_table(made: Table, *, stderr: bool = False) -> None:
    """Print a table whole: never cut to the terminal's width, which a log or a pipe does not have anyway."""
    Console(stderr=stderr, highlight=False, width=10_000).print(made)


def layer_table(rows: Sequence[LayerRow]) -> Table:
    """Return a network's layers, shapes and parameters."""
    made = table("layer", "", "output", "parameters", right=["parameters"])
    for row in rows:
        shape = " x ".join(map(str, row.shape))
        made.add_row(*cells(row.kind, row.description, shape, f"{row.parameters:,}" if row.parameters else ""))
    return made


def figures(values: Mapping[str, float]) -> str:
    """Return metrics in words: "accuracy 97.62 %, loss 0.0843"."""
    names = sorted(values, key=lambda name: (name == "loss", "accuracy" not in name))
    return ", ".join(f"{name} {figure(name, values[name])}" for name in names)


def figure(name: str, value: float) -> str:
    """Return one metric: shares as percentages, anything else with four digits."""
    return f"{100 * value:.2f} %" if is_share(name) else f"{value:.4g}"


def is_share(name: str) -> bool:
    """Tell whether a metric is a fraction of images."""
    return "accuracy" in name or name.removeprefix("val_") in ("precision", "recall", "f1")


def confusion_table(scores: Scores) -> Table:
    """Return the confusion matrix: rows are the truth, columns the answers; right answers are bold."""
    labels = [score.label for score in scores.classes]
    made = table("true \\ answer", *labels, right=labels)
    for row, (label, counts) in enumerate(zip(labels, scores.confusion, strict=True)):
        shown = [
            Text(f"{count:,}" if count else ".", style="bold" if column == row else "dim" if not count else "red")
            for column, count in enumerate(counts)
        ]
        made.add_row(Text(label), *shown)
    return made


def class_table(scores: Scores) -> Table:
    """Return precision, recall and F1 of each class."""
    columns = ("precision", "recall", "f1", "images")
    made = table("class", *columns, right=columns)
    for score in scores.classes:
        ratios = (f"{100 * value:.2f} %" for value in (score.precision, score.recall, score.f1))
        made.add_row(*cells(score.label, *ratios, f"{score.support:,}"))
    return made


# --- progress --------------------------------------------------------------------------------------------------------


def duration(seconds: float) -> str:
    """Return a time in words: "0.3 s", "2 min 5 s", "1 h 20 min"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


class TrainingProgress:
    """A line an epoch on stderr: columns that fill on a terminal, one plain line an epoch elsewhere."""

    def __init__(self, epochs: int, *, quiet: bool = False) -> None:
        self.epochs, self.quiet = epochs, quiet
        self.console = err()
        self.on_terminal = self.console.is_terminal and not quiet
        self.seconds: list[float] = []
        self.columns: list[str] = []
        self.live: Live | None = None
        self.begun = time.perf_counter()

    def __enter__(self) -> TrainingProgress:
        if self.on_terminal:
            self.live = Live(Text(""), console=self.console, transient=True, auto_refresh=False)
            self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.live is not None:
            self.live.stop()

    def say(self, message: str, style: str = "") -> None:
        """Say something between the epochs' lines."""
        if not self.quiet:
            self.console.print(Text(as_typed(message), style=style))

    def waiting(self, message: str) -> None:
        """Show what is being waited for, on a terminal only."""
        self._show(Text(message, style="dim"))

    def progress(self, epoch: int, share: float, values: dict[str, float]) -> None:
        """Show an epoch under way."""
        width = 20
        bar = "━" * round(width * share)
        loss = f"  loss {values['loss']:.4f}" if "loss" in values else ""
        line = Text.assemble(
            f"{epoch:>{len(str(self.epochs))}}/{self.epochs}  ",
            (bar, "green"),
            ("─" * (width - len(bar)), "dim"),
            f"  {100 * share:3.0f} %{loss}  {self._left(epoch - 1 + share)}",
        )
        self._show(line)

    def epoch(self, done: EpochResult) -> None:
        """Write a finished epoch's line."""
        self.seconds.append(done.seconds)
        if self.quiet:
            return
        left = self._left(done.epoch) if done.epoch < done.epochs else ""
        if not self.on_terminal:
            values = ", ".join(f"{name} {value:.4f}" for name, value in _paired(done.values))
            ending = f", {left}" if left else ""
            rate = f"learning_rate {done.learning_rate:.3g}"
            line = f"epoch {done.epoch}/{done.epochs}: {values}, {rate}, {done.seconds:.1f} s{ending}"
            self.console.print(Text(line))
            return
        if not self.columns:
            self._header(done)
        cells = [f"{done.epoch}/{done.epochs}".rjust(self.widths[0])]
        shown = [f"{value:.4f}" for _, value in _paired(done.values)]
        shown += [f"{done.learning_rate:.3g}", f"{done.seconds:.1f} s"]
        cells += [text.rjust(width) for text, width in zip(shown, self.widths[1:], strict=True)]
        self.console.print(Text("  ".join(cells)).append(f"  {left}", style="dim"))

    def _header(self, done: EpochResult) -> None:
        self.columns = ["epoch", *(name for name, _ in _paired(done.values)), "lr", "time"]
        self.widths = [max(len(name), 7) for name in self.columns]
        self.console.print(
            Text(
                "  ".join(name.rjust(width) for name, width in zip(self.columns, self.widths, strict=True)),
                style="bold",
            )
        )

    def _left(self, epochs_done: float) -> str:
        """Estimate the time left; the first epoch, which may build the steps, counts only until there is a second."""
        if not self.seconds:
            return ""
        typical = sorted(self.seconds[1:] or self.seconds)[len(self.seconds[1:] or self.seconds) // 2]
        return f"{duration(typical * (self.epochs - epochs_done))} left"

    def _show(self, line: Text) -> None:
        if self.live is not None:
            self.live.update(line, refresh=True)


def _paired(values: Mapping[str, float]) -> list[tuple[str, float]]:
    """Return the loss, each metric, then their validation twins."""
    names = sorted(values, key=lambda name: (name.startswith("val_"), name.removeprefix("val_") != "loss"))
    return [(name, values[name]) for name in names]


def emphasized(strong: str, rest: str) -> Text:
    """Return text that begins in bold."""
    return Text.assemble((strong, "bold"), rest)


def faint(text: str) -> Text:
    """Return text of less weight."""
    return Text(text, style="dim")
