"""Which pieces of ink make one digit, and which make several in a row.

Geometry settles most of it: strokes that lie above one another belong together, pieces of full height with room between
them do not. What it leaves open (a four in two strokes, a broken nought, digits that touch) is listed as candidates,
among which the network chooses by `best_row`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from nntrain.errors import ImageError
from nntrain.preprocessing.binarize import Ink, InkComponent
from nntrain.preprocessing.decisions import Decision, DecisionKind
from nntrain.preprocessing.filters import Box, Mask, Pixels, box, stroke_width
from nntrain.preprocessing.normalize import fit

FRAGMENT = 0.45  # of the tallest piece; what is less tall is a piece of a digit, not a digit
NEAR = 0.3  # of the tallest piece: a gap that is narrower may run through one digit
WIDEST = 1.4  # widths to heights: no digit is wider
TOUCHING = 1.1  # widths to heights: a piece that is wider may be two digits that touch
MOST = 24  # digits in a row
# Thresholds, as shares of the chosen one, at which a digit is prepared again: with more and with less of its border.
THRESHOLD_FACTORS = (0.65, 1.4)
# Pixels of a picture's working size below which a digit fills it.
CLOSE = 64


@dataclass(frozen=True)
class Atom:
    """What is never divided: pieces of ink that lie above one another, or a share of a piece that was cut."""

    labels: frozenset[int]
    left: int
    right: int
    top: int
    bottom: int
    cut: bool = False  # between it and the next one on the right, the ink is cut through


@dataclass(frozen=True)
class Digit:
    """Ink that may be one digit, as a network sees it."""

    image: Pixels = field(repr=False)  # (28, 28), light ink on dark, centred as MNIST's
    decisions: tuple[Decision, ...] = ()  # what was done to its strokes
    bbox: Box | None = None  # in the ink that it was cut from
    source: tuple[Ink, Mask] | None = field(default=None, repr=False)  # where it was cut from, its mask within the box

    @property
    def bbox_in_picture(self) -> Box | None:
        """Its box in the whole picture, in pixels of the working size."""
        if self.source is None or self.bbox is None:
            return None
        return _moved(self.bbox, self.source[0].corner)

    def mask(self, shape: tuple[int, ...]) -> Mask | None:
        """Return where its ink is in a picture of that shape; None for one that passed unchanged or is `alone`."""
        if self.source is None or self.bbox_in_picture is None:
            return None
        mask = np.zeros(shape, dtype=np.bool_)
        mask[_inside(self.bbox_in_picture)] = self.source[1]
        return mask

    def without_source(self) -> Digit:
        """Return the same digit without its source, which takes a thousand times the memory."""
        return replace(self, source=None)

    @property
    def stroke_length(self) -> float:
        """How long its strokes are altogether, in heights of the digit, or in widths where it is wider."""
        mask = self.image > 127 if self.source is None else self.source[1]
        if not mask.any():
            return 0.0
        top, bottom, left, right = box(mask)
        ink = mask[top:bottom, left:right]
        return float(np.count_nonzero(ink) / stroke_width(ink) / max(ink.shape))

    @property
    def touches_border(self) -> bool:
        """Whether its ink reaches one edge of the picture and not the one across, as a shadow's or half a digit's does.

        One that reaches both was cropped closely, and small pictures are close crops altogether.
        """
        tall, wide = (0, 0) if self.source is None else self.source[0].labels.shape
        if self.bbox is None or min(tall, wide) < CLOSE:
            return False
        top, bottom, left, right = self.bbox
        return bool((top == 0) != (bottom == tall) or (left == 0) != (right == wide))

    def at_other_thresholds(self) -> list[Pixels]:
        """Return the same digit prepared by other thresholds; none for an image that passed unchanged."""
        if self.source is None or self.bbox is None:
            return []
        ink, within = self.source
        return [fit(ink.contrast[_inside(self.bbox)], within, share * ink.threshold, []) for share in THRESHOLD_FACTORS]


@dataclass(frozen=True)
class Candidate:
    """A digit that the atoms from `first` up to `last`, exclusive, would make."""

    first: int
    last: int
    digit: Digit
    cuts: int = 0  # ends at which it was cut from ink that goes on


def candidates(ink: Ink) -> tuple[tuple[Candidate, ...], int]:
    """Return every digit that the ink may be read as, and the number of atoms; raises ImageError for too many."""
    atoms = _atoms(ink)
    if len(atoms) > MOST:
        raise ImageError(f"the picture shows no digit: {len(atoms)} pieces of ink lie side by side, at most {MOST} can")
    tall = max(atom.bottom - atom.top for atom in atoms)
    found = []
    for first in range(len(atoms)):
        for last in range(first + 1, len(atoms) + 1):
            group = atoms[first:last]
            if last - first > 1 and not _may_be_one(group, tall):
                break
            cuts = int(group[-1].cut) + int(first > 0 and atoms[first - 1].cut)
            found.append(Candidate(first, last, _digit(ink, group), cuts))
    return tuple(found), len(atoms)


def best_row(found: Sequence[Candidate], values: Mapping[int, float], count: int) -> list[int]:
    """Return the candidates, by number, that cover all atoms from left to right and whose values add up to the most.

    `values` holds a figure for each candidate's number, the logarithm of how far it is to be trusted.
    """
    best: list[tuple[float, list[int]]] = [(0.0, []), *[(-math.inf, []) for _ in range(count)]]
    for number in sorted(range(len(found)), key=lambda number: found[number].last):
        one = found[number]
        total = best[one.first][0] + values[number]
        if total > best[one.last][0]:
            best[one.last] = total, [*best[one.first][1], number]
    return best[count][1]


def in_several_rows(ink: Ink) -> bool:
    """Tell whether pieces of full height lie above one another, as digits in several rows do."""
    tall = max(part.tall for part in ink.components)
    large = [part.box for part in ink.components if part.tall >= 0.6 * tall]
    return any(
        lower[0] >= upper[1] and min(upper[3], lower[3]) > max(upper[2], lower[2]) for upper in large for lower in large
    )


def only_lines(ink: Ink) -> bool:
    """Tell whether every piece is a line across, as on ruled paper: a few strokes tall at most, and much wider."""
    stroke = stroke_width(ink.mask)
    return all(part.tall <= 3 * stroke and part.wide > 2 * WIDEST * part.tall for part in ink.components)


def _digit(ink: Ink, group: Sequence[Atom]) -> Digit:
    labels = frozenset[int]().union(*(atom.labels for atom in group))
    left, right = min(atom.left for atom in group), max(atom.right for atom in group)
    inked = np.isin(ink.labels[:, left:right], list(labels))
    top, bottom, first, last = box(inked)
    place = top, bottom, left + first, left + last
    mask = inked[top:bottom, first:last].copy()
    decisions = [Decision.of(DecisionKind.JOINED, count=len(labels))] if len(labels) > 1 else []
    y, _, x, _ = _moved(place, ink.corner)
    height, width = mask.shape
    decisions.append(Decision.of(DecisionKind.CROPPED, width=width, height=height, x=x, y=y))
    pixels = fit(ink.contrast[_inside(place)], mask, ink.threshold, decisions)
    return Digit(pixels, tuple(decisions), place, (ink, mask))


def _moved(place: Box, corner: tuple[int, int]) -> Box:
    top, bottom, left, right = place
    return top + corner[0], bottom + corner[0], left + corner[1], right + corner[1]


def _inside(place: Box) -> tuple[slice, slice]:
    top, bottom, left, right = place
    return slice(top, bottom), slice(left, right)


def _may_be_one(group: Sequence[Atom], tall: int) -> bool:
    if len({atom.labels for atom in group}) == 1:
        return True  # it was one piece of ink
    gaps = [right.left - left.right for left, right in itertools.pairwise(group)]
    height = max(atom.bottom for atom in group) - min(atom.top for atom in group)
    width = max(atom.right for atom in group) - min(atom.left for atom in group)
    return max(gaps) < NEAR * tall and width <= WIDEST * height


def _atoms(ink: Ink) -> list[Atom]:
    tallest = max(part.tall for part in ink.components)
    groups: list[list[InkComponent]] = []
    for part in ink.components:
        above = [group for group in groups if _above_one_another(group, part)]
        groups = [group for group in groups if group not in above]
        groups.append([*itertools.chain(*above), part])
    whole = [group for group in groups if _tall(group) >= FRAGMENT * tallest]
    for group in groups:
        if group not in whole:
            _nearest(group, whole).extend(group)
    atoms = [atom for group in whole for atom in _cut(ink, _atom(group))]
    return sorted(atoms, key=lambda atom: atom.left)


def _above_one_another(group: Sequence[InkComponent], part: InkComponent) -> bool:
    left, right = min(one.box[2] for one in group), max(one.box[3] for one in group)
    shared = min(right, part.box[3]) - max(left, part.box[2])
    return shared > 0.5 * min(right - left, part.wide)


def _tall(group: Sequence[InkComponent]) -> int:
    return max(part.box[1] for part in group) - min(part.box[0] for part in group)


def _nearest(group: Sequence[InkComponent], whole: list[list[InkComponent]]) -> list[InkComponent]:
    middle = (min(part.box[2] for part in group) + max(part.box[3] for part in group)) / 2
    return min(
        whole,
        key=lambda other: max(
            min(part.box[2] for part in other) - middle, middle - max(part.box[3] for part in other), 0
        ),
    )


def _atom(group: Sequence[InkComponent]) -> Atom:
    boxes = np.array([part.box for part in group])
    return Atom(
        frozenset(part.label for part in group),
        left=int(boxes[:, 2].min()),
        right=int(boxes[:, 3].max()),
        top=int(boxes[:, 0].min()),
        bottom=int(boxes[:, 1].max()),
    )


def _cut(ink: Ink, atom: Atom) -> list[Atom]:
    """Cut an atom that is wider than a digit where little ink stands above one another."""
    tall, wide = atom.bottom - atom.top, atom.right - atom.left
    if wide <= TOUCHING * tall:
        return [atom]
    part = np.isin(ink.labels[atom.top : atom.bottom, atom.left : atom.right], list(atom.labels))
    edges = [0, *_thin_places(part, apart=max(3, round(0.3 * tall))), wide]
    return [
        Atom(atom.labels, atom.left + left, atom.left + right, atom.top, atom.bottom, cut=right != wide)
        for left, right in itertools.pairwise(edges)
        # A bridged gap between dashes may be cut twice; a fragment may lie far from what it belongs to.
        if part[:, left:right].any()
    ]


def _thin_places(mask: Mask, *, apart: int) -> list[int]:
    """Return the columns, so far from one another and from the ends, that hold no more ink than a stroke or two."""
    ink = mask.sum(axis=0).astype(float)
    ink = np.convolve(np.pad(ink, 1, mode="edge"), np.ones(3) / 3, mode="valid")
    bound = 1.8 * stroke_width(mask)
    chosen: list[int] = []
    for column in np.argsort(ink, kind="stable"):
        if ink[column] > bound or len(chosen) == 3:
            break
        if all(abs(int(column) - place) >= apart for place in (0, len(ink), *chosen)):
            chosen.append(int(column))
    return sorted(chosen)
