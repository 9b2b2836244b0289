"""How much a picture looks like a digit at all, whatever a network says of it.

A network answers for anything: shown a letter, it names the nearest digit, and often with confidence. Four thousand of
MNIST's training images are at hand here, slant and detail taken off, and a picture is compared with them.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from nntrain.pictures.filters import Floats, Pixels
from nntrain.pictures.fitting import SIDE

Doubles: TypeAlias = npt.NDArray[np.float64]
REFERENCE = Path(__file__).parent / "reference.npz"
NEIGHBOURS = 3  # of each class; one alone may be an odd hand's
INKED = 110  # levels: what is more is ink


@dataclass(frozen=True)
class Looks:
    """What is measured on images, without a network; arrays of n."""

    likeness: Doubles  # (n, 10): cosine of the angle to the nearest images of each digit, 1 is the same
    across: Doubles  # strokes that a row of pixels crosses, mean of the rows with ink
    down: Doubles  # strokes that a column crosses
    length: Doubles  # of all strokes, in heights of a digit
    width: Doubles  # of the strokes, mean, in pixels


def looks(pixels: Pixels) -> Looks:
    """Measure images laid out as MNIST's, uint8 (n, 28, 28)."""
    features = describe(pixels)
    references, labels = _references()
    similar = features @ references.T
    # One that is equal is the image itself, which was learnt from; it says nothing about likeness.
    similar[similar > 0.9999] = -1
    likeness = np.stack([_largest(similar[:, labels == digit]) for digit in range(10)], axis=1)
    ink = pixels > INKED
    across, down = _crossings(ink, axis=2), _crossings(ink, axis=1)
    length = _length(ink)
    width = ink.sum(axis=(1, 2)) / np.maximum(20 * length, 1)
    return Looks(likeness, across, down, length, width)


def describe(pixels: Pixels) -> Floats:
    """Return images, uint8 (n, 28, 28), upright, blurred, halved to 14x14, as rows of length 1."""
    levels = _blurred(_blurred(_upright(pixels.astype(np.float32))))
    halved = levels.reshape(-1, SIDE // 2, 2, SIDE // 2, 2).mean(axis=(2, 4)).reshape(len(pixels), -1)
    return np.asarray(halved / np.maximum(np.linalg.norm(halved, axis=1, keepdims=True), 1e-6), np.float32)


@functools.cache
def _references() -> tuple[Floats, npt.NDArray[np.intp]]:
    with np.load(REFERENCE, allow_pickle=False) as kept:
        rows, labels = kept["rows"].astype(np.float32), kept["labels"].astype(np.intp)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True), labels


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


def _crossings(ink: npt.NDArray[np.bool_], *, axis: int) -> Doubles:
    begun = ink.copy()
    lines = np.moveaxis(begun, axis, 2)
    lines[:, :, 1:] &= ~np.moveaxis(ink, axis, 2)[:, :, :-1]
    counts = lines.sum(axis=2)
    return np.asarray(counts.sum(axis=1) / np.maximum((counts > 0).sum(axis=1), 1), np.float64)


def _length(ink: npt.NDArray[np.bool_]) -> Doubles:
    """Half of the outline, which runs along both sides of a stroke; steps of a grid run 4/pi times as far."""
    padded = np.pad(ink, ((0, 0), (1, 1), (1, 1)))
    steps = (padded[:, 1:] != padded[:, :-1]).sum(axis=(1, 2)) + (padded[:, :, 1:] != padded[:, :, :-1]).sum(
        axis=(1, 2)
    )
    return np.asarray(steps * (np.pi / 8) / 20, np.float64)
