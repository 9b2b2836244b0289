"""A lock between processes. The operating system holds it, so a process that dies frees it, whatever killed it.

The `filelock` library takes the lock. Testing it stays here: `filelock` opens the file for writing and creates it,
but another user's runs may be read-only, and listing runs must not write into them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nntrain.errors import LockedError, NntrainError

TIMEOUT = 0.05  # seconds: long enough for `is_locked`, which holds a free lock for microseconds


@contextmanager
def acquire_lock(path: Path, *, timeout: float = TIMEOUT) -> Iterator[None]:
    """Hold the lock on a file inside the `with` block; the file and its folder are created if missing, and stay.

    `timeout` is in seconds. Raises LockedError if another process still holds the lock then, NntrainError if the file
    cannot be created, or if its file system has no locks.
    """
    # Imported here: it takes 20 ms, and most commands lock nothing.
    from filelock import FileLock, Timeout

    # On a file system without flock, filelock would take the file's existence for the lock, which outlives a process
    # that is killed; preserve_lock_file makes that an error. It also keeps the file on Windows: if it were removed, a
    # process that waits for it would lock a file that nobody sees.
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
    """Return whether a process, this one included, holds the lock; False if the file cannot be opened or locked."""
    try:
        # O_NONBLOCK: a run folder may come from anyone, and a pipe in the file's place would be waited for.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return False
    from filelock import lock_descriptor

    try:
        return not lock_descriptor(descriptor, blocking=False)
    except OSError:
        return False
    finally:
        os.close(descriptor)  # frees the lock
