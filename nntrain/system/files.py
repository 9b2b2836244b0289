"""Atomic writes: a file is written under a temporary name, synced to the disk and renamed, so it is always complete."""

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
    """Write a file, text as UTF-8, so that there is always either the old file or the new one.

    Raises NntrainError if it cannot be written.
    """
    with temporary_sibling(path) as temporary:
        # surrogatepass: text may contain a file name that is not UTF-8; `json.loads` reads it back unchanged.
        temporary.write_bytes(content.encode(errors="surrogatepass") if isinstance(content, str) else content)


@contextmanager
def temporary_sibling(path: Path) -> Iterator[Path]:
    """Yield a path in the same folder and with the same suffix; the file written there replaces `path` at the end.

    If the block raises an error, `path` is not changed. Raises NntrainError for an OSError, in the block or after it.
    """
    # The name includes the thread: on a second Ctrl-C, another thread writes run.json while this one may be writing it.
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
    """Remove the temporary files of killed processes; no other process may be writing to the folder."""
    with suppress(OSError):
        for path in folder.iterdir():
            if TEMPORARY_NAME.fullmatch(path.name) and path.is_file():
                path.unlink()


def read_limited(path: Path, *, max_bytes: int) -> bytes:
    """Read an untrusted file.

    Raises OSError if it cannot be read, ValueError if it is not a regular file or is larger than `max_bytes` bytes.
    """
    # O_NONBLOCK: opening a pipe would otherwise wait for its writer. The open file is checked, so that nobody can
    # replace it between the check and the read.
    with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("not a regular file")
        if status.st_size > max_bytes:
            raise ValueError(f"larger than {max_bytes:,} bytes")
        return file.read(status.st_size)  # not max_bytes: Python allocates as much as it is asked to read


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
    if sys.platform == "win32":  # Windows cannot open a folder, and NTFS journals renames
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems cannot sync a folder
            raise
    finally:
        os.close(descriptor)
