"""Removes the lines of ruled or squared paper, which cross a picture from edge to edge, from under the ink."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nntrain.preprocessing.binarize import CLOSE_CROP, Ink
from nntrain.preprocessing.filters import Floats, Mask, dilate_square, quantile

MAX_ANGLE, ANGLE_STEP = 7.0, 0.25  # degrees between a line and the picture's edges
EDGE = 3  # pixels at the left and right edges, in which every line has ink
MIN_INKED = 0.7  # minimum fraction of a line's pixels
MIN_LENGTH = 0.5  # of the picture's width
LINE_BORDER = 0.5  # of the inked fraction of a line's fullest row: minimum for its other rows
MAX_THICKNESS = 0.04  # of the picture's shorter side
MAX_CONTRAST = 1.35  # of a line's own contrast: anything above is ink on the line


class Line(NamedTuple):
    """A line through a picture, roughly along its rows."""

    row: int  # at which it crosses the picture's middle column
    slope: float  # rows per column
    thickness: int  # pixels


def remove_ruled_lines(levels: Floats, ink: Ink) -> Floats | None:
    """Return a picture's grey levels, 0 to 255, without the lines in its ink, or None if there are none.

    Strokes that cross a line are not interrupted.
    """
    if min(levels.shape) < CLOSE_CROP:  # a close crop, whose strokes may reach from edge to edge
        return None
    clean, contrast = (255 - levels if ink.light_background else levels.copy()), ink.contrast.copy()
    count = _remove_lines(clean, contrast, ink.threshold) + _remove_lines(clean.T, contrast.T, ink.threshold)
    if not count:
        return None
    return 255 - clean if ink.light_background else clean


def _remove_lines(levels: Floats, contrast: Floats, threshold: float) -> int:
    """Remove lines that run roughly along the rows from both arrays, in place; returns their number."""
    mask = contrast > threshold
    if not (mask[:, :EDGE].any() and mask[:, -EDGE:].any()):
        return 0  # true of most pictures, and cheap to check
    lines = _find_lines(mask)
    for line in lines:
        _remove_line(line, levels, contrast, mask)
    return len(lines)


def _remove_line(line: Line, levels: Floats, contrast: Floats, mask: Mask) -> None:
    """Replace a line's pixels by the darker of the pixels above and below, except where there is ink on it."""
    height, width = mask.shape
    columns = np.arange(width)
    centre = np.rint(line.row + line.slope * (columns - width / 2)).astype(np.intp)
    half = line.thickness // 2 + 1
    above, below = centre - half - 1, centre + half + 1
    inside = (above >= 0) & (below < height)
    if not inside.any():
        return
    above, below, columns = above[inside], below[inside], columns[inside]
    rows = centre[inside] + np.arange(-half, half + 1)[:, None]
    # A stroke crosses the line where there is ink on both sides of it, vertically or diagonally.
    reach = 2 * (half + 1) + 1
    crossed = dilate_square(mask[above, columns][None], reach)[0] & dilate_square(mask[below, columns][None], reach)[0]
    own_contrast = quantile(contrast[rows, columns].max(axis=0), 0.5)
    is_ink = crossed | (contrast[rows, columns] > MAX_CONTRAST * own_contrast)
    for values in (levels, contrast):
        background = np.minimum(values[above, columns], values[below, columns])
        values[rows, columns] = np.where(is_ink, values[rows, columns], np.minimum(values[rows, columns], background))


def _find_lines(mask: Mask) -> list[Line]:
    """Find lines through a mask, roughly along its rows.

    Repeatedly takes the fullest line and clears the rows around it, until no line is full enough.
    """
    slopes = np.tan(np.deg2rad(np.arange(-MAX_ANGLE, MAX_ANGLE + ANGLE_STEP / 2, ANGLE_STEP)))
    fractions, offset = _hough_transform(mask, slopes)
    max_thickness = max(2, round(MAX_THICKNESS * min(mask.shape)))
    lines: list[Line] = []
    while True:
        slope, row = (int(index) for index in np.unravel_index(int(fractions.argmax()), fractions.shape))
        if fractions[slope, row] < MIN_INKED:
            return lines
        first, last = _thickness(fractions[slope], row)
        thickness = last - first + 1
        if thickness <= max_thickness:
            lines.append(Line((first + last) // 2 - offset, float(slopes[slope]), thickness))
        margin = thickness + 2
        fractions[:, max(0, first - margin) : last + 1 + margin] = 0


def _thickness(fractions: npt.NDArray[np.float64], row: int) -> tuple[int, int]:
    """Return the first and last row around the fullest that belong to the same line."""
    bound = LINE_BORDER * fractions[row]
    first = last = row
    while first > 0 and fractions[first - 1] > bound:
        first -= 1
    while last + 1 < len(fractions) and fractions[last + 1] > bound:
        last += 1
    return first, last


def _hough_transform(mask: Mask, slopes: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], int]:
    """Return the fraction of each line's pixels that are True (Duda and Hart 1972), and the index of row 0.

    The fractions, (slopes, rows), are 0 for lines of which less than half of the picture's width is inside the picture.
    A line's row is the one at which it crosses the middle column; it may be outside the picture.
    """
    height, width = mask.shape
    rows, columns = np.nonzero(mask)
    offset = 1 + math.ceil(slopes[-1] * width / 2)
    bins = height + 2 * offset
    lengths = np.empty((len(slopes), bins))
    counts = np.empty_like(lengths)
    for index, slope in enumerate(slopes):
        shifts = np.rint(slope * (np.arange(width) - width / 2)).astype(np.intp)
        counts[index] = np.bincount(rows - shifts[columns] + offset, minlength=bins)
        # Count a line's columns inside the picture: for each column, that is the case for one span of rows.
        begins = np.bincount(offset - shifts, minlength=bins + 1)
        ends = np.bincount(offset - shifts + height, minlength=bins + 1)
        lengths[index] = np.cumsum(begins - ends)[:-1]
    return np.where(lengths >= MIN_LENGTH * width, counts / np.maximum(lengths, 1), 0.0), offset
