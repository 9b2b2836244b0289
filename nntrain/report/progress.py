"""Shows the progress of a training or a download on stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.text import Text

from nntrain.report.console import as_typed, err, print_message, to_text
from nntrain.report.tables import format_duration, format_epoch, in_order
from nntrain.results import EpochResult

BAR_WIDTH = 20  # characters
MIN_COLUMN_WIDTH = 7


class TrainingProgress:
    """Shows a row per epoch and a bar for the current epoch on a terminal, or else a plain line per epoch.

    As a context manager, it clears the bar when training ends, even with an error.
    """

    def __init__(self, *, quiet: bool = False, console: Console | None = None) -> None:
        self.epochs = 0  # total number; set before the first epoch is reported
        self.quiet = quiet
        self._console = console or err()
        self._on_terminal = self._console.is_terminal and not quiet
        self._seconds: list[float] = []  # by epoch
        self._widths: list[int] = []  # by column, in characters
        self._live: Live | None = None

    def __enter__(self) -> TrainingProgress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def say(self, message: str, style: str = "") -> None:
        """Print a message between the lines of the epochs, unless quiet."""
        if not self.quiet:
            self._console.print(to_text(as_typed(message), style))

    def waiting(self, message: str) -> None:
        """Show, only on a terminal, which step takes a moment."""
        self._show(to_text(message, "dim"))

    def progress(self, epoch: int, share: float, values: dict[str, float]) -> None:
        """Show the current epoch (from 1), its finished share (0 to 1), and its metrics so far."""
        bar = "━" * round(BAR_WIDTH * share)
        loss = f"  loss {values['loss']:.4f}" if "loss" in values else ""
        line = Text.assemble(
            f"{epoch:>{len(str(self.epochs))}}/{self.epochs}  ",
            (bar, "green"),
            ("─" * (BAR_WIDTH - len(bar)), "dim"),
            f"  {100 * share:3.0f} %{loss}  {self._time_left(epoch - 1 + share)}",
        )
        self._show(line)

    def epoch(self, result: EpochResult) -> None:
        """Print a finished epoch."""
        self.epochs = result.epochs
        self._seconds.append(result.seconds)
        if self.quiet:
            return
        left = self._time_left(result.epoch) if result.epoch < result.epochs else ""
        if self._on_terminal:
            self._print_row(result, left)
        else:
            line = format_epoch(result)
            self._console.print(Text(f"{line}, {left}" if left else line))

    def _print_row(self, result: EpochResult, left: str) -> None:
        metrics = in_order(result.metrics)
        if not self._widths:
            names = ["epoch", *(name for name, _ in metrics), "lr", "time"]
            self._widths = [max(len(name), MIN_COLUMN_WIDTH) for name in names]
            self._console.print(Text(self._align(names), style="bold"))
        cells = [f"{result.epoch}/{result.epochs}", *(f"{value:.4f}" for _, value in metrics)]
        cells += [f"{result.learning_rate:.3g}", f"{result.seconds:.1f} s"]
        self._console.print(Text(self._align(cells)).append(f"  {left}", style="dim"))

    def _align(self, cells: list[str]) -> str:
        return "  ".join(cell.rjust(width) for cell, width in zip(cells, self._widths, strict=True))

    def _time_left(self, finished: float) -> str:
        """Estimate the time left after `finished` epochs from the median time of an epoch.

        The first epoch, which may include compiling the network, is ignored once there is a second.
        """
        typical = sorted(self._seconds[1:] or self._seconds)
        if not typical:
            return ""
        return f"{format_duration(typical[len(typical) // 2] * (self.epochs - finished))} left"

    def _show(self, line: Text) -> None:
        if not self._on_terminal:
            return
        if self._live is None:
            self._live = Live(Text(""), console=self._console, transient=True, auto_refresh=False)
            self._live.start()
        self._live.update(line, refresh=True)


@contextmanager
def download_bar(name: str) -> Iterator[Callable[[int, int], None]]:
    """Show a download on stderr, with a bar on a terminal.

    Yields a function to call with the bytes received and the total, which is 0 if unknown.
    """
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    console = err()
    if not console.is_terminal:
        print_message(f"downloading {name}")
    bar = Progress(
        TextColumn(f"downloading {name}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task(name, total=None)
        yield lambda count, total: bar.update(task, completed=count, total=total or None)
