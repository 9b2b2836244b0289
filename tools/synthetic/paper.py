"""Lines drawn onto paper: grey levels, 0 to 255, and the light that falls on them."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from synthetic.shapes import Line

OVER = 4  # drawn at this many times the size, for smooth borders


def drawn(
    lines: Sequence[Line],
    *,
    size: tuple[int, int] = (200, 200),  # width, height
    place: tuple[float, float, float, float] = (0.25, 0.2, 0.5, 0.6),  # left, top, width, height: shares of the height
    stroke: float = 0.08,  # of the digit's height
    ink: int = 30,
    ground: int = 230,
) -> Image.Image:
    """Draw lines of the unit square into a place of a picture; joints and ends are round."""
    width, height = size
    image = Image.new("L", (width * OVER, height * OVER), ground)
    put(image, lines, place=place, stroke=stroke, ink=ink)
    return image.resize(size, Image.Resampling.BOX)


def put(
    image: Image.Image, lines: Sequence[Line], *, place: tuple[float, float, float, float], stroke: float, ink: int
) -> None:
    """Draw lines into an image as it stands."""
    pen = ImageDraw.Draw(image)
    unit = image.height
    left, top, wide, high = (unit * share for share in place)
    radius = max(0.5, stroke * high / 2)
    for line in lines:
        points = [(left + x * wide, top + y * high) for x, y in line]
        pen.line(points, fill=ink, width=max(1, round(2 * radius)))
        for x, y in points:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)


def row(digits: Sequence[Sequence[Line]], *, gap: float = 0.15, stroke: float = 0.1, height: int = 120) -> Image.Image:
    """Draw digits side by side; `gap` is that between their squares, as a share of their height."""
    wide = 0.6
    step = wide + gap
    width = round(height * (0.4 + 0.6 * step * len(digits)))
    image = Image.new("L", (width * OVER, height * OVER), 230)
    for number, lines in enumerate(digits):
        put(image, lines, place=(0.2 + 0.6 * step * number, 0.2, 0.6 * wide, 0.6), stroke=stroke, ink=30)
    return image.resize((width, height), Image.Resampling.BOX)


def encoded(image: Image.Image | np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    """Return a picture file's contents."""
    file = io.BytesIO()
    if isinstance(image, np.ndarray):
        image = Image.fromarray(np.clip(np.rint(image), 0, 255).astype(np.uint8))
    image.save(file, kind, **options)
    return file.getvalue()


def shaded(levels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Let light fall from one side, and a shadow with a hard edge on a part."""
    height, width = levels.shape
    y, x = np.mgrid[:height, :width]
    angle = rng.uniform(0, 2 * np.pi)
    along = ((x / width - 0.5) * np.cos(angle) + (y / height - 0.5) * np.sin(angle)) / 0.71
    light = 0.8 + 0.2 * along
    shadow = ((x / width - 0.5) * np.sin(angle + 0.6) + (y / height - 0.5) * np.cos(angle + 0.6)) > rng.uniform(
        -0.4, 0.4
    )
    return np.asarray(levels * light * np.where(shadow, rng.uniform(0.55, 0.85), 1.0))


def grainy(levels: np.ndarray, rng: np.random.Generator, spread: float = 10.0) -> np.ndarray:
    """Add the grain of a sensor."""
    return np.asarray(np.clip(levels + rng.normal(0, spread, levels.shape), 0, 255))


def ruled(
    levels: np.ndarray, *, apart: float, ink: float, thick: float = 3.0, angle: float = 0.0, squared: bool = False
) -> np.ndarray:
    """Rule light paper with grey lines so many pixels apart, turned by degrees; with upright ones too if squared."""
    y, x = np.mgrid[: levels.shape[0], : levels.shape[1]]
    turn = np.deg2rad(angle)
    down, right = y * np.cos(turn) + x * np.sin(turn), x * np.cos(turn) - y * np.sin(turn)
    result = levels.astype(np.float64)
    for along in (down, right) if squared else (down,):
        distance = np.abs(along % apart - apart / 2)
        share = np.clip(thick / 2 + 0.5 - distance, 0, 1)
        result = np.minimum(result, 255 - (255 - ink) * share)
    return result
