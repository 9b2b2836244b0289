"""Draws a 28x28 image in the terminal: half blocks in shades of grey, or plain characters without colours."""

from __future__ import annotations

import os
from collections.abc import Iterable

import numpy as np
from rich.text import Text

CHARACTERS = " .:-=+*#%@"  # from black to white
HALF_BLOCK = "▀"  # its upper half has the foreground colour, its lower half the background colour


def render_image(image: np.ndarray, *, colours: bool, columns: int) -> list[Text]:
    """Return the lines that show an image, uint8 (28, 28), in a terminal with `columns` columns.

    With colours, a character holds two rows of pixels. Without colours, a pixel takes two characters if there is room,
    which keeps the proportions. An image that is wider than the terminal is scaled to half its size.
    """
    if image.shape[1] > columns:
        image = _halved(image)
    if colours:
        return [_half_blocks(upper, lower) for upper, lower in zip(image[0::2], image[1::2], strict=True)]
    repeats = 2 if 2 * image.shape[1] <= columns else 1
    levels = image.astype(int) * (len(CHARACTERS) - 1) // 255
    return [Text("".join(CHARACTERS[level] * repeats for level in row).rstrip()) for row in levels]


def wants_colours(is_terminal: bool) -> bool:
    """Return whether to use colours: only on a terminal that has them, and not if NO_COLOR is set."""
    return is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _halved(image: np.ndarray) -> np.ndarray:
    rows, columns = image.shape
    return np.asarray(image.reshape(rows // 2, 2, columns // 2, 2).mean(axis=(1, 3))).astype(np.uint8)


def _half_blocks(upper: Iterable[int], lower: Iterable[int]) -> Text:
    line = Text()
    for above, below in zip(upper, lower, strict=True):
        line.append(HALF_BLOCK, style=f"rgb({above},{above},{above}) on rgb({below},{below},{below})")
    return line
