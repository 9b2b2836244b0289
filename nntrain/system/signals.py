"""Ctrl-C and SIGTERM during training, and time limits for calls into libraries.

Python runs signal handlers between its own instructions, so a call into TensorFlow that takes seconds (its import, a
compilation) would delay Ctrl-C. Therefore the signal's number is also written to a socket immediately, where a thread
reads it: the first signal asks training to stop, the second ends the process.
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
from nntrain.system.control_characters import escape_controls

EXIT_CODE = 130
SIGNALS = [signal.SIGINT, signal.SIGTERM]
POLL_INTERVAL = 0.1  # seconds between two checks of a time limit


class Interrupts:
    """A context manager in which the first signal sets `stop_requested` and the second ends the process.

    While `can_stop` is False, the first signal ends the process. `on_first` is called after a signal that sets
    `stop_requested`, `on_exit` before the process ends; both are called on another thread.
    """

    def __init__(self, *, on_first: Callable[[], None], on_exit: Callable[[], None]) -> None:
        self.on_first, self.on_exit = on_first, on_exit
        self.stop_requested = False
        self.can_stop = False  # set once there is something to save and a loop that checks `stop_requested`
        self._previous_handlers: dict[signal.Signals, object] = {}

    def __enter__(self) -> Interrupts:
        self._receiver, self._sender = socket.socketpair()
        self._sender.setblocking(False)
        threading.Thread(target=self._receive, daemon=True, name="interrupts").start()
        if threading.current_thread() is threading.main_thread():  # Python lets no other thread set handlers
            for number in SIGNALS:
                self._previous_handlers[number] = signal.signal(number, _do_nothing)
            self._previous_fd = signal.set_wakeup_fd(self._sender.fileno(), warn_on_full_buffer=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._previous_handlers:
            signal.set_wakeup_fd(self._previous_fd)
            for number, handler in self._previous_handlers.items():
                signal.signal(number, handler)  # type: ignore[arg-type]
        self._sender.close()  # ends the thread

    def _receive(self) -> None:
        with self._receiver:
            while received := self._receiver.recv(1):
                if received[0] in SIGNALS:
                    self._interrupt()

    def _interrupt(self) -> None:
        if self.stop_requested or not self.can_stop:
            try:
                self.on_exit()
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                os._exit(EXIT_CODE)  # sys.exit would wait for TensorFlow's threads
        self.stop_requested = True
        self.on_first()


def _do_nothing(number: int, frame: FrameType | None) -> None:
    """Replace Python's handler, which raises KeyboardInterrupt; the thread handles the signal."""


@contextmanager
def time_limit(seconds: float, problem: str) -> Iterator[None]:
    """End the process with the message `problem` and RunError's exit code if the block takes longer than `seconds`.

    For calls into libraries that cannot be stopped. Time during which the process is suspended does not count.
    """
    finished = threading.Event()

    def watch() -> None:
        for _ in range(math.ceil(seconds / POLL_INTERVAL)):
            if finished.wait(POLL_INTERVAL):
                return
        print(f"Error: {escape_controls(problem)}", file=sys.stderr, flush=True)
        os._exit(RunError.exit_code)

    threading.Thread(target=watch, daemon=True, name="time limit").start()
    try:
        yield
    finally:
        finished.set()
