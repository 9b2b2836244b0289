"""Command lines inside messages, written in backticks: `nntrain resume runs/mlp-1`."""

from __future__ import annotations

import shlex


def command_line(*words: str) -> str:
    """Return an nntrain command in backticks, quoted for a shell; showing it puts in the program's own path."""
    return f"`{shlex.join(['nntrain', *words])}`"
