"""From ink to an image as MNIST's are: fitted into 20x20, strokes mended, its centre of mass in the middle of 28x28."""

from __future__ import annotations

import math

import numpy as np

from nntrain.preprocessing.decisions import Decision, DecisionKind
from nntrain.preprocessing.filters import (
    Floats,
    Mask,
    Pixels,
    box,
    centre_of_mass,
    components,
    grown,
    grown_square,
    resize,
    stroke_width,
)

SIDE = 28  # pixels of an MNIST image
FIT = 20  # pixels of the longer side of its ink
FINE = 4  # strokes are judged and mended at this many times the final size
THIN, THICK = 1.5, 4.5  # pixels: 95 % of MNIST's digits have a mean stroke of 1.5 to 4.5


def is_mnist(pixels: np.ndarray) -> bool:
    """Tell whether pixels are laid out as MNIST's: all of its 70,000 images are.

    They are uint8 (28, 28) and reach 254 or 255; the longer side of the ink is 20 pixels, rarely 19; its centre of mass
    lies between 13.48 and 14.50, counted from 0, in both directions.
    """
    if pixels.shape != (SIDE, SIDE) or pixels.dtype != np.uint8 or pixels.max() < 254:
        return False
    top, bottom, left, right = box(pixels > 0)
    if max(bottom - top, right - left) not in (FIT - 1, FIT):
        return False
    return all(13.475 < centre < 14.505 for centre in centre_of_mass(pixels))


def fit(height: Floats, mask: Mask, threshold: float, decisions: list[Decision]) -> Pixels:
    """Fit the ink within `mask` as MNIST's digits were; what was done to its strokes is added to the decisions.

    `height` is that of each pixel above the ground, within the box of the ink, as is the mask; the borders of strokes
    stand at the threshold.
    """
    return _centred(_fitted(height, mask, threshold, decisions))


def _fitted(height: Floats, mask: Mask, threshold: float, decisions: list[Decision]) -> Floats:
    """The ink, fitted into 20x20 with its proportions kept, 0 to 1, strokes mended."""
    # The threshold stands at a half, and the border of the strokes keeps its shades.
    share = np.where(grown_square(mask, 3), np.clip(height / (2 * threshold), 0, 1), 0).astype(np.float32)
    scale = FINE * FIT / max(mask.shape)
    hair = 2 / scale - stroke_width(mask)
    if hair > 0 and scale < 1:
        # Averaged with the ground around it, a hair line would fall below the threshold.
        share = np.pad(mask, 1 + int(hair)).astype(np.float32)
        share = grown_square(share > 0, 1 + round(hair)).astype(np.float32)
    fine = resize(np.pad(share, 1), FINE * FIT)
    strokes = _mended(np.pad(fine > 0.5 * fine.max(), FINE), decisions)
    top, bottom, left, right = box(strokes)
    return np.clip(resize(strokes[top:bottom, left:right].astype(np.float32), FIT), 0, 1)


def _mended(strokes: Mask, decisions: list[Decision]) -> Mask:
    """Bring strokes, at FINE times their final size, to a width that MNIST's have."""
    width = stroke_width(strokes) / FINE
    if width < THIN:
        decisions.append(Decision(DecisionKind.THICKENED))
        return grown(strokes, FINE * (THIN + 0.3 - width) / 2)
    if width > THICK:
        thinner = ~grown(~strokes, FINE * (width - THICK) / 2)
        # Thinning must not take a digit apart.
        if thinner.any() and components(thinner)[1] == components(strokes)[1]:
            decisions.append(Decision(DecisionKind.THINNED))
            return thinner
    return strokes


def _centred(ink: Floats) -> Pixels:
    """Put the ink into 28x28 with its centre of mass in the middle, as far as no ink is lost."""
    height, width = ink.shape
    row, column = centre_of_mass(ink)
    # Half a pixel off either way is the nearest that whole pixels come; of two equal ones, the upper and left.
    top = min(max(math.ceil(SIDE / 2 - row - 0.5), 0), SIDE - height)
    left = min(max(math.ceil(SIDE / 2 - column - 0.5), 0), SIDE - width)
    pixels = np.zeros((SIDE, SIDE), dtype=np.uint8)
    pixels[top : top + height, left : left + width] = np.rint(255 * ink / ink.max())
    return pixels
