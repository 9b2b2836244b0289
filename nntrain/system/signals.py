"""Signals that end a command, and time limits for calls into libraries.

SIGINT (Ctrl-C), SIGTERM, SIGHUP (the terminal was closed) and SIGUSR1 (SLURM's warning) have the same effect. One that
was ignored when the program started, as `nohup` and scripts do, stays ignored.

Python runs signal handlers between its own instructions, so a call into TensorFlow that takes seconds (its import, a
compilation) would delay Ctrl-C. During a training, the signal's number is therefore also written to a socket
immediately, where a thread reads it: the first signal asks training to stop, the second ends the process.
"""

from __future__ import annotations

import math
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType

from nntrain.errors import RunError
from nntrain.system.control_characters import escape_controls
from nntrain.system.last_words import forget_last_words

# Windows lacks the last two.
SIGNALS = tuple(
    signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1") if name in signal.Signals.__members__
)
# `timeout` sends a signal to the process and to its group, and a terminal that is closed sends SIGHUP twice, within a
# millisecond. The same signal within this time (in seconds) is one signal.
REPETITION = 0.02
POLL_INTERVAL = 0.1  # seconds between two checks of a time limit


class Interruption(KeyboardInterrupt):
    """A signal other than SIGINT, which raises KeyboardInterrupt itself."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def exit_code(number: int) -> int:
    """Return the exit code of a command that a signal ended: that of a shell, 130 for SIGINT."""
    return 128 + number


def exit_code_of(error: KeyboardInterrupt) -> int:
    """Return the exit code of a command that an interruption ended."""
    return exit_code(error.number if isinstance(error, Interruption) else signal.SIGINT)


def raise_on_signals() -> None:
    """Make each signal raise an exception in the main thread, as Ctrl-C does, unless it is ignored."""
    for number in _handled_signals():
        if number != signal.SIGINT:
            signal.signal(number, _raise)


def _raise(number: int, frame: FrameType | None) -> None:
    signal.signal(number, _do_nothing)  # a repetition must not interrupt the handling of the first
    raise Interruption(number)


def _handled_signals() -> list[signal.Signals]:
    return [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]


class Interrupts:
    """A context manager in which the first signal sets `first` and the second ends the process.

    While `can_stop` is False, the first signal ends the process. `on_first` is called with a signal that sets `first`,
    `on_exit` before the process ends; both are called on another thread.
    """

    def __init__(self, *, on_first: Callable[[signal.Signals], None], on_exit: Callable[[], None]) -> None:
        self.on_first, self.on_exit = on_first, on_exit
        self.first: signal.Signals | None = None
        self.can_stop = False  # set once there is something to save and a loop that checks `stop_requested`
        self._time_of_first = 0.0
        self._previous_handlers: dict[signal.Signals, object] = {}

    @property
    def stop_requested(self) -> bool:
        """Whether a signal asked training to stop."""
        return self.first is not None

    def __enter__(self) -> Interrupts:
        self._receiver, self._sender = socket.socketpair()
        self._sender.setblocking(False)
        threading.Thread(target=self._receive, daemon=True, name="interrupts").start()
        if threading.current_thread() is threading.main_thread():  # Python lets no other thread set handlers
            for number in _handled_signals():
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
                if received[0] in self._previous_handlers:
                    self._interrupt(signal.Signals(received[0]))

    def _interrupt(self, number: signal.Signals) -> None:
        if self.first is None and self.can_stop:
            self.first = number
            with suppress(Exception):  # a message that cannot be shown: the next signal is still handled
                self.on_first(number)
            self._time_of_first = time.monotonic()
        elif number != self.first or time.monotonic() - self._time_of_first > REPETITION:
            try:
                self.on_exit()
                forget_last_words()
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                os._exit(exit_code(number))  # sys.exit would wait for TensorFlow's threads


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
        forget_last_words()
        os._exit(RunError.exit_code)

    threading.Thread(target=watch, daemon=True, name="time limit").start()
    try:
        yield
    finally:
        finished.set()
