"""Standard streams: only nntrain writes to stderr, and stdout accepts every character.

TensorFlow and LiteRT write start-up messages directly to file descriptor 2, at any log level. Therefore the program
redirects that descriptor when it starts, and Python's sys.stderr uses a copy of the original. A function called from
Python does the same for as long as it runs.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO


def silence_library_stderr() -> None:
    """Keep libraries' messages off stderr for the rest of the process, unless NNTRAIN_DEBUG is set.

    If a library crashes, Python's traceback is still shown.
    """
    if os.environ.get("NNTRAIN_DEBUG"):
        return
    warnings.simplefilter("ignore")
    try:
        sys.stderr = _redirect()
    except (OSError, AttributeError, ValueError):  # stderr is closed, or not a file
        return
    faulthandler.enable(sys.stderr)


def _redirect() -> TextIO:
    """Redirect file descriptor 2 to nowhere; returns a stream to where it led."""
    sys.stderr.flush()
    original = os.dup(2)
    _lead_nowhere(2)
    return os.fdopen(original, "w", buffering=1, encoding=sys.stderr.encoding, errors="backslashreplace")


def _lead_nowhere(descriptor: int) -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, descriptor)
    os.close(null)


class LibraryOutput:
    """Keeps libraries' messages off stderr while any of its blocks runs; Python's own output is still shown.

    Blocks may be nested and may run on several threads: the first one redirects file descriptor 2, and the last one
    restores it. Nothing is redirected if NNTRAIN_DEBUG is set, or if stderr is closed.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocks = 0  # that run now
        self._before: TextIO | None = None  # sys.stderr as it was, while it is replaced
        # Leads to where descriptor 2 led. It is never closed, since a library may keep it: TensorFlow's log does.
        self._stream: TextIO | None = None
        self._redirected = False

    @contextmanager
    def silenced(self) -> Iterator[None]:
        """Silence libraries in a block."""
        with self._lock:
            self._blocks += 1
            if self._blocks == 1 and not os.environ.get("NNTRAIN_DEBUG"):
                with suppress(OSError, AttributeError, ValueError):
                    self._redirect()
        try:
            yield
        finally:
            with self._lock:
                self._blocks -= 1
                if self._blocks == 0 and self._redirected:
                    self._restore()

    def _redirect(self) -> None:
        if self._stream is None:
            self._stream = _redirect()
        else:
            sys.stderr.flush()
            os.dup2(2, self._stream.fileno())
            _lead_nowhere(2)
        self._redirected = True
        if _writes_to_stderr(sys.stderr):  # a notebook's stream does not
            self._before, sys.stderr = sys.stderr, self._stream

    def _restore(self) -> None:
        stream, self._redirected = self._stream, False
        if stream is not None:
            stream.flush()
            os.dup2(stream.fileno(), 2)
        if self._before is not None and sys.stderr is stream:
            sys.stderr = self._before
        self._before = None


def _writes_to_stderr(stream: TextIO) -> bool:
    try:
        return stream.fileno() == 2
    except (OSError, AttributeError, ValueError):
        return False


library_output = LibraryOutput()


def escape_unencodable_stdout() -> None:
    """Make stdout write characters that its encoding lacks, such as those of a file name, as escapes."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
