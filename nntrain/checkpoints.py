"""A training's whole state after an epoch, on the disk: with it training goes on as if it had never stopped.

A checkpoint is one file of arrays in `checkpoint/`, named by its epoch; the one before is kept until the next is whole.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from nntrain.errors import NntrainError
from nntrain.files import write_atomically
from nntrain.results import EpochResult

SCHEMA = 1
KEPT = 2
META = "state.json"


@dataclass(frozen=True)
class State:
    """What a training is after an epoch."""

    epoch: int  # finished
    seconds: float  # of training so far, over all of its parts
    history: tuple[EpochResult, ...]
    counters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # of callbacks, by class name
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)  # by name, in order
    ended: bool = False  # early stopping has ended it
    # Rows of history.csv for epochs after it, which will be trained again and come out the same.
    beyond: tuple[EpochResult, ...] = ()


def write_checkpoint(folder: Path, state: State) -> None:
    """Write a state and keep the one before it; raises NntrainError where the disk does not take it."""
    meta = {
        "schema": SCHEMA,
        "epoch": state.epoch,
        "seconds": state.seconds,
        "history": [[row.epoch, row.epochs, row.seconds, row.learning_rate, dict(row.values)] for row in state.history],
        "counters": {name: dict(values) for name, values in state.counters.items()},
        "ended": state.ended,
    }
    content = io.BytesIO()
    text = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    np.savez(content, allow_pickle=False, **{META: text}, **state.arrays)
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise NntrainError(f"{folder}: cannot be made: {error.strerror}") from None
    write_atomically(folder / f"epoch-{state.epoch:06}.npz", content.getvalue())
    for old in _newest_first(folder)[KEPT:]:
        old.unlink(missing_ok=True)


def read_checkpoint(folder: Path) -> tuple[State | None, list[str]]:
    """Return the newest state that is whole, or None; and what is to be said of those that are not."""
    notes: list[str] = []
    for path in _newest_first(folder):
        try:
            return _read(path), notes
        except (OSError, ValueError, KeyError, TypeError, EOFError, MemoryError, zipfile.BadZipFile, RecursionError):
            notes.append(f"{path} is damaged and left out")
    return None, notes


def _newest_first(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted((path for path in folder.iterdir() if re.fullmatch(r"epoch-\d{6}\.npz", path.name)), reverse=True)


def _read(path: Path) -> State:
    with zipfile.ZipFile(path) as archive:
        # Written uncompressed, so what is read cannot be larger than the file.
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
            raise ValueError("compressed")
    with np.load(path, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    meta = json.loads(arrays.pop(META).tobytes())
    if meta["schema"] != SCHEMA:
        raise ValueError("another schema")
    history = tuple(
        EpochResult(int(epoch), int(epochs), float(seconds), float(rate), dict(values))
        for epoch, epochs, seconds, rate, values in meta["history"]
    )
    if len(history) != meta["epoch"]:
        raise ValueError("a row an epoch is missing")
    return State(
        int(meta["epoch"]), float(meta["seconds"]), history, dict(meta["counters"]), arrays, bool(meta["ended"])
    )
