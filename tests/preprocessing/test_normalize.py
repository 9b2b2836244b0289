"""From ink to 28x28: size and place, strokes, and what has MNIST's layout already."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from synthetic.samples import mnist_like

from nntrain.preprocessing.decisions import Decision, DecisionKind
from nntrain.preprocessing.filters import Pixels
from nntrain.preprocessing.normalize import has_mnist_layout, normalize

SAMPLE = Path(__file__).parents[2] / "nntrain" / "assets" / "mnist_5k.npz"
THICKENED, THINNED = (Decision(DecisionKind.THICKENED),), (Decision(DecisionKind.THINNED),)


def normalized(mask: np.ndarray) -> tuple[Pixels, tuple[Decision, ...]]:
    """Normalize ink of an even contrast of 100, whose threshold is 50."""
    return normalize(mask * np.float32(100), mask.astype(bool), 50)


def inked(image: Pixels) -> tuple[int, int, int, int]:
    """Return the box of an image's ink: top, bottom, left, right."""
    rows, columns = np.nonzero(image)
    return int(rows.min()), int(rows.max()) + 1, int(columns.min()), int(columns.max()) + 1


def bar(height: int, width: int) -> np.ndarray:
    return np.ones((height, width))


# Size and place


@pytest.mark.parametrize(
    ("mask", "box"),
    [
        (bar(78, 16), (4, 24, 12, 16)),
        (bar(16, 78), (12, 16, 4, 24)),
        (bar(318, 64), (4, 24, 12, 16)),
        (bar(38, 8), (4, 24, 12, 16)),
    ],
)
def test_ink_fills_twenty_pixels_and_keeps_its_proportions(mask, box):
    image, _ = normalized(mask)
    assert (image.shape, image.dtype, image.max()) == ((28, 28), np.uint8, 255)
    assert inked(image) == box


def test_the_centre_of_mass_is_moved_to_the_middle():
    mask = np.zeros((78, 54))
    mask[:, 24:31] = mask[-8:] = 1
    assert inked(normalized(mask)[0]) == (1, 21, 7, 21)
    assert inked(normalized(mask.T)[0]) == (7, 21, 1, 21)


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_ink_that_is_heavy_on_one_side_is_moved_no_further_than_it_fits(turns):
    mask = np.zeros((80, 80))
    mask[:22], mask[:, 39:41], mask[78:] = 1, 1, 1
    image, _ = normalized(np.rot90(mask, turns))
    assert inked(image) == [(8, 28, 4, 24), (4, 24, 8, 28), (0, 20, 4, 24), (4, 24, 0, 20)][turns]


def test_of_two_places_half_a_pixel_off_the_upper_left_is_taken():
    # Of 20 rows the centre is at 13.5 or 14.5, of 3 columns at 14.
    assert inked(normalized(bar(78, 12))[0]) == (4, 24, 13, 16)


# Strokes


def test_borders_of_strokes_keep_their_shades():
    mask = bar(78, 20)
    contrast = np.pad(mask[:, 2:-2] * np.float32(100), ((0, 0), (2, 2)), constant_values=30)
    # At a threshold of 50 the border of 30 is fainter than one half and falls away; at 20 it is ink.
    assert inked(normalize(contrast, mask.astype(bool), 50)[0]) == (4, 24, 12, 16)
    assert inked(normalize(contrast, mask.astype(bool), 20)[0]) == (4, 24, 12, 17)


def test_ink_outside_the_mask_counts_next_to_it_alone():
    mask = np.zeros((60, 40), dtype=bool)
    mask[:, 10:20] = mask[:5] = mask[:, :1] = True
    contrast = np.full((60, 40), 100, dtype=np.float32)
    image, _ = normalize(contrast, mask, 50)
    np.testing.assert_array_equal(image[14, 10:23] > 127, [1, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0])


@pytest.mark.parametrize(("width", "decisions"), [(5, THICKENED), (6, ())])
def test_strokes_below_one_and_a_half_pixels_are_thickened(width, decisions):
    # 78 rows and a margin are 80 pixels, four times the final size. 4 / pi times 78 * 5 / 83 makes 5.98.
    assert normalized(bar(78, width))[1] == decisions


@pytest.mark.parametrize(("width", "decisions"), [(17, ()), (18, THINNED)])
def test_strokes_above_four_and_a_half_pixels_are_thinned(width, decisions):
    # 4 / pi times 78 * 17 / 95 makes 17.8; times 78 * 18 / 96, 18.6.
    assert normalized(bar(78, width))[1] == decisions


@pytest.mark.parametrize(("width", "final"), [(4, 2), (30, 6), (78, 20)])
def test_strokes_are_corrected_to_a_usual_width(width, final):
    _, _, left, right = inked(normalized(bar(78, width))[0])
    assert right - left == final


def test_a_digit_that_thinning_would_take_apart_stays_thick():
    mask = np.ones((78, 50))
    mask[36:42, :22], mask[36:42, 24:] = 0, 0
    assert normalized(mask)[1] == ()


def hair_line(length: int) -> np.ndarray:
    """Return a line of one pixel, corner to corner, with a foot."""
    mask = np.eye(length)
    mask[-1] = 1
    return mask


@pytest.mark.parametrize(
    ("length", "total"), [(79, 18256), (80, 18256), (81, 17413), (120, 18073), (200, 16935), (400, 17671), (800, 17671)]
)
def test_hair_lines_of_large_pictures_do_not_vanish(length, total):
    image, decisions = normalized(hair_line(length))
    assert decisions == THICKENED
    assert int(image.sum()) == pytest.approx(total, abs=20)


# MNIST's layout


def moved(down: int, right: int) -> Pixels:
    return np.roll(mnist_like(), (down, right), axis=(0, 1))


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((28, 28), dtype=np.uint8),
        255 - mnist_like(),
        np.minimum(mnist_like(), 253),
        mnist_like().astype(np.float32),
        np.pad(mnist_like(), 1),
        moved(2, 0),
        moved(0, -1),
    ],
    ids=["blank", "dark on light", "faint", "float", "30x30", "low", "left"],
)
def test_other_layouts_are_told(image):
    assert not has_mnist_layout(image)


def test_levels_of_254_are_enough():
    assert has_mnist_layout(mnist_like())
    assert has_mnist_layout(np.minimum(mnist_like(), 254))


@pytest.mark.parametrize(("rows", "fits"), [((5, 23), False), ((5, 24), True), ((4, 24), True), ((4, 25), False)])
def test_the_longer_side_has_19_or_20_pixels(rows, fits):
    image = np.zeros((28, 28), dtype=np.uint8)
    image[slice(*rows), 12:16] = 1
    image[13:15, 13:15] = 255  # keeps the centre of mass in the middle
    assert has_mnist_layout(image) == fits
    assert has_mnist_layout(image.T) == fits


@pytest.mark.parametrize(
    ("row", "upper", "lower", "fits"),
    [(13, 254, 229, True), (13, 254, 227, False), (14, 249, 254, True), (14, 248, 254, False)],
)
def test_the_centre_of_mass_is_half_a_pixel_off_at_most(row, upper, lower, fits):
    # 76 pixels of 1 around the border between two rows, and two pixels of these levels on each side of it: the centre
    # is (lower - upper) / (76 + 2 * (upper + lower)) off the border. Limits are 13.475 and 14.505.
    image = np.zeros((28, 28), dtype=np.uint8)
    image[row - 9 : row + 11, 12:16] = 1
    image[row, 13:15], image[row + 1, 13:15] = upper, lower
    assert has_mnist_layout(image) == fits
    assert has_mnist_layout(image.T) == fits


def test_every_image_of_the_shipped_sample_has_mnists_layout():
    if not SAMPLE.is_file():
        pytest.skip("the shipped sample is not built yet")
    with np.load(SAMPLE, allow_pickle=False) as sample:
        images = np.concatenate([sample["x_train"], sample["x_test"]])
    assert sum(has_mnist_layout(image) for image in images) == 5000


def test_every_image_of_mnist_has_mnists_layout():
    folder = os.environ.get("NNTRAIN_DATA_DIR", "")
    if not folder or not (Path(folder) / "mnist.npz").is_file():
        pytest.skip("NNTRAIN_DATA_DIR names no folder with mnist.npz")
    with np.load(Path(folder) / "mnist.npz", allow_pickle=False) as mnist:
        images = np.concatenate([mnist["x_train"], mnist["x_test"]])
    assert sum(has_mnist_layout(image) for image in images) == 70000
