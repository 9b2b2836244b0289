"""Files that are whole at any instant: written beside their name, synced to the disk, moved into place."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nntrain.errors import NntrainError

LEFT = re.compile(r"\..+\.\d+-\d+(\.\w+)?")  # the names that `written_beside` gives


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file so that at any instant there is the old one or the new, whole; raises NntrainError."""
    with temporary_sibling(path) as beside:
        # A name that is not UTF-8 is kept as the bytes it was; `json.loads` reads it back.
        beside.write_bytes(content.encode(errors="surrogatepass") if isinstance(content, str) else content)


@contextmanager
def temporary_sibling(path: Path) -> Iterator[Path]:
    """Give a name to write to beside `path`, with the same suffix; it is moved into place once written."""
    # The thread's number too: a second Ctrl-C is noted by another thread while this one may be writing.
    beside = path.with_name(f".{path.stem}.{os.getpid()}-{threading.get_ident()}{path.suffix}")
    try:
        yield beside
        sync(beside)
        move(beside, path)
    except OSError as error:
        raise NntrainError(f"{path}: cannot be written: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def clear_leftovers(folder: Path) -> None:
    """Remove what a process that was killed left beside the files that it wrote; nobody may be writing there."""
    with suppress(OSError):
        for path in folder.iterdir():
            if LEFT.fullmatch(path.name) and path.is_file():
                path.unlink()


def read_whole(path: Path, *, most: int) -> bytes:
    """Read a file that may be anybody's; raises OSError, ValueError for no plain file or one of more than `most` bytes.

    What is opened is looked at before it is read: a pipe would be waited for, a device read for ever.
    """
    with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise ValueError("not a plain file")
        if about.st_size > most:
            raise ValueError(f"larger than {most:,} bytes")
        return file.read(most)


def sync(path: Path) -> None:
    """Wait until a file's content is on the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def move(source: Path, target: Path) -> None:
    """Move a file into another's place, and wait until the disk has it so."""
    source.replace(target)
    sync_folder(target.parent)


def sync_folder(path: Path) -> None:
    """Wait until the disk has the names that a folder has now."""
    if sys.platform == "win32":  # where a folder cannot be opened, and renames are journaled
        return
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems cannot be asked for it
            raise
    finally:
        os.close(folder)
