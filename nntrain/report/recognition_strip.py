"""The strip that shows how a picture was read: original, ink, crop, what the network saw, the answer."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from nntrain.errors import NntrainError
from nntrain.system.files import temporary_sibling

if TYPE_CHECKING:
    from PIL import Image, ImageFont

    Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont

PANEL, ANSWER, GAP, HEAD, FOOT = 168, 330, 16, 30, 12  # pixels; the answer's column is as wide as its words need
INDENT = 8  # pixels, of the answer's words
NAME, LABEL, LINE = 22, 96, 17  # pixels: the heights of a name, an answer, a line of what was done
PAPER, INK, FAINT, ALERT = (255, 255, 255), (34, 34, 34), (107, 107, 107), (213, 94, 0)
TITLES = ("picture", "ink", "crop", "network saw", "answer")


@dataclass(frozen=True)
class Row:
    """One digit's way."""

    picture: np.ndarray  # grey, any size
    mask: np.ndarray | None  # of the same size, or None for what passed unchanged
    box: tuple[int, int, int, int] | None  # top, bottom, left, right of the digit
    pixels: np.ndarray  # (28, 28)
    answer: str
    detail: Sequence[str]  # lines below the answer
    unsure: bool
    name: str


def draw_steps(rows: Sequence[Row], path: Path) -> None:
    """Draw a row a digit to a picture file; raises NntrainError where that cannot be written."""
    from PIL import Image, ImageDraw

    font, small, large = (_font(size) for size in (14, 12, 72))
    step = PANEL + GAP
    wide = max(ANSWER, *(_wide(row, small, large) for row in rows))
    ends = list(itertools.accumulate((_height(row) for row in rows), initial=HEAD))
    strip = Image.new("RGB", (GAP + (len(TITLES) - 1) * step + wide, ends[-1] + GAP), PAPER)
    pen = ImageDraw.Draw(strip)
    for column, title in enumerate(TITLES):
        pen.text((GAP + column * step, 8), title, fill=FAINT, font=font)
    for top, row in zip(ends, rows, strict=False):
        pen.text((GAP, top + 2), _shortened(row.name), fill=INK, font=font)
        top += NAME
        for column, image in enumerate(_panels(row)):
            left = GAP + column * step
            strip.paste(image, (left + (PANEL - image.width) // 2, top + (PANEL - image.height) // 2))
            pen.rectangle((left - 1, top - 1, left + PANEL, top + PANEL), outline=(220, 220, 220))
        left = GAP + 4 * step
        pen.text((left + INDENT, top), row.answer, fill=ALERT if row.unsure else INK, font=large)
        for line, text in enumerate(row.detail):
            fill = ALERT if row.unsure and line == 0 else FAINT
            pen.text((left + INDENT, top + LABEL + LINE * line), text, fill=fill, font=small)
    with temporary_sibling(path) as beside:
        try:
            strip.save(beside)
        except ValueError as error:  # WebP, for one, has no pictures of more than 16,383 pixels a side
            raise NntrainError(f"{path}: cannot be written: {error}; use .png") from None


def _height(row: Row) -> int:
    return NAME + max(PANEL, LABEL + LINE * len(row.detail)) + FOOT


def _wide(row: Row, small: Font, large: Font) -> int:
    lengths = [large.getlength(row.answer), *(small.getlength(text) for text in row.detail)]
    return INDENT + math.ceil(max(lengths)) + GAP


def _panels(row: Row) -> list[Image.Image]:
    from PIL import Image, ImageDraw

    grey = np.clip(row.picture, 0, 255).astype(np.uint8)
    picture = Image.fromarray(grey).convert("RGB")
    mask = row.mask if row.mask is not None else grey > 127
    ink = Image.fromarray(np.where(mask, 255, 0).astype(np.uint8)).convert("RGB")
    box = row.box or (0, grey.shape[0], 0, grey.shape[1])
    top, bottom, left, right = box
    crop = picture.crop((left, top, right, bottom))
    shown = [_fitted(picture), _fitted(ink), _fitted(crop), _fitted(Image.fromarray(row.pixels).convert("RGB"))]
    if row.box is not None:
        scale = shown[0].width / picture.width
        outline = (left * scale - 2, top * scale - 2, right * scale + 1, bottom * scale + 1)
        ImageDraw.Draw(shown[0]).rectangle(outline, outline=ALERT)
    return shown


def _fitted(image: Image.Image) -> Image.Image:
    from PIL import Image

    scale = PANEL / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BOX)


def _shortened(name: str, most: int = 110) -> str:
    return name if len(name) <= most else f"...{name[3 - most :]}"


def _font(size: int) -> Font:
    from PIL import ImageFont

    return ImageFont.load_default(size)
