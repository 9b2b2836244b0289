"""Writes Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

NOTE = "<!-- Made by tools/make_docs.py; change the program or tools/generated_pages/, not this file. -->"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a vertical bar in a cell is escaped."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def code(text: object) -> str:
    """Return text as code."""
    return f"`{text}`"


def block(language: str, text: str) -> str:
    """Return a fenced block."""
    return f"```{language}\n{text.rstrip()}\n```"


def fill(template: Path, parts: Mapping[str, str]) -> str:
    """Return a template with `{{ name }}` replaced by the part of that name; each part is used once."""
    text = template.read_text(encoding="utf-8")
    for name, part in parts.items():
        mark = f"{{{{ {name} }}}}"
        if text.count(mark) != 1:
            raise ValueError(f"{template.name}: {mark} has to be in it once")
        text = text.replace(mark, part)
    if "{{" in text:
        raise ValueError(f"{template.name}: a part is missing: {text[text.index('{{') :].splitlines()[0]}")
    return f"{text.rstrip()}\n"
