"""Lines drawn on paper, grey levels from 0 to 255, and the light that falls on them."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from synthetic.shapes import Line

OVERSAMPLING = 4  # drawn at this many times the size, for smooth borders


def drawn(
    lines: Sequence[Line],
    *,
    size: tuple[int, int] = (200, 200),  # width, height
    place: tuple[float, float, float, float] = (0.25, 0.2, 0.5, 0.6),  # left, top, width, height: of the height
    stroke: float = 0.08,  # of the digit's height
    ink: int = 30,
    background: int = 230,
) -> Image.Image:
    """Return a picture with lines of the unit square drawn into a place of it, with round joints and ends."""
    width, height = size
    image = Image.new("L", (width * OVERSAMPLING, height * OVERSAMPLING), background)
    draw_lines(image, lines, place=place, stroke=stroke, ink=ink)
    return image.resize(size, Image.Resampling.BOX)


def draw_lines(
    image: Image.Image, lines: Sequence[Line], *, place: tuple[float, float, float, float], stroke: float, ink: int
) -> None:
    """Draw lines of the unit square into a place of an image.

    `place` is left, top, width and height as fractions of the image's height, and `stroke` is one of the place's.
    """
    pen = ImageDraw.Draw(image)
    unit = image.height
    left, top, wide, high = (unit * fraction for fraction in place)
    radius = max(0.5, stroke * high / 2)
    for line in lines:
        points = [(left + x * wide, top + y * high) for x, y in line]
        pen.line(points, fill=ink, width=max(1, round(2 * radius)))
        for x, y in points:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)


def row(digits: Sequence[Sequence[Line]], *, gap: float = 0.15, stroke: float = 0.1, height: int = 120) -> Image.Image:
    """Return a picture of digits side by side; `gap` is that between their squares, as a fraction of their height."""
    wide = 0.6
    step = wide + gap
    width = round(height * (0.4 + 0.6 * step * len(digits)))
    image = Image.new("L", (width * OVERSAMPLING, height * OVERSAMPLING), 230)
    for index, lines in enumerate(digits):
        draw_lines(image, lines, place=(0.2 + 0.6 * step * index, 0.2, 0.6 * wide, 0.6), stroke=stroke, ink=30)
    return image.resize((width, height), Image.Resampling.BOX)


def encoded(image: Image.Image | np.ndarray, image_format: str = "PNG", **options: object) -> bytes:
    """Return the contents of a picture file of that format."""
    file = io.BytesIO()
    if isinstance(image, np.ndarray):
        image = Image.fromarray(np.clip(np.rint(image), 0, 255).astype(np.uint8))
    image.save(file, image_format, **options)
    return file.getvalue()


def shaded(levels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return levels in light that falls from one side, with the hard shadow of something on a part of them."""
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
    """Return levels with the grain of a sensor, normally distributed with that standard deviation."""
    return np.asarray(np.clip(levels + rng.normal(0, spread, levels.shape), 0, 255))


def ruled(
    levels: np.ndarray, *, apart: float, ink: float, thick: float = 3.0, angle: float = 0.0, squared: bool = False
) -> np.ndarray:
    """Return levels of light paper with grey lines on it.

    The lines are `apart` pixels apart, turned by `angle` degrees; `squared` adds upright ones.
    """
    y, x = np.mgrid[: levels.shape[0], : levels.shape[1]]
    turn = np.deg2rad(angle)
    down, right = y * np.cos(turn) + x * np.sin(turn), x * np.cos(turn) - y * np.sin(turn)
    result = levels.astype(np.float64)
    for along in (down, right) if squared else (down,):
        distance = np.abs(along % apart - apart / 2)
        coverage = np.clip(thick / 2 + 0.5 - distance, 0, 1)
        result = np.minimum(result, 255 - (255 - ink) * coverage)
    return result
