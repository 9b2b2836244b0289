"""Finds installed fonts for texts in scripts that Matplotlib's own font lacks."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.font_manager import FontEntry

DEFAULT = "DejaVu Sans"  # comes with Matplotlib: Latin, Greek, Cyrillic, Arabic, Hebrew and others
PLACEHOLDERS = "Last Resort"  # a font that has a box for every letter


def letters_without_font(texts: Iterable[str]) -> str:
    """Return the letters in these texts that no installed font has, sorted."""
    return "".join(sorted(_find_fonts(_letters(texts))[1]))


def fonts_for(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the names of installed fonts that together have the letters of these texts, as far as there are any."""
    return _find_fonts(_letters(texts))[0]


def escape_letters_without_font(text: str) -> str:
    r"""Return a text with each letter that no font has as its code, `\u732b`: boxes would all look the same."""
    missing = letters_without_font([text])
    return "".join(letter.encode("unicode_escape").decode() if letter in missing else letter for letter in text)


def _letters(texts: Iterable[str]) -> frozenset[str]:
    """Return the letters that need a font besides ASCII; joiners are invisible."""
    letters = set("".join(text for text in texts if not text.isascii()))
    return frozenset(letter for letter in letters if letter > "\x7f" and unicodedata.category(letter) != "Cf")


@functools.cache
def _find_fonts(letters: frozenset[str]) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return the fonts that have these letters, and the letters that none has; without serifs if there is a choice."""
    if not letters:
        return (), letters
    from matplotlib.font_manager import fontManager, get_font

    missing, names = set(map(ord, letters)), []
    for entry in sorted(fontManager.ttflist, key=_preference):
        if not missing:
            break
        try:
            found = missing & get_font(entry.fname).get_charmap().keys()
        except (OSError, RuntimeError, ValueError):  # a font that was removed, or that is damaged
            continue
        if found and not entry.name.startswith(PLACEHOLDERS):
            names.append(entry.name)
            missing -= found
    return tuple(dict.fromkeys(names)), frozenset(map(chr, missing))


def _preference(entry: FontEntry) -> tuple[bool, bool, str, str]:
    return entry.name != DEFAULT, "Sans" not in entry.name, entry.style, entry.name
