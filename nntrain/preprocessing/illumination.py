"""Estimates the smooth part of the light in a picture, which is subtracted before ink is separated."""

from __future__ import annotations

import functools
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from nntrain.preprocessing.filters import Floats, quantile

Array: TypeAlias = npt.NDArray[np.float64]

MAX_BLOCKS = 24  # in each direction; slopes are differences of the blocks' means
EVEN_SLOPE = 1.0  # levels from the middle of a picture to its edge: the light is even if most slopes are smaller
FIT_STEPS = 4  # after these the weights hardly change
RIDGE = 1e-3  # keeps the fit solvable if all slopes are outliers


def estimate_illumination(levels: Floats) -> Floats:
    """Return the light on a picture, in its shape: a quadratic surface whose slopes are those of most blocks.

    `levels` are grey, 0 to 255, with at least 4 pixels per side. The surface is fitted to slopes, not levels: strokes
    rise and fall by the same amount, and the edge of a shadow is a slope in few blocks, so neither bends the surface.
    """
    height, width = levels.shape
    means = _block_means(levels, min(MAX_BLOCKS, height // 2), min(MAX_BLOCKS, width // 2))
    # In coordinates from -1 to 1, blocks are 2 / (blocks - 1) apart.
    down = np.diff(means, axis=0) * ((means.shape[0] - 1) / 2)
    right = np.diff(means, axis=1) * ((means.shape[1] - 1) / 2)
    slopes = np.concatenate([down.ravel(), right.ravel()])
    median = quantile(means, 0.5)
    if quantile(np.abs(slopes), 0.6) < EVEN_SLOPE:
        return np.full((height, width), median, dtype=np.float32)
    start = np.array([quantile(down, 0.5), 0, quantile(right, 0.5), 0, 0])
    y, y2, x, x2, xy = _fit_robustly(slopes, _terms(*means.shape), start)
    rows, columns = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)[None, :]
    surface = (y * rows + y2 * rows * rows + median) + (x + x2 * columns) * columns
    if xy:
        surface = surface + (xy * rows) * columns
    return np.asarray(surface, dtype=np.float32)


def _fit_robustly(slopes: Array, terms: Array, start: Array) -> Array:
    """Return the coefficients of the terms, (terms, n), that fit the slopes, (n,), while outliers are ignored.

    Iteratively reweighted least squares with the weights of Geman and McClure 1987.
    """
    coefficients = start
    for _ in range(FIT_STEPS):
        residuals = slopes - coefficients @ terms
        scale = 2 * quantile(np.abs(residuals), 0.5) + 1
        weighted = terms / (1 + (residuals / scale) ** 2) ** 2
        coefficients = np.asarray(np.linalg.solve(weighted @ terms.T + RIDGE * np.eye(len(terms)), weighted @ slopes))
    return coefficients


@functools.cache
def _terms(down: int, right: int) -> Array:
    """Return the slopes of y, y^2, x, x^2 and x y, (5, n), halfway between blocks: downwards, then to the right."""
    y, x = np.linspace(-1, 1, down), np.linspace(-1, 1, right)
    y_down, x_down = (axis.ravel() for axis in np.meshgrid((y[1:] + y[:-1]) / 2, x, indexing="ij"))
    y_right, x_right = (axis.ravel() for axis in np.meshgrid(y, (x[1:] + x[:-1]) / 2, indexing="ij"))
    zeros_down, zeros_right = np.zeros(y_down.size), np.zeros(y_right.size)
    return np.stack(
        [
            np.concatenate([zeros_down + 1, zeros_right]),
            np.concatenate([2 * y_down, zeros_right]),
            np.concatenate([zeros_down, zeros_right + 1]),
            np.concatenate([zeros_down, 2 * x_right]),
            np.concatenate([x_down, y_right]),
        ]
    )


def _block_means(levels: Floats, down: int, right: int) -> Array:
    """Return the means of `down` by `right` blocks."""
    rows = np.linspace(0, levels.shape[0], down + 1).astype(np.intp)
    columns = np.linspace(0, levels.shape[1], right + 1).astype(np.intp)
    sums = np.add.reduceat(np.add.reduceat(levels, rows[:-1], axis=0, dtype=np.float64), columns[:-1], axis=1)
    return np.asarray(sums / np.outer(np.diff(rows), np.diff(columns)))
