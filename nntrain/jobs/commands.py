"""Command lines in messages, in backticks: `nntrain resume runs/mlp-1`."""

from __future__ import annotations

import shlex


def command_line(*arguments: str) -> str:
    """Return an nntrain command in backticks, quoted for a shell.

    The console replaces `nntrain` by what the user types to run the program.
    """
    return f"`{shlex.join(['nntrain', *arguments])}`"
