"""Pictures that many tests of the preprocessing use, and how two results compare."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw


def seven(size: int = 200, *, stroke: int = 16, ink: int = 0, background: int = 255) -> Image.Image:
    """Return a square picture of a seven; its bar is at a quarter of the height, its foot at three quarters.

    It stands left of the middle. `size` and `stroke` are in pixels, `ink` and `background` grey levels.
    """
    image = Image.new("L", (size, size), background)
    points = [(0.2, 0.25), (0.6, 0.25), (0.35, 0.75)]
    ImageDraw.Draw(image).line([(x * size, y * size) for x, y in points], fill=ink, width=stroke, joint="curve")
    return image


def mnist_like() -> np.ndarray:
    """Return an image, uint8 (28, 28), that is laid out as MNIST's: an upright stroke of two shades."""
    image = np.zeros((28, 28), dtype=np.uint8)
    image[4:24, 12:16] = 255
    image[4:24, 13] = 120
    return image


def same_digit(first: np.ndarray, second: np.ndarray) -> bool:
    """Tell whether two prepared images differ by no more than the borders of strokes, and a pixel sideways."""
    shifted = (np.roll(first, shift, axis=1).astype(float) for shift in (-1, 0, 1))
    return min(float(np.abs(image - second).mean()) for image in shifted) < 12
