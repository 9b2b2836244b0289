"""A lock between processes that the operating system holds: when its process dies, by whatever cause, it is free."""

from __future__ import annotations

import errno
import os
import sys
import time
from pathlib import Path
from types import TracebackType

from nntrain.errors import NntrainError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


# What a system says of a lock that another has: flock the first two, Windows the last two.
HELD = (errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK)
LOOK = 0.05  # seconds; `is_held` takes a free lock for less than that, which must not look like a second process


class FileLock:
    """A lock on a file, which is made where it is missing and left there.

    As a context manager it waits up to `wait` seconds for the lock (math.inf: for ever); raises NntrainError where
    another process has it still, or the file cannot be made or locked. `take` tells whether it got it.
    """

    def __init__(self, path: Path, *, wait: float = 0.0) -> None:
        self.path, self.wait = path, wait
        self._fd: int | None = None

    def __enter__(self) -> FileLock:
        if not self.take(within=max(self.wait, LOOK)):
            raise NntrainError(f"{self.path.parent}: another nntrain is working there")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()

    def take(self, *, within: float = LOOK) -> bool:
        """Take the lock if it is free within so many seconds; returns whether it was.

        Raises NntrainError where it cannot be tried.
        """
        until = time.monotonic() + within
        while not self._take():
            if time.monotonic() >= until:
                return False
            time.sleep(LOOK / 2)
        return True

    def _take(self) -> bool:
        try:
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise NntrainError(f"{self.path}: cannot be written: {error.strerror}") from None
        try:
            _lock(fd)
        except OSError as error:
            os.close(fd)
            if error.errno in HELD:
                return False
            # Some network file systems have no locks; to wait for one would be to wait for ever.
            raise NntrainError(f"{self.path}: cannot be locked: {error.strerror}") from None
        self._fd = fd
        return True

    def release(self) -> None:
        """Give the lock back."""
        if self._fd is not None:
            os.close(self._fd)  # which frees it
            self._fd = None

    def is_held(self) -> bool:
        """Tell whether a process, this one included, holds the lock; makes no file."""
        if self._fd is not None:
            return True
        try:
            # To read is enough to look, and another user's runs may be no more than read.
            fd = os.open(self.path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
        except OSError:
            return False
        try:
            _lock(fd)
        except OSError as error:
            return error.errno in HELD
        finally:
            os.close(fd)
        return False


def _lock(fd: int) -> None:
    """Lock a file without waiting; raises OSError where another has it."""
    if sys.platform == "win32":
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
