"""Standard streams: only nntrain writes to stderr, stdout accepts every character, and writing never fails.

A message that cannot be shown (its reader has ended, the disk with the log is full, the terminal was closed) must not
end a training. Therefore the program's streams drop what they cannot write.

TensorFlow and LiteRT write start-up messages directly to file descriptor 2, at any log level. Therefore the program
redirects that descriptor when it starts, and Python's sys.stderr uses a copy of the original. A function called from
Python does the same for as long as it runs.
"""

from __future__ import annotations

import faulthandler
import io
import os
import select
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

_silenced = False


def prepare_streams() -> None:
    """Prepare stdout and stderr for the program. Call it before files are opened."""
    _open_closed_descriptors()
    silence_library_stderr()
    escape_unencodable_stdout()
    sys.stdout, sys.stderr = _lenient(sys.stdout), _lenient(sys.stderr)


def _open_closed_descriptors() -> None:
    """Let standard descriptors that are closed lead nowhere; otherwise the next file that is opened would be stderr."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            _lead_nowhere(descriptor)
    sys.stdin = sys.stdin or os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8", closefd=False)


class _LenientWriter(io.RawIOBase):
    """Writes to the file of a text stream, drops what cannot be written, and keeps the first error."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream  # which would otherwise close the file when it is deleted
        self.is_buffered = hasattr(stream.buffer, "raw")  # with `python -u` it is not
        self.file: Any = getattr(stream.buffer, "raw", stream.buffer)
        self.error: OSError | None = None

    def writable(self) -> bool:
        """Return True, which io.BufferedWriter asks for."""
        return True

    def fileno(self) -> int:
        """Return the file's descriptor."""
        return int(self.file.fileno())

    def isatty(self) -> bool:
        """Return whether the file is a terminal."""
        return bool(self.file.isatty())

    def write(self, data: Any) -> int:
        """Write or drop all bytes and return their number."""
        left = memoryview(data).cast("B")
        total = len(left)
        try:
            while left:
                count = self.file.write(left)
                if count is None:  # the descriptor is in non-blocking mode and cannot take more now
                    select.select([], [self.file], [])
                else:
                    left = left[count:]
        except OSError as error:
            self.error = self.error or error
        return total


def _lenient(stream: TextIO) -> TextIO:
    """Return a stream that is as `stream` but never fails to write, or `stream` itself if it is not a file."""
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    writer: Any = _LenientWriter(stream)
    return io.TextIOWrapper(
        io.BufferedWriter(writer) if writer.is_buffered else writer,
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def output_error() -> OSError | None:
    """Return why a part of stdout is lost, or None. It is no loss that its reader, such as `head`, has seen enough."""
    sys.stdout.flush()
    buffer = getattr(sys.stdout, "buffer", None)
    writer = getattr(buffer, "raw", buffer)
    error = writer.error if isinstance(writer, _LenientWriter) else None
    return None if isinstance(error, BrokenPipeError) else error


def silence_library_stderr() -> None:
    """Keep libraries' messages off stderr for the rest of the process, unless NNTRAIN_DEBUG is set.

    If a library crashes, Python's traceback is still shown.
    """
    if os.environ.get("NNTRAIN_DEBUG"):
        return
    warnings.simplefilter("ignore")
    global _silenced
    try:
        sys.stderr = _redirect()
    except (OSError, AttributeError, ValueError):  # stderr is closed, or not a file
        return
    _silenced = True
    faulthandler.enable(sys.stderr)


def libraries_are_silenced() -> bool:
    """Return whether libraries' messages are kept off stderr for the rest of the process."""
    return _silenced


def _redirect() -> TextIO:
    """Redirect file descriptor 2 to nowhere; returns a stream to where it led."""
    sys.stderr.flush()
    original = os.dup(2)
    _lead_nowhere(2)
    return os.fdopen(original, "w", buffering=1, encoding=sys.stderr.encoding, errors="backslashreplace")


def _lead_nowhere(descriptor: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    if null != descriptor:  # a closed descriptor may be the next that is free
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
