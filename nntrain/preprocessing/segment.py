"""Decides which pieces of ink are one digit, and which are several in a row.

Geometry decides most cases: strokes above one another belong together, and pieces of full height with space between
them do not. The other cases (a four in two strokes, a broken zero, touching digits) are listed as candidates, from
which `best_row` chooses the row in which the network has the most confidence.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from nntrain.errors import ImageError
from nntrain.preprocessing.binarize import CLOSE_CROP, Ink, InkComponent
from nntrain.preprocessing.decisions import Decision, DecisionKind
from nntrain.preprocessing.filters import Box, Mask, Pixels, bounding_box, stroke_width
from nntrain.preprocessing.normalize import normalize

MIN_HEIGHT = 0.45  # of the tallest component: a lower piece is a fragment of a digit
MIN_GAP = 0.3  # of the tallest atom: a narrower gap may be inside one digit
MAX_WIDTH = 1.4  # of its height: no digit is wider
TOUCHING_WIDTH = 1.1  # of its height: a wider piece may be two touching digits
MAX_CUTS = 3  # through one piece
MIN_CUT_DISTANCE = 0.3  # of a piece's height: between cuts, and to its ends
MAX_CUT = 1.8  # maximum ink, in stroke widths, in the column of a cut
MAX_ATOMS = 24  # side by side; more cannot be a row of digits
ROW_HEIGHT = 0.6  # of the tallest component: minimum height of pieces that indicate a row of digits
# Factors of the threshold for variants of a digit, with wider and with narrower strokes.
THRESHOLD_FACTORS = (0.65, 1.4)


@dataclass(frozen=True)
class Atom:
    """A unit that is never divided: pieces of ink above one another, or a part of a piece that was cut."""

    labels: frozenset[int]  # of the components
    left: int
    right: int
    top: int
    bottom: int
    cut: bool = False  # whether the ink continues in the next atom on the right


@dataclass(frozen=True)
class Digit:
    """Ink that may be one digit, as a network's input."""

    image: Pixels = field(repr=False)  # (28, 28), light ink on a dark background, centered as MNIST's
    decisions: tuple[Decision, ...] = ()  # what was done to the ink
    bbox: Box | None = None  # in its source's ink, or None for an image that was not prepared
    source: tuple[Ink, Mask] | None = field(
        default=None, repr=False
    )  # the ink it was cut from, and the mask in its box

    @property
    def bbox_in_picture(self) -> Box | None:
        """The box in the whole picture, in pixels of the working size, or None if there is no source."""
        if self.source is None or self.bbox is None:
            return None
        return _shift(self.bbox, self.source[0].corner)

    def mask(self, shape: tuple[int, ...]) -> Mask | None:
        """Return the mask of the ink in a picture of a shape, or None if there is no source."""
        if self.source is None or self.bbox_in_picture is None:
            return None
        mask = np.zeros(shape, dtype=np.bool_)
        mask[_slices(self.bbox_in_picture)] = self.source[1]
        return mask

    def without_source(self) -> Digit:
        """Return the same digit without its source, which takes a thousand times the memory."""
        return replace(self, source=None)

    @property
    def stroke_length(self) -> float:
        """The total length of the strokes, in units of the digit's longer side."""
        mask = self.image > 127 if self.source is None else self.source[1]
        if not mask.any():
            return 0.0
        top, bottom, left, right = bounding_box(mask)
        ink = mask[top:bottom, left:right]
        return float(np.count_nonzero(ink) / stroke_width(ink) / max(ink.shape))

    @property
    def touches_border(self) -> bool:
        """Whether the ink touches only one of two opposite edges of the picture, as half a digit or a shadow does.

        Ink that touches both was cropped closely, and so are all small pictures.
        """
        if self.bbox is None or self.source is None:
            return False
        height, width = self.source[0].labels.shape
        if min(height, width) < CLOSE_CROP:
            return False
        top, bottom, left, right = self.bbox
        return bool((top == 0) != (bottom == height) or (left == 0) != (right == width))

    def at_other_thresholds(self) -> list[Pixels]:
        """Return images of the same digit, cut out at other thresholds; empty if there is no source."""
        if self.source is None or self.bbox is None:
            return []
        ink, mask = self.source
        contrast = ink.contrast[_slices(self.bbox)]
        return [normalize(contrast, mask, factor * ink.threshold)[0] for factor in THRESHOLD_FACTORS]


@dataclass(frozen=True)
class Candidate:
    """A digit that the atoms from `first` up to `last`, exclusive, would make."""

    first: int
    last: int
    digit: Digit
    cuts: int = 0  # sides on which the ink continues: 0, 1 or 2


def find_candidates(ink: Ink) -> tuple[tuple[Candidate, ...], int]:
    """Return every digit that ink may be read as, and the number of atoms; raises ImageError for too many atoms."""
    atoms = _find_atoms(ink)
    if len(atoms) > MAX_ATOMS:
        raise ImageError(f"no digits found: {len(atoms)} pieces of ink side by side; at most {MAX_ATOMS} can be digits")
    tallest = max(atom.bottom - atom.top for atom in atoms)
    candidates = []
    for first in range(len(atoms)):
        for last in range(first + 1, len(atoms) + 1):
            group = atoms[first:last]
            if len(group) > 1 and not _may_be_one_digit(group, tallest):
                break
            cuts = int(group[-1].cut) + int(first > 0 and atoms[first - 1].cut)
            candidates.append(Candidate(first, last, _digit(ink, group), cuts))
    return tuple(candidates), len(atoms)


def best_row(candidates: Sequence[Candidate], log_probabilities: Mapping[int, float], atom_count: int) -> list[int]:
    """Return the most probable row of candidates that covers all atoms, as indices from left to right.

    `log_probabilities` are by the candidate's index. Dynamic programming over the atoms (Viterbi 1967): the best row up
    to an atom extends the best row up to an earlier one.
    """
    best: list[tuple[float, list[int]]] = [(0.0, []), *[(-math.inf, []) for _ in range(atom_count)]]
    for index in sorted(range(len(candidates)), key=lambda index: candidates[index].last):
        candidate = candidates[index]
        total = best[candidate.first][0] + log_probabilities[index]
        if total > best[candidate.last][0]:
            best[candidate.last] = total, [*best[candidate.first][1], index]
    return best[atom_count][1]


def in_several_rows(ink: Ink) -> bool:
    """Return whether pieces of full height are above one another, as digits in several rows are."""
    tallest = max(component.height for component in ink.components)
    boxes = [component.bbox for component in ink.components if component.height >= ROW_HEIGHT * tallest]
    return any(
        lower[0] >= upper[1] and min(upper[3], lower[3]) > max(upper[2], lower[2]) for upper in boxes for lower in boxes
    )


def only_lines(ink: Ink) -> bool:
    """Return whether all pieces are horizontal lines, as on ruled paper: at most a few strokes high, and much wider."""
    stroke = stroke_width(ink.mask)
    return all(
        component.height <= 3 * stroke and component.width > 2 * MAX_WIDTH * component.height
        for component in ink.components
    )


# --- digits ----------------------------------------------------------------------------------------------------------


def _may_be_one_digit(group: Sequence[Atom], tallest: int) -> bool:
    """Return whether two or more neighbouring atoms may be one digit; `tallest` is the greatest height of an atom."""
    if len({atom.labels for atom in group}) == 1:
        return True  # it was one piece of ink
    gaps = [right.left - left.right for left, right in itertools.pairwise(group)]
    height = max(atom.bottom for atom in group) - min(atom.top for atom in group)
    width = max(atom.right for atom in group) - min(atom.left for atom in group)
    return max(gaps) < MIN_GAP * tallest and width <= MAX_WIDTH * height


def _digit(ink: Ink, group: Sequence[Atom]) -> Digit:
    labels = frozenset[int]().union(*(atom.labels for atom in group))
    left, right = min(atom.left for atom in group), max(atom.right for atom in group)
    columns = np.isin(ink.labels[:, left:right], list(labels))
    top, bottom, first, last = bounding_box(columns)
    bbox = top, bottom, left + first, left + last
    mask = columns[top:bottom, first:last].copy()  # a view would keep all columns in memory
    image, corrections = normalize(ink.contrast[_slices(bbox)], mask, ink.threshold)
    joined = [Decision.of(DecisionKind.JOINED, count=len(labels))] if len(labels) > 1 else []
    y, _, x, _ = _shift(bbox, ink.corner)
    cropped = Decision.of(DecisionKind.CROPPED, width=last - first, height=bottom - top, x=x, y=y)
    return Digit(image, (*joined, cropped, *corrections), bbox, (ink, mask))


def _shift(bbox: Box, corner: tuple[int, int]) -> Box:
    top, bottom, left, right = bbox
    return top + corner[0], bottom + corner[0], left + corner[1], right + corner[1]


def _slices(bbox: Box) -> tuple[slice, slice]:
    top, bottom, left, right = bbox
    return slice(top, bottom), slice(left, right)


# --- atoms -----------------------------------------------------------------------------------------------------------


def _find_atoms(ink: Ink) -> list[Atom]:
    """Return the atoms of ink from left to right."""
    tallest = max(component.height for component in ink.components)
    columns = _group_by_column(ink.components)
    tall = [column for column in columns if _height(column) >= MIN_HEIGHT * tallest]
    for column in columns:
        if column not in tall:
            _nearest(column, tall).extend(column)
    atoms = [part for column in tall for part in _cut(ink, _atom(column))]
    return sorted(atoms, key=lambda atom: atom.left)


def _group_by_column(components: Iterable[InkComponent]) -> list[list[InkComponent]]:
    """Group components that are above one another."""
    columns: list[list[InkComponent]] = []
    for component in components:
        same = [column for column in columns if _above_one_another(column, component)]
        columns = [column for column in columns if column not in same]
        columns.append([*itertools.chain(*same), component])
    return columns


def _above_one_another(column: Sequence[InkComponent], component: InkComponent) -> bool:
    """Return whether a component and a column overlap by more than half of the narrower one's width."""
    left, right = _left(column), _right(column)
    shared = min(right, component.bbox[3]) - max(left, component.bbox[2])
    return shared > 0.5 * min(right - left, component.width)


def _left(column: Sequence[InkComponent]) -> int:
    return min(component.bbox[2] for component in column)


def _right(column: Sequence[InkComponent]) -> int:
    return max(component.bbox[3] for component in column)


def _height(column: Sequence[InkComponent]) -> int:
    return max(component.bbox[1] for component in column) - min(component.bbox[0] for component in column)


def _nearest(fragment: Sequence[InkComponent], columns: Iterable[list[InkComponent]]) -> list[InkComponent]:
    """Return the column whose span is nearest to the middle of a fragment."""
    middle = (_left(fragment) + _right(fragment)) / 2
    return min(columns, key=lambda column: max(_left(column) - middle, middle - _right(column), 0))


def _atom(column: Sequence[InkComponent]) -> Atom:
    return Atom(
        frozenset(component.label for component in column),
        left=_left(column),
        right=_right(column),
        top=min(component.bbox[0] for component in column),
        bottom=max(component.bbox[1] for component in column),
    )


def _cut(ink: Ink, atom: Atom) -> list[Atom]:
    """Cut an atom that is wider than a digit at columns with little ink."""
    height, width = atom.bottom - atom.top, atom.right - atom.left
    if width <= TOUCHING_WIDTH * height:
        return [atom]
    mask = np.isin(ink.labels[atom.top : atom.bottom, atom.left : atom.right], list(atom.labels))
    cut_columns = _cut_columns(mask, distance=max(3, round(MIN_CUT_DISTANCE * height)))
    return [
        replace(atom, left=atom.left + left, right=atom.left + right, cut=right != width)
        for left, right in itertools.pairwise([0, *cut_columns, width])
        # Skips empty parts: a bridged gap may be cut twice, and a fragment may be far from its digit.
        if mask[:, left:right].any()
    ]


def _cut_columns(mask: Mask, *, distance: int) -> list[int]:
    """Return the columns, at least `distance` apart and from the ends, that have at most MAX_CUT strokes of ink."""
    ink = mask.sum(axis=0).astype(float)
    ink = np.convolve(np.pad(ink, 1, mode="edge"), np.ones(3) / 3, mode="valid")
    bound = MAX_CUT * stroke_width(mask)
    columns: list[int] = []
    for column in np.argsort(ink, kind="stable"):
        if ink[column] > bound or len(columns) == MAX_CUTS:
            break
        if all(abs(int(column) - other) >= distance for other in (0, len(ink), *columns)):
            columns.append(int(column))
    return sorted(columns)
