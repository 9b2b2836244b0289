"""Compares the output that a page shows with what a command prints, apart from figures.

Trainings in the tests are shorter and on fewer images than those in the pages, so digits are not compared, nor what
depends on the weights. A shown line that the program no longer prints is found.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

# What is replaced, in this order.
REPLACED = [
    (r"\b[0-9a-f]{12,}\b", "#"),  # a fingerprint
    (r"(?<![\w.])(?:~|/|[A-Z]:\\)[^\s\"']*/", "/"),  # the folders of an absolute path
    (r"\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?", "#"),
    (r"(?<= )\.(?= |$)", "#"),  # an empty cell of a confusion matrix
    (r", # (?:s|min|h)(?: # (?:s|min))? left$", ""),
    (r"# min # s|# h # min|# (?:min|h)\b", "# s"),
    (r"(?<=# )(epoch|image|problem)s\b", r"\1"),
    (r"(?:not )?compiled(?: with XLA)? ?[(:].*", "compiled or not"),  # depends on the number of epochs
]


def shape(line: str) -> str:
    """Return a line without figures and without the widths of columns."""
    for pattern, replacement in REPLACED:
        line = re.sub(pattern, replacement, line)
    return " ".join(line.split())


def missing_lines(shown: Sequence[str], printed: str, *, exact: bool = False, answers: bool = True) -> list[str]:
    """Return the shown lines that were not printed.

    What follows `...` in a line is not compared. With `exact`, figures and columns are. Without `answers`, only the
    beginning of a line up to its first figure is, because the rest depends on the weights.
    """
    if shown and shown[0].startswith("{"):
        return _missing_keys(shown, printed)
    read = str.rstrip if exact else shape if answers else _beginning
    lines = [read(line) for line in printed.splitlines()]
    return [line for line in shown if not _occurs(read(line), lines)]


def _beginning(line: str) -> str:
    return shape(line).partition("#")[0]


def _occurs(shown: str, lines: Sequence[str]) -> bool:
    if "..." in shown:
        return any(line.startswith(shown.partition("...")[0]) for line in lines) or shown.startswith("...")
    return not shown or shown in lines


def _missing_keys(shown: Sequence[str], printed: str) -> list[str]:
    """Return the keys of a shown JSON document that the printed one does not have."""
    printed_keys = set(re.findall(r'"([^"]+)":', json.dumps(json.loads(printed))))
    return [key for key in re.findall(r'"([^"]+)":', "\n".join(shown)) if key not in printed_keys]
