"""Writes down which functions a process calls. `make mutants` runs the tests with it once, to know which test what.

As `sitecustomize.py` at the root of a copy of the project, it also traces the processes that tests start.
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
    """Write each function that is called from now on, here and in new processes, to a file as `file:first line`."""
    os.environ[TRACE_FILE] = path
    _called.clear()
    threading.settrace(_trace)
    sys.settrace(_trace)


def _trace(frame: FrameType, event: str, argument: object) -> None:
    code = frame.f_code
    function = code.co_filename, code.co_firstlineno
    if function not in _called and code.co_filename.startswith(ROOT):
        _called.add(function)
        # Written at once, as the process may be killed, and without an error, as a test may take away files and memory.
        try:
            file = os.open(os.environ[TRACE_FILE], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(file, f"{code.co_filename.removeprefix(ROOT)}:{code.co_firstlineno}\n".encode())
            os.close(file)
        except (OSError, KeyError):
            pass


if __name__ == "sitecustomize" and TRACE_FILE in os.environ:
    trace_to(os.environ[TRACE_FILE])
