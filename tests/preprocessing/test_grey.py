"""From decoded pixels to grey levels: depths, transparency, colours."""

from __future__ import annotations

import numpy as np
import pytest

from nntrain.errors import ImageError
from nntrain.preprocessing.decisions import Decision, DecisionKind
from nntrain.preprocessing.grey import replace_transparency, scale_depth, to_grey


def scaled(*levels: float, fixed_depth: bool = True) -> list[float]:
    grey, _ = scale_depth(np.array(levels, dtype=np.float32), fixed_depth=fixed_depth)
    assert grey.dtype == np.float32
    return [round(float(level), 2) for level in grey]


# Depths


@pytest.mark.parametrize("depth", [1, 255, 1023, 4095, 16383, 65535])
def test_the_depth_is_the_smallest_usual_one_that_holds_all_levels(depth):
    assert scaled(0, depth) == [0, 255]


@pytest.mark.parametrize(
    ("levels", "grey"),
    [((0, 1.5), [0, 1.5]), ((0, 256), [0, 63.81]), ((20, 1024), [1.25, 63.77]), ((0, 70_000), [0, 255])],
)
def test_levels_above_a_depth_belong_to_the_next(levels, grey):
    assert scaled(*levels) == grey


def test_negative_levels_start_at_the_lowest():
    assert scaled(-1, 0, 0.5) == [0, 1, 1.5]
    assert scaled(-0.5, 0.5) == [0, 255]


@pytest.mark.parametrize(("highest", "grey"), [(25.4, [0, 255]), (25.5, [0, 25.5])])
def test_less_than_a_tenth_of_a_depth_is_stretched(highest, grey):
    assert scaled(0, highest, fixed_depth=False) == grey
    assert scaled(0, highest) == [0, round(highest, 2)]


def test_stretching_starts_at_the_lowest_level_and_is_reported():
    levels, decisions = scale_depth(np.array([10, 12, 14], dtype=np.float32), fixed_depth=False)
    np.testing.assert_allclose(levels, [0, 127.5, 255])
    assert decisions == (Decision.of(DecisionKind.STRETCHED, lowest=10.0, highest=14.0),)


@pytest.mark.parametrize("levels", [(1000, 1000.0009), (-1000, -1000.0009)])
def test_differences_that_are_rounding_are_not_stretched(levels):
    _, decisions = scale_depth(np.array(levels), fixed_depth=False)
    assert decisions == ()


@pytest.mark.parametrize("levels", [(1000, 1000.0011), (-1000, -999.9989)])
def test_differences_above_rounding_are_stretched(levels):
    grey, _ = scale_depth(np.array(levels), fixed_depth=False)
    np.testing.assert_allclose(grey, [0, 255])


def test_values_that_are_not_finite_become_the_median():
    assert scaled(0, np.nan, 100, np.inf, 200) == [0, 100, 100, 100, 200]


def test_a_picture_without_finite_values_is_refused():
    with pytest.raises(ImageError, match="the picture has no finite values"):
        scale_depth(np.array([np.nan, np.inf], dtype=np.float32), fixed_depth=True)


# Transparency


def rgba(colour: tuple[int, int, int], alpha: np.ndarray) -> np.ndarray:
    """Return a picture of one colour, (height, width, 4)."""
    return np.concatenate([np.broadcast_to(colour, (*alpha.shape, 3)), alpha[..., None]], axis=2).astype(np.float32)


STROKE = np.pad(np.full((6, 2), 255.0), 4)


@pytest.mark.parametrize(("level", "background"), [(127, "white"), (128, "black")])
def test_ink_on_transparency_gets_a_background_that_contrasts(level, background):
    levels, decisions = replace_transparency(rgba((level, level, level), STROKE))
    assert decisions == (Decision.of(DecisionKind.TRANSPARENT_BACKGROUND, colour=background),)
    np.testing.assert_allclose(levels[0, 0], 255 if background == "white" else 0)
    np.testing.assert_allclose(levels[5, 5], level)


def test_half_transparent_pixels_are_half_ink_and_half_background():
    levels, _ = replace_transparency(rgba((100, 50, 0), STROKE * 0.2))
    np.testing.assert_allclose(levels[5, 5], [224, 214, 204], atol=0.01)


def test_an_opaque_picture_keeps_its_colours():
    picture = rgba((10, 20, 30), np.full((4, 5), 255.0))
    levels, decisions = replace_transparency(picture)
    np.testing.assert_array_equal(levels, picture[..., :3])
    assert decisions == ()


def test_what_is_faint_as_a_whole_is_not_seen():
    with pytest.raises(ImageError, match="nothing found: the whole picture is transparent"):
        replace_transparency(rgba((0, 0, 0), STROKE * 7 / 255))
    assert replace_transparency(rgba((0, 0, 0), STROKE * 8 / 255))[1] != ()


def sheet(*, ink: int, columns: int) -> np.ndarray:
    """Return light blue paper of 20x20 pixels with a stroke of four columns, of which so many columns are opaque."""
    picture = np.zeros((20, 20, 4), dtype=np.float32)
    picture[...] = (180, 190, 230, 255)
    picture[:, 5:9, :3] = ink
    picture[:, columns:] = 0
    return picture


def test_transparent_edges_of_a_sheet_are_filled_with_its_background():
    levels, decisions = replace_transparency(sheet(ink=30, columns=15))
    assert decisions == (Decision(DecisionKind.TRANSPARENT_EDGES),)
    np.testing.assert_array_equal(levels[:, 15:], np.broadcast_to([180, 190, 230], (20, 5, 3)))


@pytest.mark.parametrize(
    ("picture", "kind"),
    [
        (sheet(ink=30, columns=11), DecisionKind.TRANSPARENT_EDGES),
        (sheet(ink=30, columns=10), DecisionKind.TRANSPARENT_BACKGROUND),
        # The paper's luma is 191.57.
        (sheet(ink=127, columns=15), DecisionKind.TRANSPARENT_EDGES),
        (sheet(ink=128, columns=15), DecisionKind.TRANSPARENT_BACKGROUND),
    ],
)
def test_a_sheet_fills_more_than_half_and_its_ink_differs_by_more_than_64(picture, kind):
    assert [decision.kind for decision in replace_transparency(picture)[1]] == [kind]


def test_ten_percent_of_ink_make_a_sheet_but_four_do_not():
    some, little = sheet(ink=30, columns=15), sheet(ink=30, columns=15)
    some[:, 5:9, :3] = little[:, 5:9, :3] = (180, 190, 230)
    some[:, 5, :3], little[:10, 5, :3] = 30, 30
    assert replace_transparency(some)[1][0].kind is DecisionKind.TRANSPARENT_EDGES
    assert replace_transparency(little)[1][0].kind is DecisionKind.TRANSPARENT_BACKGROUND


@pytest.mark.parametrize(("ink", "paper"), [(30, 200), (200, 30)])
@pytest.mark.parametrize(("pixels", "kept"), [(22, False), (23, True)])
def test_five_percent_of_ink_on_a_sheet_do_not_count(ink, paper, pixels, kept):
    picture = np.zeros((20, 40, 4), dtype=np.float32)
    picture[:, :22] = (paper, paper, paper, 255)  # 440 opaque pixels
    picture[:20, 0, :3], picture[: pixels - 20, 1, :3] = ink, ink
    assert (replace_transparency(picture)[1] == (Decision(DecisionKind.TRANSPARENT_EDGES),)) == kept


def test_pixels_of_less_than_half_the_highest_alpha_do_not_count():
    # Half of the ink is white but faint; what counts is black.
    picture = np.zeros((10, 10, 4), dtype=np.float32)
    picture[:5, :, 3], picture[5:] = 200, (255, 255, 255, 99)
    assert replace_transparency(picture)[1] == (Decision.of(DecisionKind.TRANSPARENT_BACKGROUND, colour="white"),)


# Colours


def two_colours(first: tuple[int, int, int], second: tuple[int, int, int]) -> np.ndarray:
    """Return a picture whose left half is of one colour and whose right half of another."""
    return np.array([[first] * 10 + [second] * 10] * 20, dtype=np.float32)


def test_grey_is_luma():
    grey = to_grey(two_colours((255, 0, 0), (0, 255, 255)))
    np.testing.assert_allclose(grey[0, [0, -1]], [76.245, 178.755], rtol=1e-5)
    np.testing.assert_allclose(to_grey(two_colours((0, 200, 0), (0, 0, 200)))[0, [0, -1]], [117.4, 22.8], rtol=1e-5)


@pytest.mark.parametrize(("green", "levels"), [(130, [200, 0]), (0, [200, 0]), (250, [59.8, 146.75])])
def test_red_on_green_of_like_brightness_is_told_by_one_channel(green, levels):
    np.testing.assert_allclose(to_grey(two_colours((200, 0, 0), (0, green, 0)))[0, [0, -1]], levels, rtol=1e-5)


@pytest.mark.parametrize(("blue", "levels"), [(65, [65, 0]), (64, [7.296, 0])])
def test_a_channel_that_varies_by_no_more_than_64_is_not_taken(blue, levels):
    np.testing.assert_allclose(to_grey(two_colours((0, 0, blue), (0, 0, 0)))[0, [0, -1]], levels, rtol=1e-5)


@pytest.mark.parametrize(("green", "levels"), [(34, [100, 0]), (35, [50.445, 0])])
def test_a_channel_is_taken_that_varies_more_than_twice_as_much_as_luma(green, levels):
    grey = to_grey(two_colours((100, green, 0), (0, 0, 0)))
    np.testing.assert_allclose(grey[0, [0, -1]], levels, rtol=1e-5)


def test_luma_that_varies_by_64_is_taken():
    grey = to_grey(two_colours((64, 64, 64), (0, 0, 0)))
    np.testing.assert_allclose(grey[0, [0, -1]], [64, 0], rtol=1e-5)
    np.testing.assert_allclose(to_grey(two_colours((215, 0, 0), (0, 0, 0)))[0, 0], 64.285, rtol=1e-5)


@pytest.mark.parametrize(("stray", "levels"), [(2, [255, 0]), (4, [134.945, 135.01])])
def test_half_a_percent_of_dark_pixels_does_not_count(stray, levels):
    # Of 400 pixels, red and green of the same luma; one percent of black makes luma vary by more than 64.
    picture = two_colours((255, 100, 0), (0, 230, 0))
    picture[0, :stray] = 0
    np.testing.assert_allclose(to_grey(picture)[1, [0, -1]], levels, rtol=1e-5)


def test_half_a_percent_of_light_pixels_does_not_count():
    # 2 of 400 are white; without them the picture is red on green.
    picture = two_colours((200, 0, 0), (0, 102, 0))
    picture[0, :2] = 255
    assert to_grey(picture)[1, 0] == 200
