"""Background threads, which import a module or prepare a batch while the main thread works."""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from importlib import import_module
from typing import TypeVar

T = TypeVar("T")

# See nice(2): on a busy core, a thread with niceness 5 gets a third of the time of one with 0. At a much lower
# priority, other programs could stop the thread, and with it training.
NICE_INCREMENT = 5


def import_in_background(module: str) -> threading.Thread:
    """Start importing a module and return the thread; the later import that uses the module raises the errors."""
    return load_in_background(lambda: import_module(module), name=f"import of {module}")


def load_in_background(load: Callable[[], object], *, name: str) -> threading.Thread:
    """Start a function that imports something and return the thread; its errors are ignored."""

    def run() -> None:
        with suppress(BaseException):
            load()

    thread = threading.Thread(target=run, daemon=True, name=name)
    thread.start()
    return thread


def prefetch(items: Iterator[T]) -> Generator[T, None, None]:
    """Yield the items of an iterator; a thread of lower priority computes the next item in advance.

    Raises the errors of the iterator. The priority is lower because TensorFlow divides an operation among all cores and
    waits for the slowest, so a thread of equal priority could cost more than its own time. A thread of lower priority
    runs when a core is idle.
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
            yield item  # type: ignore[misc]  # None is an item only if the iterator yields None
    finally:
        closed.set()
        wanted.release()


def _lower_priority() -> None:
    """Lower the priority of the current thread on Linux; on other systems it would be that of the whole process."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), os.nice(0) + NICE_INCREMENT)
