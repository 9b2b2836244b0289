"""A training's whole state after an epoch, on the disk: with it training goes on as if it had never stopped.

A checkpoint is one file of arrays in `checkpoint/`, named by its epoch; the one before is kept until the next is whole.
"""

from __future__ import annotations

import io
import json
import math
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from nntrain.errors import NntrainError
from nntrain.results import EpochResult
from nntrain.system import files
from nntrain.system.files import temporary_sibling

SCHEMA = 1
KEPT = 2
META = "state.json"


@dataclass(frozen=True)
class TrainingState:
    """What a training is after an epoch."""

    epoch: int  # finished
    seconds: float  # of training so far, over all of its parts
    history: tuple[EpochResult, ...]
    counters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # of callbacks, by class name
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)  # by name, in order
    ended: bool = False  # early stopping has ended it
    # Rows of history.csv for epochs after it, which will be trained again and come out the same.
    beyond: tuple[EpochResult, ...] = ()


def write_checkpoint(folder: Path, state: TrainingState) -> None:
    """Write a state and keep the one before it; raises NntrainError where the disk does not take it.

    Files of later epochs are left from a training that could not be taken up where it was: they are damaged.
    """
    meta = {
        "schema": SCHEMA,
        "epoch": state.epoch,
        "seconds": state.seconds,
        "history": [[row.epoch, row.epochs, row.seconds, row.learning_rate, row.metrics] for row in state.history],
        "counters": {name: dict(values) for name, values in state.counters.items()},
        "ended": state.ended,
    }
    text = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    try:
        if not folder.is_dir():
            folder.mkdir()
            files.sync_folder(folder.parent)
    except OSError as error:
        raise NntrainError(f"{folder}: cannot be made: {error.strerror}") from None
    with temporary_sibling(folder / f"epoch-{state.epoch:06}.npz") as beside:
        np.savez(beside, allow_pickle=False, **{META: text}, **state.arrays)
    later = [path for path in _newest_first(folder) if _epoch(path) > state.epoch]
    for left in later + _newest_first(folder)[len(later) + KEPT :]:
        left.unlink(missing_ok=True)


def read_checkpoint(folder: Path) -> tuple[TrainingState | None, list[str]]:
    """Return the newest state that is whole, or None; and what is to be said of those that are not."""
    notes: list[str] = []
    for path in _newest_first(folder):
        try:
            return _read(path), notes
        # NumPy reads the header of an array as Python's own tokens, which fail each in their way.
        except Exception:
            notes.append(f"{path} is damaged and left out")
    return None, notes


def newest_epoch(folder: Path) -> int:
    """Return the epoch of the newest checkpoint, by its name; 0 where there is none."""
    return max(map(_epoch, _newest_first(folder)), default=0)


def _epoch(path: Path) -> int:
    return int(path.stem.removeprefix("epoch-"))


def _newest_first(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted((path for path in folder.iterdir() if re.fullmatch(r"epoch-\d{6}\.npz", path.name)), reverse=True)


def _read(path: Path) -> TrainingState:
    with zipfile.ZipFile(path) as archive:
        arrays = {entry.filename.removesuffix(".npy"): _array(archive, entry) for entry in archive.infolist()}
    meta = json.loads(arrays.pop(META).tobytes())
    if meta["schema"] != SCHEMA:
        raise ValueError("another schema")
    history = tuple(
        EpochResult(int(epoch), int(epochs), _finite(seconds), _finite(rate), _numbers(values))
        for epoch, epochs, seconds, rate, values in meta["history"]
    )
    if [row.epoch for row in history] != list(range(1, meta["epoch"] + 1)):
        raise ValueError("a row an epoch is missing")
    if len({tuple(row.metrics) for row in history}) > 1:
        raise ValueError("rows of several trainings")
    counters = {str(name): _counters(values) for name, values in meta["counters"].items()}
    seconds = _finite(meta["seconds"])
    return TrainingState(int(meta["epoch"]), seconds, history, counters, arrays, bool(meta["ended"]))


def _array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> np.ndarray:
    """Read an array; raises ValueError where it is not as long as it says, which is seen before memory is taken."""
    if entry.compress_type != zipfile.ZIP_STORED or entry.file_size > archive.start_dir:
        raise ValueError("packed, or longer than the file")
    file = io.BytesIO(archive.read(entry))
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("not as it was written")
    shape, transposed, dtype = np.lib.format.read_array_header_1_0(file)
    if transposed:
        raise ValueError("not as it was written")
    return np.frombuffer(file.getbuffer()[file.tell() :], dtype).reshape(shape)


def _numbers(values: Mapping[str, Any]) -> dict[str, float]:
    return {str(name): _finite(value) for name, value in values.items()}


def _finite(value: Any) -> float:
    if not math.isfinite(number := float(value)):
        raise ValueError("a number without end")
    return number


def _counters(values: Mapping[str, Any]) -> dict[str, Any]:
    if not all(value is None or isinstance(value, int | float) for value in values.values()):
        raise ValueError("a counter is no number")
    return dict(values)
