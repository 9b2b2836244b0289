"""What a sheet of paper, a frame or a circle encloses, where the picture shows more than that.

A sheet is a region of one brightness with straight sides that lies before another ground, a desk say, with ink on it. A
frame is a stroke that runs round other strokes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nntrain.preprocessing.binarize import Ink
from nntrain.preprocessing.decisions import Decision, DecisionKind
from nntrain.preprocessing.filters import Floats, Mask, box, components, grown_square, otsu, stroke_width
from nntrain.preprocessing.segment import CLOSE

COARSE = 128  # pixels of the longer side in which sheets are looked for
SHEET = 0.25  # of the picture: the least area of a sheet
WHOLE = 0.97  # of the picture: a sheet that fills so much is its ground
AROUND = 0.2  # of what lies round a sheet: the most that is as bright as it
CONVEX = 0.93  # of its convex hull: the least area of a sheet, and of what a frame encloses
STRAIGHT = 0.85  # of its hull: the least area between a sheet's corners, some of them off the picture; a disc's 0.64
WRITTEN = 0.3  # of a sheet: the most that its ink covers
SPECK = 0.1  # of a sheet's longer side: a hole that is no larger is no bold stroke
BOLDEST = 0.5  # of its length: the width of ink's strokes, or an eight's; the hole of a bold square nought is wider
FRAME = 0.35  # of the picture's sides: the least of a frame
FRAMED = 0.2  # of the frame's height: the least length of what it encloses
FAINTER = 0.5  # of the threshold of ink: what a frame's thin lines reach
LINE = 3  # blocks; what is thinner on a sheet does not divide it
MOST = 100  # pieces that are looked at
MARGIN = 0.03  # of the picture's shorter side: the rim of a sheet that is left out, where its edge is blurred
DIRECTIONS = 32  # in which a figure's extremes make its hull


class Enclosed(NamedTuple):
    """What a sheet or frame encloses."""

    levels: Floats  # grey, 0 to 255
    corner: tuple[int, int]  # where its top left pixel lies in the picture: row, column
    decision: Decision  # what was done


def enclosed(levels: Floats, ink: Ink | None = None) -> Enclosed | None:
    """Return what a sheet or frame in a picture encloses; None where it shows neither, or nothing within.

    `levels` are the picture's, grey, 0 to 255, and `ink` is what was found in it, if anything was.
    """
    if min(levels.shape) < CLOSE:
        return None
    kind, inside = DecisionKind.OUTSIDE_SHEET, _sheet(levels)
    if inside is None and ink is not None:
        kind, inside = DecisionKind.OUTSIDE_FRAME, _in_frame(ink)
    if inside is None or not inside.any():
        return None
    return _left_out(levels, inside, kind)


def inked_sheet(levels: Floats, ink: Ink) -> Enclosed | None:
    """Return what is on a sheet that was itself taken for the ink; None where the ink is something else.

    `levels` are the picture's, grey, 0 to 255, and `ink` is what was found in it.
    """
    if min(levels.shape) < CLOSE or ink.mask.mean() < SHEET * (1 - WRITTEN):  # most pictures, at little cost
        return None
    sheet = _sheet(levels)
    if sheet is None or np.count_nonzero(ink.mask & sheet) <= (1 - WRITTEN) * np.count_nonzero(sheet):
        return None
    return _left_out(levels, sheet, DecisionKind.OUTSIDE_SHEET)


def _left_out(levels: Floats, inside: Mask, kind: DecisionKind) -> Enclosed:
    top, bottom, left, right = box(inside)
    part = _painted_over(levels, inside)[top:bottom, left:right]
    return Enclosed(part, (top, left), Decision(kind))


def _sheet(levels: Floats) -> Mask | None:
    """Return where the picture's sheet is, less its rim, which may be nowhere; None where it shows none."""
    coarse = _blocks(levels).mean(axis=(1, 3))
    bright = coarse > otsu(coarse)
    for mask in (bright, ~bright):
        edge = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
        if edge.all() or mask.mean() < SHEET * (1 - WRITTEN):  # the ground, or what is too small, at little cost
            continue
        sheet = _largest(_closed(mask))
        if _is_sheet(sheet, mask):
            margin = 1 + round(MARGIN * min(levels.shape))
            return _shrunk(_fine(_filled(sheet), levels.shape), margin)
    return None


def _is_sheet(sheet: Mask, alike: Mask) -> bool:
    """Tell whether a region has straight sides and ink on it, and lies before another ground; `alike` is its class."""
    filled = _filled(sheet)
    area = np.count_nonzero(filled)
    if not SHEET <= area / sheet.size <= WHOLE or alike[~filled].mean() > AROUND:
        return False
    hull = _area(_corners(filled, DIRECTIONS))
    if area < CONVEX * hull or _area(_corners(filled, 4)) < STRAIGHT * hull:
        return False
    holes = filled & ~alike
    if not holes.any():
        return True  # its ink, if there is any, is nearer to it than to what lies round it
    ink = _largest(holes)
    length = _longer(ink)
    bold = length > SPECK * _longer(filled) and stroke_width(ink) > BOLDEST * length
    return not bold and bool(np.count_nonzero(filled & ~sheet) <= WRITTEN * area)


def _longer(mask: Mask) -> int:
    top, bottom, left, right = box(mask)
    return max(bottom - top, right - left)


def _in_frame(ink: Ink) -> Mask | None:
    # Of each block the highest, so that a thin line stays whole; and less than for ink will do.
    labels, count = components(_blocks(ink.contrast).max(axis=(1, 3)) > FAINTER * ink.threshold)
    boxes = {number: box(labels == number) for number in range(1, min(count, MOST) + 1)}
    for number, (top, bottom, left, right) in boxes.items():
        if bottom - top < FRAME * labels.shape[0] or right - left < FRAME * labels.shape[1]:
            continue
        least = FRAMED * (bottom - top)
        within = [
            one for one in boxes.values() if top < one[0] and one[1] < bottom and left < one[2] and one[3] < right
        ]
        if not any(max(one[1] - one[0], one[3] - one[2]) >= least for one in within):
            continue
        frame = labels == number
        filled = _filled(frame)
        if np.count_nonzero(filled) >= CONVEX * _area(_corners(filled, DIRECTIONS)):
            return _fine(filled & ~grown_square(frame, 3), ink.contrast.shape)
    return None


def _blocks(levels: Floats) -> Floats:
    """Return levels by blocks, (rows, height of each, columns, width of each); what is left at the ends is left out."""
    side = -(-max(levels.shape) // COARSE)
    height, width = (whole // side for whole in levels.shape)
    return np.asarray(levels[: height * side, : width * side].reshape(height, side, width, side))


def _fine(coarse: Mask, shape: tuple[int, ...]) -> Mask:
    """Return a mask of blocks as one of the picture's pixels."""
    side = -(-max(shape) // COARSE)
    rows, columns = (np.minimum(np.arange(whole) // side, whole // side - 1) for whole in shape)
    return np.asarray(coarse[np.ix_(rows, columns)])


def _closed(mask: Mask) -> Mask:
    """Close a mask (Serra 1982), so that lines do not cut a ruled sheet; what lies at the picture's edge stays open."""
    padded = np.pad(mask, LINE)
    return ~grown_square(~grown_square(padded, LINE), LINE)[LINE:-LINE, LINE:-LINE]


def _largest(mask: Mask) -> Mask:
    """Return the largest connected part of a mask, which is not empty."""
    labels, _ = components(mask)
    return np.asarray(labels == 1 + int(np.bincount(labels.ravel())[1:].argmax()))


def _filled(mask: Mask) -> Mask:
    """Return a mask with its holes: all that cannot be reached from outside."""
    ground, _ = components(~np.pad(mask, 1))
    return np.asarray(ground != ground[0, 0])[1:-1, 1:-1]


def _shrunk(mask: Mask, margin: int) -> Mask:
    """Return a mask less a margin; where the picture ends it has none."""
    return ~grown_square(~mask, 2 * margin + 1)


def _corners(mask: Mask, count: int) -> np.ndarray:
    """Return the points of a mask that lie furthest in so many directions, in their order, (count, 2)."""
    rows = np.flatnonzero(mask.any(axis=1))
    left, right = mask[rows].argmax(axis=1), mask.shape[1] - mask[rows][:, ::-1].argmax(axis=1)
    # The corners of each row's pixels.
    points = np.concatenate([np.stack([y, x], axis=1) for y in (rows, rows + 1) for x in (left, right)])
    angles = np.pi / 4 + 2 * np.pi * np.arange(count) / count
    return np.asarray(points[(points @ np.stack([np.sin(angles), np.cos(angles)])).argmax(axis=0)])


def _area(corners: np.ndarray) -> float:
    """Return the area of a polygon."""
    y, x = corners.T
    return float(abs(x @ np.roll(y, 1) - y @ np.roll(x, 1)) / 2) or 1.0


def _painted_over(levels: Floats, inside: Mask) -> Floats:
    """Return levels in which all outside goes on as the nearest place inside, along rows, then along columns.

    A sheet that lies askew, or a circle, leaves some of its surroundings in the corners of its box.
    """
    columns = np.arange(levels.shape[1])
    before = np.maximum.accumulate(np.where(inside, columns, -1), axis=1)
    after = np.minimum.accumulate(np.where(inside, columns, levels.shape[1])[:, ::-1], axis=1)[:, ::-1]
    first = (before >= 0) & ((columns - before <= after - columns) | (after == levels.shape[1]))
    nearest = np.where(first, before, after)
    rows = np.flatnonzero(inside.any(axis=1))
    closest = rows[np.abs(np.arange(len(levels))[:, None] - rows).argmin(axis=1)]
    return np.asarray(levels[closest[:, None], nearest[closest]])
