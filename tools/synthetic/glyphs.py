"""Printed digits and letters, in the fonts that come with Matplotlib."""

from __future__ import annotations

import functools
from pathlib import Path

import matplotlib as mpl
import numpy as np
from PIL import Image, ImageDraw, ImageFont

DIGITS = "0123456789"
# What no digit resembles, without the characters of shapes.HELD_OUT_LETTERS and others of their shapes.
OTHERS = "AEFKMRWaefhnrtw&@#%$*+=ΔΛΨΩαλμπωδξψДЛЩЯф"
FULL = ("DejaVuSans*.ttf", "DejaVuSerif*.ttf", "STIXGeneral*.ttf")  # these have Greek and Cyrillic
LATIN = ("cmr10.ttf", "cmss10.ttf", "cmtt10.ttf")


def printed(character: str, rng: np.random.Generator) -> np.ndarray:
    """Return a picture of a character in a random font and size: grey levels, uint8 (160, 160)."""
    fonts = _fonts(FULL + LATIN if character.isascii() else FULL)
    font = ImageFont.truetype(fonts[int(rng.integers(len(fonts)))], int(rng.integers(60, 100)))
    image = Image.new("L", (160, 160), 230)
    ImageDraw.Draw(image).text((80, 80), character, fill=30, font=font, anchor="mm")
    return np.asarray(image)


@functools.cache
def _fonts(patterns: tuple[str, ...]) -> list[str]:
    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    return [str(path) for pattern in patterns for path in sorted(folder.glob(pattern)) if "Display" not in path.name]
