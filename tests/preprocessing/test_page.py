"""Sheets and frames: what counts as one, and what it encloses."""

from __future__ import annotations

import numpy as np
import pytest

from nntrain.preprocessing import page
from nntrain.preprocessing.binarize import Ink
from nntrain.preprocessing.decisions import Decision, DecisionKind
from nntrain.preprocessing.page import find_sheet_or_frame, find_sheet_taken_for_ink

Box = tuple[int, int, int, int]


def levels_of(*boxes: tuple[Box, int], shape: tuple[int, int] = (100, 100), background: int = 60) -> np.ndarray:
    """Return levels with boxes pasted in: top, bottom, left, right."""
    levels = np.full(shape, background, dtype=np.float32)
    for (top, bottom, left, right), level in boxes:
        levels[top:bottom, left:right] = level
    return levels


def mask_of(*boxes: Box, shape: tuple[int, int] = (100, 100)) -> np.ndarray:
    return levels_of(*((box, 1) for box in boxes), shape=shape, background=0) > 0


def ink_of(mask: np.ndarray, *, contrast: float = 100) -> Ink:
    return Ink(
        np.where(mask, np.float32(contrast), np.float32(0)), 50.0, mask.astype(np.int16), (), True, False, False, 0
    )


SHEET = ((10, 90, 20, 80), 220)
STROKE = ((40, 60, 45, 50), 30)


# Sheets


@pytest.mark.parametrize("invert", [False, True], ids=["dark desk", "light desk"])
def test_what_is_on_a_sheet_is_enclosed_without_its_rim(invert):
    levels = levels_of(SHEET, STROKE)
    levels = 255 - levels if invert else levels
    found = find_sheet_or_frame(levels)
    # The rim is 1 + 3 % of 100 pixels wide.
    assert (found.corner, found.levels.shape) == ((14, 24), (72, 52))
    assert found.decision == Decision(DecisionKind.OUTSIDE_SHEET)
    np.testing.assert_array_equal(found.levels, levels[14:86, 24:76])


@pytest.mark.parametrize(("rows", "found"), [(49, False), (51, True)])
def test_a_sheet_covers_a_quarter_of_the_picture_at_least(rows, found):
    levels = levels_of(((20, 20 + rows, 20, 70), 220), ((30, 40, 40, 42), 30))
    assert (find_sheet_or_frame(levels) is not None) == found


@pytest.mark.parametrize(("rows", "found"), [(97, True), (98, False)])
def test_a_sheet_leaves_three_percent_of_the_picture_at_least(rows, found):
    assert page._is_sheet(mask_of((0, rows, 0, 100)), mask_of((0, rows, 0, 100))) == found


@pytest.mark.parametrize(("bright", "found"), [(20, True), (21, False)])
def test_a_fifth_of_what_lies_outside_may_be_as_bright_as_the_sheet(bright, found):
    region, same_class = mask_of((0, 50, 0, 100)), mask_of((0, 50, 0, 100))
    same_class[60:100:2, : 5 * bright] = True  # 20 rows of 50
    assert page._is_sheet(region, same_class) == (bright * 5 * 20 <= 0.2 * 5000)


@pytest.mark.parametrize(("corner", "found"), [(27, True), (28, False)])
def test_a_sheet_fills_its_convex_hull(corner, found):
    notched = mask_of((10, 90, 10, 90)) & ~mask_of((10, 90 - 50, 10, 10 + corner))
    assert page._has_straight_sides(notched) == found


@pytest.mark.parametrize(("cut", "straight"), [(8, True), (9, False)])
def test_a_sheet_has_four_straight_sides(cut, straight):
    y, x = np.mgrid[:100, :100]
    octagon = (np.minimum(y, 99 - y) + np.minimum(x, 99 - x)) >= cut
    assert page._has_straight_sides(octagon) == straight


def test_a_disc_is_no_sheet():
    y, x = np.mgrid[:100, :100] - 49.5
    assert not page._has_straight_sides(np.hypot(y, x) < 40)


@pytest.mark.parametrize(("width", "bold"), [(32, False), (33, True)])
def test_a_bold_zero_is_no_sheet(width, bold):
    # Strokes of a hole of 50 x 33 are 4 / pi * 50 * 33 / 83 pixels wide on average, more than 25.
    region = mask_of((10, 90, 10, 90)) & ~mask_of((25, 75, 30, 30 + width))
    assert page._has_bold_hole(mask_of((25, 75, 30, 30 + width)), mask_of((10, 90, 10, 90)), region) == bold


@pytest.mark.parametrize(("side", "bold"), [(8, False), (9, True)])
def test_a_hole_of_a_tenth_of_the_sheet_is_ink(side, bold):
    hole = mask_of((40, 40 + side, 40, 40 + side))
    filled = mask_of((10, 90, 10, 90))
    assert page._has_bold_hole(hole, filled, filled & ~hole) == bold


def test_the_largest_hole_decides():
    holes = mask_of((20, 70, 20, 23), (20, 28, 60, 68))
    filled = mask_of((10, 90, 10, 90))
    assert not page._has_bold_hole(holes, filled, filled & ~holes)


@pytest.mark.parametrize(("rows", "covered"), [(15, False), (16, True)])
def test_ink_covers_less_than_a_third_of_a_sheet(rows, covered):
    # Lines of 2 pixels, 64 long, on 6400 pixels: at most 1920.
    lines = np.zeros((100, 100), bool)
    for index in range(rows):
        lines[12 + 4 * index : 14 + 4 * index, 18:82] = True
    filled = mask_of((10, 90, 10, 90))
    assert page._has_bold_hole(lines, filled, filled & ~lines) == covered


def test_an_empty_sheet_may_have_ink_nearer_to_it_than_to_the_desk():
    assert not page._has_bold_hole(mask_of(), mask_of((10, 90, 10, 90)), mask_of((10, 90, 10, 90)))


@pytest.mark.parametrize("shape", [(63, 200), (200, 63)])
def test_a_close_crop_has_no_sheet(shape):
    height, width = shape
    levels = levels_of(((6, height - 6, 6, width - 6), 220), ((20, 40, 30, 33), 30), shape=shape)
    assert find_sheet_or_frame(levels) is None
    assert find_sheet_taken_for_ink(levels, ink_of(levels == 220)) is None


def test_a_picture_of_64_pixels_may_have_a_sheet():
    levels = levels_of(((6, 58, 6, 58), 220), ((20, 40, 30, 33), 30), shape=(64, 64))
    assert find_sheet_or_frame(levels).corner == (9, 9)
    assert find_sheet_taken_for_ink(levels, ink_of(levels == 220)).corner == (9, 9)


def test_lines_do_not_divide_a_ruled_sheet():
    levels = levels_of(SHEET, *(((top, top + 2, 20, 80), 60) for top in range(25, 80, 15)))
    assert find_sheet_or_frame(levels).corner == (14, 24)


def test_a_sheet_askew_is_painted_over_in_the_corners_of_its_box():
    y, x = np.mgrid[:120, :120]
    sheet = (np.abs(y + 0.1 * x - 66) < 45) & (np.abs(x - 0.1 * y - 54) < 40)
    levels = np.where(sheet, 220, 60).astype(np.float32)
    levels[50:70, 58:62] = 30
    found = find_sheet_or_frame(levels)
    assert sorted(np.unique(found.levels)) == [30, 220]


# A sheet taken for ink


@pytest.mark.parametrize(("bottom", "found"), [(64, False), (65, True)])
def test_ink_that_covers_seventy_percent_of_a_sheet_is_the_sheet(bottom, found):
    levels = levels_of(SHEET, STROKE)
    ink = mask_of((10, bottom, 20, 80))  # the sheet without its rim has rows 14 to 86
    sheet = find_sheet_taken_for_ink(levels, ink_of(ink))
    assert (sheet is not None) == found
    assert sheet is None or (sheet.corner, sheet.decision.kind) == ((14, 24), DecisionKind.OUTSIDE_SHEET)


@pytest.mark.parametrize(("rows", "found"), [(17, False), (18, True)])
def test_ink_on_less_than_a_sixth_of_a_picture_is_no_sheet(monkeypatch, rows, found):
    monkeypatch.setattr(page, "_find_sheet", lambda levels: mask_of((0, 10, 0, 100)))
    assert (find_sheet_taken_for_ink(levels_of(), ink_of(mask_of((0, rows, 0, 100)))) is not None) == found


def test_ink_is_no_sheet_if_the_picture_shows_none():
    levels = levels_of(((10, 90, 30, 60), 220))
    assert find_sheet_taken_for_ink(levels, ink_of(levels == 220)) is None


# Frames


def outline(box: Box, thickness: int = 2, shape: tuple[int, int] = (100, 100)) -> np.ndarray:
    """Return the outline of a box."""
    top, bottom, left, right = box
    inner = (top + thickness, bottom - thickness, left + thickness, right - thickness)
    return mask_of(box, shape=shape) & ~mask_of(inner, shape=shape)


def framed(box: Box = (10, 90, 15, 85), inside: Box = (40, 60, 45, 50)) -> Ink:
    return ink_of(outline(box) | mask_of(inside))


def blank(ink: Ink) -> np.ndarray:
    """Return levels of paper with that ink."""
    return np.where(ink.mask, 30, 230).astype(np.float32)


def test_what_a_frame_encloses_is_found_without_the_frame():
    ink = framed()
    found = find_sheet_or_frame(blank(ink), ink)
    assert (found.corner, found.levels.shape) == ((13, 18), (74, 64))
    assert found.decision == Decision(DecisionKind.OUTSIDE_FRAME)
    assert find_sheet_or_frame(blank(ink)) is None


@pytest.mark.parametrize(
    ("box", "found"),
    [
        ((30, 65, 30, 65), True),
        ((30, 64, 30, 65), False),
        ((30, 65, 30, 64), False),
    ],
)
def test_a_frame_is_at_least_35_percent_as_high_and_wide_as_the_picture(box, found):
    ink = framed(box, (44, 52, 46, 48))
    assert (find_sheet_or_frame(blank(ink), ink) is not None) == found


@pytest.mark.parametrize(
    ("inside", "found"),
    [((40, 56, 45, 48), True), ((40, 55, 45, 48), False), ((40, 43, 45, 61), True), ((40, 43, 45, 60), False)],
)
def test_a_frame_encloses_something_of_a_fifth_of_its_height(inside, found):
    ink = framed((10, 90, 15, 85), inside)
    assert (find_sheet_or_frame(blank(ink), ink) is not None) == found


@pytest.mark.parametrize("inside", [(40, 60, 0, 5), (40, 60, 92, 97), (0, 8, 20, 60), (92, 100, 20, 60)])
def test_what_lies_outside_a_frame_is_not_enclosed(inside):
    assert page._find_frame(framed((10, 90, 15, 85), inside)) is None


@pytest.mark.parametrize(("contrast", "found"), [(25, False), (26, True)])
def test_the_lines_of_a_frame_may_be_half_as_dark_as_ink(contrast, found):
    ink = framed()
    ink.contrast[outline((10, 90, 15, 85))] = contrast
    assert (find_sheet_or_frame(blank(ink), ink) is not None) == found


def test_what_a_frame_encloses_is_convex():
    corner = outline((10, 90, 15, 85)) & ~mask_of((10, 50, 50, 85)) | mask_of((50, 52, 50, 85), (10, 52, 48, 50))
    assert page._find_frame(ink_of(corner | mask_of((60, 80, 30, 33)))) is None


def test_a_hundred_pieces_are_considered():
    specks = [(y, y + 1, x, x + 1) for y in range(2, 8, 2) for x in range(0, 100, 3)]
    frame = outline((10, 90, 15, 85)) | mask_of((40, 60, 45, 50))
    for count, found in ((98, True), (99, False)):
        ink = ink_of(frame | mask_of(*specks[:count]))
        assert (page._find_frame(ink) is not None) == found


# Blocks and regions


def test_a_large_picture_is_searched_in_blocks():
    levels = np.arange(300 * 200, dtype=np.float32).reshape(300, 200)
    blocks = page._blocks(levels)
    assert blocks.shape == (100, 3, 66, 3)
    np.testing.assert_array_equal(blocks[1, :, 2, :], levels[3:6, 6:9])
    assert page._blocks(levels[:128, :100]).shape == (128, 1, 100, 1)


def test_pixels_beyond_the_last_block_belong_to_it():
    blocks = np.arange(100 * 66).reshape(100, 66) % 2 == 1
    pixels = page._to_pixels(blocks, (301, 200))
    assert pixels.shape == (301, 200)
    np.testing.assert_array_equal(pixels[300], pixels[299])
    np.testing.assert_array_equal(pixels[:, 198:], np.repeat(pixels[:, 197:198], 2, axis=1))
    np.testing.assert_array_equal(pixels[::3, :198:3][:100], blocks)


def test_gaps_of_two_blocks_are_closed_but_not_at_the_edge():
    mask = mask_of((0, 40, 10, 90), (42, 80, 10, 90))
    closed = page._close(mask)
    np.testing.assert_array_equal(closed, mask_of((0, 80, 10, 90)))
    wide = mask_of((0, 40, 10, 90), (43, 80, 10, 90))
    np.testing.assert_array_equal(page._close(wide), wide)
    at_edge = mask_of((2, 100, 10, 90))
    np.testing.assert_array_equal(page._close(at_edge), at_edge)


def test_a_region_is_eroded_except_at_the_edge():
    np.testing.assert_array_equal(page._erode(mask_of((0, 50, 10, 90)), 4), mask_of((0, 46, 14, 86)))


def test_holes_are_filled_unless_they_reach_the_edge_diagonally():
    ring = mask_of((10, 50, 10, 50)) & ~mask_of((20, 40, 20, 40))
    np.testing.assert_array_equal(page._fill_holes(ring), mask_of((10, 50, 10, 50)))
    bay = mask_of((0, 50, 10, 50)) & ~mask_of((0, 40, 20, 40))
    np.testing.assert_array_equal(page._fill_holes(bay), bay)


def test_the_largest_component_is_that_of_most_pixels():
    np.testing.assert_array_equal(
        page._largest_component(mask_of((0, 50, 0, 1), (10, 20, 10, 20))), mask_of((10, 20, 10, 20))
    )


def test_the_outermost_points_of_a_box_are_its_corners():
    points = page._outermost_points(mask_of((20, 60, 30, 90)), 4)
    np.testing.assert_array_equal(points, [[60, 90], [60, 30], [20, 30], [20, 90]])
    assert page._polygon_area(points) == 40 * 60
    assert page._polygon_area(points[[0, 1, 0]]) == 1.0
    assert page._polygon_area(points[:3]) == 20 * 60


def test_the_hull_of_32_directions_has_nearly_the_area_of_a_disc():
    y, x = np.mgrid[:100, :100] - 49.5
    area = page._polygon_area(page._outermost_points(np.hypot(y, x) < 40, 32))
    assert area == pytest.approx(np.pi * 40**2, rel=0.02)


def test_levels_outside_go_on_as_the_nearest_inside():
    levels = np.arange(20, dtype=np.float32).reshape(4, 5)
    inside = np.zeros((4, 5), bool)
    inside[1, [0, 2, 4]] = inside[2, 2] = True  # of two equally near, the left one
    expected = [[5, 5, 7, 7, 9], [5, 5, 7, 7, 9], [12, 12, 12, 12, 12], [12, 12, 12, 12, 12]]
    np.testing.assert_array_equal(page._paint_over(levels, inside), expected)
