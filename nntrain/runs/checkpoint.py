"""Checkpoints: the complete training state after an epoch, from which training resumes as if it had never stopped.

A checkpoint is one file of arrays in `checkpoint/`, named after its epoch. The previous checkpoint is kept, in case the
newest is damaged.
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

from nntrain.errors import NewerSchemaError, NntrainError
from nntrain.results import EpochResult
from nntrain.runs.json_files import other_schema
from nntrain.system import files
from nntrain.system.files import temporary_sibling

SCHEMA = 1
KEPT_CHECKPOINTS = 2
META = "state.json"  # the name of the array that holds everything else, as JSON


@dataclass(frozen=True)
class TrainingState:
    """The training state after an epoch."""

    epoch: int  # the number of finished epochs
    seconds: float  # of training so far, across all resumes
    history: tuple[EpochResult, ...]
    counters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # of Keras's callbacks, by class name
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)  # by name, in order
    stopped_early: bool = False  # by early stopping
    # Rows of history.csv for epochs after this one, which will be trained again with the same result.
    later_epochs: tuple[EpochResult, ...] = ()


def write_checkpoint(folder: Path, state: TrainingState) -> None:
    """Write a checkpoint and keep the previous one; raises NntrainError if the disk fails."""
    meta = {
        "schema": SCHEMA,
        "epoch": state.epoch,
        "seconds": state.seconds,
        "history": [[row.epoch, row.epochs, row.seconds, row.learning_rate, row.metrics] for row in state.history],
        "counters": {name: dict(counters) for name, counters in state.counters.items()},
        "ended": state.stopped_early,
    }
    text = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    try:
        if not folder.is_dir():
            folder.mkdir()
            files.sync_folder(folder.parent)
    except OSError as error:
        raise NntrainError(f"{folder}: cannot be created: {error.strerror}") from None
    with temporary_sibling(folder / f"epoch-{state.epoch:06}.npz") as sibling:
        np.savez(sibling, allow_pickle=False, **{META: text}, **state.arrays)
    earlier = [path for path in _newest_first(folder) if _epoch_of(path) <= state.epoch]
    for outdated in earlier[KEPT_CHECKPOINTS:]:
        outdated.unlink(missing_ok=True)


def read_checkpoint(folder: Path) -> tuple[TrainingState | None, list[Path]]:
    """Return the state of the newest intact checkpoint, or None, and the newer checkpoints, which are damaged.

    Raises NewerSchemaError if a newer version of nntrain wrote a checkpoint that would be the one to return.
    """
    damaged: list[Path] = []
    for path in _newest_first(folder):
        try:
            return _read(path), damaged
        except NewerSchemaError:
            raise
        # NumPy parses the header of an array as Python source, which may raise nearly any error.
        except Exception:
            damaged.append(path)
    return None, damaged


def set_aside(path: Path) -> Path:
    """Rename a damaged checkpoint, so that it is kept and not read again; returns the new path.

    Raises NntrainError if the disk fails.
    """
    names = [f"{path.name}.damaged", *(f"{path.name}.damaged-{number}" for number in range(2, 1000))]
    target = next(path.with_name(name) for name in names if not path.with_name(name).exists())
    try:
        files.replace_and_sync(path, target)
    except OSError as error:
        raise NntrainError(f"{path}: is damaged and cannot be renamed: {error.strerror}") from None
    return target


def newest_epoch(folder: Path) -> int:
    """Return the epoch of the newest checkpoint by its name, or 0 if there is none."""
    return max(map(_epoch_of, _newest_first(folder)), default=0)


def _epoch_of(path: Path) -> int:
    return int(path.stem.removeprefix("epoch-"))


def _newest_first(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted((path for path in folder.iterdir() if re.fullmatch(r"epoch-\d{6}\.npz", path.name)), reverse=True)


def _read(path: Path) -> TrainingState:
    """Read a checkpoint; raises ValueError, or nearly any other error, if it is damaged.

    Raises NewerSchemaError if a newer version of nntrain wrote it.
    """
    with zipfile.ZipFile(path) as archive:
        meta = json.loads(_array(archive, archive.getinfo(f"{META}.npy")).tobytes())
        if meta["schema"] != SCHEMA:
            raise other_schema(path, meta["schema"], expected=SCHEMA)
        arrays = {entry.filename.removesuffix(".npy"): _array(archive, entry) for entry in archive.infolist()}
    del arrays[META]
    return TrainingState(
        epoch=int(meta["epoch"]),
        seconds=_finite(meta["seconds"]),
        history=_history(meta),
        counters={str(name): _counters(counters) for name, counters in meta["counters"].items()},
        arrays=arrays,
        stopped_early=bool(meta["ended"]),
    )


def _history(meta: Mapping[str, Any]) -> tuple[EpochResult, ...]:
    history = tuple(
        EpochResult(int(epoch), int(epochs), _finite(seconds), _finite(rate), _metrics(metrics))
        for epoch, epochs, seconds, rate, metrics in meta["history"]
    )
    if [row.epoch for row in history] != list(range(1, meta["epoch"] + 1)):
        raise ValueError("not one row for each epoch")
    if len({frozenset(row.metrics) for row in history}) > 1:  # in any order
        raise ValueError("rows with different metrics")
    return history


def _array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> np.ndarray:
    """Read an array; raises ValueError if its size is not what its header states, before memory is allocated for it."""
    if entry.compress_type != zipfile.ZIP_STORED or entry.file_size > archive.start_dir:
        raise ValueError("compressed, or larger than the file")
    file = io.BytesIO(archive.read(entry))
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("not an array that nntrain has written")
    shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(file)
    if fortran_order:
        raise ValueError("not an array that nntrain has written")
    return np.frombuffer(file.getbuffer()[file.tell() :], dtype).reshape(shape)


def _metrics(metrics: Mapping[str, Any]) -> dict[str, float]:
    return {str(name): _finite(value) for name, value in metrics.items()}


def _finite(value: Any) -> float:
    if not math.isfinite(number := float(value)):
        raise ValueError("a number is NaN or infinite")
    return number


def _counters(counters: Mapping[str, Any]) -> dict[str, Any]:
    if not all(value is None or isinstance(value, int | float) for value in counters.values()):
        raise ValueError("a counter is not a number")
    return dict(counters)
