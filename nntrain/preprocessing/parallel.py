"""Prepares pictures for recognition, in several processes if there are many."""

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

import numpy as np

from nntrain.errors import ImageError
from nntrain.preprocessing.load import Source
from nntrain.preprocessing.prepare import PreparedPicture, read_picture, read_pixels

if TYPE_CHECKING:
    from concurrent.futures import Future

MIN_PICTURES = 100  # for fewer, starting processes takes longer than it saves
MAX_PROCESSES = 8
CHUNK_SIZE = 8  # pictures per task of a process
MAX_PENDING = 128  # pictures submitted but not yet yielded; a large one takes 2 MB, a long strip up to 6 MB


@dataclass(frozen=True)
class PictureSource:
    """A picture in memory: the contents of a file, or an array of pixels."""

    name: str  # in results and messages
    content: bytes | np.ndarray


@dataclass(frozen=True)
class PictureRequest:
    """A prepared picture to be recognized."""

    name: str  # as the caller wrote it
    picture: PreparedPicture
    truth: str | None = None  # the correct answer, if it is known

    @property
    def nbytes(self) -> int:
        """About how much memory the arrays take, in bytes."""
        return self.picture.nbytes


@dataclass(frozen=True)
class PictureFailure:
    """A picture that could not be read."""

    name: str  # as the caller wrote it
    error: str  # a sentence that begins with the name

    @property
    def nbytes(self) -> int:
        """0, because there are no arrays."""
        return 0


# The path of a file, `-` for stdin, a picture in memory, or a failure to pass on.
Picture = str | PictureSource | PictureFailure


def prepare_pictures(
    pictures: Sequence[Picture], *, digits: bool, processes: bool = True
) -> Iterator[PictureRequest | PictureFailure]:
    """Read and prepare pictures, and yield the results in their order.

    `digits` states whether they are for a network that reads digits. An error in one picture becomes a PictureFailure
    and does not affect the others; failures among the pictures are passed on. With `processes`, many pictures are
    prepared in forked processes, which is safe only if no other threads run.
    """
    # Only fork is fast enough: a spawned process would have to import everything again.
    forks = processes and sys.platform == "linux" and _available_cores() >= 2
    if len(pictures) >= MIN_PICTURES and forks and not _reads_stdin(pictures):
        return _prepare_in_processes(pictures, digits=digits)
    return (prepare_picture(picture, digits=digits) for picture in pictures)


def _reads_stdin(pictures: Sequence[Picture]) -> bool:
    return any(isinstance(picture, str) and picture == "-" for picture in pictures)


def prepare_picture(picture: Picture, *, digits: bool) -> PictureRequest | PictureFailure:
    """Read and prepare one picture; see `prepare_pictures`."""
    if isinstance(picture, PictureFailure):
        return picture
    name = picture.name if isinstance(picture, PictureSource) else picture
    read, display_name = (read_picture if digits else read_pixels), ("stdin" if name == "-" else name)
    try:
        return PictureRequest(name, read(_content(picture), name=display_name))
    except ImageError as error:
        return PictureFailure(name, str(error))
    # An unusual picture, or one that does not fit into memory, must not prevent the other answers.
    except Exception as error:
        if os.environ.get("NNTRAIN_DEBUG"):
            raise
        return PictureFailure(
            name, f"{display_name}: cannot be prepared ({' '.join(f'{type(error).__name__} {error}'.split())})"
        )


def _content(picture: str | PictureSource) -> Source:
    if isinstance(picture, PictureSource):
        return picture.content
    return _stdin() if picture == "-" else Path(picture)


def _stdin() -> BinaryIO:
    if sys.stdin is None:
        raise ImageError("stdin is closed")
    return sys.stdin.buffer


def _prepare_in_processes(pictures: Sequence[Picture], *, digits: bool) -> Iterator[PictureRequest | PictureFailure]:
    """Prepare pictures in a pool of processes; if a process dies, only its picture fails.

    If no processes can be started, this process prepares them.
    """
    from concurrent.futures.process import BrokenProcessPool

    # Imported before the fork, once for all processes.
    import PIL.Image  # noqa: F401

    finished = 0
    while finished < len(pictures):
        try:
            for result in _prepare_in_pool(
                pictures[finished:], digits=digits, processes=min(_available_cores(), MAX_PROCESSES)
            ):
                yield result
                finished += 1
        except (OSError, ImportError, NotImplementedError):
            # A container without a writable /dev/shm has no semaphores, and the number of processes may be limited.
            for picture in pictures[finished:]:
                yield prepare_picture(picture, digits=digits)
            return
        except BrokenProcessPool:
            # Each pending picture gets its own process, to find the one that caused it.
            for picture in pictures[finished : finished + MAX_PENDING]:
                yield _prepare_in_own_process(picture, digits=digits)
                finished += 1


def _prepare_in_own_process(picture: Picture, *, digits: bool) -> PictureRequest | PictureFailure:
    if isinstance(picture, PictureFailure):
        return picture
    from concurrent.futures.process import BrokenProcessPool

    try:
        (result,) = _prepare_in_pool([picture], digits=digits, processes=1)
    except BrokenProcessPool:
        name = picture.name if isinstance(picture, PictureSource) else picture
        return PictureFailure(name, f"{name}: cannot be prepared (its process was killed, maybe for lack of memory)")
    return result


def _prepare_in_pool(
    pictures: Sequence[Picture], *, digits: bool, processes: int
) -> Iterator[PictureRequest | PictureFailure]:
    """Prepare pictures in a pool that is never idle and holds few results; raises BrokenProcessPool if one dies."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    pool = ProcessPoolExecutor(processes, get_context("fork"), initializer=_initialize_worker)
    pending: deque[Future[list[PictureRequest | PictureFailure]]] = deque()
    try:
        for start in range(0, len(pictures), CHUNK_SIZE):
            if len(pending) == MAX_PENDING // CHUNK_SIZE:
                yield from pending.popleft().result()
            pending.append(pool.submit(_prepare_chunk, pictures[start : start + CHUNK_SIZE], digits))
        while pending:
            yield from pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _prepare_chunk(pictures: Sequence[Picture], digits: bool) -> list[PictureRequest | PictureFailure]:
    return [prepare_picture(picture, digits=digits) for picture in pictures]


def _available_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _initialize_worker() -> None:
    """Leave Ctrl-C and crash reports to the parent; if a worker dies, the pool ends the others with SIGTERM."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    faulthandler.disable()
