"""A 28x28 image in a terminal: half blocks in shades of grey, or plain characters where there are no colours."""

from __future__ import annotations

import os
from collections.abc import Iterable

import numpy as np
from rich.text import Text

PLAIN = " .:-=+*#%@"  # from no ink to most
HALF = "▀"  # its upper half is the one row, its lower half the next


def draw_pixels(pixels: np.ndarray, *, colours: bool, columns: int) -> list[Text]:
    """Return the lines of an image, uint8 (28, 28), for a terminal of that many columns.

    With colours each character holds two rows; without, a character is two pixels wide where there is room, so that
    proportions hold. An image that is wider than the terminal is reduced.
    """
    pixels = _reduced(pixels, columns)
    if colours:
        return [_half_blocks(upper, lower) for upper, lower in zip(pixels[0::2], pixels[1::2], strict=True)]
    wide = 2 if 2 * pixels.shape[1] <= columns else 1
    places = pixels.astype(int) * (len(PLAIN) - 1) // 255
    return [Text("".join(PLAIN[place] * wide for place in row).rstrip()) for row in places]


def colours_wanted(is_terminal: bool) -> bool:
    """Tell whether colours are to be used: on a terminal that has them, unless NO_COLOR is set."""
    return is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _reduced(pixels: np.ndarray, columns: int) -> np.ndarray:
    if pixels.shape[1] <= columns:
        return pixels
    return np.asarray(pixels.reshape(14, 2, 14, 2).mean(axis=(1, 3))).astype(np.uint8)


def _half_blocks(upper: Iterable[int], lower: Iterable[int]) -> Text:
    line = Text()
    for above, below in zip(upper, lower, strict=True):
        line.append(HALF, style=f"rgb({above},{above},{above}) on rgb({below},{below},{below})")
    return line
