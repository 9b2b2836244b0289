"""Lines of ruled paper: which are found, and what is left of the picture without them."""

from __future__ import annotations

import numpy as np
import pytest

from nntrain.preprocessing import ruled_lines
from nntrain.preprocessing.binarize import Ink
from nntrain.preprocessing.ruled_lines import Line, remove_ruled_lines

Box = tuple[int, int, int, int]


def mask_of(*boxes: Box, shape: tuple[int, int] = (100, 100)) -> np.ndarray:
    mask = np.zeros(shape, bool)
    for top, bottom, left, right in boxes:
        mask[top:bottom, left:right] = True
    return mask


def line_mask(slope: float, *, row: int = 50, shape: tuple[int, int] = (100, 100)) -> np.ndarray:
    """Return the part of a line of one pixel that lies in the picture; it crosses the middle column in that row."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return rows == row + np.rint(slope * (columns - shape[1] / 2))


def ink_of(contrast: np.ndarray, *, light_background: bool = True) -> Ink:
    contrast = contrast.astype(np.float32)
    return Ink(contrast, 50.0, (contrast > 50).astype(np.int16), (), light_background, False, False, 0)


def removed(contrast: np.ndarray) -> np.ndarray | None:
    """Return what is left of light ink on a black background."""
    return remove_ruled_lines(contrast.astype(np.float32), ink_of(contrast, light_background=False))


# Finding


@pytest.mark.parametrize("degrees", [-7, -3.5, -0.25, 0, 1, 7])
def test_a_line_is_found_with_its_slope(degrees):
    slope = np.tan(np.deg2rad(degrees))
    (line,) = ruled_lines._find_lines(line_mask(slope))
    assert (line.row, line.thickness) == (50, 1)
    assert line.slope == pytest.approx(slope, abs=0.009)


@pytest.mark.parametrize("degrees", [-9, 9])
def test_a_steep_line_is_not_found(degrees):
    assert ruled_lines._find_lines(line_mask(np.tan(np.deg2rad(degrees)))) == []


@pytest.mark.parametrize(("degrees", "lines"), [(-7.4, 0), (-7, 1), (7, 1), (7.4, 0)])
def test_a_line_is_at_most_7_degrees_steep(degrees, lines):
    mask = line_mask(np.tan(np.deg2rad(degrees)), row=100, shape=(200, 400))
    assert len(ruled_lines._find_lines(mask)) == lines


@pytest.mark.parametrize(("inked", "found"), [(69, False), (70, True)])
def test_a_line_is_inked_over_seventy_percent(inked, found):
    mask = np.zeros((100, 100), bool)
    mask[50, np.linspace(0, 99, inked).round().astype(int)] = True
    assert (ruled_lines._find_lines(mask) != []) == found


@pytest.mark.parametrize(("rows", "lines"), [(1, 1), (4, 1), (5, 0)])
def test_a_line_is_at_most_four_percent_of_the_picture_thick(rows, lines):
    found = ruled_lines._find_lines(mask_of((50, 50 + rows, 0, 100)))
    assert [line.thickness for line in found] == [rows] * lines


def test_lines_of_a_small_picture_may_be_two_pixels_thick():
    assert len(ruled_lines._find_lines(mask_of((30, 32, 0, 64), shape=(40, 64)))) == 1
    assert ruled_lines._find_lines(mask_of((30, 33, 0, 64), shape=(40, 64))) == []


def test_the_row_of_a_thick_line_is_its_middle():
    assert [line.row for line in ruled_lines._find_lines(mask_of((50, 53, 0, 100)))] == [51]


def test_all_lines_are_found_the_fullest_first():
    mask = mask_of((20, 21, 0, 100), (50, 51, 0, 90), (80, 81, 0, 95))
    assert [line.row for line in ruled_lines._find_lines(mask)] == [20, 80, 50]


@pytest.mark.parametrize(("distance", "lines"), [(3, 1), (4, 2)])
def test_lines_close_to_another_are_part_of_it(distance, lines):
    mask = mask_of((50, 51, 0, 100), (50 + distance, 51 + distance, 0, 90))
    assert len(ruled_lines._find_lines(mask)) == lines


@pytest.mark.parametrize(("fuller", "thickness"), [(50, 1), (52, 2)])
def test_a_row_of_more_than_half_of_a_lines_ink_belongs_to_it(fuller, thickness):
    mask = mask_of((50, 51, 0, 100), (51, 52, 24, 24 + fuller))
    assert ruled_lines._find_lines(mask)[0].thickness == thickness


def test_lines_at_the_first_and_last_row_are_found():
    assert [line.row for line in ruled_lines._find_lines(mask_of((0, 1, 0, 100), (99, 100, 0, 100)))] == [0, 99]


def test_a_line_of_which_less_than_half_lies_in_the_picture_is_none():
    fractions, offset = ruled_lines._hough_transform(np.ones((40, 100), bool), np.array([-0.1, 0.0, 0.1]))
    assert offset == 6
    assert fractions.shape == (3, 52)
    # At a slope of 0.1, 55 columns of the line of row 0 lie in the picture, and 45 of that of row -1.
    inside = [(-1, 0), (0, 1), (20, 1), (39, 1), (40, 0)]
    assert [(row, int(fractions[2, offset + row])) for row, _ in inside] == inside
    np.testing.assert_array_equal(fractions[1], [0] * 6 + [1] * 40 + [0] * 6)


def test_fractions_are_of_the_pixels_within_the_picture():
    mask = line_mask(0.1, row=2, shape=(40, 100))
    assert mask.sum() == 75
    fractions, offset = ruled_lines._hough_transform(mask, np.array([0.0, 0.1]))
    assert fractions[1, offset + 2] == 1
    mask[:, 85:] = False
    fractions, offset = ruled_lines._hough_transform(mask, np.array([0.0, 0.1]))
    assert fractions[1, offset + 2] == 0.8


# Removing


def test_a_line_is_replaced_by_what_lies_on_both_sides():
    contrast = 100.0 * mask_of((50, 52, 0, 100))
    contrast[47], contrast[53] = 20, 30
    np.testing.assert_array_equal(removed(contrast)[46:56, 7], [0, 20, 0, 0, 20, 20, 0, 30, 0, 0])


@pytest.mark.parametrize("light_background", [True, False])
def test_lines_are_removed_whichever_is_lighter(light_background):
    contrast = 100.0 * mask_of((50, 51, 0, 100), (20, 30, 40, 44))
    levels = (230 - contrast if light_background else contrast + 20).astype(np.float32)
    clean = remove_ruled_lines(levels, ink_of(contrast, light_background=light_background))
    expected = 100.0 * mask_of((20, 30, 40, 44))
    np.testing.assert_array_equal(clean, 230 - expected if light_background else expected + 20)


def test_the_arguments_are_left_as_they_were():
    contrast = (100.0 * mask_of((50, 51, 0, 100))).astype(np.float32)
    levels, ink = contrast.copy(), ink_of(contrast)
    remove_ruled_lines(levels, ink_of(contrast, light_background=False))
    remove_ruled_lines(levels, ink)
    np.testing.assert_array_equal(levels, contrast)
    np.testing.assert_array_equal(ink.contrast, contrast)


def test_upright_lines_are_removed_too():
    np.testing.assert_array_equal(removed(100.0 * mask_of((0, 100, 50, 51))), np.zeros((100, 100)))


def test_strokes_go_on_across_a_line():
    stroke = mask_of((30, 70, 40, 46))
    left = removed(100.0 * (stroke | mask_of((50, 51, 0, 100))))
    np.testing.assert_array_equal(left[stroke], 100)
    assert left[50, :38].max() == left[50, 48:].max() == 0


@pytest.mark.parametrize(("gap", "kept"), [(3, True), (4, False), (-3, True)])
def test_a_stroke_may_cross_aslant(gap, kept):
    above, below = mask_of((30, 50, 40, 44)), mask_of((51, 70, 44 + gap, 48 + gap))
    left = removed(100.0 * (above | below | mask_of((50, 51, 0, 100))))
    assert bool(left[50, 40:52].any()) == kept


@pytest.mark.parametrize(("contrast", "kept"), [(135, False), (136, True)])
def test_what_is_darker_than_a_line_by_a_third_is_ink_on_it(contrast, kept):
    picture = 100.0 * mask_of((50, 51, 0, 100))
    picture[50, 40:50] = contrast
    assert bool(removed(picture)[50, 40:50].any()) == kept


def test_a_line_that_leaves_the_picture_is_removed_where_it_lies_within():
    stroke = 100.0 * mask_of((20, 21, 90, 100))
    left = removed(stroke + 100.0 * line_mask(0.1, row=96))
    np.testing.assert_array_equal(left[:95], stroke[:95])
    # Rows 98 and 99 have no row below them to go on from.
    assert [int((row > 0).sum()) for row in left[95:]] == [0, 0, 0, 11, 9]


@pytest.mark.parametrize(("row", "stays"), [(0, True), (1, True), (2, False), (97, False), (98, True), (99, True)])
def test_a_line_along_the_edge_stays(row, stays):
    contrast = 100.0 * mask_of((row, row + 1, 0, 100))
    np.testing.assert_array_equal(removed(contrast), contrast if stays else 0)


@pytest.mark.parametrize(("contrast", "found"), [(50, False), (51, True)])
def test_lines_are_made_of_ink_above_the_threshold(contrast, found):
    assert (removed(contrast * mask_of((50, 51, 0, 100))) is not None) == found


def test_a_picture_without_lines_has_none_to_remove():
    assert removed(100.0 * mask_of((20, 80, 40, 50))) is None
    assert removed(100.0 * mask_of((20, 80, 0, 4), (20, 80, 96, 100))) is None


@pytest.mark.parametrize(("left", "right", "found"), [(2, 98, True), (3, 98, False), (2, 97, False)])
def test_a_line_reaches_the_last_three_pixels_on_both_sides(left, right, found):
    assert (removed(100.0 * mask_of((50, 51, left, right))) is not None) == found


@pytest.mark.parametrize(("shape", "found"), [((63, 100), False), ((100, 63), False), ((64, 64), True)])
def test_a_close_crop_has_no_lines(shape, found):
    assert (removed(100.0 * mask_of((50, 51, 0, shape[1]), shape=shape)) is not None) == found


def test_a_line_is_a_row_a_slope_and_a_thickness():
    assert ruled_lines._find_lines(mask_of((50, 52, 0, 100))) == [Line(50, pytest.approx(0, abs=0.01), 2)]
