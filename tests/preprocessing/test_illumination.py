"""The light on a picture: slopes and curves are found, strokes and shadows do not bend them."""

from __future__ import annotations

import numpy as np
import pytest

from nntrain.preprocessing.illumination import estimate_illumination

ROWS, COLUMNS = np.linspace(-1, 1, 96)[:, None], np.linspace(-1, 1, 72)[None, :]


def surface(y=0.0, y2=0.0, x=0.0, x2=0.0, xy=0.0) -> np.ndarray:
    """Return levels about 120 with these coefficients, in coordinates from -1 to 1."""
    levels = 120 + y * ROWS + y2 * ROWS**2 + x * COLUMNS + x2 * COLUMNS**2 + xy * ROWS * COLUMNS
    return levels.astype(np.float32)


def slopes(levels: np.ndarray) -> np.ndarray:
    """Return what is compared: levels less their middle one, since paper may be of any brightness."""
    return levels - levels[48, 36]


@pytest.mark.parametrize(
    "coefficients", [{"y": 40}, {"x": -30}, {"y": 20, "y2": 25}, {"x": 15, "x2": -20}, {"y": 12, "x": 9, "xy": 14}]
)
def test_a_surface_of_second_degree_is_found(coefficients):
    levels = surface(**coefficients)
    np.testing.assert_allclose(slopes(estimate_illumination(levels)), slopes(levels), atol=2.5)


def test_the_middle_of_the_light_is_the_median_of_the_blocks():
    levels = surface(y=40)
    assert estimate_illumination(levels)[48, 36] == pytest.approx(120, abs=2.5)
    assert estimate_illumination(levels).dtype == np.float32


def test_strokes_do_not_bend_the_light():
    levels = surface(y=40, x=20)
    inked = levels.copy()
    inked[20:80, 30:38] -= 90
    inked[44:52, 10:60] -= 90
    np.testing.assert_allclose(slopes(estimate_illumination(inked)), slopes(levels), atol=2)


def test_the_edge_of_a_shadow_does_not_bend_the_light():
    levels = surface(y=40)
    shaded = levels.copy()
    shaded[:, 45:] *= 0.6
    np.testing.assert_allclose(slopes(estimate_illumination(shaded))[:, :30], slopes(levels)[:, :30], atol=9)


def test_even_light_is_one_level():
    levels = np.full((60, 50), 200, dtype=np.float32)
    levels[10:50, 20:26] = 30
    np.testing.assert_array_equal(estimate_illumination(levels), np.full((60, 50), 200, dtype=np.float32))


def blocks(means: np.ndarray) -> np.ndarray:
    """Return a picture of 96x96 pixels with these means, (24, 24), of its blocks."""
    return np.repeat(np.repeat(means, 4, axis=0), 4, axis=1).astype(np.float32)


@pytest.mark.parametrize(("slope", "different_levels"), [(0.98, 1), (1.02, 96)])
def test_light_is_even_below_one_level_from_the_middle_to_the_edge(slope, different_levels):
    ramp = np.linspace(-slope, slope, 24)
    light = estimate_illumination(blocks(100 + np.add.outer(ramp, 0.9 * ramp)))
    assert len(np.unique(light[:, 0])) == different_levels


@pytest.mark.parametrize(("steep_columns", "even"), [(18, True), (19, False)])
def test_light_is_even_if_sixty_percent_of_the_slopes_are(steep_columns, even):
    # 24x24 blocks have 552 slopes downwards, here none, and 552 to the right, of which 24 in each column of steps.
    steps = np.where(np.arange(24) < steep_columns, 10 * np.arange(24), 10 * steep_columns)
    light = estimate_illumination(blocks(np.broadcast_to(steps, (24, 24))))
    assert (light.min() == light.max()) == even


def test_the_light_on_a_small_picture_is_as_before():
    levels = np.add.outer(np.arange(20) * 3, np.arange(20) ** 2 / 4).astype(np.float32)
    levels[6:12, 8:10] = 0
    light = estimate_illumination(levels)
    expected = [6.126, 91.625, 59.352, 60.125, 145.624]
    np.testing.assert_allclose(light[[0, 0, 10, 19, 19], [0, 19, 10, 0, 19]], expected, atol=0.01)
