"""Converts decoded pixels of any depth, with transparency or colour, to grey levels, 0 to 255."""

from __future__ import annotations

import numpy as np

from nntrain.errors import ImageError
from nntrain.preprocessing.decisions import Decision, DecisionKind
from nntrain.preprocessing.filters import Floats

DEPTHS = (1, 255, 1023, 4095, 16383, 65535)  # the largest level of each usual depth
SMALL_RANGE = 0.1  # of a depth: levels in a smaller range are stretched
ROUNDING = 1e-6  # of a level: smaller differences are rounding errors of float32
TRANSPARENT = 8 / 255  # alpha below which nothing is visible
CLEAR_SPREAD = 64  # levels of 255 between ink and background that are easy to distinguish
LUMA = (0.299, 0.587, 0.114)  # of red, green and blue (ITU-R BT.601)


def scale_depth(levels: Floats, *, fixed_depth: bool) -> tuple[Floats, tuple[Decision, ...]]:
    """Scale 16-bit, 32-bit or float levels, of any shape, to 0 to 255; returns the levels and what was done.

    The depth is the smallest usual one that holds all levels. 32-bit and float files have no fixed depth: if their
    levels use only a small part of it, that part is stretched. Values that are not finite become the median.

    Raises ImageError if no value is finite.
    """
    finite = np.isfinite(levels)
    if not finite.any():
        raise ImageError("the picture has no finite values")
    # In double precision, because the difference of two float32 values may overflow.
    exact = np.where(finite, levels, np.median(levels[finite])).astype(np.float64)
    lowest, highest = float(exact.min()), float(exact.max())
    start = min(0.0, lowest)
    depth = next((depth for depth in DEPTHS if highest - start <= depth), highest - start)
    decisions: tuple[Decision, ...] = ()
    rounding = ROUNDING * max(abs(lowest), abs(highest))
    if not fixed_depth and rounding < highest - lowest < SMALL_RANGE * depth:
        start, depth = lowest, highest - lowest
        decisions = (Decision.of(DecisionKind.STRETCHED, lowest=lowest, highest=highest),)
    return ((exact - start) * (255 / depth)).astype(np.float32), decisions


def replace_transparency(levels: Floats) -> tuple[Floats, tuple[Decision, ...]]:
    """Put a picture with transparency, (height, width, 4), 0 to 255, on a background that contrasts with its ink.

    Returns its colours, (height, width, 3), and what was done. Raises ImageError if the whole picture is transparent.
    """
    colour, alpha = levels[..., :3], levels[..., 3:] / 255
    if alpha.min() == 1:
        return colour, ()
    if alpha.max() < TRANSPARENT:
        raise ImageError("nothing found: the whole picture is transparent")
    opacity = alpha[..., 0]
    opaque = to_grey(colour)[opacity > 0.5 * opacity.max()]
    low, high = np.percentile(opaque, (5, 95))
    if high - low > CLEAR_SPREAD and (opacity > 0.5).mean() > 0.5:
        # A cut-out sheet with its own background, with which the transparent part is filled.
        background = np.median(colour[opacity > 0.5], axis=0)
        decision = Decision(DecisionKind.TRANSPARENT_EDGES)
    else:
        black = bool(opaque.mean() > 127)
        background = np.full(3, 0 if black else 255, dtype=np.float32)
        decision = Decision.of(DecisionKind.TRANSPARENT_BACKGROUND, colour="black" if black else "white")
    return np.asarray(colour * alpha + background * (1 - alpha), dtype=np.float32), (decision,)


def to_grey(colour: Floats) -> Floats:
    """Return the luma of colours, (height, width, 3), 0 to 255, or the one channel that shows the ink.

    A channel is returned if it varies while luma hardly does, as for red on green of the same brightness.
    """
    luma = np.asarray(colour @ np.array(LUMA, dtype=np.float32))
    spread = _spread(luma)
    if spread < CLEAR_SPREAD:
        channels = [colour[..., index] for index in range(3)]
        widest = max(channels, key=_spread)
        if _spread(widest) > max(2 * spread, CLEAR_SPREAD):
            return np.ascontiguousarray(widest)
    return luma


def _spread(levels: Floats) -> float:
    low, high = np.percentile(levels, (0.5, 99.5))
    return float(high - low)
