"""Lines that run through a picture from edge to edge, as on ruled or squared paper, taken out from under the ink."""

from __future__ import annotations

import math

import numpy as np

from nntrain.preprocessing.binarize import Ink
from nntrain.preprocessing.filters import Floats, Mask, grown_square, quantile
from nntrain.preprocessing.segment import CLOSE

STEEPEST = 7.0  # degrees that lines may run off the picture's edges
STEP = 0.25  # degrees
EDGE = 3  # pixels that are looked at for lines running off
FULL = 0.7  # of a line's pixels that are inked
THICKEST = 0.04  # of the shorter side
DARKER = 1.35  # times a line's height: what is higher is ink on it


def without_lines(levels: Floats, ink: Ink) -> Floats | None:
    """Return a picture's grey levels, 0 to 255, with the lines that its ink shows taken out; None where it shows none.

    Where strokes cross a line they go on.
    """
    if min(levels.shape) < CLOSE:  # a close crop, whose strokes may reach from edge to edge
        return None
    clean, height = (255 - levels if ink.light else levels.copy()), ink.contrast.copy()
    found = 0
    for turned in (False, True):
        views = (clean.T, height.T) if turned else (clean, height)
        found += _taken_out(*views, ink.threshold)
    if not found:
        return None
    return 255 - clean if ink.light else clean


def _taken_out(levels: Floats, height: Floats, threshold: float) -> int:
    """Take lines that run roughly along the rows out of both arrays, in place; returns how many there were."""
    mask = height > threshold
    if not (mask[:, :EDGE].any() and mask[:, -EDGE:].any()):
        return 0  # most pictures, at little cost
    lines = _lines(mask)
    columns = np.arange(levels.shape[1])
    for middle, slope, thick in lines:
        centre = np.rint(middle + slope * (columns - levels.shape[1] / 2)).astype(np.intp)
        half = thick // 2 + 1
        above, below = centre - half - 1, centre + half + 1
        inside = (above >= 0) & (below < len(levels))
        if not inside.any():
            continue
        rows, places = (centre + np.arange(-half, half + 1)[:, None])[:, inside], columns[inside]
        above, below = above[inside], below[inside]
        # A stroke crosses where there is ink on both sides, straight or aslant across the line.
        wide = 2 * (half + 1) + 1
        crossed = grown_square(mask[above, places][None], wide)[0] & grown_square(mask[below, places][None], wide)[0]
        own = quantile(height[rows, places].max(axis=0), 0.5)
        keep = crossed[None] | (height[rows, places] > DARKER * own)
        for values in (levels, height):
            ground = np.minimum(values[above, places], values[below, places])
            values[rows, places] = np.where(keep, values[rows, places], np.minimum(values[rows, places], ground))
    return len(lines)


def _lines(mask: Mask) -> list[tuple[int, float, int]]:
    """Find lines through a mask, roughly along its rows: their row in the middle, slope, and thickness in pixels.

    A Hough transform (Duda and Hart 1972): the share of each line's pixels, by slope and row, that are inked. The
    fullest is taken, and what lies about it left out, until none is full.
    """
    height, width = mask.shape
    rows, columns = np.nonzero(mask)
    slopes = np.tan(np.deg2rad(np.arange(-STEEPEST, STEEPEST + STEP / 2, STEP)))
    room = 1 + math.ceil(slopes[-1] * width / 2)
    lengths = np.empty((len(slopes), height + 2 * room))
    counts = np.empty_like(lengths)
    ends = np.arange(width) - width / 2
    for index, slope in enumerate(slopes):
        shifts = np.rint(slope * ends).astype(np.intp)
        counts[index] = np.bincount(rows - shifts[columns] + room, minlength=height + 2 * room)
        # How many of a line's columns lie within the picture: each column begins and ends one span of rows.
        begun = np.bincount(room - shifts, minlength=height + 2 * room + 1)
        ended = np.bincount(room - shifts + height, minlength=height + 2 * room + 1)
        lengths[index] = np.cumsum(begun - ended)[:-1]
    shares = np.where(lengths >= width / 2, counts / np.maximum(lengths, 1), 0.0)
    found: list[tuple[int, float, int]] = []
    most = max(2, round(THICKEST * min(mask.shape)))
    while True:
        slope, row = np.unravel_index(int(shares.argmax()), shares.shape)
        if shares[slope, row] < FULL:
            return found
        first = last = int(row)
        bound = 0.5 * shares[slope, row]
        while first > 0 and shares[slope, first - 1] > bound:
            first -= 1
        while last + 1 < shares.shape[1] and shares[slope, last + 1] > bound:
            last += 1
        thick = last - first + 1
        if thick <= most:
            found.append(((first + last) // 2 - room, float(slopes[slope]), thick))
        margin = thick + 2
        shares[:, max(0, first - margin) : last + 1 + margin] = 0
