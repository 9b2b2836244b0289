"""Background threads: a module is imported, a batch is prepared, while the main thread works."""

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

# nice(2): on a busy core, a thread with 5 more gets a third of the time of one with 0. With much less, another
# program could stop the thread, and training with it.
NICE_INCREMENT = 5


def import_in_background(module: str) -> threading.Thread:
    """Start importing a module and return the thread; an error is left to the import that uses the module."""

    def load() -> None:
        with suppress(BaseException):
            import_module(module)

    thread = threading.Thread(target=load, daemon=True, name=f"import of {module}")
    thread.start()
    return thread


def prefetch(items: Iterator[T]) -> Iterator[T]:
    """Yield the items of an iterator, computed one ahead in a thread of lower priority; its errors are raised here.

    Lower priority: an operation that TensorFlow has divided among all cores waits for the slowest of them, so a thread
    of equal priority may cost more than its own time. One of lower priority takes the cores when they are idle.
    """
    results: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()
    wanted = threading.Semaphore(0)
    closed = threading.Event()

    def compute() -> None:
        _lower_priority()
        try:
            for item in items:
                results.put((item, None))
                wanted.acquire()
                if closed.is_set():
                    return
            results.put((None, StopIteration()))
        except BaseException as error:
            results.put((None, error))

    threading.Thread(target=compute, daemon=True, name="prefetch").start()
    try:
        while True:
            item, error = results.get()
            wanted.release()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield item  # type: ignore[misc]  # an item, though it may be None
    finally:
        closed.set()
        wanted.release()


def _lower_priority() -> None:
    """Lower the priority of the current thread; on systems other than Linux it belongs to the whole process."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), os.nice(0) + NICE_INCREMENT)
