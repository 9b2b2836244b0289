"""How much a picture looks like a digit at all, whatever a network says of it.

A network answers for anything: shown a letter, it names the nearest digit, and often with confidence. Four thousand of
MNIST's training images are at hand here, slant and detail taken off, and a picture is compared with them; with them is
kept what is usual for each digit's strokes: how many meet a line across, on how many feet it stands, and the like.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from nntrain.pictures.filters import Floats, Mask, Pixels
from nntrain.pictures.fitting import SIDE

Doubles: TypeAlias = npt.NDArray[np.float64]
REFERENCE = Path(__file__).parent / "reference.npz"
NEIGHBOURS = 3  # of each class; one alone may be an odd hand's
INKED = 110  # levels: what is more is ink
APART = 3  # pixels; feet that are nearer are one
NEARER = 0.005  # likeness, in place of a standard deviation: 2 % of MNIST's sevens are nearer to a 1
MOST = 4.0  # standard deviations; no measure alone says more


@dataclass(frozen=True)
class Looks:
    """What is measured on images, without a network; arrays of (n, 10), by digit."""

    likeness: Doubles  # cosine of the angle to the nearest images of a digit, 1 is the same
    oddness: Doubles  # how far measures lie outside what is usual for a digit, in standard deviations, all added up


@dataclass(frozen=True)
class Reference:
    """What images are compared with."""

    rows: Floats  # (images, features), of length 1
    labels: npt.NDArray[np.intp]
    low: Doubles  # (10, measures): 2 % of each digit's images are below
    high: Doubles  # 2 % are above
    spread: Doubles  # standard deviation, at least half of that over all digits


def looks(pixels: Pixels) -> Looks:
    """Compare images laid out as MNIST's, uint8 (n, 28, 28), with the reference."""
    reference = _reference()
    similar = describe(pixels) @ reference.rows.T
    # One that is equal is the image itself, which was learnt from; it says nothing about likeness.
    similar[similar > 0.9999] = -1
    likeness = np.stack([_largest(similar[:, reference.labels == digit]) for digit in range(10)], axis=1)
    found = measures(pixels)[:, None]
    outside = np.maximum(np.maximum(reference.low - found, found - reference.high), 0)
    oddness = np.minimum(outside / reference.spread, MOST).sum(axis=2)
    # A network that learnt from MNIST takes a 1 with a flag for a 7, and is sure of it.
    oddness[:, 7] += np.clip((likeness[:, 1] - likeness[:, 7]) / NEARER, 0, MOST)
    return Looks(likeness, oddness)


def measures(pixels: Pixels) -> Doubles:
    """Measure the strokes of images, uint8 (n, 28, 28), upright; (n, 7).

    In order: feet; pieces of ink less holes; strokes that a row crosses on average, of all rows with ink, of the upper
    and of the lower third; how wide the ink is at the foot and about the middle, as shares of its whole width.
    """
    ink: Mask = np.asarray(_upright(pixels.astype(np.float32)) > INKED)
    rows: Mask = np.asarray(ink.any(axis=2))
    top, bottom = rows.argmax(axis=1), SIDE - rows[:, ::-1].argmax(axis=1)
    # Each row's place in the ink's height: 0 at the top, 1 at the bottom.
    place = (np.arange(SIDE) + 0.5 - top[:, None]) / np.maximum(bottom - top, 1)[:, None]
    crossed = _runs(ink.reshape(-1, SIDE)).reshape(-1, SIDE)
    wide = np.maximum(_width(np.asarray(ink.any(axis=1))), 1)

    def columns(first: float, last: float) -> Mask:
        return np.asarray((ink & ((first < place) & (place < last))[:, :, None]).any(axis=1))

    def crossings(first: float, last: float) -> Doubles:
        counted = rows & (first < place) & (place < last)
        return np.asarray((crossed * counted).sum(axis=1) / np.maximum(counted.sum(axis=1), 1), np.float64)

    return np.stack(
        [
            _runs(_bridged(columns(0.8, 1.0), APART)),
            _euler_number(ink),
            crossings(0, 1),
            crossings(0, 1 / 3),
            crossings(2 / 3, 1),
            _width(columns(0.85, 1.0)) / wide,
            _width(columns(0.4, 0.6)) / wide,
        ],
        axis=1,
    ).astype(np.float64)


def describe(pixels: Pixels) -> Floats:
    """Return images, uint8 (n, 28, 28), upright, blurred, halved to 14x14, as rows of length 1."""
    levels = _blurred(_blurred(_upright(pixels.astype(np.float32))))
    halved = levels.reshape(-1, SIDE // 2, 2, SIDE // 2, 2).mean(axis=(2, 4)).reshape(len(pixels), -1)
    return np.asarray(halved / np.maximum(np.linalg.norm(halved, axis=1, keepdims=True), 1e-6), np.float32)


@functools.cache
def _reference() -> Reference:
    with np.load(REFERENCE, allow_pickle=False) as kept:
        rows = kept["rows"].astype(np.float32)
        usual = (kept[name].astype(np.float64) for name in ("low", "high", "spread"))
        return Reference(rows / np.linalg.norm(rows, axis=1, keepdims=True), kept["labels"].astype(np.intp), *usual)


def _largest(similar: Floats) -> Doubles:
    return np.asarray(np.partition(similar, -NEIGHBOURS, axis=1)[:, -NEIGHBOURS:].mean(axis=1), np.float64)


def _upright(levels: Floats) -> Floats:
    """Shear each image sideways until its ink does not lean."""
    places = np.arange(SIDE, dtype=np.float32)
    total = np.maximum(levels.sum(axis=(1, 2)), 1e-6)
    rows, columns = levels.sum(axis=2), levels.sum(axis=1)
    y, x = rows @ places / total, columns @ places / total
    off_y, off_x = places[None] - y[:, None], places[None] - x[:, None]
    spread = np.einsum("ny,ny->n", rows, off_y**2)
    together = np.einsum("nyx,ny,nx->n", levels, off_y, off_x)
    lean = np.clip(together / np.maximum(spread, 1e-6), -1, 1)
    shift = lean[:, None] * off_y  # (n, 28): pixels to the right that a row is taken from
    whole = np.floor(shift)
    part = (shift - whole)[:, :, None]
    start = whole.astype(np.intp)[:, :, None] + np.arange(SIDE)
    padded = np.pad(levels, ((0, 0), (0, 0), (SIDE, SIDE + 1)))
    start = np.clip(start + SIDE, 0, 3 * SIDE - 1)
    return np.asarray(
        (1 - part) * np.take_along_axis(padded, start, 2) + part * np.take_along_axis(padded, start + 1, 2), np.float32
    )


def _blurred(levels: Floats) -> Floats:
    """Weights 1, 2, 1 in both directions."""
    wide = np.pad(levels, ((0, 0), (1, 1), (0, 0)))
    once = (wide[:, :-2] + 2 * wide[:, 1:-1] + wide[:, 2:]) / 4
    wide = np.pad(once, ((0, 0), (0, 0), (1, 1)))
    return np.asarray((wide[:, :, :-2] + 2 * wide[:, :, 1:-1] + wide[:, :, 2:]) / 4, np.float32)


def _runs(lines: Mask) -> npt.NDArray[np.intp]:
    """Return how often ink begins in each line, (n, length)."""
    return np.asarray((lines & ~np.pad(lines, ((0, 0), (1, 0)))[:, :-1]).sum(axis=1), np.intp)


def _bridged(lines: Mask, gap: int) -> Mask:
    """Close gaps of up to so many pixels."""
    places = np.arange(lines.shape[1])
    last = np.maximum.accumulate(np.where(lines, places, -SIDE), axis=1)
    following = np.minimum.accumulate(np.where(lines, places, 2 * SIDE)[:, ::-1], axis=1)[:, ::-1]
    return lines | (following - last <= gap + 1)


def _width(lines: Mask) -> npt.NDArray[np.intp]:
    """Return how far it is from the first ink of each line to the last, (n, length)."""
    reach = lines.shape[1] - lines[:, ::-1].argmax(axis=1) - lines.argmax(axis=1)
    return np.where(lines.any(axis=1), reach, 0)


def _euler_number(ink: Mask) -> Doubles:
    """Return the number of pieces of ink less that of holes (Gray 1971, of squares of four pixels; diagonals join)."""
    ink = np.pad(ink, ((0, 0), (1, 1), (1, 1)))
    first, second, third, fourth = ink[:, :-1, :-1], ink[:, :-1, 1:], ink[:, 1:, :-1], ink[:, 1:, 1:]
    count = first.astype(np.int8) + second + third + fourth
    diagonal = (count == 2) & (first == fourth)
    return np.asarray(((count == 1) * 1.0 - (count == 3) - 2.0 * diagonal).sum(axis=(1, 2)) / 4, np.float64)
