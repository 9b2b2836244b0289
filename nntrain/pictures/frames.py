"""What a sheet of paper, a frame or a circle encloses, where the picture shows more than that.

A sheet is a region of one brightness with straight sides that lies before another ground, a desk say, with ink on it. A
frame is a stroke that runs round other strokes.
"""

from __future__ import annotations

import numpy as np

from nntrain.pictures.filters import Floats, Mask, box, components, grown_square, otsu, stroke_width
from nntrain.pictures.ink import Ink, Part

SMALLEST = 64  # pixels of the shorter side; smaller pictures are close crops
COARSE = 128  # pixels of the longer side in which sheets are looked for
SHEET = 0.25  # of the picture: the least area of a sheet
WHOLE = 0.97  # of the picture: a sheet that fills so much is its ground
AROUND = 0.2  # of what lies round a sheet: the most that is as bright as it
CONVEX = 0.93  # of its convex hull: the least area of a sheet, and of what a frame encloses
STRAIGHT = (
    0.85  # of its hull: the least area between a sheet's corners, one or two of them off the picture; a disc's 0.64
)
WRITTEN = (0.1, 0.3)  # the least length of ink on a sheet, in shorter sides; the largest share of its area
BOLDEST = 0.5  # of its length: the width of ink's strokes, or an eight's; the hole of a bold square nought is wider
FRAME = 0.35  # of the picture's sides: the least of a frame
FRAMED = 0.2  # of the frame's height: the least height of what it encloses
MARGIN = 0.03  # of a sheet's shorter side that is left out, where its edge is blurred
DIRECTIONS = 32  # in which a figure's extremes make its hull


def enclosed(levels: Floats, ink: Ink | None = None) -> tuple[Floats, str] | None:
    """Return grey levels, 0 to 255, in which what lies round a sheet or frame is painted over, and that in words.

    None where the picture shows neither, or nothing within. `ink` is what was found in it, if anything was.
    """
    if min(levels.shape) < SMALLEST:
        return None
    name, inside = "sheet", _on_sheet(levels)
    if inside is None and ink is not None:
        name, inside = "frame", _in_frame(levels, ink)
    if inside is None or not inside.any():
        return None
    return _painted_over(levels, inside), f"what lies round the {name}: left out"


def _on_sheet(levels: Floats) -> Mask | None:
    factor = -(-max(levels.shape) // COARSE)
    height, width = (side // factor * factor for side in levels.shape)
    blocks = levels[:height, :width].reshape(height // factor, factor, width // factor, factor)
    coarse = blocks.mean(axis=(1, 3))
    bright = coarse > otsu(coarse)
    for mask in (bright, ~bright):
        edge = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
        if edge.all() or mask.mean() < SHEET * (1 - WRITTEN[1]):  # the ground, or what is too small, at little cost
            continue
        sheet = _largest(mask)
        if _is_sheet(sheet, mask):
            margin = 1 + round(MARGIN * min(levels.shape))
            rows, columns = (np.minimum(np.arange(side) // factor, side // factor - 1) for side in levels.shape)
            return _shrunk(_filled(sheet)[np.ix_(rows, columns)], margin, at_edge=False)
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
    holes = filled & ~sheet
    if not 0 < np.count_nonzero(holes) <= WRITTEN[1] * area:
        return False
    ink = _largest(holes)
    top, bottom, left, right = box(ink)
    length = max(bottom - top, right - left)
    return length >= WRITTEN[0] * min(sheet.shape) and stroke_width(ink) <= BOLDEST * length


def _in_frame(levels: Floats, ink: Ink) -> Mask | None:
    for part in ink.parts:
        if part.tall < FRAME * levels.shape[0] or part.wide < FRAME * levels.shape[1]:
            continue
        if not any(_lies_within(other, part) and other.tall >= FRAMED * part.tall for other in ink.parts):
            continue
        frame = ink.labels == part.label
        filled = _filled(frame)
        within = [one for one in ink.parts if _lies_within(one, part) and (filled | (ink.labels != one.label)).all()]
        convex = np.count_nonzero(filled) >= CONVEX * _area(_corners(filled, DIRECTIONS))
        if convex and any(one.tall >= FRAMED * part.tall for one in within):
            return _shrunk(filled & ~grown_square(frame, 3), 1 + round(stroke_width(frame) / 2), at_edge=True)
    return None


def _lies_within(part: Part, other: Part) -> bool:
    top, bottom, left, right = part.box
    return (
        other is not part
        and other.box[0] < top
        and bottom < other.box[1]
        and other.box[2] < left
        and right < other.box[3]
    )


def _largest(mask: Mask) -> Mask:
    """Return the largest connected part of a mask, which is not empty."""
    labels, _ = components(mask)
    return np.asarray(labels == 1 + int(np.bincount(labels.ravel())[1:].argmax()))


def _filled(mask: Mask) -> Mask:
    """Return a mask with its holes: all that cannot be reached from outside."""
    ground, _ = components(~np.pad(mask, 1))
    return np.asarray(ground != ground[0, 0])[1:-1, 1:-1]


def _shrunk(mask: Mask, margin: int, *, at_edge: bool) -> Mask:
    """Return a mask less a margin, which is left out at the picture's edge too, or not."""
    outside = np.pad(~mask, 1, constant_values=at_edge)
    return ~grown_square(outside, 2 * margin + 1)[1:-1, 1:-1]


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
    """Return levels in which all outside goes on as the nearest place inside, along rows, then along columns."""
    columns = np.arange(levels.shape[1])
    before = np.maximum.accumulate(np.where(inside, columns, -1), axis=1)
    after = np.minimum.accumulate(np.where(inside, columns, levels.shape[1])[:, ::-1], axis=1)[:, ::-1]
    first = (before >= 0) & ((columns - before <= after - columns) | (after == levels.shape[1]))
    nearest = np.where(first, before, after)
    rows = np.flatnonzero(inside.any(axis=1))
    closest = rows[np.abs(np.arange(len(levels))[:, None] - rows).argmin(axis=1)]
    return np.asarray(levels[closest[:, None], nearest[closest]])
