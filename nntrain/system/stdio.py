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
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    os.close(null)
    return os.fdopen(original, "w", buffering=1, encoding=sys.stderr.encoding, errors="backslashreplace")


class LibraryOutput:
    """Keeps libraries' messages off stderr while any of its blocks runs; Python's own output is still shown.

    Blocks may be nested and may run on several threads: the first one redirects file descriptor 2, and the last one
    restores it. Nothing is redirected if NNTRAIN_DEBUG is set, or if stderr is closed.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocks = 0  # that run now
        self._redirected: tuple[TextIO, TextIO] | None = None  # sys.stderr as it was, and its replacement

    @contextmanager
    def silenced(self) -> Iterator[None]:
        """Silence libraries in a block."""
        with self._lock:
            self._blocks += 1
            if self._blocks == 1:
                self._redirect()
        try:
            yield
        finally:
            with self._lock:
                self._blocks -= 1
                if self._blocks == 0:
                    self._restore()

    def _redirect(self) -> None:
        if os.environ.get("NNTRAIN_DEBUG"):
            return
        with suppress(OSError, AttributeError, ValueError):
            before = sys.stderr
            self._redirected = before, _redirect()
            if _writes_to_stderr(before):  # a notebook's stream does not
                sys.stderr = self._redirected[1]

    def _restore(self) -> None:
        if self._redirected is None:
            return
        before, replacement = self._redirected
        self._redirected = None
        replacement.flush()
        os.dup2(replacement.fileno(), 2)
        if sys.stderr is replacement:
            sys.stderr = before
        replacement.close()


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
