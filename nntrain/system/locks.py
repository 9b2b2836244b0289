"""A lock between processes. The operating system holds it and frees it if the process dies, for whatever reason.

The `filelock` library acquires the lock. `is_locked` does not use it for the test, because `filelock` creates the file
and opens it for writing: another user's runs may be read-only, and listing runs must not write to them.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nntrain.errors import LockedError, NntrainError

TIMEOUT = 0.05  # seconds: long enough for `is_locked`, which holds a free lock for microseconds


@contextmanager
def acquire_lock(path: Path, *, timeout: float = TIMEOUT) -> Iterator[None]:
    """Hold the lock on a file inside the `with` block; creates the file and its folder, and does not remove them.

    Waits up to `timeout` seconds. Raises LockedError if another process still holds the lock then, and NntrainError if
    the file cannot be created or its file system has no locks.
    """
    # Imported here: it takes 20 ms, and most commands lock nothing.
    from filelock import FileLock, Timeout

    # On a file system without flock, filelock would use the existence of the file as the lock, which remains if the
    # process is killed; preserve_lock_file makes that an error. It also keeps the file on Windows: if it were removed,
    # a waiting process would lock a file that other processes cannot see.
    lock = FileLock(path, preserve_lock_file=True)
    try:
        lock.acquire(timeout)
    except Timeout:
        raise LockedError(f"{path.parent}: another nntrain is working there") from None
    except OSError as error:
        raise NntrainError(f"{path}: cannot be locked: {error.strerror or error}") from None
    try:
        yield
    finally:
        lock.release()


def is_locked(path: Path) -> bool:
    """Return whether a process, this one included, holds the lock.

    False if the file cannot be opened or locked, and for links, pipes and devices, which no nntrain has locked.
    """
    try:
        # A run folder may be untrusted: opening a pipe would wait for its writer, and a link may lead anywhere.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return False
    from filelock import lock_descriptor

    try:
        is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
        return is_file and not lock_descriptor(descriptor, blocking=False)
    except OSError:
        return False
    finally:
        os.close(descriptor)  # frees the lock
