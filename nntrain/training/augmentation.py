"""Distortions that make more of the training images: fast enough to be drawn anew for every batch beside training.

An image is sampled once, where one backward map of rotation, zoom, shear, translation and elastic displacement says, so
that it is blurred once at most; stroke thickness changes before that. Everything runs over the batch as whole arrays.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float32]
Pixels: TypeAlias = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Distortion:
    """The largest distortion of each kind; 0 leaves a kind out. Each image draws its own, evenly, either way."""

    rotation: float = 0.0  # degrees
    translation: float = 0.0  # pixels, in each direction, fractions too
    zoom: float = 0.0  # share: 0.1 scales by 0.9 to 1.1, the same for height and width, as keras.layers.RandomZoom does
    shear: float = 0.0  # share: 0.1 moves the top row against the bottom one by a tenth of the height
    # Simard et al. 2003, Best practices for convolutional neural networks: a field of noise (here normal, of unit
    # variance), smoothed by a Gaussian of `sigma` pixels, times `alpha` pixels. A point moves by
    # alpha / (2 sqrt(pi) sigma), rms, in each direction: 0.56 pixels for 8 and 4. Only this bound is not a hard one.
    elastic_alpha: float = 0.0
    elastic_sigma: float = 4.0  # above 0
    stroke: float = 0.0  # pixels by which strokes become wider or narrower

    @property
    def moves(self) -> bool:
        """Whether any kind moves points, so that images have to be sampled again."""
        return any((self.rotation, self.translation, self.zoom, self.shear, self.elastic_alpha))


def batch_rng(seed: int, epoch: int, batch: int) -> np.random.Generator:
    """The random numbers of one batch, however batches are grouped; all three count from 0 or higher."""
    # Philox is keyed, so that no state has to be run forward to the batch; 128 bits of key take the seed and its mark,
    # 256 bits of counter the rest. The lowest counter word is left to the draws themselves.
    key = np.array([seed % (1 << 64), 0x6E6E747261696E], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=np.array([0, 0, epoch, batch], dtype=np.uint64)))


def distort(images: Pixels, distortion: Distortion, rng: np.random.Generator) -> Pixels:
    """Distort each image by its own draw; what moves in from outside is 0, what moves out is lost.

    `images` is uint8 (n, height, width), n may be 0; so is the result. The same state of `rng` gives the same result.
    """
    if not len(images) or not (distortion.moves or distortion.stroke):
        return images.copy()
    if distortion.stroke:
        values = _with_stroke(images, _draw(rng, len(images), distortion.stroke), most=abs(distortion.stroke))
    else:
        values = images.astype(np.float32)
    if distortion.moves:
        values = _sample(values, *_origins(values.shape, distortion, rng))
    values += np.float32(0.5)
    return values.astype(np.uint8)


def distort_by(images: Pixels, *, rotation: float = 0.0, shear: float = 0.0, stroke: float = 0.0) -> Pixels:
    """Distort all images by the same amounts, in the units and directions of Distortion, without a draw."""
    count = len(images)

    def same(amount: float) -> Floats:
        return np.full(count, amount, dtype=np.float32)

    values = _with_stroke(images, same(stroke), most=abs(stroke)) if stroke else images.astype(np.float32)
    if rotation or shear:
        row, column = _affine(
            images.shape,
            angle=same(np.deg2rad(rotation)),
            scale=same(1.0),
            shear=same(shear),
            down=same(0),
            right=same(0),
        )
        values = _sample(values, row, column)
    return np.asarray(values + np.float32(0.5)).astype(np.uint8)


def _draw(rng: np.random.Generator, count: int, bound: float) -> Floats:
    """Evenly from -bound to bound, shaped (count,)."""
    return (2 * rng.random(count, dtype=np.float32) - 1) * np.float32(bound)


def _with_stroke(images: Pixels, widths: Floats, *, most: float) -> Floats:
    """Widen strokes by `widths` pixels, shaped (n,), or narrow them where negative; `most` bounds them.

    Grey-scale dilation and erosion (Serra 1982) by the four neighbours: each round adds or takes a pixel on both
    sides, a part of a round is blended in.
    """
    wider = widths[:, None, None] >= 0
    rounds = (np.abs(widths) / 2)[:, None, None]
    values = images.astype(np.float32)
    before = images
    for done in range(int(np.ceil(most / 2))):
        padded = np.pad(before, ((0, 0), (1, 1), (1, 1)), mode="edge")
        neighbours = padded[:, :-2, 1:-1], padded[:, 2:, 1:-1], padded[:, 1:-1, :-2], padded[:, 1:-1, 2:]
        largest, smallest = before.copy(), before.copy()
        for neighbour in neighbours:
            np.maximum(largest, neighbour, out=largest)
            np.minimum(smallest, neighbour, out=smallest)
        after = np.where(wider, largest, smallest)
        share = np.clip(rounds - np.float32(done), 0, 1)
        values += share * (after.astype(np.float32) - before)
        before = after
    return values


def _origins(shape: tuple[int, ...], distortion: Distortion, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Row and column, both (n, height * width), that each pixel of the result is sampled at."""
    count, height, width = shape
    angle = np.deg2rad(_draw(rng, count, distortion.rotation))
    scale = np.asarray(1 / (1 + _draw(rng, count, distortion.zoom)), np.float32)
    shear = _draw(rng, count, distortion.shear)
    down, right = _draw(rng, count, distortion.translation), _draw(rng, count, distortion.translation)
    row, column = _affine(shape, angle=angle, scale=scale, shear=shear, down=down, right=right)
    if distortion.elastic_alpha:
        # Noise is drawn for the few components that the smooth field has, not for every pixel.
        along_rows = _smooth_components(height, distortion.elastic_sigma)
        along_columns = _smooth_components(width, distortion.elastic_sigma)
        noise = rng.standard_normal((2 * count, along_rows.shape[1], along_columns.shape[1]), dtype=np.float32)
        field = np.matmul(along_rows * np.float32(distortion.elastic_alpha), noise @ along_columns.T)
        row += field[:count].reshape(count, -1)
        column += field[count:].reshape(count, -1)
    return row, column


def _affine(
    shape: tuple[int, ...], *, angle: Floats, scale: Floats, shear: Floats, down: Floats, right: Floats
) -> tuple[Floats, Floats]:
    """The same without the elastic part; the amounts are (n,), `scale` that of the way back."""
    _, height, width = shape
    # The image is zoomed, sheared, turned counter-clockwise, then moved; here the way back, about the image's middle.
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    rows = np.stack([cos, sin, -cos * down - sin * right + (height - 1) / 2], axis=1)
    columns = np.stack([-sin - shear * cos, cos - shear * sin], axis=1)
    columns = np.column_stack([columns, -columns[:, 0] * down - columns[:, 1] * right + (width - 1) / 2])
    grid = _grid(height, width)
    row, column = rows.astype(np.float32) @ grid, columns.astype(np.float32) @ grid
    return row, column


@functools.cache
def _grid(height: int, width: int) -> Floats:
    """Row and column of each pixel from the image's middle, and 1: (3, height * width)."""
    rows, columns = np.mgrid[:height, :width].reshape(2, -1)
    return np.stack([rows - (height - 1) / 2, columns - (width - 1) / 2, np.ones(rows.size)]).astype(np.float32)


@functools.cache
def _smooth_components(length: int, sigma: float) -> Floats:
    """A matrix (length, few) that turns white noise into noise smoothed along a line by a Gaussian of `sigma` pixels.

    Smoothed white noise has the covariance exp(-d^2 / (4 sigma^2)) / (2 sqrt(pi) sigma) at distance d; the matrix is
    its root, without the directions that carry less than a thousandth of it in all.
    """
    distance = np.subtract.outer(np.arange(length), np.arange(length))
    covariance = np.exp(-(distance**2) / (4 * sigma**2)) / (2 * np.sqrt(np.pi) * sigma)
    variances, directions = np.linalg.eigh(covariance)
    variances, directions = np.maximum(variances[::-1], 0), directions[:, ::-1]
    few = 1 + int(np.searchsorted(np.cumsum(variances), 0.999 * variances.sum()))
    return np.asarray(directions[:, :few] * np.sqrt(variances[:few]), dtype=np.float32)


def _sample(values: Floats, row: Floats, column: Floats) -> Floats:
    """Values (n, height, width) at rows and columns (n, height * width), bilinear; 0 outside."""
    count, height, width = values.shape
    # A border of zeros, one wide before and two behind, stands for all that lies outside.
    padded = np.zeros((count, height + 3, width + 3), dtype=np.float32)
    padded[:, 1:-2, 1:-2] = values
    stride = width + 3
    row = np.clip(row + np.float32(1), 0, height + 1)
    column = np.clip(column + np.float32(1), 0, width + 1)
    top, left = row.astype(np.int32), column.astype(np.int32)
    row -= top
    column -= left
    corner = (top * stride + left).astype(np.intp)
    corner += np.arange(0, padded.size, padded[0].size)[:, None]
    flat = padded.reshape(-1)
    upper = _between(flat[corner], flat[corner + 1], column)
    corner += stride
    lower = _between(flat[corner], flat[corner + 1], column)
    return _between(upper, lower, row).reshape(values.shape)


def _between(first: Floats, second: Floats, share: Floats) -> Floats:
    second -= first
    second *= share
    second += first
    return second
