"""Work on threads of its own, beside what a command or a training does."""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from typing import TypeVar

T = TypeVar("T")

# nice(2)'s: a thread with a third of the right to a core. With much less, another program's work would stop it, and
# training with it.
LOWER = 5


def import_in_background(module: str) -> threading.Thread:
    """Import a module; a failure is met again, and reported, where it is used."""

    def load() -> None:
        with suppress(BaseException):
            import_module(module)

    thread = threading.Thread(target=load, daemon=True, name=f"import of {module}")
    thread.start()
    return thread


def prefetch(items: Iterator[T]) -> Iterator[T]:
    """Yield what an iterator gives, made one ahead, at a lower priority; its error is raised here.

    An operation that TensorFlow has divided among all cores waits for the slowest, so a thread of equal right beside it
    may cost more than its own time. One of lower priority takes the cores when they wait.
    """
    made: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()
    taken = threading.Semaphore(0)
    closed = threading.Event()

    def make() -> None:
        _take_lower_priority()
        try:
            for item in items:
                made.put((item, None))
                taken.acquire()
                if closed.is_set():
                    return
            made.put((None, None))
        except BaseException as error:
            made.put((None, error))

    threading.Thread(target=make, daemon=True, name="made ahead").start()
    try:
        while True:
            item, error = made.get()
            taken.release()
            if error is not None:
                raise error
            if item is None:
                return
            yield item
    finally:
        closed.set()
        taken.release()


def _take_lower_priority() -> None:
    if sys.platform == "linux":  # elsewhere a priority is the whole process's
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), os.nice(0) + LOWER)
