"""Draws how digits were recognized, one per row: picture, ink, crop, the network's input, answer."""

from __future__ import annotations

import io
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from nntrain.errors import NntrainError, UsageError
from nntrain.system.control_characters import escape_controls
from nntrain.system.files import temporary_sibling

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

    Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont

MAX_ROWS = 200  # most viewers cannot open larger pictures
TITLES = ("picture", "ink", "crop", "network saw", "answer")  # of the columns
# Sizes in pixels.
PANEL = 168  # side of a panel
ANSWER_WIDTH = 330  # the minimum; the column is as wide as its text
GAP = 16  # between and around the columns
INDENT = 8  # of the answer's text
TITLE_HEIGHT, NAME_HEIGHT, ANSWER_HEIGHT, LINE_HEIGHT, ROW_GAP = 30, 22, 96, 17, 12
BACKGROUND, TEXT, FAINT, OUTLINE, ALERT = (
    (255, 255, 255),
    (34, 34, 34),
    (107, 107, 107),
    (220, 220, 220),
    (213, 94, 0),
)


@dataclass(frozen=True)
class Row:
    """How one digit was recognized."""

    name: str  # of the picture
    picture: np.ndarray  # grey levels, two-dimensional, of any size
    mask: np.ndarray | None  # its ink, bool of the same shape, or None for an image that was not prepared
    bbox: tuple[int, int, int, int] | None  # top, bottom, left, right of the digit in the picture
    image: np.ndarray  # the network's input, uint8 (28, 28)
    answer: str
    details: Sequence[str]  # lines below the answer
    confident: bool


def check_writable(path: Path) -> None:
    """Raise UsageError if a strip cannot be written to the path; Pillow reads some formats that it cannot write."""
    from PIL import Image

    try:
        Image.new("RGB", (8, 8)).save(io.BytesIO(), Image.registered_extensions()[path.suffix.lower()])
    except (LookupError, OSError, ValueError):
        raise UsageError(f"--steps {path}: pictures with that suffix cannot be written; use .png") from None
    if not path.parent.is_dir():
        raise UsageError(f"--steps {path}: the folder {path.parent} does not exist")


def draw_strip(rows: Sequence[Row], path: Path) -> None:
    """Write the strip to a picture file; raises NntrainError if it is too large for the format."""
    from PIL import Image, ImageDraw

    rows = [_without_controls(row) for row in rows]
    font, small, large = (_font(size) for size in (14, 12, 72))
    answer_width = max(ANSWER_WIDTH, *(_answer_width(row, small, large) for row in rows))
    tops = list(itertools.accumulate((_row_height(row) for row in rows), initial=TITLE_HEIGHT))
    answer_left = _column_left(len(TITLES) - 1)
    strip = Image.new("RGB", (answer_left + answer_width, tops[-1] + GAP), BACKGROUND)
    pen = ImageDraw.Draw(strip)
    for column, title in enumerate(TITLES):
        pen.text((_column_left(column), 8), title, fill=FAINT, font=font)
    for top, row in zip(tops, rows, strict=False):
        pen.text((GAP, top + 2), _shortened(row.name), fill=TEXT, font=font)
        _draw_panels(strip, pen, row, top + NAME_HEIGHT)
        _draw_answer(pen, row, (answer_left + INDENT, top + NAME_HEIGHT), small, large)
    with temporary_sibling(path) as temporary:
        try:
            strip.save(temporary)
        except ValueError as error:  # for example, WebP allows at most 16,383 pixels per side
            raise NntrainError(f"{path}: cannot be written: {error}; use .png") from None


def _without_controls(row: Row) -> Row:
    """Return a row with control characters in its texts as escapes."""
    return replace(
        row,
        name=escape_controls(row.name),
        answer=escape_controls(row.answer),
        details=[*map(escape_controls, row.details)],
    )


def _column_left(column: int) -> int:
    return GAP + column * (PANEL + GAP)


def _row_height(row: Row) -> int:
    return NAME_HEIGHT + max(PANEL, ANSWER_HEIGHT + LINE_HEIGHT * len(row.details)) + ROW_GAP


def _answer_width(row: Row, small: Font, large: Font) -> int:
    lengths = [large.getlength(row.answer), *(small.getlength(line) for line in row.details)]
    return INDENT + math.ceil(max(lengths)) + GAP


def _draw_panels(strip: Image.Image, pen: ImageDraw.ImageDraw, row: Row, top: int) -> None:
    for column, panel in enumerate(_panels(row)):
        left = _column_left(column)
        strip.paste(panel, (left + (PANEL - panel.width) // 2, top + (PANEL - panel.height) // 2))
        pen.rectangle((left - 1, top - 1, left + PANEL, top + PANEL), outline=OUTLINE)


def _draw_answer(pen: ImageDraw.ImageDraw, row: Row, corner: tuple[int, int], small: Font, large: Font) -> None:
    left, top = corner
    pen.text((left, top), row.answer, fill=TEXT if row.confident else ALERT, font=large)
    for line, text in enumerate(row.details):
        fill = ALERT if line == 0 and not row.confident else FAINT  # the first line is the reason
        pen.text((left, top + ANSWER_HEIGHT + LINE_HEIGHT * line), text, fill=fill, font=small)


def _panels(row: Row) -> list[Image.Image]:
    """Return the picture, its ink, the cropped digit, and the network's input."""
    from PIL import Image, ImageDraw

    grey = np.clip(row.picture, 0, 255).astype(np.uint8)
    mask = grey > 127 if row.mask is None else row.mask
    top, bottom, left, right = row.bbox or (0, grey.shape[0], 0, grey.shape[1])
    images = (grey, np.where(mask, 255, 0).astype(np.uint8), grey[top:bottom, left:right], row.image)
    panels = [_fitted(Image.fromarray(image).convert("RGB")) for image in images]
    if row.bbox is not None:
        scale = panels[0].width / grey.shape[1]
        outline = (left * scale - 2, top * scale - 2, right * scale + 1, bottom * scale + 1)
        ImageDraw.Draw(panels[0]).rectangle(outline, outline=ALERT)
    return panels


def _fitted(image: Image.Image) -> Image.Image:
    """Scale an image to the size of a panel, keeping its proportions."""
    from PIL import Image

    scale = PANEL / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BOX)


def _shortened(name: str, max_length: int = 110) -> str:
    """Replace the beginning of a name that is too long by dots."""
    return name if len(name) <= max_length else f"...{name[3 - max_length :]}"


def _font(size: int) -> Font:
    from PIL import ImageFont

    return ImageFont.load_default(size)
