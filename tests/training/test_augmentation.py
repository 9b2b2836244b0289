"""Distortions of training images, held against what can be counted by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nntrain.training.augmentation import Distortion, batch_rng, distort

EVERYTHING = Distortion(rotation=15, translation=2, zoom=0.15, shear=0.15, elastic_alpha=8, elastic_sigma=4, stroke=1)


class Fixed(np.random.Generator):
    """Draws the numbers given, the last one for ever.

    1 is the positive end of a kind's bounds, 0 the negative one, 0.5 no distortion; rotation draws first, then zoom,
    shear, and translation down and to the right.
    """

    def __init__(self, *numbers: float) -> None:
        super().__init__(np.random.PCG64(0))
        self.numbers = list(numbers)

    def random(self, size=None, dtype=np.float64, out=None):
        number = self.numbers.pop(0) if len(self.numbers) > 1 else self.numbers[0]
        return np.full(size, number, dtype=dtype)


def dots(*places: tuple[int, int]) -> np.ndarray:
    image = np.zeros((1, 28, 28), dtype=np.uint8)
    for row, column in places:
        image[0, row, column] = 200
    return image


def bars(count: int = 1) -> np.ndarray:
    images = np.zeros((count, 28, 28), dtype=np.uint8)
    images[:, 6:22, 12:16] = 255
    return images


def middle(image: np.ndarray) -> np.ndarray:
    places = np.argwhere(image > 0)
    return (places * image[image > 0][:, None]).sum(axis=0) / image.sum()


def test_with_everything_off_images_stay_as_they_are():
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28), dtype=np.uint8)
    result = distort(images, Distortion(), batch_rng(1, 0, 0))
    np.testing.assert_array_equal(result, images)
    assert result is not images


@pytest.mark.parametrize("kind", ["rotation", "translation", "zoom", "shear", "stroke"])
def test_a_draw_in_the_middle_of_a_kinds_bounds_distorts_nothing(kind):
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28), dtype=np.uint8)
    result = distort(images, replace(Distortion(), **{kind: 0.5}), Fixed(0.5))
    assert np.abs(result.astype(int) - images).max() <= 1


def test_a_quarter_turn_counter_clockwise_takes_the_right_to_the_top():
    # About the middle, (13.5, 13.5): a row of 13 and a column of 20 become 7 and 13.
    turned = distort(dots((13, 20)), Distortion(rotation=90), Fixed(1, 0.5))
    np.testing.assert_array_equal(turned, dots((7, 13)))


def test_a_translation_by_whole_pixels_shifts_and_fills_with_zeros():
    images = np.random.default_rng(0).integers(0, 256, (2, 28, 28), dtype=np.uint8)
    shifted = distort(images, Distortion(translation=3), Fixed(1))
    np.testing.assert_array_equal(shifted[:, 3:, 3:], images[:, :-3, :-3])
    assert not shifted[:, :3].any()
    assert not shifted[:, :, :3].any()


def test_what_leaves_on_one_side_does_not_come_back_on_the_other():
    shifted = distort(dots((27, 27), (5, 5)), Distortion(translation=4), Fixed(1))
    np.testing.assert_array_equal(shifted, dots((9, 9)))


def test_a_zoom_scales_height_and_width_alike_about_the_middle():
    # Twice the size: a point 2.5 above and 3.5 right of the middle lies 5 above and 7 right of it.
    zoomed = distort(dots((11, 17)), Distortion(zoom=1), Fixed(0.5, 1, 0.5))
    np.testing.assert_allclose(middle(zoomed[0]), (8.5, 20.5), atol=0.01)
    assert int(zoomed.sum()) == pytest.approx(4 * 200, rel=0.02)


def test_a_shear_moves_rows_by_their_distance_from_the_middle():
    # A share of 1 moves a row 4.5 pixels below the middle by 4.5 pixels.
    sheared = distort(dots((18, 10)), Distortion(shear=1), Fixed(0.5, 0.5, 1, 0.5))
    assert np.argwhere(sheared[0]).tolist() == [[18, 14], [18, 15]]
    assert sheared[0, 18, 14:16].tolist() == [100, 100]


def test_a_stroke_becomes_two_pixels_wider_or_narrower():
    wider = distort(bars(), Distortion(stroke=2), Fixed(1))
    narrower = distort(bars(), Distortion(stroke=2), Fixed(0))
    assert (bars()[0, 14] > 0).sum() == 4
    assert (wider[0, 14] > 0).sum() == 6
    assert (narrower[0, 14] > 0).sum() == 2


def test_a_stroke_wider_by_one_pixel_gains_half_a_pixel_on_each_side():
    wider = distort(bars(), Distortion(stroke=1), Fixed(1))
    assert wider[0, 14, 10:18].tolist() == [0, 128, 255, 255, 255, 255, 128, 0]


def test_an_elastic_distortion_moves_ink_by_its_published_measure():
    # A ramp shows how far each column moved: rms alpha / (2 sqrt(pi) sigma) = 8 / (2 * 1.7725 * 4) = 0.564 pixels.
    ramp = np.tile(np.arange(28, dtype=np.uint8) * 9, (400, 28, 1))
    moved = distort(ramp, Distortion(elastic_alpha=8, elastic_sigma=4), batch_rng(3, 0, 0))
    pixels = (moved.astype(float) - ramp)[:, 4:24, 4:24] / 9
    assert np.sqrt(np.mean(pixels**2)) == pytest.approx(0.564, abs=0.02)


def test_neighbours_in_an_elastic_distortion_move_together():
    ramp = np.tile(np.arange(28, dtype=np.uint8) * 9, (50, 28, 1))
    moved = distort(ramp, Distortion(elastic_alpha=8, elastic_sigma=4), batch_rng(3, 0, 0))
    pixels = (moved.astype(float) - ramp)[:, 4:24, 4:24] / 9
    assert np.abs(np.diff(pixels, axis=1)).max() < 0.6


def test_a_thousand_draws_stay_within_the_bounds_and_come_near_them():
    images = np.repeat(dots((13, 13), (13, 14), (14, 13), (14, 14)), 1000, axis=0)
    moved = distort(images, Distortion(translation=3), batch_rng(5, 0, 0))
    shifts = np.array([middle(image) - 13.5 for image in moved])
    assert np.abs(shifts).max() <= 3.02
    assert np.abs(shifts).max(axis=0).min() > 2.9
    assert np.abs(shifts.mean(axis=0)).max() < 0.2


def test_a_thousand_rotations_stay_within_the_bound():
    images = np.repeat(dots((13, 24), (14, 24)), 1000, axis=0)
    turned = distort(images, Distortion(rotation=30), batch_rng(5, 0, 0))
    angles = [np.rad2deg(np.arctan2(*(13.5 - middle(image)) * (1, -1))) for image in turned]
    assert max(angles) == pytest.approx(30, abs=1)
    assert min(angles) == pytest.approx(-30, abs=1)


def test_each_image_gets_its_own_draw():
    result = distort(bars(20), EVERYTHING, batch_rng(1, 0, 0))
    assert len(np.unique(result.reshape(20, -1), axis=0)) == 20


def test_the_same_random_numbers_give_the_same_images():
    first = distort(bars(8), EVERYTHING, batch_rng(1, 2, 3))
    second = distort(bars(8), EVERYTHING, batch_rng(1, 2, 3))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("other", [(2, 5, 9), (1, 6, 9), (1, 5, 10), (5, 1, 9), (1, 9, 5)])
def test_another_seed_epoch_or_batch_draws_other_numbers(other):
    mine, others = batch_rng(1, 5, 9).random(4), batch_rng(*other).random(4)
    assert not set(mine) & set(others)


@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize("distortion", [Distortion(), EVERYTHING, Distortion(stroke=3), Distortion(rotation=5)])
def test_shape_and_type_are_kept(count, distortion):
    result = distort(bars(count), distortion, batch_rng(1, 0, 0))
    assert result.shape == (count, 28, 28)
    assert result.dtype == np.uint8


def test_the_images_given_are_not_changed():
    images = bars(4)
    distort(images, EVERYTHING, batch_rng(1, 0, 0))
    np.testing.assert_array_equal(images, bars(4))


def test_full_ink_stays_full_ink_and_never_overflows():
    full = np.full((50, 28, 28), 255, dtype=np.uint8)
    result = distort(full, EVERYTHING, batch_rng(1, 0, 0))
    assert (result[:, 12:16, 12:16] == 255).all()
