"""Files that are whole at any instant: written beside their name, synced to the disk, moved into place."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nntrain.errors import NntrainError


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file so that at any instant there is the old one or the new, whole; raises NntrainError."""
    with written_beside(path) as beside:
        beside.write_bytes(content.encode() if isinstance(content, str) else content)


@contextmanager
def written_beside(path: Path) -> Iterator[Path]:
    """Give a name to write to beside `path`, with the same suffix; it is moved into place once written."""
    beside = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield beside
        sync(beside)
        move(beside, path)
    except OSError as error:
        raise NntrainError(f"{path}: cannot be written: {error.strerror or error}") from None
    finally:
        beside.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Wait until a file's content is on the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def move(source: Path, target: Path) -> None:
    """Move a file into another's place, and wait until the disk has it so."""
    source.replace(target)
    if sys.platform != "win32":  # where a folder cannot be opened, and renames are journaled
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
