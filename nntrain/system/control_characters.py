"""Shows control characters in text of others, such as file names, as escapes: they could change what a terminal shows.

A terminal obeys ESC and the C1 codes, a line break forges a line, and bidirectional controls reorder what is read
(https://trojansource.codes). Joiners inside words and emoji are kept, because scripts need them.
"""

from __future__ import annotations

import re

CONTROLS = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL and C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # bidirectional
    "\u2028\u2029"  # line and paragraph separators
    "\u00ad\u180e\u200b\u2060-\u2065\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"  # invisible
    "\ud800-\udfff"  # bytes of a file name that are not UTF-8
    "]"
)


def escape_controls(text: str) -> str:
    r"""Return text with each control character as Python writes it: `\n`, `\x1b`, `\u202e`."""
    return text if text.isprintable() else CONTROLS.sub(lambda match: repr(match[0])[1:-1], text)


def escape_controls_in_json(text: str) -> str:
    r"""Return a JSON document with each control character in its strings as an escape of JSON: `\u009b`.

    `json.dumps` has already escaped those below U+0020, so a line break here is one between the document's lines.
    """
    return CONTROLS.sub(lambda match: match[0] if match[0] == "\n" else _json_escape(match[0]), text)


def _json_escape(character: str) -> str:
    r"""Return `\uXXXX`, or two of them above U+FFFF."""
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))
