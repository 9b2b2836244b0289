"""Pictures read and prepared for `nntrain predict`, many of them on all cores."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from nntrain.errors import ImageError
from nntrain.preprocessing.prepare import PreparedPicture, read_picture, read_pixels

if TYPE_CHECKING:
    from concurrent.futures import Future

MANY = 100  # pictures; for fewer, starting processes takes longer than it saves
CHUNK = 8  # pictures that a process takes at once
AHEAD = 128  # pictures handed out and not yet taken back; a large one takes 2 MB, a long strip up to 6


@dataclass(frozen=True)
class PictureRequest:
    """A picture that is ready to be answered."""

    name: str  # as it was given
    picture: PreparedPicture
    truth: str | None = None


@dataclass(frozen=True)
class PictureFailure:
    """A picture that could not be read."""

    name: str
    error: str


def prepared(names: Sequence[str | PictureFailure], *, digits: bool) -> Iterator[PictureRequest | PictureFailure]:
    """Read pictures by name, `-` is stdin; in their order. `digits` as in `Trained.reads_digits`.

    Whatever goes wrong with a picture is its own failure; what has failed before is passed on.
    """
    # Only where a process can be forked: others would load everything again.
    if len(names) < MANY or "-" in names or sys.platform != "linux" or _cores() < 2:
        return (prepare_one(name, digits=digits) for name in names)
    return _on_all_cores(names, digits=digits)


def prepare_one(name: str | PictureFailure, *, digits: bool) -> PictureRequest | PictureFailure:
    """Read one picture."""
    if isinstance(name, PictureFailure):
        return name
    read, shown = (read_picture if digits else read_pixels), ("stdin" if name == "-" else name)
    try:
        return PictureRequest(name, read(_stdin() if name == "-" else Path(name), name=shown))
    except ImageError as error:
        return PictureFailure(name, str(error))
    # One picture out of the ordinary, or too large for the memory that is left, must not cost the others' answers.
    except Exception as error:
        if os.environ.get("NNTRAIN_DEBUG"):
            raise
        return PictureFailure(
            name, f"{shown}: cannot be prepared ({' '.join(f'{type(error).__name__} {error}'.split())})"
        )


def _stdin() -> BinaryIO:
    if sys.stdin is None:
        raise ImageError("stdin is closed")
    return sys.stdin.buffer


def _on_all_cores(names: Sequence[str | PictureFailure], *, digits: bool) -> Iterator[PictureRequest | PictureFailure]:
    """Read pictures in processes; one whose process dies is its failure alone."""
    from concurrent.futures.process import BrokenProcessPool

    # Loaded before the fork, once for all.
    import PIL.Image  # noqa: F401

    done = 0
    while done < len(names):
        try:
            for one in _pooled(names[done:], digits=digits, processes=min(_cores(), 8)):
                yield one
                done += 1
        except BrokenProcessPool:
            # Which of those under way it was shows when each has a process to itself.
            for name in names[done : done + AHEAD]:
                yield name if isinstance(name, PictureFailure) else _apart(name, digits=digits)
                done += 1


def _apart(name: str, *, digits: bool) -> PictureRequest | PictureFailure:
    from concurrent.futures.process import BrokenProcessPool

    try:
        (one,) = _pooled([name], digits=digits, processes=1)
    except BrokenProcessPool:
        return PictureFailure(name, f"{name}: cannot be prepared (its process was ended, for lack of memory maybe)")
    return one


def _pooled(
    names: Sequence[str | PictureFailure], *, digits: bool, processes: int
) -> Iterator[PictureRequest | PictureFailure]:
    """Read pictures in a pool, so many ahead that no process waits and memory is bounded; raises BrokenProcessPool."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    pool = ProcessPoolExecutor(processes, get_context("fork"), initializer=_leave_all_to_the_parent)
    waiting: deque[Future[list[PictureRequest | PictureFailure]]] = deque()
    try:
        for begin in range(0, len(names), CHUNK):
            if len(waiting) == AHEAD // CHUNK:
                yield from waiting.popleft().result()
            waiting.append(pool.submit(_prepare_some, names[begin : begin + CHUNK], digits))
        while waiting:
            yield from waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _prepare_some(names: Sequence[str | PictureFailure], digits: bool) -> list[PictureRequest | PictureFailure]:
    return [prepare_one(name, digits=digits) for name in names]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _leave_all_to_the_parent() -> None:
    """Let it stop at Ctrl-C, and say in one line that a process died; the others of its pool are ended by SIGTERM."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    faulthandler.disable()
