"""Turns ink into an image in MNIST's format: fitted into 20x20, with strokes of usual width, centered in 28x28."""

from __future__ import annotations

import math

import numpy as np

from nntrain.preprocessing.decisions import Decision, DecisionKind
from nntrain.preprocessing.filters import (
    Floats,
    Mask,
    Pixels,
    bounding_box,
    centre_of_mass,
    connected_components,
    dilate_disc,
    dilate_square,
    resize,
    stroke_width,
)
from nntrain.task import IMAGE_SHAPE, IMAGE_SIZE

INK_SIZE = 20  # pixels of the longer side of an image's ink
SCALE = 4  # factor of the final size at which strokes are measured and corrected
MIN_STROKE, MAX_STROKE = 1.5, 4.5  # pixels: the mean stroke widths of 95 % of MNIST's digits are in this range
THICKENED = 0.3  # pixels above the minimum to which strokes are thickened


def has_mnist_layout(image: np.ndarray) -> bool:
    """Return whether an image has the layout of MNIST's images; all 70,000 of them pass.

    They are uint8 (28, 28) and their maximum is 254 or 255. The longer side of the ink is 20 pixels, rarely 19. Its
    centre of mass is between 13.48 and 14.50, counted from 0, in both directions.
    """
    if image.shape != IMAGE_SHAPE or image.dtype != np.uint8 or image.max() < 254:
        return False
    top, bottom, left, right = bounding_box(image > 0)
    if max(bottom - top, right - left) not in (INK_SIZE - 1, INK_SIZE):
        return False
    return all(13.475 < centre < 14.505 for centre in centre_of_mass(image))


def normalize(contrast: Floats, mask: Mask, threshold: float) -> tuple[Pixels, tuple[Decision, ...]]:
    """Prepare the ink within a mask as MNIST's makers prepared their digits.

    `contrast` is each pixel's difference from the background, in levels of 255. `mask`, of the same shape, selects the
    ink, which reaches all four sides. The borders of strokes are where the contrast equals the threshold.

    Returns the image, uint8 (28, 28), light ink on a dark background, and what was done to its strokes.
    """
    strokes = resize(np.pad(_opacity(contrast, mask, threshold), 1), SCALE * INK_SIZE)
    corrected, decisions = _correct_strokes(np.pad(strokes > 0.5 * strokes.max(), SCALE))
    top, bottom, left, right = bounding_box(corrected)
    ink = resize(corrected[top:bottom, left:right].astype(np.float32), INK_SIZE)
    return _centre(np.clip(ink, 0, 1)), decisions


def _opacity(contrast: Floats, mask: Mask, threshold: float) -> Floats:
    """Return how much of each pixel ink covers, 0 to 1, with hairlines widened."""
    scale = SCALE * INK_SIZE / max(mask.shape)
    missing = 2 / scale - stroke_width(mask)
    if missing > 0 and scale < 1:
        # Averaged with the background around it, a hairline would fall below the threshold.
        padded = np.pad(mask, 1 + int(missing))
        return dilate_square(padded, 1 + round(missing)).astype(np.float32)
    # The threshold becomes one half, and the borders of strokes keep their shades.
    return np.where(dilate_square(mask, 3), np.clip(contrast / (2 * threshold), 0, 1), 0).astype(np.float32)


def _correct_strokes(strokes: Mask) -> tuple[Mask, tuple[Decision, ...]]:
    """Correct the width of strokes, at SCALE times their final size, to MNIST's range."""
    width = stroke_width(strokes) / SCALE
    if width < MIN_STROKE:
        thicker = dilate_disc(strokes, SCALE * (MIN_STROKE + THICKENED - width) / 2)
        return thicker, (Decision(DecisionKind.THICKENED),)
    if width > MAX_STROKE:
        thinner = ~dilate_disc(~strokes, SCALE * (width - MAX_STROKE) / 2)
        # Thinning must not break a digit into pieces.
        if thinner.any() and connected_components(thinner)[1] == connected_components(strokes)[1]:
            return thinner, (Decision(DecisionKind.THINNED),)
    return strokes, ()


def _centre(ink: Floats) -> Pixels:
    """Put the ink, at most 28x28, into 28x28 with its centre of mass as near to the middle as it fits."""
    height, width = ink.shape
    row, column = centre_of_mass(ink)
    # Shifts by whole pixels come within half a pixel of row and column 14; a tie goes to the upper or left one.
    top = min(max(math.ceil(IMAGE_SIZE / 2 - row - 0.5), 0), IMAGE_SIZE - height)
    left = min(max(math.ceil(IMAGE_SIZE / 2 - column - 0.5), 0), IMAGE_SIZE - width)
    image = np.zeros(IMAGE_SHAPE, dtype=np.uint8)
    image[top : top + height, left : left + width] = np.rint(255 * ink / ink.max())
    return image
