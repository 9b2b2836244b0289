"""Pictures read and prepared for `nntrain predict`, many of them on all cores."""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nntrain.errors import ImageError
from nntrain.pictures import Picture, read_picture, read_pixels

MANY = 100  # pictures; for fewer, starting processes takes longer than it saves
PORTION = 1024  # pictures handed out at a time, which bounds what is held in memory


@dataclass(frozen=True)
class Asked:
    """A picture that is ready to be answered."""

    name: str  # as it was given
    picture: Picture
    truth: str | None = None


@dataclass(frozen=True)
class Failed:
    """A picture that could not be read."""

    name: str
    error: str


def prepared(names: Sequence[str], *, digits: bool) -> Iterator[Asked | Failed]:
    """Read pictures by name, `-` is stdin; in their order. `digits` as in `Trained.reads_digits`."""
    work = functools.partial(prepare_one, digits=digits)
    # Only where a process can be forked: others would load everything again.
    if len(names) < MANY or "-" in names or sys.platform != "linux" or _cores() < 2:
        yield from map(work, names)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # Loaded before the fork, once for all.
    import PIL.Image  # noqa: F401

    with ProcessPoolExecutor(
        min(_cores(), 8), get_context("fork"), initializer=_leave_interrupts_to_the_parent
    ) as pool:
        for begin in range(0, len(names), PORTION):
            yield from pool.map(work, names[begin : begin + PORTION], chunksize=16)


def prepare_one(name: str, *, digits: bool) -> Asked | Failed:
    """Read one picture."""
    read = read_picture if digits else read_pixels
    try:
        source = sys.stdin.buffer.read() if name == "-" else Path(name)
        return Asked(name, read(source, name="stdin" if name == "-" else name))
    except ImageError as error:
        return Failed(name, str(error))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
