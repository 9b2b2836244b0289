"""What is done to arrays of grey levels and to masks of ink: blurs, running extremes, thresholds, connected parts."""

from __future__ import annotations

import functools
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float32]
Mask: TypeAlias = npt.NDArray[np.bool_]
Pixels: TypeAlias = npt.NDArray[np.uint8]
BLOCKS = 24  # each way, whose means tell the slopes of the light
EVEN = 1.0  # levels from the middle of a picture to its edge, in most of its blocks: nothing to even out
Box: TypeAlias = tuple[int, int, int, int]  # top, bottom, left, right; the ends exclusive


def quantile(values: npt.NDArray[Any], share: float) -> float:
    """The value below which that share lies; of two in the middle the upper. np.quantile takes five times as long."""
    place = min(int(share * values.size), values.size - 1)
    return float(np.partition(values, place, axis=None)[place])


def surface(levels: Floats) -> Floats:
    """The smooth part of the light: a surface of second degree whose slopes are those of most of the picture.

    Slopes are compared, not levels: strokes rise and fall alike, and a shadow's edge is a slope in few places, so that
    neither bends the surface (weights of Geman and McClure 1987).
    """
    height, width = levels.shape
    blocks = _block_means(levels, min(BLOCKS, height // 2), min(BLOCKS, width // 2))
    terms = _slopes(*blocks.shape)
    down, right = np.diff(blocks, axis=0), np.diff(blocks, axis=1)
    # Blocks lie this far apart in coordinates from -1 to 1.
    down, right = down * ((len(blocks) - 1) / 2), right * ((blocks.shape[1] - 1) / 2)
    slopes = np.concatenate([down.ravel(), right.ravel()])
    if quantile(np.abs(slopes), 0.6) < EVEN:
        return np.full((height, width), quantile(blocks, 0.5), dtype=np.float32)
    fit = np.array([quantile(down, 0.5), 0, quantile(right, 0.5), 0, 0])
    for _ in range(4):
        off = slopes - fit @ terms
        scale = 2 * quantile(np.abs(off), 0.5) + 1
        weighted = terms / (1 + (off / scale) ** 2) ** 2
        fit = np.linalg.solve(weighted @ terms.T + 1e-3 * np.eye(len(fit)), weighted @ slopes)
    rows, columns = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)[None, :]
    result = (fit[0] * rows + fit[1] * rows * rows + quantile(blocks, 0.5)) + (fit[2] + fit[3] * columns) * columns
    if fit[4]:
        result = result + (fit[4] * rows) * columns
    return np.asarray(result, dtype=np.float32)


@functools.cache
def _slopes(down: int, right: int) -> npt.NDArray[np.float64]:
    """The slopes of y, y^2, x, x^2 and x y halfway between blocks: those downwards, then those to the right."""
    y, x = np.linspace(-1, 1, down), np.linspace(-1, 1, right)
    y_down, x_down = (axis.ravel() for axis in np.meshgrid((y[1:] + y[:-1]) / 2, x, indexing="ij"))
    y_right, x_right = (axis.ravel() for axis in np.meshgrid(y, (x[1:] + x[:-1]) / 2, indexing="ij"))
    none, one = np.zeros, np.ones
    return np.stack(
        [
            np.concatenate([one(y_down.size), none(y_right.size)]),
            np.concatenate([2 * y_down, none(y_right.size)]),
            np.concatenate([none(y_down.size), one(y_right.size)]),
            np.concatenate([none(y_down.size), 2 * x_right]),
            np.concatenate([x_down, y_right]),
        ]
    )


def _block_means(levels: Floats, down: int, right: int) -> npt.NDArray[np.float64]:
    rows = np.linspace(0, levels.shape[0], down + 1).astype(np.intp)
    columns = np.linspace(0, levels.shape[1], right + 1).astype(np.intp)
    sums = np.add.reduceat(np.add.reduceat(levels, rows[:-1], axis=0, dtype=np.float64), columns[:-1], axis=1)
    return np.asarray(sums / np.outer(np.diff(rows), np.diff(columns)))


def running_extreme(levels: Floats, window: int, *, axis: int, smallest: bool) -> Floats:
    """Smallest or largest value in a window about each pixel, at a cost that does not depend on the window.

    van Herk 1992: running extremes forwards and backwards within blocks of the window's length, then one of each.
    """
    extreme = np.minimum if smallest else np.maximum
    lines = levels if axis == 1 else levels.T
    count, length = lines.shape
    window = min(window, 2 * length - 1) | 1
    half = window // 2
    blocks = -(-(length + 2 * half) // window)
    outside = np.float32(np.inf if smallest else -np.inf)
    padded = np.empty((count, blocks * window), dtype=np.float32)
    padded[:, :half] = padded[:, half + length :] = outside
    padded[:, half : half + length] = lines
    parts = padded.reshape(count, blocks, window)
    forwards = extreme.accumulate(parts, axis=2).reshape(padded.shape)
    backwards = extreme.accumulate(parts[:, :, ::-1], axis=2)[:, :, ::-1].reshape(padded.shape)
    result = extreme(backwards[:, :length], forwards[:, window - 1 : window - 1 + length])
    return np.asarray(result if axis == 1 else result.T)


def box_blur(levels: Floats, radius: int) -> Floats:
    """The mean of the square of that radius about each pixel; the border goes on beyond the edge."""
    return levels if radius == 0 else np.asarray(_mean_along(_mean_along(levels, radius, 0), radius, 1))


def _mean_along(levels: Floats, radius: int, axis: int) -> Floats:
    lines = levels if axis == 1 else levels.T
    length, width = lines.shape[1], 2 * radius + 1
    sums = np.empty((lines.shape[0], length + width), np.float64)
    sums[:, : radius + 1] = lines[:, :1]
    sums[:, radius + 1 : radius + 1 + length] = lines
    sums[:, radius + 1 + length :] = lines[:, -1:]
    np.cumsum(sums, axis=1, out=sums)
    means = ((sums[:, width:] - sums[:, :-width]) / width).astype(np.float32)
    return means if axis == 1 else means.T


def otsu(levels: Floats) -> float:
    """The threshold that parts levels into the two classes of least spread (Otsu 1979); of one level alone, itself."""
    low, high = float(levels.min()), float(levels.max())
    if low == high:
        return low
    step = (high - low) / 256
    places = np.minimum((levels - np.float32(low)) * np.float32(1 / step), 255).astype(np.uint8)
    counts = np.bincount(places.ravel(), minlength=256)
    centres = low + step * (np.arange(256) + 0.5)
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return low + step * (1 + int(np.nanargmax(between[:-1])))


def components(mask: Mask) -> tuple[npt.NDArray[np.intp], int]:
    """Number the connected parts of a mask from 1, diagonal neighbours counted in; 0 is the ground.

    Runs of each row are joined to the runs they meet in the row before, until no number changes.
    """
    height, width = mask.shape
    flat = np.zeros((height, width + 2), dtype=np.int8)
    flat[:, 1:-1] = mask
    steps = np.diff(flat, axis=1)
    rows, starts = np.nonzero(steps == 1)
    ends = np.nonzero(steps == -1)[1]
    if rows.size == 0:
        return np.zeros(mask.shape, dtype=np.intp), 0
    # One line of numbers holds all rows, so that one search finds the runs above: those that end no earlier than a run
    # starts, up to those that start no later than it ends.
    stride = width + 4
    above_starts, above_ends = (rows + 1) * stride + starts, (rows + 1) * stride + ends
    first = np.searchsorted(above_ends, rows * stride + starts)
    last = np.searchsorted(above_starts, rows * stride + ends, side="right")
    meetings = np.maximum(last - first, 0)
    lower = np.repeat(np.arange(rows.size), meetings)
    upper = np.arange(meetings.sum()) - np.repeat(np.cumsum(meetings) - meetings, meetings) + np.repeat(first, meetings)
    number = np.arange(rows.size)
    while True:
        smallest = np.minimum(number[lower], number[upper])
        before = number.copy()
        np.minimum.at(number, number[lower], smallest)
        np.minimum.at(number, number[upper], smallest)
        number = number[number]
        if np.array_equal(number, before):
            break
    values, number = np.unique(number, return_inverse=True)
    labels = np.zeros(height * width + 1, dtype=np.intp)
    np.add.at(labels, rows * width + starts, number + 1)
    np.add.at(labels, rows * width + ends, -(number + 1))
    return np.cumsum(labels)[:-1].reshape(height, width), len(values)


def grown(mask: Mask, radius: float) -> Mask:
    """Grow a mask by a disc of that radius; what lies beyond the edge is False."""
    reach = int(np.ceil(radius))
    height, width = mask.shape
    padded = np.pad(mask, reach)
    grown = mask.copy()
    for row in range(-reach, reach + 1):
        for column in range(-reach, reach + 1):
            if row * row + column * column <= radius * radius:
                grown |= padded[reach + row : reach + row + height, reach + column : reach + column + width]
    return grown


def grown_square(mask: Mask, window: int) -> Mask:
    """Grow a mask by a square; `window` is its side."""
    if window <= 5:
        return _grown_by_shifts(mask, window // 2)
    grown = mask.astype(np.float32)
    for axis in (0, 1):
        grown = running_extreme(grown, window, axis=axis, smallest=False)
    return grown > 0.5


def _grown_by_shifts(mask: Mask, reach: int) -> Mask:
    """The same for small squares, at a fraction of the cost."""
    for axis in (0, 1):
        lines = mask if axis == 0 else mask.T
        result = lines.copy()
        for shift in range(1, reach + 1):
            result[shift:] |= lines[:-shift]
            result[:-shift] |= lines[shift:]
        mask = result if axis == 0 else result.T
    return mask


def stroke_width(mask: Mask) -> float:
    """Mean width of the strokes in pixels: twice the area over the outline's length."""
    area = int(np.count_nonzero(mask))
    inside = int(np.count_nonzero(mask[1:] != mask[:-1]) + np.count_nonzero(mask[:, 1:] != mask[:, :-1]))
    border = sum(int(np.count_nonzero(line)) for line in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))
    # Steps of a grid run 4/pi times as far as the outline that they follow, averaged over its directions.
    return float(2 * area / (np.pi / 4 * max(1, inside + int(border))))


def resize(levels: Floats, longer: int) -> Floats:
    """Scale so that the longer side is that long, keeping proportions; every pixel of the source is averaged in."""
    from PIL import Image

    height, width = levels.shape
    scale = longer / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(Image.fromarray(levels).resize(size, Image.Resampling.BILINEAR), dtype=np.float32)


def centre_of_mass(levels: npt.NDArray[Any]) -> tuple[float, float]:
    weights = levels.astype(np.float64)
    total = weights.sum()
    rows, columns = weights.sum(axis=1), weights.sum(axis=0)
    return float(rows @ np.arange(rows.size) / total), float(columns @ np.arange(columns.size) / total)


def box(mask: Mask) -> tuple[int, int, int, int]:
    """Top, bottom, left and right of what is True, the ends exclusive."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
