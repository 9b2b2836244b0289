"""Ctrl-C and SIGTERM during a training.

Python runs signal handlers between its own instructions, so a call into TensorFlow of several seconds (its import, a
compilation) would hold Ctrl-C back. The signal's number is therefore also written to a pipe, at once, and a thread
reads it there: the first signal asks training to stop, the second ends the process.
"""

from __future__ import annotations

import math
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType

from nntrain.errors import RunError

EXIT_CODE = 130
SIGNALS = [signal.SIGINT, signal.SIGTERM]
STEP = 0.1  # seconds between two looks at a time limit


class Interrupts:
    """While it is open, signals set `asked`; a signal before `may_wait`, or a second one, ends the process.

    `on_first` is told when training will stop soon; `on_exit` runs before the process ends. Both run on a thread.
    """

    def __init__(self, *, on_first: Callable[[], None], on_exit: Callable[[], None]) -> None:
        self.on_first, self.on_exit = on_first, on_exit
        self.asked = False
        self.may_wait = False  # set once there is something to keep, and a loop that looks at `asked`
        self._previous: dict[signal.Signals, object] = {}
        self._fd = -1

    def __enter__(self) -> Interrupts:
        self._reads, self._writes = socket.socketpair()
        self._writes.setblocking(False)
        threading.Thread(target=self._watch, daemon=True, name="interrupts").start()
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                self._previous[number] = signal.signal(number, _noted)
            self._fd = signal.set_wakeup_fd(self._writes.fileno(), warn_on_full_buffer=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._previous:
            signal.set_wakeup_fd(self._fd)
            for number, handler in self._previous.items():
                signal.signal(number, handler)  # type: ignore[arg-type]
        self._writes.close()  # which ends the thread

    def _watch(self) -> None:
        with self._reads:
            while received := self._reads.recv(1):
                if received[0] in SIGNALS:
                    self._received()

    def _received(self) -> None:
        if self.asked or not self.may_wait:
            try:
                self.on_exit()
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                os._exit(EXIT_CODE)  # TensorFlow's threads cannot be asked
        self.asked = True
        self.on_first()


def _noted(number: int, frame: FrameType | None) -> None:
    """Take the signal; the thread acts on it."""


@contextmanager
def time_limit(seconds: float, problem: str) -> Iterator[None]:
    """End the process with RunError's exit code and these words if what is done inside takes longer.

    For calls into libraries that cannot be asked to stop. Time in which the process is suspended does not count.
    """
    done = threading.Event()

    def listener() -> None:
        for _ in range(math.ceil(seconds / STEP)):
            if done.wait(STEP):
                return
        print(f"Error: {problem}", file=sys.stderr, flush=True)
        os._exit(RunError.exit_code)

    threading.Thread(target=listener, daemon=True, name="time limit").start()
    try:
        yield
    finally:
        done.set()
