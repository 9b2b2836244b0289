"""Filters on grey levels and masks: quantiles, Otsu's threshold, blurs, morphology, connected components.

`scipy.ndimage` has most of them, but takes 0.2 s to import, for which every `predict` would wait, and 143 MB to
install. The tests compare each filter with SciPy's.

Arrays are two-dimensional, rows first. Boxes are (top, bottom, left, right) in pixels, bottom and right exclusive.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float32]  # grey levels or contrasts
Mask: TypeAlias = npt.NDArray[np.bool_]
Pixels: TypeAlias = npt.NDArray[np.uint8]  # an image in MNIST's format: 28x28, light ink on a dark background
Box: TypeAlias = tuple[int, int, int, int]  # top, bottom, left, right

OTSU_BINS = 256
MAX_SHIFTED_SIZE = 5  # side of the largest square for which shifts are faster than a running maximum


def quantile(values: npt.NDArray[Any], fraction: float) -> float:
    """Return the value below which that fraction, 0 to 1, of the values lies.

    Between two values, the upper one is returned, without interpolation. `np.quantile` takes five times as long.
    """
    index = min(int(fraction * values.size), values.size - 1)
    return float(np.partition(values, index, axis=None)[index])


def otsu(levels: npt.NDArray[Any]) -> float:
    """Return the threshold that splits levels into the two classes of least variance within each (Otsu 1979).

    The histogram has 256 bins from the lowest to the highest level. If all levels are equal, that level is returned.
    """
    low, high = float(levels.min()), float(levels.max())
    if low == high:
        return low
    step = (high - low) / OTSU_BINS
    bins = np.minimum((levels - np.float32(low)) * np.float32(1 / step), OTSU_BINS - 1).astype(np.uint8)
    counts = np.bincount(bins.ravel(), minlength=OTSU_BINS)
    centres = low + step * (np.arange(OTSU_BINS) + 0.5)
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        # The variance between the classes; its sum with the variance within them is constant.
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return low + step * (1 + int(np.nanargmax(between[:-1])))


def box_blur(levels: Floats, radius: int) -> Floats:
    """Return the mean of the square of side 2 * radius + 1 around each pixel; edge pixels are repeated outwards."""
    return levels if radius == 0 else _mean_along(_mean_along(levels, radius, axis=0), radius, axis=1)


def _mean_along(levels: Floats, radius: int, *, axis: int) -> Floats:
    lines = levels if axis == 1 else levels.T
    length, size = lines.shape[1], 2 * radius + 1
    sums = np.empty((lines.shape[0], length + size), np.float64)
    sums[:, : radius + 1] = lines[:, :1]
    sums[:, radius + 1 : radius + 1 + length] = lines
    sums[:, radius + 1 + length :] = lines[:, -1:]
    np.cumsum(sums, axis=1, out=sums)
    means = ((sums[:, size:] - sums[:, :-size]) / size).astype(np.float32)
    return means if axis == 1 else means.T


def minimum_filter(levels: Floats, size: int) -> Floats:
    """Return the lowest level in the square of side `size` around each pixel; an even size is increased by 1."""
    return _running(np.minimum, _running(np.minimum, levels, size, axis=0), size, axis=1)


def maximum_filter(levels: Floats, size: int) -> Floats:
    """Return the highest level in the square of side `size` around each pixel; an even size is increased by 1."""
    return _running(np.maximum, _running(np.maximum, levels, size, axis=0), size, axis=1)


def grey_opening(levels: Floats, size: int) -> Floats:
    """Remove everything lighter than its surroundings and narrower than a square of side `size` (Serra 1982)."""
    return maximum_filter(minimum_filter(levels, size), size)


def _running(extreme: np.ufunc, levels: Floats, size: int, *, axis: int) -> Floats:
    """Return the running extreme, np.minimum or np.maximum, along an axis, at a cost independent of the size.

    Extremes are accumulated forwards and backwards within blocks of the window's length; each window combines one of
    either (van Herk 1992).
    """
    lines = levels if axis == 1 else levels.T
    count, length = lines.shape
    size = min(size, 2 * length - 1) | 1
    half = size // 2
    blocks = -(-(length + 2 * half) // size)
    padded = np.empty((count, blocks * size), dtype=np.float32)
    padded[:, :half] = padded[:, half + length :] = np.inf if extreme is np.minimum else -np.inf
    padded[:, half : half + length] = lines
    windows = padded.reshape(count, blocks, size)
    forwards = extreme.accumulate(windows, axis=2).reshape(padded.shape)
    backwards = extreme.accumulate(windows[:, :, ::-1], axis=2)[:, :, ::-1].reshape(padded.shape)
    result = extreme(backwards[:, :length], forwards[:, size - 1 : size - 1 + length])
    return np.asarray(result if axis == 1 else result.T)


def dilate_disc(mask: Mask, radius: float) -> Mask:
    """Dilate a mask by a disc of a radius; beyond the edge the mask is False."""
    reach = int(np.ceil(radius))
    height, width = mask.shape
    padded = np.pad(mask, reach)
    dilated = mask.copy()
    for row in range(-reach, reach + 1):
        for column in range(-reach, reach + 1):
            if row * row + column * column <= radius * radius:
                dilated |= padded[reach + row : reach + row + height, reach + column : reach + column + width]
    return dilated


def dilate_square(mask: Mask, size: int) -> Mask:
    """Dilate a mask by a square of side `size`, increased by 1 if even; beyond the edge the mask is False."""
    if size <= MAX_SHIFTED_SIZE:
        return _dilate_by_shifts(mask, size // 2)
    return maximum_filter(mask.astype(np.float32), size) > 0.5


def _dilate_by_shifts(mask: Mask, reach: int) -> Mask:
    for axis in (0, 1):
        lines = mask if axis == 0 else mask.T
        dilated = lines.copy()
        for shift in range(1, reach + 1):
            dilated[shift:] |= lines[:-shift]
            dilated[:-shift] |= lines[shift:]
        mask = dilated if axis == 0 else dilated.T
    return mask


def connected_components(mask: Mask) -> tuple[npt.NDArray[np.intp], int]:
    """Label the connected components of a mask, in which diagonal neighbours are connected.

    Returns the labels, in the mask's shape, from 1 to the count and 0 for the background, and the count. Components are
    in the order of their first pixels, row by row.
    """
    rows, starts, ends = _runs(mask)
    if rows.size == 0:
        return np.zeros(mask.shape, dtype=np.intp), 0
    lower, upper = _touching_runs(rows, starts, ends, stride=mask.shape[1] + 4)
    numbers = _smallest_in_component(rows.size, lower, upper)
    firsts, numbers = np.unique(numbers, return_inverse=True)
    # A run's label is added at its start and subtracted at its end: the cumulative sum is each pixel's label.
    height, width = mask.shape
    changes = np.zeros(height * width + 1, dtype=np.intp)
    np.add.at(changes, rows * width + starts, numbers + 1)
    np.add.at(changes, rows * width + ends, -(numbers + 1))
    return np.cumsum(changes)[:-1].reshape(height, width), len(firsts)


def _runs(mask: Mask) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the row, the first column and the end, exclusive, of each horizontal run of True, in reading order."""
    padded = np.zeros((mask.shape[0], mask.shape[1] + 2), dtype=np.int8)
    padded[:, 1:-1] = mask
    steps = np.diff(padded, axis=1)
    rows, starts = np.nonzero(steps == 1)
    return rows, starts, np.nonzero(steps == -1)[1]


def _touching_runs(
    rows: npt.NDArray[np.intp], starts: npt.NDArray[np.intp], ends: npt.NDArray[np.intp], *, stride: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the pairs of runs, by index, that touch: each run with every run that it touches in the row above."""
    # All rows are laid end to end, so that one search finds the runs above: those that end no earlier than a run
    # starts, up to those that start no later than it ends.
    first = np.searchsorted((rows + 1) * stride + ends, rows * stride + starts)
    last = np.searchsorted((rows + 1) * stride + starts, rows * stride + ends, side="right")
    counts = np.maximum(last - first, 0)
    lower = np.repeat(np.arange(rows.size), counts)
    upper = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(first, counts)
    return lower, upper


def _smallest_in_component(
    count: int, lower: npt.NDArray[np.intp], upper: npt.NDArray[np.intp]
) -> npt.NDArray[np.intp]:
    """Return for each run the smallest index of the runs that it is connected with, directly or through others."""
    numbers = np.arange(count)
    while True:
        before = numbers.copy()
        smallest = np.minimum(numbers[lower], numbers[upper])
        np.minimum.at(numbers, numbers[lower], smallest)
        np.minimum.at(numbers, numbers[upper], smallest)
        numbers = numbers[numbers]
        if np.array_equal(numbers, before):
            return numbers


def stroke_width(mask: Mask) -> float:
    """Return the mean width of a mask's strokes in pixels: twice the area over the outline's length."""
    area = int(np.count_nonzero(mask))
    inside = int(np.count_nonzero(mask[1:] != mask[:-1]) + np.count_nonzero(mask[:, 1:] != mask[:, :-1]))
    border = sum(int(np.count_nonzero(line)) for line in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))
    # Averaged over all directions, the steps along a grid are 4/pi times as long as the outline that they follow.
    return float(2 * area / (np.pi / 4 * max(1, inside + border)))


def resize(levels: Floats, longer: int) -> Floats:
    """Scale so that the longer side has `longer` pixels; keeps the proportions and averages over all pixels."""
    from PIL import Image

    height, width = levels.shape
    scale = longer / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(Image.fromarray(levels).resize(size, Image.Resampling.BILINEAR), dtype=np.float32)


def centre_of_mass(levels: npt.NDArray[Any]) -> tuple[float, float]:
    """Return the row and column, counted from 0, of the centre of mass of levels that are not all 0."""
    weights = levels.astype(np.float64)
    total = weights.sum()
    rows, columns = weights.sum(axis=1), weights.sum(axis=0)
    return float(rows @ np.arange(rows.size) / total), float(columns @ np.arange(columns.size) / total)


def bounding_box(mask: Mask) -> Box:
    """Return the box around all True pixels; raises IndexError if there are none."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
