"""The progress of a training: one line per epoch."""

from __future__ import annotations

import time
from collections.abc import Mapping

from rich.live import Live
from rich.text import Text

from nntrain.report.console import as_typed, err
from nntrain.report.tables import format_duration
from nntrain.results import EpochResult


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
            values = ", ".join(f"{name} {value:.4f}" for name, value in _paired(done.metrics))
            ending = f", {left}" if left else ""
            rate = f"learning_rate {done.learning_rate:.3g}"
            line = f"epoch {done.epoch}/{done.epochs}: {values}, {rate}, {done.seconds:.1f} s{ending}"
            self.console.print(Text(line))
            return
        if not self.columns:
            self._header(done)
        cells = [f"{done.epoch}/{done.epochs}".rjust(self.widths[0])]
        shown = [f"{value:.4f}" for _, value in _paired(done.metrics)]
        shown += [f"{done.learning_rate:.3g}", f"{done.seconds:.1f} s"]
        cells += [text.rjust(width) for text, width in zip(shown, self.widths[1:], strict=True)]
        self.console.print(Text("  ".join(cells)).append(f"  {left}", style="dim"))

    def _header(self, done: EpochResult) -> None:
        self.columns = ["epoch", *(name for name, _ in _paired(done.metrics)), "lr", "time"]
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
        return f"{format_duration(typical * (self.epochs - epochs_done))} left"

    def _show(self, line: Text) -> None:
        if self.live is not None:
            self.live.update(line, refresh=True)


def _paired(values: Mapping[str, float]) -> list[tuple[str, float]]:
    """Return the loss, each metric, then their validation twins."""
    names = sorted(values, key=lambda name: (name.startswith("val_"), name.removeprefix("val_") != "loss"))
    return [(name, values[name]) for name in names]
