"""Ink and background: which is lighter, what stands out, what is a speck, what touches the edge."""

from __future__ import annotations

import numpy as np
import pytest
from synthetic.samples import seven

from nntrain.errors import ImageError
from nntrain.preprocessing import binarize
from nntrain.preprocessing.binarize import Ink, InkComponent, find_ink
from nntrain.preprocessing.decisions import Decision, DecisionKind

BLANK = "nothing found: no writing stands out from the background"


def page(*boxes: tuple[int, int, int, int], shape=(100, 100), ink=30, paper=230) -> np.ndarray:
    """Return paper with boxes of ink: top, bottom, left, right."""
    levels = np.full(shape, paper, dtype=np.float32)
    for top, bottom, left, right in boxes:
        levels[top:bottom, left:right] = ink
    return levels


def boxes(ink: Ink) -> list[tuple[int, int, int, int]]:
    return [component.bbox for component in ink.components]


def kinds(ink: Ink) -> list[DecisionKind]:
    return [decision.kind for decision in ink.decisions]


# What stands out


@pytest.mark.parametrize(("ink", "paper", "light"), [(30, 230, True), (230, 30, False)])
def test_ink_is_found_whichever_is_lighter(ink, paper, light):
    found = find_ink(page((30, 70, 40, 46), ink=ink, paper=paper))
    assert boxes(found) == [(30, 70, 40, 46)]
    assert found.light_background == light
    assert (found.threshold, float(found.contrast.max()), float(found.contrast.min())) == (100, 200, 0)
    np.testing.assert_array_equal(found.mask, page((30, 70, 40, 46), ink=1, paper=0) > 0)
    assert (found.labels.dtype, found.corner) == (np.int16, (0, 0))


@pytest.mark.parametrize("levels", [page(), page(ink=0, paper=0), page((30, 70, 40, 46), ink=225)])
def test_a_blank_picture_raises(levels):
    with pytest.raises(ImageError, match=BLANK):
        find_ink(levels)


@pytest.mark.parametrize(("contrast", "found"), [(6, False), (7, True)])
def test_ink_stands_out_by_more_than_six_levels(contrast, found):
    levels = page((30, 70, 40, 46), ink=100 + contrast, paper=100)
    if not found:
        with pytest.raises(ImageError, match=BLANK):
            find_ink(levels)
    else:
        assert find_ink(levels).threshold == 6


def test_blank_paper_in_uneven_light_is_blank():
    light = np.linspace(120, 220, 300) + np.random.default_rng(0).normal(0, 3, (300, 300))
    with pytest.raises(ImageError, match=BLANK):
        find_ink(light.astype(np.float32))


@pytest.mark.parametrize(
    ("box", "dust"), [((100, 108, 100, 108), True), ((100, 109, 100, 102), False), ((100, 102, 100, 109), False)]
)
def test_dust_is_shorter_than_three_percent_of_the_picture(box, dust):
    assert binarize._is_speck(page(box, shape=(300, 400), ink=1, paper=0) > 0) == dust


def test_dust_in_a_small_picture_is_shorter_than_six_pixels():
    assert binarize._is_speck(page((10, 15, 10, 15), shape=(60, 60), ink=1, paper=0) > 0)
    assert not binarize._is_speck(page((10, 16, 10, 15), shape=(60, 60), ink=1, paper=0) > 0)


def test_noise_joined_by_chance_has_fewer_pixels_than_its_box_is_long():
    mask = np.zeros((60, 60), bool)
    mask[10:30:2, 10] = True
    mask[29, 10:20] = True
    assert not binarize._is_speck(mask)
    mask[29, 19] = False
    assert binarize._is_speck(mask)


# Background


@pytest.mark.parametrize("paper", [20, 200])
def test_the_background_is_what_most_of_the_edge_is(paper):
    levels = page((30, 70, 40, 60), (0, 5, 10, 60), ink=110, paper=paper)
    assert binarize._has_light_background(levels, np.zeros_like(levels)) == (paper == 200)


def test_the_background_is_judged_without_the_light():
    light = np.linspace(0, 150, 100, dtype=np.float32)[:, None] + np.zeros((1, 100), np.float32)
    levels = page((30, 70, 40, 60), ink=0, paper=60) + light
    assert binarize._has_light_background(levels, light)


@pytest.mark.parametrize(("length", "ambiguous"), [(78, False), (79, True)])
def test_fifteen_percent_of_the_other_side_leave_it_to_the_skewness(length, ambiguous):
    # A lighter block along the edge of a darker page with a few black strokes. The edge, 5 pixels wide, counts twice as
    # much as the whole: 78 * 5 / 1900 and 78 * 5 / 10000 are 0.1499.
    levels = page((0, 5, 0, length), ink=140, paper=100)
    levels[40:60, 20:22] = 0
    assert binarize._has_light_background(levels, np.zeros_like(levels)) == ambiguous
    assert binarize._has_light_background(255 - levels, np.zeros_like(levels)) == (not ambiguous)


@pytest.mark.parametrize(("length", "ambiguous"), [(24, False), (25, True)])
def test_the_edge_of_a_small_picture_is_one_pixel_wide(length, ambiguous):
    levels = page((0, 1, 0, length), shape=(30, 30), ink=140, paper=100)
    levels[14:16, 10] = 0
    assert binarize._has_light_background(levels, np.zeros_like(levels)) == ambiguous


def test_light_from_one_side_is_evened_out():
    even = np.asarray(seven(ink=0, background=200), dtype=np.float32)
    shaded = find_ink(even * np.linspace(0.4, 1, 200, dtype=np.float32))
    assert shaded.uneven_light
    assert not find_ink(even).uneven_light
    assert np.mean(shaded.mask != find_ink(even).mask) < 0.01


@pytest.mark.parametrize(("step", "uneven"), [(24, False), (25, True)])
def test_light_is_uneven_if_the_background_varies_by_more_than_24_levels(step, uneven):
    levels = page((30, 70, 20, 26), ink=30, paper=200)
    levels[:, 70:] -= step
    assert find_ink(levels).uneven_light == uneven


def test_ink_in_the_shadow_counts_as_much_as_in_the_light():
    levels = page((30, 70, 20, 26), (30, 70, 74, 80), ink=40, paper=240)
    levels[:, 50:] *= 0.4
    ink = find_ink(levels)
    assert boxes(ink) == [(30, 70, 20, 26), (30, 70, 74, 80)]
    lit, shaded = (component.weight for component in ink.components)
    assert shaded == pytest.approx(lit, rel=0.12)


def test_ink_on_black_counts_as_much_where_less_light_falls():
    levels = page((30, 70, 20, 26), (30, 70, 74, 80), ink=240, paper=0)
    levels[:, 50:] *= 0.5
    ink = find_ink(levels)
    assert boxes(ink) == [(30, 70, 20, 26), (30, 70, 74, 80)]
    lit, shaded = (component.weight for component in ink.components)
    assert shaded == pytest.approx(lit, rel=0.12)


def test_a_patch_at_the_edge_is_read_that_a_narrow_window_takes_for_background():
    assert boxes(find_ink(page((15, 55, 305, 356), shape=(174, 356), ink=161, paper=0))) == [(15, 55, 305, 356)]


# Noise


@pytest.mark.parametrize("deviation", [1.0, 4.0])
def test_the_noise_of_the_background_is_measured_beside_ink(deviation):
    contrast = np.random.default_rng(0).normal(10, deviation, (100, 100)).astype(np.float32)
    contrast[40:60, 40:60] += 150
    middle, noise = binarize._background_noise(contrast)
    assert middle == pytest.approx(10, abs=0.1)
    assert noise == pytest.approx(deviation, rel=0.03)


def test_noise_without_ink_is_measured_as_a_whole():
    contrast = np.random.default_rng(0).normal(0, 5, (100, 100)).astype(np.float32)
    assert binarize._background_noise(contrast) == pytest.approx((0, 5), abs=0.15)


def test_outliers_are_no_noise():
    contrast = np.tile(np.array([-1, 1], dtype=np.float32), 500)
    outliers = np.array([3.9, -3.9, 4.1, -4.1, 9, -9, 30, -30], dtype=np.float32)
    assert binarize._background_noise(np.concatenate([contrast, outliers])) == pytest.approx((1, 1.4352))


def test_equal_contrast_has_no_noise():
    assert binarize._background_noise(np.full((5, 5), 3, np.float32)) == (3, 0)


# Pieces


def select(*found: tuple[int, int, int, int], shape=(100, 100), contrast: float = 100) -> binarize._Pieces:
    """Select among boxes of ink of an even contrast."""
    mask = page(*found, shape=shape, ink=1, paper=0) > 0
    return binarize._select_pieces(mask, mask * np.float32(contrast))


def test_components_are_numbered_from_left_to_right():
    pieces = select((10, 30, 60, 70), (50, 90, 20, 30))
    assert pieces.components == (
        InkComponent(1, (50, 90, 20, 30), 40_000),
        InkComponent(2, (10, 30, 60, 70), 20_000),
    )
    assert (pieces.labels[60, 25], pieces.labels[20, 65], pieces.labels[0, 0]) == (1, 2, 0)
    assert (pieces.components[0].height, pieces.components[0].width) == (40, 10)


@pytest.mark.parametrize(
    ("shape", "gap", "count"),
    [
        ((100, 100), 4, 1),
        ((100, 100), 5, 2),
        ((300, 200), 6, 1),
        ((300, 200), 7, 2),
        ((60, 60), 2, 1),
        ((60, 60), 3, 2),
    ],
)
def test_gaps_of_three_percent_are_bridged(shape, gap, count):
    pieces = select((10, 30, 20, 24), (30 + gap, 50, 20, 24), shape=shape)
    assert len(pieces.components) == count
    assert not pieces.has_specks


@pytest.mark.parametrize(("width", "kept"), [(5, False), (6, True)])
def test_a_speck_weighs_less_than_six_percent_of_the_heaviest(width, kept):
    pieces = select((10, 20, 10, 20), (60, 61, 60, 60 + width))
    assert (len(pieces.components), pieces.has_specks) == (1 + kept, not kept)


def test_weight_is_contrast_not_area():
    mask = page((10, 20, 10, 20), (60, 63, 60, 63), ink=1, paper=0) > 0
    contrast = np.where(np.arange(100) < 50, 150, 50)[None] * mask.astype(np.float32)
    pieces = binarize._select_pieces(mask, contrast)
    assert (len(pieces.components), pieces.has_specks) == (1, True)


@pytest.mark.parametrize("edge", [(40, 60, 0, 5), (40, 60, 95, 100), (0, 5, 40, 60), (95, 100, 40, 60)])
def test_a_piece_at_the_edge_is_left_out(edge):
    pieces = select((30, 50, 30, 50), edge)
    assert [component.bbox for component in pieces.components] == [(30, 50, 30, 50)]
    assert (pieces.at_edge, pieces.has_specks) == (1, False)


def test_several_pieces_at_the_edge_are_counted():
    assert select((30, 50, 30, 50), (40, 60, 0, 5), (0, 5, 40, 60)).at_edge == 2


@pytest.mark.parametrize("near", [(40, 60, 1, 6), (40, 60, 94, 99), (1, 6, 40, 60), (94, 99, 40, 60)])
def test_a_piece_one_pixel_off_the_edge_is_kept(near):
    pieces = select((30, 50, 30, 50), near)
    assert (len(pieces.components), pieces.at_edge) == (2, 0)


@pytest.mark.parametrize(
    ("row", "column", "touches"), [(0, 5, 1), (9, 5, 1), (5, 0, 1), (5, 9, 1), (1, 8, 0), (8, 1, 0)]
)
def test_a_single_pixel_touches_the_edge(row, column, touches):
    mask = np.zeros((10, 10), bool)
    mask[row, column] = True
    assert binarize._touches_edge(mask) == touches


@pytest.mark.parametrize(("height", "main"), [(33, False), (34, True)])
def test_a_piece_at_the_edge_counts_a_third_of_its_weight(height, main):
    # 10 * 10 pixels away from the edge; at it, in short contact, 0.3 of 10 * height.
    pieces = select((40, 50, 60, 70), (0, 10, 10, 10 + height), shape=(200, 200))
    assert (pieces.components[0].bbox == (0, 10, 10, 10 + height)) == main


@pytest.mark.parametrize(("length", "main"), [(49, True), (50, False)])
def test_a_piece_along_a_quarter_of_the_edge_counts_a_twentieth(length, main):
    pieces = select((100, 110, 100, 110), (0, 20, 10, 10 + length), shape=(200, 200))
    assert (pieces.components[0].bbox[0] == 0) == main


@pytest.mark.parametrize(("rows", "main"), [(39, False), (41, True)])
def test_a_long_piece_is_ink_if_nothing_comes_near_its_weight(rows, main):
    # 0.05 of 50 * rows against 100.
    pieces = select((100, 110, 100, 110), (0, rows, 10, 60), shape=(200, 200))
    assert (pieces.components[0].bbox[0] == 0) == main


def test_ink_in_one_piece_has_no_weight_to_compare():
    assert select((30, 50, 30, 50)).components == (InkComponent(1, (30, 50, 30, 50), 1.0),)


def test_decisions_are_in_the_order_of_the_work():
    levels = page((30, 70, 30, 40), (20, 30, 92, 100), (80, 82, 60, 62), ink=30, paper=220)
    levels[:, 80:] -= 60
    assert [str(decision) for decision in find_ink(levels).decisions] == [
        "light background: inverted",
        "specks: removed",
        "pieces left out at the edge: 1",
    ]
    dark = find_ink(255 - page((30, 70, 30, 40)))
    assert dark.decisions == (Decision(DecisionKind.DARK_BACKGROUND),)
