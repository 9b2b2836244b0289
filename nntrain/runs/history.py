"""history.csv: one row per epoch."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from nntrain.errors import RunError
from nntrain.results import EpochResult
from nntrain.system.files import read_limited, write_atomically

LEADING_COLUMNS = ("epoch", "seconds", "learning_rate")
MAX_BYTES = 200_000_000  # enough for 100,000 epochs with every metric


def write_history(path: Path, epochs: Sequence[EpochResult]) -> None:
    """Write one row per finished epoch.

    The columns are epoch, seconds, learning_rate, then the loss and the metrics, each followed by its val_ column.
    Numbers are read back as the same floats, except the seconds, which are rounded. Raises NntrainError if the disk
    fails.
    """
    metrics = _in_column_order(epochs[-1].metrics) if epochs else []
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([*LEADING_COLUMNS, *metrics])
    for result in epochs:
        leading = (result.epoch, round(result.seconds, 3), result.learning_rate)
        table.writerow([*leading, *(result.metrics[name] for name in metrics)])
    write_atomically(path, text.getvalue())


def _in_column_order(metrics: dict[str, float]) -> list[str]:
    """Return the names with the loss first, each followed by its val_ name."""
    names = sorted((name for name in metrics if not name.startswith("val_")), key=lambda name: name != "loss")
    return [column for name in names for column in (name, f"val_{name}") if column in metrics]


def read_history(path: Path) -> list[dict[str, float]]:
    """Read history.csv as one {column: value} per epoch; raises RunError if it is missing or damaged."""
    try:
        text = read_limited(path, max_bytes=MAX_BYTES).decode()
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(io.StringIO(text))]
    except FileNotFoundError:
        raise RunError(f"{path}: missing") from None
    except (OSError, ValueError, TypeError, csv.Error):
        raise RunError(f"{path}: damaged: it is not a table of numbers") from None


def read_epoch_results(path: Path, *, epochs: int) -> list[EpochResult]:
    """Read history.csv as the finished epochs of a run of `epochs`; raises RunError if it is missing or damaged."""
    results = []
    for number, row in enumerate(read_history(path), 1):
        missing = [name for name in (*LEADING_COLUMNS, "loss") if name not in row]
        if missing:
            raise RunError(f"{path}: damaged: it has no column {missing[0]}")
        epoch, seconds, learning_rate = (row.pop(name) for name in LEADING_COLUMNS)
        if epoch != number:
            raise RunError(f"{path}: damaged: row {number} is of epoch {epoch:g}")
        results.append(EpochResult(number, epochs, seconds, learning_rate, row))
    return results
