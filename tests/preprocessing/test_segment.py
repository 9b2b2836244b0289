"""Pieces of ink: which make one digit, which several, and which row of digits is the most probable."""

from __future__ import annotations

import numpy as np
import pytest

from nntrain.errors import ImageError
from nntrain.preprocessing.binarize import Ink, InkComponent
from nntrain.preprocessing.decisions import Decision, DecisionKind
from nntrain.preprocessing.filters import Box
from nntrain.preprocessing.segment import (
    Candidate,
    Digit,
    _cut_columns,
    best_row,
    find_candidates,
    in_several_rows,
    only_lines,
)


def ink_of(*boxes: Box, shape: tuple[int, int] = (100, 200), corner: tuple[int, int] = (0, 0)) -> Ink:
    """Return ink whose components fill these boxes: top, bottom, left, right."""
    labels = np.zeros(shape, dtype=np.int16)
    for label, (top, bottom, left, right) in enumerate(boxes, 1):
        labels[top:bottom, left:right] = label
    return ink_with(labels, boxes, corner)


def ink_with(labels: np.ndarray, boxes: tuple[Box, ...], corner: tuple[int, int] = (0, 0)) -> Ink:
    components = tuple(InkComponent(label, box, 1.0) for label, box in enumerate(boxes, 1))
    contrast = np.where(labels > 0, 100, 0).astype(np.float32)
    return Ink(contrast, 50.0, labels.astype(np.int16), components, True, False, False, 0, corner)


def groups(*boxes: Box) -> list[tuple[int, int]]:
    """Return the atoms of each candidate: first, and last exclusive."""
    candidates, _ = find_candidates(ink_of(*boxes))
    return [(candidate.first, candidate.last) for candidate in candidates]


def digit_boxes(*boxes: Box) -> list[Box | None]:
    """Return the box of each candidate of one atom."""
    candidates, _ = find_candidates(ink_of(*boxes))
    return [candidate.digit.bbox for candidate in candidates if candidate.last - candidate.first == 1]


# Candidates


def test_one_piece_is_one_candidate():
    candidates, atom_count = find_candidates(ink_of((20, 60, 30, 40), corner=(7, 5)))
    assert ([(c.first, c.last, c.cuts) for c in candidates], atom_count) == ([(0, 1, 0)], 1)
    digit = candidates[0].digit
    assert digit.bbox == (20, 60, 30, 40)
    assert digit.bbox_in_picture == (27, 67, 35, 45)
    assert digit.decisions == (
        Decision.of(DecisionKind.CROPPED, width=10, height=40, x=35, y=27),
        Decision(DecisionKind.THINNED),
    )


@pytest.mark.parametrize(("gap", "joined"), [(11, True), (12, False)])
def test_a_gap_of_less_than_three_tenths_of_the_height_may_run_through_one_digit(gap, joined):
    first, second = (20, 60, 30, 36), (30, 60, 36 + gap, 42 + gap)
    assert groups(first, second) == ([(0, 1), (0, 2), (1, 2)] if joined else [(0, 1), (1, 2)])


@pytest.mark.parametrize(("right", "joined"), [(86, True), (87, False)])
def test_a_digit_is_at_most_1_4_times_as_wide_as_high(right, joined):
    assert ((0, 2) in groups((20, 60, 30, 50), (20, 60, 60, right))) == joined


def test_the_height_of_joined_pieces_is_that_of_both():
    # 58 wide, and from 20 to 62.
    assert (0, 2) in groups((20, 60, 30, 50), (22, 62, 60, 88))


def test_three_pieces_are_joined_if_each_gap_is_narrow():
    bars = [(20, 60, left, left + 4) for left in (30, 40, 50)]
    assert groups(*bars) == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]


def test_joined_pieces_are_reported():
    candidates, _ = find_candidates(ink_of((20, 60, 30, 36), (20, 60, 42, 48)))
    kinds = [[decision.kind for decision in candidate.digit.decisions] for candidate in candidates]
    assert DecisionKind.JOINED not in kinds[0] + kinds[2]
    assert candidates[1].digit.decisions[:2] == (
        Decision.of(DecisionKind.JOINED, count=2),
        Decision.of(DecisionKind.CROPPED, width=18, height=40, x=30, y=20),
    )


def test_a_candidate_has_its_own_ink_alone():
    candidates, _ = find_candidates(ink_of((20, 60, 30, 36), (20, 40, 42, 48)))
    left, both, right = (candidate.digit for candidate in candidates)
    assert [digit.source[1].sum() for digit in (left, both, right)] == [240, 360, 120]
    assert both.source[1].shape == (40, 18)


@pytest.mark.parametrize(("count", "found"), [(24, True), (25, False)])
def test_24_pieces_side_by_side_may_be_digits(count, found):
    ink = ink_of(*((20, 80, left, left + 4) for left in range(10, 10 + count * 30, 30)), shape=(100, 800))
    if found:
        assert find_candidates(ink)[1] == 24
    else:
        with pytest.raises(ImageError) as caught:
            find_candidates(ink)
        assert str(caught.value) == "no digits found: 25 pieces of ink side by side; at most 24 can be digits"


# Atoms


@pytest.mark.parametrize(("height", "fragment"), [(17, True), (18, False)])
def test_a_fragment_is_less_than_045_times_as_high_as_the_tallest_piece(height, fragment):
    boxes = digit_boxes((20, 60, 30, 36), (30, 30 + height, 50, 56))
    assert boxes == ([(20, 60, 30, 56)] if fragment else [(20, 60, 30, 36), (30, 30 + height, 50, 56)])


@pytest.mark.parametrize(
    ("left", "boxes"), [(60, [(20, 60, 30, 66), (20, 60, 100, 106)]), (68, [(20, 60, 30, 36), (20, 60, 68, 106)])]
)
def test_a_fragment_belongs_to_the_nearest_piece(left, boxes):
    assert digit_boxes((20, 60, 30, 36), (50, 60, left, left + 6), (20, 60, 100, 106)) == boxes


def test_a_fragment_below_a_wide_piece_is_nearest_to_it():
    wide, narrow = (20, 60, 20, 60), (20, 60, 70, 74)
    assert digit_boxes(wide, (62, 66, 55, 63), narrow)[0] == (20, 66, 20, 63)


@pytest.mark.parametrize(("left", "same"), [(35, False), (34, True)])
def test_pieces_that_share_more_than_half_of_the_narrower_width_lie_above_one_another(left, same):
    boxes = digit_boxes((20, 50, 20, 40), (55, 85, left, left + 10))
    assert len(boxes) == (1 if same else 2)


def test_a_piece_above_two_others_joins_them():
    assert digit_boxes((40, 80, 30, 40), (40, 80, 46, 56), (20, 35, 30, 56)) == [(20, 80, 30, 56)]


def test_atoms_are_sorted_from_left_to_right():
    assert digit_boxes((20, 60, 130, 136), (20, 60, 30, 36)) == [(20, 60, 30, 36), (20, 60, 130, 136)]


# Cuts


def dumbbell(width: int, *, bridge: int = 4) -> np.ndarray:
    """Return two squares of 40 rows and 18 columns with a bridge of so many rows between, in a picture of 100x200."""
    labels = np.zeros((100, 200), dtype=np.int16)
    labels[20:60, 30:48] = labels[20:60, 30 + width - 18 : 30 + width] = 1
    labels[38 : 38 + bridge, 30 : 30 + width] = 1
    return labels


@pytest.mark.parametrize(("width", "cuts"), [(44, [0]), (45, [1, 0, 1])])
def test_a_piece_more_than_1_1_times_as_wide_as_high_is_cut(width, cuts):
    candidates, _ = find_candidates(ink_with(dumbbell(width), ((20, 60, 30, 30 + width),)))
    assert [candidate.cuts for candidate in candidates] == cuts


def test_a_piece_is_cut_where_its_thin_place_begins():
    candidates, atom_count = find_candidates(ink_with(dumbbell(46), ((20, 60, 30, 76),)))
    assert atom_count == 2
    assert [candidate.digit.bbox for candidate in candidates] == [(20, 60, 30, 49), (20, 60, 30, 76), (20, 60, 49, 76)]


def test_a_piece_cut_twice_has_a_middle_with_two_cuts():
    labels = dumbbell(74)
    labels[20:60, 58:76] = 1
    candidates, _ = find_candidates(ink_with(labels, ((20, 60, 30, 104),)))
    assert {(candidate.first, candidate.last): candidate.cuts for candidate in candidates} == {
        (0, 1): 1,
        (0, 2): 1,
        (0, 3): 0,
        (1, 2): 2,
        (1, 3): 1,
        (2, 3): 1,
    }


def test_a_part_without_ink_is_no_atom():
    labels = np.zeros((100, 200), dtype=np.int16)
    labels[20:60, 30:40] = labels[20:60, 100:110] = 1
    _, atom_count = find_candidates(ink_with(labels, ((20, 60, 30, 110),)))
    assert atom_count == 2


def columns(*heights: int) -> np.ndarray:
    """Return a mask of 40 rows with columns of ink so high."""
    return np.arange(40)[:, None] < np.array(heights)


@pytest.mark.parametrize(("width", "places"), [(19, []), (20, [10]), (21, [10]), (22, [11])])
def test_cuts_keep_a_distance_from_the_ends(width, places):
    heights = np.full(width, 30)
    heights[width // 2 - 1 : width // 2 + 2] = 2
    assert _cut_columns(columns(*heights), distance=10) == places


def test_cuts_keep_a_distance_from_one_another():
    heights = np.full(60, 30)
    heights[[19, 20, 21]], heights[[25, 26, 27]], heights[[40, 41, 42]] = 2, 3, 4
    assert _cut_columns(columns(*heights), distance=10) == [20, 41]
    assert _cut_columns(columns(*heights), distance=6) == [20, 26, 41]


def test_a_piece_is_cut_three_times_at_most_at_the_thinnest_places():
    heights = np.full(100, 30)
    for rank, middle in enumerate((20, 35, 50, 65, 80)):
        heights[middle - 1 : middle + 2] = 5 - rank
    assert _cut_columns(columns(*heights), distance=10) == [50, 65, 80]


@pytest.mark.parametrize(("strokes", "cut"), [(1, True), (2, True), (3, False)])
def test_a_cut_goes_through_two_strokes_at_most(strokes, cut):
    mask = np.zeros((40, 60), dtype=bool)
    for top in range(4, 4 + 12 * strokes, 12):
        mask[top : top + 4] = True
    assert (_cut_columns(mask, distance=10) != []) == cut


# Digits


def test_the_mask_of_a_digit_lies_in_the_picture():
    candidates, _ = find_candidates(ink_of((20, 60, 30, 40), corner=(7, 5)))
    mask = candidates[0].digit.mask((120, 220))
    rows, columns = np.nonzero(mask)
    assert (rows.min(), rows.max(), columns.min(), columns.max(), mask.sum()) == (27, 66, 35, 44, 400)


def test_an_image_without_source_has_no_place():
    digit = Digit(np.zeros((28, 28), np.uint8))
    assert (digit.bbox_in_picture, digit.mask((28, 28)), digit.at_other_thresholds()) == (None, None, [])
    assert (digit.touches_border, digit.stroke_length) == (False, 0.0)


def test_a_digit_without_its_source_keeps_its_image_and_box():
    digit = find_candidates(ink_of((20, 60, 30, 40)))[0][0].digit
    alone = digit.without_source()
    assert (alone.source, alone.bbox, alone.decisions) == (None, digit.bbox, digit.decisions)
    assert (alone.bbox_in_picture, alone.mask((100, 200)), alone.at_other_thresholds()) == (None, None, [])
    np.testing.assert_array_equal(alone.image, digit.image)


@pytest.mark.parametrize(
    ("box", "sides"), [((20, 60, 30, 34), 1.1), ((20, 60, 30, 70), 2), ((20, 60, 30, 74), 2 - 1 / 11)]
)
def test_the_strokes_of_a_box_are_as_long_as_half_of_its_outline(box, sides):
    digit = find_candidates(ink_of(box))[0][0].digit
    assert digit.stroke_length == pytest.approx(np.pi / 4 * sides)


def test_the_strokes_of_an_image_are_measured_in_its_light_pixels():
    image = np.full((28, 28), 127, np.uint8)
    image[4:24, 12:14] = 128
    assert Digit(image).stroke_length == pytest.approx(np.pi / 4 * 22 / 20)


@pytest.mark.parametrize(
    ("box", "touches"),
    [
        ((20, 60, 30, 40), False),
        ((0, 60, 30, 40), True),
        ((20, 100, 30, 40), True),
        ((20, 60, 0, 40), True),
        ((20, 60, 160, 200), True),
        ((0, 100, 30, 40), False),
        ((20, 60, 0, 200), False),
        ((0, 100, 0, 40), True),
    ],
)
def test_ink_touches_the_border_on_one_side(box, touches):
    ink = ink_of(box)
    assert Digit(np.zeros((28, 28), np.uint8), (), box, (ink, ink.mask)).touches_border == touches


@pytest.mark.parametrize(("shape", "touches"), [((63, 200), False), ((200, 63), False), ((64, 64), True)])
def test_the_border_of_a_small_picture_does_not_matter(shape, touches):
    ink = ink_of((0, 60, 30, 40), shape=shape)
    assert Digit(np.zeros((28, 28), np.uint8), (), (0, 60, 30, 40), (ink, ink.mask)).touches_border == touches


def test_other_thresholds_take_more_and_less_of_the_border():
    ink = ink_of((20, 98, 30, 46))
    # 8 columns of full contrast, which become 2 pixels, between borders of 60 and of 40; the threshold is 50.
    ink.contrast[20:98, 30:46] = [40, 40, 60, 60, *[200] * 8, 60, 60, 40, 40]
    digit = find_candidates(ink)[0][0].digit
    widths = [int((image[14] > 127).sum()) for image in (digit.image, *digit.at_other_thresholds())]
    assert widths == [3, 4, 2]


# Rows


def test_the_most_probable_row_covers_all_atoms():
    digit = Digit(np.zeros((28, 28), np.uint8))
    spans = [(0, 1), (0, 2), (1, 2), (1, 3), (2, 3)]
    candidates = [Candidate(first, last, digit) for first, last in spans]
    assert best_row(candidates, dict(enumerate([-1.0, -1.5, -1.0, -1.0, -1.0])), 3) == [0, 3]
    assert best_row(candidates, dict(enumerate([-1.0, -0.5, -1.0, -1.0, -1.0])), 3) == [1, 4]
    assert best_row(candidates, dict(enumerate([-0.1, -1.5, -0.1, -1.0, -0.1])), 3) == [0, 2, 4]


def test_of_equal_rows_the_first_is_taken():
    digit = Digit(np.zeros((28, 28), np.uint8))
    candidates = [Candidate(0, 2, digit), Candidate(0, 1, digit), Candidate(1, 2, digit)]
    assert best_row(candidates, {0: -2.0, 1: -1.0, 2: -1.0}, 2) == [0]


@pytest.mark.parametrize(
    ("lower", "several"),
    [
        ((60, 84, 30, 40), True),
        ((60, 83, 30, 40), False),  # less than 0.6 times as high as 40
        ((59, 99, 30, 40), False),
        ((60, 99, 39, 60), True),
        ((60, 99, 40, 60), False),
        ((60, 99, 10, 31), True),
        ((60, 99, 10, 30), False),
    ],
)
def test_pieces_of_full_height_above_one_another_are_several_rows(lower, several):
    assert in_several_rows(ink_of((20, 60, 30, 40), lower)) == several


@pytest.mark.parametrize(
    ("boxes", "lines"),
    [
        (((20, 24, 10, 100), (50, 54, 10, 100)), True),
        (((20, 24, 10, 100), (50, 70, 10, 12)), False),
        (((20, 30, 10, 38),), False),  # 2.8 times as wide as high
        (((20, 30, 10, 39),), True),
    ],
)
def test_lines_are_much_wider_than_high(boxes, lines):
    assert only_lines(ink_of(*boxes)) == lines


@pytest.mark.parametrize(("height", "lines"), [(14, True), (15, False)])
def test_a_line_is_three_strokes_high_at_most(height, lines):
    labels = np.zeros((100, 200), dtype=np.int16)
    labels[40:44, 10:190] = 1
    labels[40 : 40 + height, 10:12] = 1
    assert only_lines(ink_with(labels, ((40, 40 + height, 10, 190),))) == lines
