"""stderr for nntrain's own words only.

TensorFlow and LiteRT write their start-up lines straight to file descriptor 2, whatever the log level. So the
descriptor is pointed elsewhere once, as the program starts, and Python's sys.stderr keeps the real one.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import warnings


def silence_library_stderr() -> None:
    """Keep libraries' words off stderr for the rest of the process; `NNTRAIN_DEBUG=1` leaves everything as it is.

    A crash inside a library still shows where Python was.
    """
    if os.environ.get("NNTRAIN_DEBUG"):
        return
    warnings.simplefilter("ignore")
    try:
        sys.stderr.flush()
        real = os.dup(2)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)
        sys.stderr = os.fdopen(real, "w", buffering=1, encoding=sys.stderr.encoding, errors="backslashreplace")
    except (OSError, AttributeError, ValueError):  # closed, or not a file: nothing to keep words off
        return
    faulthandler.enable(sys.stderr)


def escape_unencodable_stdout() -> None:
    """Let stdout write what its encoding cannot (a user's file name, say) as an escape instead of failing."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
