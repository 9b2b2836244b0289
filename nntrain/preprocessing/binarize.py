"""Finds the ink in a picture: evens out light and shadow, and leaves out specks and pieces at the edge."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nntrain.errors import ImageError
from nntrain.preprocessing.decisions import Decision, DecisionKind
from nntrain.preprocessing.filters import (
    Box,
    Floats,
    Mask,
    bounding_box,
    box_blur,
    connected_components,
    dilate_square,
    grey_opening,
    maximum_filter,
    otsu,
    quantile,
)
from nntrain.preprocessing.illumination import estimate_illumination

# Fractions are of the picture's shorter side, unless stated otherwise.
WINDOW, NARROW_WINDOW = 0.5, 0.2  # of the background filter; strokes are narrower
BRIDGED_GAP = 0.015  # half of the largest gap at which the parts of a broken stroke are still joined
MIN_LENGTH = 6  # pixels of the longer side of a digit; anything smaller is a speck
MIN_FRACTION = 0.03  # the same as a fraction; anything smaller is dust
LONG_CONTACT = 0.25  # of a component with the edge; from this length on it is a shadow or a fold

MIN_CONTRAST = 6.0  # levels of 255 between ink and background; less is paper grain
NOISE_FACTOR = 5  # minimum contrast of ink, in standard deviations of the background's noise
TYPICAL = 0.85  # quantile of the ink's contrast that is taken as typical
UNEVEN_LIGHT = 24.0  # levels of 255 between the darkest and the lightest background
AMBIGUOUS = 0.15  # if the fraction of lighter pixels is from this to 1 - AMBIGUOUS, they may be ink or background

CLOSE_CROP = 64  # pixels of the shorter side, at working size; a digit fills smaller pictures

MIN_WEIGHT = 0.06  # minimum weight of a digit's piece, relative to the heaviest component
EDGE_FACTOR, LONG_EDGE_FACTOR = 0.3, 0.05  # for the weight of a component that touches the edge


@dataclass(frozen=True)
class InkComponent:
    """A connected piece of ink, across small gaps."""

    label: int  # its number in Ink.labels
    bbox: Box
    weight: float  # the sum of its contrast

    @property
    def height(self) -> int:
        """Its height in pixels."""
        return self.bbox[1] - self.bbox[0]

    @property
    def width(self) -> int:
        """Its width in pixels."""
        return self.bbox[3] - self.bbox[2]


@dataclass(frozen=True)
class Ink:
    """The ink of a picture, as light on a dark background."""

    contrast: Floats = field(repr=False)  # (height, width), in levels, of each pixel above its background
    threshold: float  # contrast at the border of strokes
    labels: npt.NDArray[np.int16] = field(repr=False)  # (height, width), the component of each pixel, or 0
    components: tuple[InkComponent, ...]  # from left to right, labels 1, 2, ...
    light_background: bool  # whether levels were inverted
    uneven_light: bool  # whether the light was uneven, and evened out
    has_specks: bool  # whether pieces of too little weight were left out
    at_edge: int  # pieces left out because they touch the edge
    corner: tuple[int, int] = (0, 0)  # row and column of the top left pixel in the picture

    @property
    def mask(self) -> Mask:
        """Where ink is, (height, width)."""
        return self.labels > 0

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What was done, in order."""
        decisions = [Decision(DecisionKind.LIGHT_BACKGROUND if self.light_background else DecisionKind.DARK_BACKGROUND)]
        if self.uneven_light:
            decisions.append(Decision(DecisionKind.UNEVEN_LIGHT))
        if self.has_specks:
            decisions.append(Decision(DecisionKind.SPECKS))
        if self.at_edge:
            decisions.append(Decision.of(DecisionKind.AT_EDGE, count=self.at_edge))
        return tuple(decisions)


def find_ink(levels: Floats) -> Ink:
    """Separate ink from background in grey levels, 0 to 255; raises ImageError if no ink stands out."""
    if levels.max() - levels.min() < MIN_CONTRAST:
        raise _blank()
    illumination = estimate_illumination(levels)
    light_background = _has_light_background(levels, illumination)
    if light_background:
        levels, illumination = 255 - levels, 255 - illumination
    ink = _find_light_ink(levels, illumination, WINDOW, light_background=light_background)
    if ink is None:
        raise _blank()
    if _touches_edge(ink.mask):
        # The edge of a shadow may have been taken for ink: a narrower window follows such an edge.
        narrow = _find_light_ink(levels, illumination, NARROW_WINDOW, light_background=light_background)
        if narrow is not None and not _touches_edge(narrow.mask):
            return narrow
    return ink


def _blank() -> ImageError:
    return ImageError("nothing found: no writing stands out from the background")


def _touches_edge(mask: Mask) -> bool:
    return bool(mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any())


def _has_light_background(levels: Floats, illumination: Floats) -> bool:
    """Return whether the background is lighter than the ink.

    The background is on the side of Otsu's threshold on which most of the picture's edge lies. If that is ambiguous,
    as with a shadow over half of the picture, it is on the side on which most pixels of each neighbourhood lie:
    strokes deviate to the other side, and further.
    """
    even = levels - illumination
    margin = max(1, min(levels.shape) // 20)
    light = even > otsu(even)
    inside = light[margin:-margin, margin:-margin]
    edge = (light.sum() - inside.sum()) / (light.size - inside.size)
    # The edge counts twice as much as the whole: ink can reach it, and strokes can fill half of a close crop.
    fraction = float(edge + 0.5 * light.mean()) / 1.5
    if fraction < AMBIGUOUS or fraction > 1 - AMBIGUOUS:
        return fraction > 0.5
    neighbourhood = box_blur(even, round(0.15 * min(levels.shape)))
    skewness = ((even - neighbourhood) ** 3).mean()
    return bool(skewness < 0)


def _find_light_ink(levels: Floats, illumination: Floats, window: float, *, light_background: bool) -> Ink | None:
    """Find ink that is lighter than its background, or return None; `window` is a fraction of the shorter side.

    `light_background` states whether the levels were inverted.
    """
    background = _estimate_background(levels, illumination, window)
    contrast = box_blur(levels, round(min(levels.shape) / 250)) - background
    if light_background:
        contrast *= _shadow_gain(background)
    median, noise = _background_noise(contrast)
    contrast -= np.float32(median)
    floor = max(MIN_CONTRAST, NOISE_FACTOR * noise)
    above_floor = contrast > floor
    if not above_floor.any():
        return None
    typical = quantile(contrast[above_floor], TYPICAL)
    if not light_background:
        # A black background does not show how much light falls on it, but nearby ink does.
        contrast *= typical / _nearby_contrast(contrast, typical)
    # Half of the typical contrast. Otsu's threshold would split the noise if ink is scarce.
    threshold = max(floor, 0.5 * typical)
    pieces = _select_pieces((contrast > threshold) & above_floor, contrast)
    if _is_speck(pieces.labels > 0):
        return None
    uneven = quantile(background, 0.98) - quantile(background, 0.02) > UNEVEN_LIGHT
    return Ink(
        contrast,
        threshold,
        pieces.labels,
        pieces.components,
        light_background=light_background,
        uneven_light=uneven,
        has_specks=pieces.has_specks,
        at_edge=pieces.at_edge,
    )


def _estimate_background(levels: Floats, illumination: Floats, window: float) -> Floats:
    """Return the dark background beneath light ink: everything narrower than the window is removed.

    This is a grey opening (Serra 1982). The illumination is subtracted first, because an opening cuts off a slope at
    the picture's edge. The border of a hard shadow does not move.
    """
    smooth = box_blur(levels - illumination, max(1, min(levels.shape) // 100))
    return illumination + grey_opening(smooth, max(5, round(window * min(levels.shape))))


def _shadow_gain(background: Floats) -> Floats:
    """Return the factor by which to raise contrast in shadow; `background` is the paper's inverted levels.

    Light on paper multiplies: in shadow, ink differs less from its background, in proportion to the paper's brightness.
    """
    brightness = np.maximum(255 - background, 32)
    return np.asarray(np.float32(quantile(brightness, 0.9)) / brightness)


def _background_noise(contrast: Floats) -> tuple[float, float]:
    """Return the median and standard deviation of the background: what is below Otsu's threshold, without outliers."""
    threshold = otsu(contrast)
    low, high = contrast[contrast <= threshold], contrast[contrast > threshold]
    # The halves of one normal distribution lie only 1.3 of their deviations apart: noise was split, there is no ink.
    separate = high.size > 0 and high.mean() - low.mean() > 1.8 * (high.std() + low.std())
    background = low if separate else contrast.ravel()
    median = deviation = 0.0
    for _ in range(4):
        median = quantile(background, 0.5)
        distance = np.abs(background - np.float32(median))
        deviation = float(np.sqrt(np.mean(distance * distance)))
        kept = background[distance <= 3 * deviation + 1]
        if kept.size == background.size:
            break
        background = kept
    return median, deviation


def _nearby_contrast(contrast: Floats, typical: float) -> Floats:
    """Return the highest contrast of ink near each pixel, from 40 to 100 % of the typical one."""
    window = max(5, round(0.25 * min(contrast.shape)))
    highest = box_blur(maximum_filter(contrast, window), window // 4)
    return np.clip(highest, np.float32(0.4 * typical), np.float32(typical))


def _is_speck(mask: Mask) -> bool:
    """Return whether ink is dust, smaller than any legible digit, or noise joined by chance, thinner than a line."""
    top, bottom, left, right = bounding_box(mask)
    longer = max(bottom - top, right - left)
    return bool(longer < max(MIN_LENGTH, MIN_FRACTION * min(mask.shape)) or mask.sum() < longer)


class _Pieces(NamedTuple):
    """The pieces of ink that may belong to digits."""

    labels: npt.NDArray[np.int16]
    components: tuple[InkComponent, ...]
    has_specks: bool
    at_edge: int


def _select_pieces(mask: Mask, contrast: Floats) -> _Pieces:
    """Select the pieces that may belong to digits: the heaviest, and those heavy enough that do not touch the edge."""
    gap = max(1, round(BRIDGED_GAP * min(mask.shape)))
    labels, count = connected_components(dilate_square(mask, 2 * gap + 1))
    labels = np.where(mask, labels, 0)
    if count == 1:
        return _Pieces(labels.astype(np.int16), (InkComponent(1, bounding_box(mask), 1.0),), False, 0)
    weights = np.bincount(labels.ravel(), weights=contrast.ravel(), minlength=count + 1)[1:]
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    contact = np.bincount(edge, minlength=count + 1)[1:]
    # A piece along the edge is a shadow, a fold or a neighbour, unless no other piece comes near its weight.
    short = contact < LONG_CONTACT * min(mask.shape)
    ranks = weights * np.select([contact == 0, short], [1.0, EDGE_FACTOR], LONG_EDGE_FACTOR)
    main = int(ranks.argmax())
    heavy, inside = ranks >= MIN_WEIGHT * ranks[main], (contact == 0) | (np.arange(count) == main)
    boxes = {int(label): bounding_box(labels == label) for label in np.flatnonzero(heavy & inside) + 1}
    selected = sorted(boxes, key=lambda label: boxes[label][2])
    new_labels = np.zeros(count + 1, np.int16)
    new_labels[selected] = np.arange(1, len(selected) + 1)
    components = tuple(
        InkComponent(new_label, boxes[label], float(weights[label - 1])) for new_label, label in enumerate(selected, 1)
    )
    return _Pieces(new_labels[labels], components, bool((~heavy).any()), int((heavy & ~inside).sum()))
