"""Filters: the same results as SciPy's, and literal values where SciPy has no such function."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy import ndimage

from nntrain.preprocessing.filters import (
    bounding_box,
    box_blur,
    centre_of_mass,
    connected_components,
    dilate_disc,
    dilate_square,
    grey_opening,
    maximum_filter,
    minimum_filter,
    otsu,
    quantile,
    resize,
    stroke_width,
)

RNG = np.random.default_rng(0)
LEVELS = [RNG.uniform(0, 255, shape).astype(np.float32) for shape in ((1, 1), (1, 9), (7, 1), (17, 23), (40, 12))]
MASKS = [RNG.random(shape) < density for shape in ((1, 12), (9, 1), (13, 21), (30, 30)) for density in (0.1, 0.4, 0.6)]
SIZES = (1, 2, 3, 4, 5, 6, 7, 8, 21, 60)


def test_importing_the_filters_loads_neither_scipy_nor_pillow():
    code = "import sys, nntrain.preprocessing.filters; sys.exit('scipy' in sys.modules or 'PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(("fraction", "value"), [(0, 0), (0.09, 0), (0.1, 1), (0.5, 5), (0.85, 8), (0.99, 9), (1, 9)])
def test_a_quantile_is_the_value_below_which_that_fraction_lies(fraction, value):
    values = np.array([[9, 3, 5, 0, 1], [7, 8, 2, 6, 4]])
    assert quantile(values, fraction) == value


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize("radius", [0, 1, 2, 5, 30])
def test_a_box_blur_is_scipys_uniform_filter(levels, radius):
    expected = ndimage.uniform_filter(levels.astype(float), 2 * radius + 1, mode="nearest")
    np.testing.assert_allclose(box_blur(levels, radius), expected, rtol=1e-5)


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize("size", SIZES)
def test_running_extremes_are_scipys(levels, size):
    odd = size + 1 - size % 2
    np.testing.assert_array_equal(minimum_filter(levels, size), ndimage.minimum_filter(levels, odd, mode="nearest"))
    np.testing.assert_array_equal(maximum_filter(levels, size), ndimage.maximum_filter(levels, odd, mode="nearest"))


@pytest.mark.parametrize("size", SIZES)
def test_a_grey_opening_is_scipys(size):
    levels, odd = LEVELS[-1], size + 1 - size % 2
    eroded = ndimage.grey_erosion(levels, (odd, odd), mode="nearest")
    np.testing.assert_array_equal(grey_opening(levels, size), ndimage.grey_dilation(eroded, (odd, odd), mode="nearest"))


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("size", SIZES)
def test_dilation_by_a_square_is_scipys(mask, size):
    odd = size + 1 - size % 2
    expected = ndimage.binary_dilation(mask, np.ones((odd, odd)))
    np.testing.assert_array_equal(dilate_square(mask, size), expected)


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("radius", [0.0, 0.5, 1.0, 1.4, 1.5, 2.0, 2.9, 5.0])
def test_dilation_by_a_disc_is_scipys(mask, radius):
    y, x = np.mgrid[-6:7, -6:7]
    expected = ndimage.binary_dilation(mask, y * y + x * x <= radius * radius)
    np.testing.assert_array_equal(dilate_disc(mask, radius), expected)


def test_dilation_leaves_its_argument_as_it_was():
    mask = np.eye(5, dtype=bool)
    dilate_square(mask, 3), dilate_disc(mask, 1.0)
    np.testing.assert_array_equal(mask, np.eye(5, dtype=bool))


@pytest.mark.parametrize("mask", [*MASKS, np.zeros((3, 4), bool), np.ones((3, 4), bool), np.eye(6, dtype=bool)[::-1]])
def test_connected_components_are_scipys(mask):
    labels, count = connected_components(mask)
    expected, expected_count = ndimage.label(mask, np.ones((3, 3)))
    assert count == expected_count
    np.testing.assert_array_equal(labels, expected)


def test_a_spiral_is_one_component():
    spiral = np.array([list(row) for row in ("#######", "#.....#", "#.###.#", "#.#.#.#", "#.#...#", "#.#####")]) == "#"
    np.testing.assert_array_equal(connected_components(spiral)[0], spiral)


def test_runs_at_the_ends_of_neighbouring_rows_are_not_connected():
    mask = np.array([[0, 0, 0, 1], [1, 0, 0, 0]], dtype=bool)
    np.testing.assert_array_equal(connected_components(mask)[0], [[0, 0, 0, 1], [2, 0, 0, 0]])


def _otsu_by_definition(levels: np.ndarray) -> float:
    """Try every border between 256 bins; the first of the least variance within both classes."""
    low, high = levels.min(), levels.max()
    bins = np.minimum((levels - low) * np.float32(1 / ((high - low) / 256)), 255).astype(int).ravel()
    within = [
        sum(part.size * part.var() for part in (bins[bins < border], bins[bins >= border])) for border in range(1, 256)
    ]
    return float(low + (high - low) / 256 * (1 + int(np.argmin(np.round(within, 6)))))


@pytest.mark.parametrize("levels", LEVELS[1:], ids=lambda levels: str(levels.shape))
def test_otsus_threshold_has_the_least_variance_within_the_classes(levels):
    assert otsu(levels) == pytest.approx(_otsu_by_definition(levels), rel=1e-6)


@pytest.mark.parametrize(
    ("levels", "threshold"),
    [([7, 7, 7], 7), ([0, 256], 1), ([0, 0, 256], 1), ([0, 10, 246, 256], 11), ([0, 200, 256], 1), ([0, 50, 256], 51)],
)
def test_otsus_threshold_is_the_upper_end_of_the_lower_class(levels, threshold):
    assert otsu(np.array(levels, dtype=np.float32)) == threshold


def test_the_width_of_a_bar_is_twice_its_area_over_its_outline():
    mask = np.zeros((20, 30), bool)
    mask[8:11, 5:25] = True
    # 60 pixels; the outline has 2 * (20 + 3) steps, each of pi / 4 on average.
    assert stroke_width(mask) == pytest.approx(2 * 60 / (46 * np.pi / 4))


def test_the_outline_runs_along_the_arrays_edges_too():
    assert stroke_width(np.ones((3, 20), bool)) == pytest.approx(2 * 60 / (46 * np.pi / 4))
    assert stroke_width(np.ones((1, 1), bool)) == pytest.approx(2 / np.pi)
    assert stroke_width(np.zeros((5, 5), bool)) == 0


@pytest.mark.parametrize(
    ("shape", "longer", "resized"),
    [
        ((10, 4), 20, (20, 8)),
        ((4, 10), 20, (8, 20)),
        ((30, 1), 20, (20, 1)),
        ((1, 90), 20, (1, 20)),
        ((7, 7), 5, (5, 5)),
    ],
)
def test_resizing_keeps_proportions(shape, longer, resized):
    levels = resize(np.full(shape, 7, np.float32), longer)
    assert (levels.shape, levels.dtype) == (resized, np.float32)
    np.testing.assert_allclose(levels, 7, rtol=1e-6)


def test_resizing_averages_every_pixel():
    levels = np.zeros((9, 9), np.float32)
    levels[4, 4] = 9
    # Each pixel of the result is three of the source wide, and a triangle of twice that width weighs them.
    expected = np.zeros((3, 3), np.float32)
    expected[1, 1] = 1
    np.testing.assert_allclose(resize(levels, 3), expected, atol=0.001)


@pytest.mark.parametrize("levels", LEVELS)
def test_the_centre_of_mass_is_scipys(levels):
    assert centre_of_mass(levels) == pytest.approx(ndimage.center_of_mass(levels.astype(float)))


def test_the_centre_of_mass_of_pixels_does_not_overflow():
    assert centre_of_mass(np.full((9, 5), 255, np.uint8)) == (4, 2)


@pytest.mark.parametrize("mask", [mask for mask in MASKS if mask.any()])
def test_a_bounding_box_is_scipys(mask):
    rows, columns = ndimage.find_objects(mask.astype(int))[0]
    assert bounding_box(mask) == (rows.start, rows.stop, columns.start, columns.stop)


def test_nothing_has_no_bounding_box():
    with pytest.raises(IndexError):
        bounding_box(np.zeros((3, 3), bool))
