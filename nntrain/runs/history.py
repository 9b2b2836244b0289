"""history.csv: a row an epoch."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from nntrain.errors import RunError
from nntrain.results import EpochResult
from nntrain.system.files import read_limited, write_atomically

FIRST = ("epoch", "seconds", "learning_rate")
MAX_BYTES = 200_000_000  # 100,000 epochs with every metric there is


def write_history(path: Path, epochs: Sequence[EpochResult]) -> None:
    """Write the finished epochs; the columns are epoch, seconds, learning_rate, then loss and metrics with their twins.

    Numbers are written so that reading them gives the same float again.
    """
    columns = [*FIRST, *_ordered(epochs[-1].metrics if epochs else {})]
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns)
    for result in epochs:
        row = {"epoch": result.epoch, "seconds": round(result.seconds, 3), "learning_rate": result.learning_rate}
        row.update(result.metrics)
        table.writerow([row[column] for column in columns])
    write_atomically(path, text.getvalue())


def read_epoch_results(path: Path, *, epochs: int) -> list[EpochResult]:
    """Read history.csv as finished epochs of a run that asks for so many; the same errors as `read_history`."""
    results = []
    for number, row in enumerate(read_history(path), 1):
        try:
            epoch, seconds, rate = (row.pop(name) for name in FIRST)
        except KeyError:
            raise RunError(f"{path}: damaged: it has not the columns of a training") from None
        if "loss" not in row:
            raise RunError(f"{path}: damaged: it has no column loss")
        if epoch != number:
            raise RunError(f"{path}: damaged: row {number} is of epoch {epoch:g}")
        results.append(EpochResult(number, epochs, seconds, rate, row))
    return results


def _ordered(values: dict[str, float]) -> list[str]:
    """Put the loss first, and each metric's validation twin after it."""
    names = sorted((name for name in values if not name.startswith("val_")), key=lambda name: name != "loss")
    return [twin for name in names for twin in (name, f"val_{name}") if twin in values]


def read_history(path: Path) -> list[dict[str, float]]:
    """Read history.csv; raises RunError where it is missing or damaged."""
    try:
        text = read_limited(path, max_bytes=MAX_BYTES).decode()
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(io.StringIO(text))]
    except FileNotFoundError:
        raise RunError(f"{path}: missing") from None
    except (OSError, ValueError, TypeError, csv.Error):
        raise RunError(f"{path}: damaged: it is not a table of numbers") from None
