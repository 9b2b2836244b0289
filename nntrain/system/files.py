"""Files that are complete at any instant: written under a temporary name, synced to the disk, renamed."""

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

TEMPORARY_NAME = re.compile(r"\..+\.\d+-\d+(\.\w+)?")  # the names that `temporary_sibling` gives


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file, text as UTF-8: at any instant the old file is there or the new one. Raises NntrainError."""
    with temporary_sibling(path) as temporary:
        # surrogatepass: a file name in the text that is not UTF-8 keeps its bytes; `json.loads` reads them back.
        temporary.write_bytes(content.encode(errors="surrogatepass") if isinstance(content, str) else content)


@contextmanager
def temporary_sibling(path: Path) -> Iterator[Path]:
    """Yield a path in the same folder and with the same suffix; what is written there replaces `path` at the end.

    If the block raises, `path` stays as it was. Raises NntrainError if the block or the replacing raises OSError.
    """
    # The thread's number too: on a second Ctrl-C another thread writes run.json while this one may be writing it.
    temporary = path.with_name(f".{path.stem}.{os.getpid()}-{threading.get_ident()}{path.suffix}")
    try:
        yield temporary
        sync_file(temporary)
        replace_and_sync(temporary, path)
    except OSError as error:
        raise NntrainError(f"{path}: cannot be written: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def clear_leftovers(folder: Path) -> None:
    """Remove the temporary files of processes that were killed; nobody else may be writing to the folder."""
    with suppress(OSError):
        for path in folder.iterdir():
            if TEMPORARY_NAME.fullmatch(path.name) and path.is_file():
                path.unlink()


def read_limited(path: Path, *, max_bytes: int) -> bytes:
    """Read a file that may come from anyone.

    Raises OSError if it cannot be read, ValueError if it is no regular file or holds more than `max_bytes` bytes.
    """
    # O_NONBLOCK: opening a pipe would wait for its writer. Its kind is known once it is open, before it is read.
    with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("not a regular file")
        if status.st_size > max_bytes:
            raise ValueError(f"larger than {max_bytes:,} bytes")
        return file.read(max_bytes)


def sync_file(path: Path) -> None:
    """Wait until the content of a file is on the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def replace_and_sync(source: Path, target: Path) -> None:
    """Rename a file or folder, replacing the target, and wait until the new name is on the disk."""
    source.replace(target)
    sync_folder(target.parent)


def sync_folder(path: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    if sys.platform == "win32":  # a folder cannot be opened there, and NTFS journals renames
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems cannot sync a folder
            raise
    finally:
        os.close(descriptor)
