"""Standard streams: only nntrain writes to stderr, and stdout accepts every character.

TensorFlow and LiteRT write start-up messages directly to file descriptor 2, at any log level. Therefore the program
redirects that descriptor when it starts, and Python's sys.stderr uses a copy of the original.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import warnings


def silence_library_stderr() -> None:
    """Keep libraries' messages off stderr for the rest of the process, unless NNTRAIN_DEBUG is set.

    If a library crashes, Python's traceback is still shown.
    """
    if os.environ.get("NNTRAIN_DEBUG"):
        return
    warnings.simplefilter("ignore")
    try:
        sys.stderr.flush()
        original = os.dup(2)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 2)
        os.close(null)
        sys.stderr = os.fdopen(original, "w", buffering=1, encoding=sys.stderr.encoding, errors="backslashreplace")
    except (OSError, AttributeError, ValueError):  # stderr is closed, or not a file
        return
    faulthandler.enable(sys.stderr)


def escape_unencodable_stdout() -> None:
    """Make stdout write characters that its encoding lacks, such as those of a file name, as escapes."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
