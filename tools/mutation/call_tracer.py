"""Records which functions a process calls, so that `make mutants` knows which tests call a function.

In a copy of the project, this file is `sitecustomize.py`, which Python imports when it starts. So it also traces the
processes that tests start.
"""

from __future__ import annotations

import os
import sys
import threading
from types import FrameType

TRACE_FILE = "CALL_TRACE_FILE"
ROOT = os.path.dirname(os.path.abspath(__file__)) + os.sep
_called: set[tuple[str, int]] = set()


def trace_to(path: str) -> None:
    """Append each function that this process or a new one calls from now on to a file, as `file:first line`."""
    os.environ[TRACE_FILE] = path
    _called.clear()
    threading.settrace(_trace)
    sys.settrace(_trace)


def _trace(frame: FrameType, event: str, argument: object) -> None:
    code = frame.f_code
    function = code.co_filename, code.co_firstlineno
    if function not in _called and code.co_filename.startswith(ROOT):
        _called.add(function)
        # It is written immediately, because the process may be killed, and errors are ignored, because a test may take
        # away files or memory.
        try:
            file = os.open(os.environ[TRACE_FILE], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(file, f"{code.co_filename.removeprefix(ROOT)}:{code.co_firstlineno}\n".encode())
            os.close(file)
        except (OSError, KeyError):
            pass


if __name__ == "sitecustomize" and TRACE_FILE in os.environ:
    trace_to(os.environ[TRACE_FILE])
