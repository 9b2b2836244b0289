"""What a library writes before it ends the process.

Libraries' messages are kept off stderr (`nntrain.system.stdio`). But TensorFlow may end the process after one, for
example if TF_XLA_FLAGS has an unknown flag. No code of this process runs then. Therefore another process keeps the
messages: `sed`, which every POSIX system has. It shows them when this process is gone, unless the process ends as it
should, and ends `sed` first.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from nntrain.system import stdio

if TYPE_CHECKING:
    import subprocess

# Collect all lines but TensorFlow's information and warnings, and print them after the last one.
SCRIPT = (
    "/^[IW][0-9][0-9][0-9][0-9] /b end",
    "/^WARNING: All log messages before absl::InitializeLog/b end",
    "H",
    ":end",
    "$!b",
    "x",
    "s/^\\n//p",
)
_keepers: list[subprocess.Popen[bytes]] = []


def keep_last_words() -> None:
    """Show what libraries write to stderr if the process ends without `forget_last_words`.

    Does nothing if libraries are not silenced, or if there is no `sed`.
    """
    import subprocess  # only a training needs it

    if _keepers or not stdio.libraries_are_silenced():
        return
    with suppress(OSError):
        keeper = subprocess.Popen(
            ["sed", "-n", *(word for line in SCRIPT for word in ("-e", line))],
            stdin=subprocess.PIPE,
            stdout=sys.stderr.fileno(),
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # so that Ctrl-C and a hangup do not end it
        )
        _keepers.append(keeper)
        if keeper.stdin is not None:
            os.dup2(keeper.stdin.fileno(), 2)
            keeper.stdin.close()


def forget_last_words() -> None:
    """Call this before the process ends as it should."""
    while _keepers:
        _keepers.pop().kill()
