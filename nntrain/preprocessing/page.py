"""Finds a sheet of paper or a frame (a box or a circle) in a picture, and what it encloses.

A sheet is a region of uniform brightness with straight sides and ink on it, in front of a different background, such as
a desk. A frame is a stroke that encloses other strokes. Both are searched for in blocks of pixels, up to 128 per side.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nntrain.preprocessing.binarize import CLOSE_CROP, Ink
from nntrain.preprocessing.decisions import Decision, DecisionKind
from nntrain.preprocessing.filters import (
    Box,
    Floats,
    Mask,
    bounding_box,
    connected_components,
    dilate_square,
    otsu,
    stroke_width,
)

MAX_BLOCKS = 128  # along the picture's longer side

MIN_SHEET, MAX_SHEET = 0.25, 0.97  # fractions of the picture that a sheet covers; a larger region is the background
MAX_LIKE_SHEET = 0.2  # maximum fraction of the area outside a sheet that is in its class of brightness
MIN_SOLIDITY = 0.93  # area relative to the convex hull's, of a sheet and of the inside of a frame
MIN_STRAIGHTNESS = 0.85  # area of the four corners' polygon relative to the hull's; 0.64 for a disc
MAX_INKED = 0.3  # maximum fraction of a sheet that its ink covers
MIN_BOLD = 0.1  # of a sheet's longer side: a longer hole may be that of a bold digit
MAX_STROKE = 0.5  # width of strokes relative to ink's length; the hole of a bold square zero is wider
MARGIN = 0.03  # of the picture's shorter side: the sheet's rim to leave out, because its edge is blurred
CLOSING_SIZE = 3  # blocks; thinner gaps, such as the lines of ruled paper, do not divide a sheet

MIN_FRAME = 0.35  # of the picture's height and width
MIN_FRAMED = 0.2  # of the frame's height: minimum length of what it encloses
FRAME_THRESHOLD = 0.5  # of the threshold of ink: contrast of a frame's thin lines
MAX_PIECES = 100  # considered as frames or as enclosed pieces

DIRECTIONS = 32  # whose outermost points are the corners of a region's hull


class Enclosed(NamedTuple):
    """What a sheet or frame encloses."""

    levels: Floats  # grey, 0 to 255; pixels outside, in the corners of the box, are painted over
    corner: tuple[int, int]  # row and column of the top left pixel in the picture
    decision: Decision


def find_sheet_or_frame(levels: Floats, ink: Ink | None = None) -> Enclosed | None:
    """Return what a sheet or frame in a picture encloses, or None if there is neither, or nothing inside.

    `levels` are grey, 0 to 255. `ink` is the ink of the picture, in which frames are searched for; without it, only
    sheets are.
    """
    if min(levels.shape) < CLOSE_CROP:
        return None
    kind, inside = DecisionKind.OUTSIDE_SHEET, _find_sheet(levels)
    if inside is None and ink is not None:
        kind, inside = DecisionKind.OUTSIDE_FRAME, _find_frame(ink)
    if inside is None or not inside.any():
        return None
    return _crop(levels, inside, kind)


def find_sheet_taken_for_ink(levels: Floats, ink: Ink) -> Enclosed | None:
    """Return what is on a sheet that was itself taken for the ink, or None if the ink is something else.

    `levels` are grey, 0 to 255, and `ink` is the ink of the picture.
    """
    if min(levels.shape) < CLOSE_CROP or ink.mask.mean() < MIN_SHEET * (1 - MAX_INKED):
        return None  # true of most pictures, and cheap to check
    sheet = _find_sheet(levels)
    if sheet is None or np.count_nonzero(ink.mask & sheet) <= (1 - MAX_INKED) * np.count_nonzero(sheet):
        return None
    return _crop(levels, sheet, DecisionKind.OUTSIDE_SHEET)


def _crop(levels: Floats, inside: Mask, kind: DecisionKind) -> Enclosed:
    top, bottom, left, right = bounding_box(inside)
    return Enclosed(_paint_over(levels, inside)[top:bottom, left:right], (top, left), Decision(kind))


# --- sheets ----------------------------------------------------------------------------------------------------------


def _find_sheet(levels: Floats) -> Mask | None:
    """Return the mask of the picture's sheet without its rim, maybe empty, or None if there is no sheet."""
    blocks = _blocks(levels).mean(axis=(1, 3))
    bright = blocks > otsu(blocks)
    for same_class in (bright, ~bright):
        edge = np.concatenate([same_class[0], same_class[-1], same_class[:, 0], same_class[:, -1]])
        if edge.all() or same_class.mean() < MIN_SHEET * (1 - MAX_INKED):
            continue  # the background, or too small; cheap to check
        sheet = _largest_component(_close(same_class))
        if _is_sheet(sheet, same_class):
            margin = 1 + round(MARGIN * min(levels.shape))
            return _erode(_to_pixels(_fill_holes(sheet), levels.shape), margin)
    return None


def _is_sheet(region: Mask, same_class: Mask) -> bool:
    """Return whether a region of blocks is a sheet; `same_class` is the mask of all blocks of its brightness class."""
    filled = _fill_holes(region)
    area = np.count_nonzero(filled)
    if not MIN_SHEET <= area / filled.size <= MAX_SHEET or same_class[~filled].mean() > MAX_LIKE_SHEET:
        return False
    return _has_straight_sides(filled) and not _has_bold_hole(filled & ~same_class, filled, region)


def _has_straight_sides(filled: Mask) -> bool:
    hull = _polygon_area(_outermost_points(filled, DIRECTIONS))
    if np.count_nonzero(filled) < MIN_SOLIDITY * hull:
        return False
    return _polygon_area(_outermost_points(filled, 4)) >= MIN_STRAIGHTNESS * hull


def _has_bold_hole(holes: Mask, filled: Mask, region: Mask) -> bool:
    """Return whether the holes of a region are not ink on a sheet, but the inside of a bold digit."""
    if not holes.any():
        return False  # any ink is nearer in brightness to the sheet than to the outside
    hole = _largest_component(holes)
    length = _longer_side(hole)
    bold = length > MIN_BOLD * _longer_side(filled) and stroke_width(hole) > MAX_STROKE * length
    return bold or bool(np.count_nonzero(filled & ~region) > MAX_INKED * np.count_nonzero(filled))


def _longer_side(mask: Mask) -> int:
    top, bottom, left, right = bounding_box(mask)
    return max(bottom - top, right - left)


# --- frames ----------------------------------------------------------------------------------------------------------


def _find_frame(ink: Ink) -> Mask | None:
    """Return what a frame encloses, or None if no piece of the ink is one."""
    # The highest contrast of each block, so that thin lines stay connected.
    contrast = _blocks(ink.contrast).max(axis=(1, 3))
    labels, count = connected_components(contrast > FRAME_THRESHOLD * ink.threshold)
    boxes = {label: bounding_box(labels == label) for label in range(1, min(count, MAX_PIECES) + 1)}
    for label, frame_box in boxes.items():
        if not _may_be_frame(frame_box, labels.shape, boxes.values()):
            continue
        frame = labels == label
        filled = _fill_holes(frame)
        if np.count_nonzero(filled) >= MIN_SOLIDITY * _polygon_area(_outermost_points(filled, DIRECTIONS)):
            return _to_pixels(filled & ~dilate_square(frame, 3), ink.contrast.shape)
    return None


def _may_be_frame(frame: Box, shape: tuple[int, ...], boxes: Collection[Box]) -> bool:
    """Return whether a piece is large enough for a frame, and its box contains a piece of sufficient length."""
    top, bottom, left, right = frame
    if bottom - top < MIN_FRAME * shape[0] or right - left < MIN_FRAME * shape[1]:
        return False
    inside = [box for box in boxes if top < box[0] and box[1] < bottom and left < box[2] and box[3] < right]
    return any(max(box[1] - box[0], box[3] - box[2]) >= MIN_FRAMED * (bottom - top) for box in inside)


# --- blocks ----------------------------------------------------------------------------------------------------------


def _block_side(shape: tuple[int, ...]) -> int:
    return -(-max(shape) // MAX_BLOCKS)


def _blocks(levels: Floats) -> Floats:
    """Return levels by blocks, (rows, block height, columns, block width); incomplete blocks are left out."""
    side = _block_side(levels.shape)
    rows, columns = (length // side for length in levels.shape)
    return np.asarray(levels[: rows * side, : columns * side].reshape(rows, side, columns, side))


def _to_pixels(blocks: Mask, shape: tuple[int, ...]) -> Mask:
    """Return a mask of blocks as one of pixels, of the picture's shape."""
    side = _block_side(shape)
    rows, columns = (np.minimum(np.arange(length) // side, length // side - 1) for length in shape)
    return np.asarray(blocks[np.ix_(rows, columns)])


# --- regions ---------------------------------------------------------------------------------------------------------


def _close(mask: Mask) -> Mask:
    """Close narrow gaps in a mask (Serra 1982), except at the picture's edge."""
    padded = np.pad(mask, CLOSING_SIZE)
    closed = ~dilate_square(~dilate_square(padded, CLOSING_SIZE), CLOSING_SIZE)
    return closed[CLOSING_SIZE:-CLOSING_SIZE, CLOSING_SIZE:-CLOSING_SIZE]


def _erode(mask: Mask, margin: int) -> Mask:
    """Shrink a mask by a margin, except at the picture's edge."""
    return ~dilate_square(~mask, 2 * margin + 1)


def _fill_holes(mask: Mask) -> Mask:
    """Fill a mask's holes: pixels that cannot be reached from the picture's edge, even by diagonal steps."""
    labels, _ = connected_components(~np.pad(mask, 1))
    return np.asarray(labels != labels[0, 0])[1:-1, 1:-1]


def _largest_component(mask: Mask) -> Mask:
    """Return the largest connected component of a mask that is not empty."""
    labels, _ = connected_components(mask)
    return np.asarray(labels == 1 + int(np.bincount(labels.ravel())[1:].argmax()))


def _outermost_points(mask: Mask, directions: int) -> npt.NDArray[np.intp]:
    """Return the outermost pixel corner of a mask in each of `directions` directions, (directions, 2).

    These are rows and columns from the picture's corner. The directions start at 45 degrees and are evenly spaced.
    """
    rows = np.flatnonzero(mask.any(axis=1))
    left, right = mask[rows].argmax(axis=1), mask.shape[1] - mask[rows][:, ::-1].argmax(axis=1)
    points = np.concatenate([np.stack([y, x], axis=1) for y in (rows, rows + 1) for x in (left, right)])
    angles = np.pi / 4 + 2 * np.pi * np.arange(directions) / directions
    furthest = (points @ np.stack([np.sin(angles), np.cos(angles)])).argmax(axis=0)
    return np.asarray(points[furthest])


def _polygon_area(corners: npt.NDArray[np.intp]) -> float:
    """Return the area of a polygon by the shoelace formula, or 1 for a line; corners are (n, 2), in order."""
    y, x = corners.T
    return float(abs(x @ np.roll(y, 1) - y @ np.roll(x, 1)) / 2) or 1.0


def _paint_over(levels: Floats, inside: Mask) -> Floats:
    """Replace all levels outside a region by the nearest inside, along rows, then along columns.

    The box of a tilted sheet, or of a circle, contains some of the surroundings in its corners.
    """
    width = levels.shape[1]
    columns = np.arange(width)
    before = np.maximum.accumulate(np.where(inside, columns, -1), axis=1)
    after = np.minimum.accumulate(np.where(inside, columns, width)[:, ::-1], axis=1)[:, ::-1]
    take_before = (before >= 0) & ((columns - before <= after - columns) | (after == width))
    nearest = np.where(take_before, before, after)
    rows = np.flatnonzero(inside.any(axis=1))
    closest = rows[np.abs(np.arange(len(levels))[:, None] - rows).argmin(axis=1)]
    return np.asarray(levels[closest[:, None], nearest[closest]])
