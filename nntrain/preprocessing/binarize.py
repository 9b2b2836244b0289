"""Where the ink of a picture is: light and shadow evened out, specks and what meets the edge left out."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from nntrain.errors import ImageError
from nntrain.preprocessing.decisions import Decision, DecisionKind
from nntrain.preprocessing.filters import (
    Box,
    Floats,
    Mask,
    box,
    box_blur,
    components,
    grown_square,
    otsu,
    quantile,
    running_extreme,
    surface,
)

OPEN = 0.15  # of the edge and the picture: what is more on both sides does not settle which the ground is
UNEVEN = 24.0  # levels of 255 between the darkest and the lightest ground
WINDOW, NARROW_WINDOW = 0.5, 0.2  # of the shorter side; strokes are narrower than these
SMALLEST = 6  # pixels of the longer side of a digit; less is a speck
FAINTEST = 6.0  # levels of 255 between ink and ground; less is the grain of paper


@dataclass(frozen=True)
class InkComponent:
    """A connected piece of ink, small gaps bridged."""

    label: int  # its number in Ink.labels
    box: Box
    weight: float  # the sum of its height

    @property
    def tall(self) -> int:
        """Its height in pixels."""
        return self.box[1] - self.box[0]

    @property
    def wide(self) -> int:
        """Its width in pixels."""
        return self.box[3] - self.box[2]


@dataclass(frozen=True)
class Ink:
    """The ink of a picture whose ground is dark."""

    contrast: Floats = field(repr=False)  # of each pixel above its ground
    threshold: float  # of height
    labels: npt.NDArray[np.int16] = field(repr=False)  # the number of the part that a pixel belongs to, or 0
    components: tuple[InkComponent, ...]
    light: bool  # the ground was light, and levels were inverted
    uneven: bool  # the ground was
    specks: bool  # ink too light to be a digit's was left out
    at_edge: int  # pieces that were left out because they run into the edge
    corner: tuple[int, int] = (0, 0)  # where its top left pixel lies in the picture: row, column

    @property
    def mask(self) -> Mask:
        """Where ink is."""
        return self.labels > 0

    def decisions(self) -> list[Decision]:
        """Return what was decided, in the order in which it was done."""
        decisions = [Decision(DecisionKind.LIGHT_BACKGROUND if self.light else DecisionKind.DARK_BACKGROUND)]
        if self.uneven:
            decisions.append(Decision(DecisionKind.UNEVEN_LIGHT))
        if self.specks:
            decisions.append(Decision(DecisionKind.SPECKS))
        if self.at_edge:
            decisions.append(Decision.of(DecisionKind.AT_EDGE, count=self.at_edge))
        return decisions


def find_ink(levels: Floats) -> Ink:
    """Tell ink from ground in grey levels, 0 to 255; raises ImageError where no ink stands out."""
    if levels.max() - levels.min() < FAINTEST:
        raise blank()
    smooth = surface(levels)
    light = _ground_is_light(levels, smooth)
    if light:
        levels, smooth = 255 - levels, 255 - smooth
    found = _find(levels, smooth, WINDOW, light=light)
    if found is None:
        raise blank()
    if _meets_edge(found.mask):
        # Where the edge of a shadow was taken for ink, a narrower window follows it.
        narrow = _find(levels, smooth, NARROW_WINDOW, light=light)
        found = found if narrow is None or _meets_edge(narrow.mask) else narrow
    return found


def blank() -> ImageError:
    """Return the error for a picture without ink."""
    return ImageError("the picture is blank: no ink stands out from the ground")


def _find(levels: Floats, smooth: Floats, window: float, *, light: bool) -> Ink | None:
    """Tell ink from ground, as seen through a window of that share of the shorter side; None where there is no ink."""
    ground = _ground(levels, smooth, window)
    height = box_blur(levels, round(min(levels.shape) / 250)) - ground
    if light:
        # Light on paper multiplies: in shadow ink differs less from its ground, in proportion to what paper reflects.
        reach = np.maximum(255 - ground, 32)
        height *= np.float32(quantile(reach, 0.9)) / reach
    middle, noise = _grain(height)
    height -= np.float32(middle)
    floor = max(FAINTEST, 5 * noise)
    stands_out = height > floor
    if not stands_out.any():
        return None
    # Half of the height that most of the ink reaches. Otsu's threshold would split the grain where ink is scarce.
    typical = quantile(height[stands_out], 0.85)
    if not light:
        # A black ground does not tell how much light falls on it, but the ink round about does.
        height *= typical / _around(height, typical)
    threshold = max(floor, 0.5 * typical)
    labels, parts, specks, at_edge = _without_specks((height > threshold) & stands_out, height)
    mask = labels > 0
    top, bottom, left, right = box(mask)
    longer = max(bottom - top, right - left)
    # Grain that was joined by chance is thinner than a line, and dust is smaller than any digit that could be read.
    if longer < max(SMALLEST, 0.03 * min(levels.shape)) or mask.sum() < longer:
        return None
    uneven = quantile(ground, 0.98) - quantile(ground, 0.02) > UNEVEN
    return Ink(height, threshold, labels, parts, light, uneven, specks, at_edge)


def _around(height: Floats, typical: float) -> Floats:
    """The height that ink reaches near each place, from 40 to 100 % of what is typical."""
    window = max(5, round(0.25 * min(height.shape)))
    highest = running_extreme(running_extreme(height, window, axis=0, smallest=False), window, axis=1, smallest=False)
    return np.clip(box_blur(highest, window // 4), np.float32(0.4 * typical), np.float32(typical))


def _meets_edge(mask: Mask) -> bool:
    return bool(mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any())


def _ground_is_light(levels: Floats, smooth: Floats) -> bool:
    """Tell whether the ground is lighter than the ink: the side of Otsu's threshold on which most of the edge lies.

    Where that leaves it open, as a shadow over half of the picture does, it is the side that fills most of what is
    around each place: strokes stand out to the other side, and further.
    """
    even = levels - smooth
    margin = max(1, min(levels.shape) // 20)
    light = even > otsu(even)
    inside = light[margin:-margin, margin:-margin]
    edge = (light.sum() - inside.sum()) / (light.size - inside.size)
    # The edge counts twice as much as the whole: ink can reach it, and strokes can fill half of a close crop.
    share = float(edge + 0.5 * light.mean()) / 1.5
    if share < OPEN or share > 1 - OPEN:
        return share > 0.5
    around = box_blur(even, round(0.15 * min(levels.shape)))
    return bool(((even - around) ** 3).mean() < 0)


def _grain(height: Floats) -> tuple[float, float]:
    """Middle and spread of the ground: what lies below Otsu's threshold, without what lies three spreads off."""
    threshold = otsu(height)
    low, high = height[height <= threshold], height[height > threshold]
    # Halves of one normal distribution lie 1.3 of their spreads apart: then grain was split, not ink from ground.
    parted = high.size > 0 and high.mean() - low.mean() > 1.8 * (high.std() + low.std())
    ground = low if parted else height.ravel()
    middle = spread = 0.0
    for _ in range(4):
        middle = quantile(ground, 0.5)
        off = np.abs(ground - np.float32(middle))
        spread = float(np.sqrt(np.mean(off * off)))
        kept = ground[off <= 3 * spread + 1]
        if kept.size == ground.size:
            break
        ground = kept
    return middle, spread


def _ground(levels: Floats, smooth: Floats, share: float) -> Floats:
    """The dark ground beneath light ink: what is left when all that is narrower than a window is taken off.

    An opening (Serra 1982) by a window of that share of the shorter side. The smooth part of the light goes first,
    because an opening cuts off a slope where the picture ends. Of a hard shadow it leaves the edge where it is.
    """
    opened = box_blur(levels - smooth, max(1, min(levels.shape) // 100))
    window = max(5, round(share * min(levels.shape)))
    for smallest in (True, False):
        for axis in (0, 1):
            opened = running_extreme(opened, window, axis=axis, smallest=smallest)
    return smooth + opened


def _without_specks(mask: Mask, height: Floats) -> tuple[npt.NDArray[np.int16], tuple[InkComponent, ...], bool, int]:
    """Number the parts that belong to digits: the heaviest, and those of some weight beside it.

    Returns the labels, the parts from left to right, whether specks were left out, and how many parts at the edge were.
    """
    # Broken strokes hold together across small gaps.
    gap = max(1, round(0.015 * min(mask.shape)))
    labels, count = components(grown_square(mask, 2 * gap + 1))
    labels = np.where(mask, labels, 0)
    if count == 1:
        return labels.astype(np.int16), (InkComponent(1, box(mask), 1.0),), False, 0
    weights = np.bincount(labels.ravel(), weights=height.ravel(), minlength=count + 1)[1:]
    edges = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    contact = np.bincount(edges, minlength=count + 1)[1:]
    # What runs along the edge is a shadow, a fold or a neighbour, unless nothing else comes near its weight.
    rank = weights * np.select([contact == 0, contact < 0.25 * min(mask.shape)], [1.0, 0.3], 0.05)
    main = int(rank.argmax())
    heavy, inside = rank >= 0.06 * rank[main], (contact == 0) | (np.arange(count) == main)
    keep = heavy & inside
    boxes = _boxes(labels, np.flatnonzero(keep) + 1)
    order = sorted(boxes, key=lambda label: boxes[label][2])
    numbers = np.zeros(count + 1, np.int16)
    numbers[order] = np.arange(1, len(order) + 1)
    parts = tuple(InkComponent(place, boxes[label], float(weights[label - 1])) for place, label in enumerate(order, 1))
    return numbers[labels], parts, bool((~heavy).any()), int((heavy & ~inside).sum())


def _boxes(labels: npt.NDArray[np.intp], wanted: npt.NDArray[np.intp]) -> dict[int, Box]:
    return {int(label): box(labels == label) for label in wanted}
