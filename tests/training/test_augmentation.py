"""Distortions of training images, compared with what can be counted by hand and with scipy.ndimage."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nntrain.config.schema import Augmentation, Elastic
from nntrain.training.augmentation import Distortion, _smooth_components, batch_rng, distort, distort_by, distortion_of

EVERYTHING = Distortion(rotation=15, translation=2, zoom=0.15, shear=0.15, elastic_alpha=8, elastic_sigma=4, stroke=1)


class Fixed(np.random.Generator):
    """Draws these numbers, then the last one again and again.

    1 is the positive end of a kind's bounds, 0 the negative one, 0.5 no distortion. The stroke draws first, if it is
    distorted at all, then rotation, zoom, shear, and translation down and to the right.
    """

    def __init__(self, *numbers: float) -> None:
        super().__init__(np.random.PCG64(0))
        self.numbers = list(numbers)

    def random(self, size=None, dtype=np.float64, out=None):
        number = self.numbers.pop(0) if len(self.numbers) > 1 else self.numbers[0]
        return np.full(size, number, dtype=dtype)


def dots(*pixels: tuple[int, int]) -> np.ndarray:
    """Return an image with these pixels lit."""
    image = np.zeros((1, 28, 28), dtype=np.uint8)
    for row, column in pixels:
        image[0, row, column] = 200
    return image


def noise(count: int = 3) -> np.ndarray:
    """Return images of random pixels, up to the edges."""
    return np.random.default_rng(0).integers(0, 256, (count, 28, 28), dtype=np.uint8)


def bars(count: int = 1) -> np.ndarray:
    """Return images of a vertical bar, 4 pixels wide."""
    images = np.zeros((count, 28, 28), dtype=np.uint8)
    images[:, 6:22, 12:16] = 255
    return images


def centre(image: np.ndarray) -> np.ndarray:
    """Return the row and column of an image's centre of mass."""
    pixels = np.argwhere(image > 0)
    return (pixels * image[image > 0][:, None]).sum(axis=0) / image.sum()


def test_without_a_distortion_images_are_copied():
    images = noise(5)
    result = distort(images, Distortion(), batch_rng(1, 0, 0))
    np.testing.assert_array_equal(result, images)
    assert result is not images


@pytest.mark.parametrize("kind", ["rotation", "translation", "zoom", "shear", "stroke"])
def test_a_draw_in_the_middle_of_a_kinds_bounds_distorts_nothing(kind):
    images = noise(3)
    result = distort(images, replace(Distortion(), **{kind: 0.5}), Fixed(0.5))
    assert np.abs(result.astype(int) - images).max() <= 1


def test_a_quarter_turn_counter_clockwise_takes_the_right_to_the_top():
    # About the centre, (13.5, 13.5): a row of 13 and a column of 20 become 7 and 13.
    turned = distort(dots((13, 20)), Distortion(rotation=90), Fixed(1, 0.5))
    np.testing.assert_array_equal(turned, dots((7, 13)))


def test_a_translation_by_whole_pixels_shifts_and_fills_with_zeros():
    images = noise(2)
    shifted = distort(images, Distortion(translation=3), Fixed(1))
    np.testing.assert_array_equal(shifted[:, 3:, 3:], images[:, :-3, :-3])
    assert not shifted[:, :3].any()
    assert not shifted[:, :, :3].any()


def test_what_leaves_on_one_side_does_not_return_on_the_other():
    shifted = distort(dots((27, 27), (5, 5)), Distortion(translation=4), Fixed(1))
    np.testing.assert_array_equal(shifted, dots((9, 9)))


def test_a_zoom_scales_height_and_width_about_the_centre():
    # Twice the size: a point 2.5 above and 3.5 right of the centre lies 5 above and 7 right of it.
    zoomed = distort(dots((11, 17)), Distortion(zoom=1), Fixed(0.5, 1, 0.5))
    np.testing.assert_allclose(centre(zoomed[0]), (8.5, 20.5), atol=0.01)
    assert int(zoomed.sum()) == pytest.approx(4 * 200, rel=0.02)


def test_a_shear_moves_rows_by_their_distance_from_the_centre():
    # A fraction of 1 moves a row 4.5 pixels below the centre by 4.5 pixels.
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


def test_a_thousand_draws_fill_the_range_between_the_bounds():
    images = np.repeat(dots((13, 13), (13, 14), (14, 13), (14, 14)), 1000, axis=0)
    moved = distort(images, Distortion(translation=3), batch_rng(5, 0, 0))
    shifts = np.array([centre(image) - 13.5 for image in moved])
    assert np.abs(shifts).max() <= 3.02
    assert np.abs(shifts).max(axis=0).min() > 2.9
    assert np.abs(shifts.mean(axis=0)).max() < 0.2


def test_a_thousand_rotations_stay_within_the_bound():
    images = np.repeat(dots((13, 24), (14, 24)), 1000, axis=0)
    turned = distort(images, Distortion(rotation=30), batch_rng(5, 0, 0))
    angles = [np.rad2deg(np.arctan2(*(13.5 - centre(image)) * (1, -1))) for image in turned]
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
def test_a_different_seed_epoch_or_batch_draws_different_numbers(other):
    assert not set(batch_rng(1, 5, 9).random(4)) & set(batch_rng(*other).random(4))


@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize("distortion", [Distortion(), EVERYTHING, Distortion(stroke=3), Distortion(rotation=5)])
def test_shape_and_type_are_kept(count, distortion):
    result = distort(bars(count), distortion, batch_rng(1, 0, 0))
    assert result.shape == (count, 28, 28)
    assert result.dtype == np.uint8


def test_the_original_images_are_not_changed():
    images = bars(4)
    distort(images, EVERYTHING, batch_rng(1, 0, 0))
    np.testing.assert_array_equal(images, bars(4))


def test_full_ink_stays_full_ink_and_never_overflows():
    full = np.full((50, 28, 28), 255, dtype=np.uint8)
    result = distort(full, EVERYTHING, batch_rng(1, 0, 0))
    assert (result[:, 12:16, 12:16] == 255).all()


def forward(*, angle: float, scale: float, shear: float) -> np.ndarray:
    """Return the matrix that maps (row, column) from the centre: zoom, then shear, then a counter-clockwise turn."""
    turn = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return np.array(turn) @ [[1, 0], [shear, 1]] @ (scale * np.eye(2))


def scipys(image: np.ndarray, matrix: np.ndarray, shift: tuple[float, float] = (0, 0)) -> np.ndarray:
    """Return what scipy.ndimage makes of an image by a map of its points."""
    from scipy import ndimage

    inverse = np.linalg.inv(matrix)
    offset = 13.5 - inverse @ (13.5 + np.array(shift))
    image = image.astype(np.float64)
    return np.asarray(ndimage.affine_transform(image, inverse, offset, order=1, mode="grid-constant"))


@pytest.mark.parametrize(
    "draws",
    [(1, 1, 1, 1, 1), (0, 0, 0, 0, 0), (0.9, 0.2, 0.7, 0.1, 0.6), (0.1, 0.7, 0.2, 0.8, 0.3), (0.5, 0, 0.5, 1, 0)],
)
def test_rotation_zoom_shear_and_translation_are_those_of_scipy(draws):
    largest = Distortion(rotation=40, zoom=0.3, shear=0.4, translation=5)
    rotation, zoom, shear, down, right = (2 * draw - 1 for draw in draws)
    matrix = forward(angle=np.deg2rad(40 * rotation), scale=1 + 0.3 * zoom, shear=0.4 * shear)
    expected = [scipys(image, matrix, (5 * down, 5 * right)) for image in noise()]
    assert np.abs(distort(noise(), largest, Fixed(*draws)) - np.array(expected)).max() <= 0.51


@pytest.mark.parametrize(("rotation", "shear"), [(20, 0), (0, 0.3), (-15, -0.2)])
def test_all_images_can_be_distorted_by_the_same_amounts(rotation, shear):
    matrix = forward(angle=np.deg2rad(rotation), scale=1, shear=shear)
    expected = [scipys(image, matrix) for image in noise()]
    assert np.abs(distort_by(noise(), rotation=rotation, shear=shear) - np.array(expected)).max() <= 0.51


def test_a_distortion_by_nothing_changes_nothing():
    np.testing.assert_array_equal(distort_by(noise()), noise())


@pytest.mark.parametrize("width", [-5, -3, -2, -0.5, 0.5, 1, 2, 3, 5])
def test_strokes_change_by_scipys_dilation_and_erosion(width):
    from scipy import ndimage

    cross = ndimage.generate_binary_structure(2, 1)
    change = ndimage.grey_dilation if width > 0 else ndimage.grey_erosion
    for image, ours in zip(noise(), distort_by(noise(), stroke=width), strict=True):
        steps = [image.astype(np.float64)]
        for _ in range(3):
            steps.append(change(steps[-1], footprint=cross, mode="nearest"))
        whole, fraction = divmod(abs(width) / 2, 1)
        expected = (1 - fraction) * steps[int(whole)] + fraction * steps[int(whole) + 1]
        assert np.abs(ours - expected).max() <= 0.51


def test_a_stroke_and_a_rotation_are_applied_in_this_order():
    expected = distort_by(distort_by(bars(), stroke=2), rotation=30)
    np.testing.assert_array_equal(distort_by(bars(), stroke=2, rotation=30), expected)
    np.testing.assert_array_equal(distort(bars(), Distortion(stroke=2, rotation=30), Fixed(1, 1, 0.5)), expected)


def test_strokes_of_different_images_change_by_their_own_widths():
    distorted = distort(bars(200), Distortion(stroke=4), batch_rng(2, 0, 0))
    widths = distorted[:, 14].sum(axis=1) / 255
    assert widths.min() < 0.4
    assert widths.max() > 7.6
    assert widths.mean() == pytest.approx(4, abs=0.5)


def displacements(count: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Return by how many pixels an elastic distortion moves rows and columns, as ramps show it."""
    ramp = np.tile(np.arange(28, dtype=np.uint8) * 9, (count, 28, 1))
    elastic = Distortion(elastic_alpha=8, elastic_sigma=4)
    shown = [
        (distort(image, elastic, batch_rng(3, 0, 0)).astype(float) - image)[:, 4:24, 4:24] / 9
        for image in (ramp.transpose(0, 2, 1), ramp)
    ]
    return shown[0], shown[1]


def test_an_elastic_distortion_moves_rows_and_columns_by_the_same_measure_independently():
    rows, columns = displacements()
    assert np.sqrt(np.mean(rows**2)) == pytest.approx(0.564, abs=0.02)
    assert np.sqrt(np.mean(columns**2)) == pytest.approx(0.564, abs=0.02)
    assert abs(np.corrcoef(rows.ravel(), columns.ravel())[0, 1]) < 0.05


def test_an_elastic_displacement_is_as_smooth_as_gaussian_filtered_noise():
    rows, _ = displacements(1000)
    # Covariance exp(-d^2 / (4 sigma^2)), sigma 4: at distance 4 exp(-1/4), at 8 exp(-1).
    for distance, expected in ((4, 0.7788), (8, 0.3679)):
        for axis in (1, 2):
            near, far = np.moveaxis(rows, axis, 0)[:-distance].ravel(), np.moveaxis(rows, axis, 0)[distance:].ravel()
            assert np.corrcoef(near, far)[0, 1] == pytest.approx(expected, abs=0.04)


def test_few_components_carry_nearly_all_of_a_smooth_field():
    components = _smooth_components(28, 4.0)
    assert components.shape == (28, 7)
    # 1 / (2 sqrt(pi) sigma) = 0.0705 is the variance of each point; nearly all of it.
    assert np.square(components).sum(axis=1) == pytest.approx(np.full(28, 0.0705), rel=0.02)


def test_a_batchs_random_numbers_are_those_of_0_1():
    assert batch_rng(42, 5, 9).integers(0, 1000, 4).tolist() == [195, 543, 866, 18]


def test_a_config_without_an_augmentation_asks_for_no_distortion():
    assert distortion_of(None) is None
    assert distortion_of(Augmentation()) is None
    assert distortion_of(Augmentation(elastic=Elastic(alpha=0.0, sigma=2.0))) is None


AUGMENTATIONS = [
    ({"rotation": 10.0}, Distortion(rotation=10)),
    ({"translation": 2.0}, Distortion(translation=2)),
    ({"zoom": 0.1}, Distortion(zoom=0.1)),
    ({"shear": 0.2}, Distortion(shear=0.2)),
    ({"stroke": 1.0}, Distortion(stroke=1)),
    ({"elastic": Elastic(alpha=6.0, sigma=3.0)}, Distortion(elastic_alpha=6, elastic_sigma=3)),
]


@pytest.mark.parametrize(("setting", "distortion"), AUGMENTATIONS, ids=str)
def test_every_kind_of_augmentation_is_a_distortion(setting, distortion):
    assert distortion_of(Augmentation(**setting)) == distortion


def test_every_kind_of_augmentation_is_tried():
    assert {name for setting, _ in AUGMENTATIONS for name in setting} == set(Augmentation.model_fields)
