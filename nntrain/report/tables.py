"""Formats tables and numbers for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from nntrain.report.console import to_text
from nntrain.results import EpochResult, LayerRow, Scores

MAX_WIDTH = 10_000  # characters


def new_table(*columns: str, right: Iterable[str] = ()) -> Table:
    """Return an empty table in the common style; the columns named in `right` are right-aligned."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    right_aligned = set(right)
    for column in columns:
        table.add_column(to_text(column), justify="right" if column in right_aligned else "left", no_wrap=True)
    return table


def cells(*values: object) -> list[Text]:
    """Return the cells of a row; their text is never parsed as markup, and has no control characters."""
    return [value if isinstance(value, Text) else to_text(value) for value in values]


def print_table(table: Table, *, stderr: bool = False) -> None:
    """Print a table at full width; it is never cut to a terminal's width, which a log or a pipe does not have."""
    Console(stderr=stderr, highlight=False, width=MAX_WIDTH).print(table)


def layer_table(rows: Sequence[LayerRow]) -> Table:
    """Return a table of a network's layers with their output shapes and parameters."""
    table = new_table("layer", "", "output", "parameters", right=["parameters"])
    for row in rows:
        shape = " x ".join(map(str, row.shape))
        table.add_row(*cells(row.kind, row.description, shape, f"{row.parameters:,}" if row.parameters else ""))
    return table


def format_metrics(values: Mapping[str, float]) -> str:
    """Return metrics as text: "accuracy 97.62 %, loss 0.0843"."""
    names = sorted(values, key=lambda name: (name == "loss", "accuracy" not in name))
    return ", ".join(f"{name} {format_metric(name, values[name])}" for name in names)


def format_metric(name: str, value: float) -> str:
    """Return a metric as text: a fraction as a percentage, any other value with four digits."""
    return f"{100 * value:.2f} %" if is_fraction(name) else f"{value:.4g}"


def is_fraction(name: str) -> bool:
    """Return whether a metric is a fraction between 0 and 1."""
    return not {"accuracy", "precision", "recall", "f1"}.isdisjoint(name.split("_"))


def confusion_table(scores: Scores) -> Table:
    """Return the confusion matrix: a row per true class, a column per answer; correct answers are bold."""
    labels = [score.label for score in scores.classes]
    table = new_table("true \\ answer", *labels, right=labels)
    for row, (label, counts) in enumerate(zip(labels, scores.confusion, strict=True)):
        row_cells = [
            Text(f"{count:,}" if count else ".", style="bold" if column == row else "dim" if not count else "red")
            for column, count in enumerate(counts)
        ]
        table.add_row(to_text(label), *row_cells)
    return table


def class_table(scores: Scores) -> Table:
    """Return a table of the precision, recall and F1 of each class."""
    columns = ("precision", "recall", "f1", "images")
    table = new_table("class", *columns, right=columns)
    for score, ratios in zip(scores.classes, scores.class_ratios(), strict=True):
        table.add_row(*cells(score.label, *map(format_ratio, ratios), f"{score.support:,}"))
    return table


def format_ratio(value: float | None) -> str:
    """Return a ratio as a percentage, or "-" for None, which is 0 of 0."""
    return "-" if value is None else f"{100 * value:.2f} %"


def in_order(metrics: Mapping[str, float]) -> list[tuple[str, float]]:
    """Return the loss and the other metrics, then their validation values in the same order."""
    names = sorted(metrics, key=lambda name: (name.startswith("val_"), name.removeprefix("val_") != "loss"))
    return [(name, metrics[name]) for name in names]


def format_epoch(result: EpochResult) -> str:
    """Return a finished epoch as a line: "epoch 1/10: loss 0.3499, ..., learning_rate 0.001, 0.4 s"."""
    metrics = ", ".join(f"{name} {value:.4f}" for name, value in in_order(result.metrics))
    return (
        f"epoch {result.epoch}/{result.epochs}: {metrics}, learning_rate {result.learning_rate:.3g}, "
        f"{result.seconds:.1f} s"
    )


def format_duration(seconds: float) -> str:
    """Return a duration as text: "0.3 s", "2 min 5 s", "1 h 20 min"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    rounded = round(seconds)
    if rounded < 60:
        return f"{rounded} s"
    minutes, remainder = divmod(rounded, 60)
    return f"{minutes} min {remainder} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def format_estimate(seconds: float) -> str:
    """Return a rough duration in a single unit, at least a second: "5 s", "17 min", "3 h"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = seconds / 60
    return f"{round(minutes)} min" if minutes < 90 else f"{round(minutes / 60):,} h"


def format_count(count: int, noun: str) -> str:
    """Return a count with its noun: "1 epoch", "3 epochs"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
