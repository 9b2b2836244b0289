"""The worst mistakes."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from nntrain.report.plots import draw_worst
from nntrain.results import Mistake, Prediction

IMAGES = np.arange(10, dtype=np.uint8)[:, None, None] * np.ones((28, 28), np.uint8)
SIDE = 112 / 110  # inches of an image


def mistake(index, truth="4", answered="9", confidence=0.75):
    return Mistake(index, truth, Prediction(answered, confidence, (0.25, 0.75)))


@pytest.fixture
def draw(figures, tmp_path):
    """Return a function that draws mistakes and returns the axes."""

    def draw(mistakes):
        draw_worst(IMAGES, mistakes, tmp_path / "worst.png", title="mlp-1")
        return figures[-1].axes[0]

    return draw


def captions(axes):
    return [text.get_text() for text in axes.texts]


def summary(axes):
    title, text = axes.figure.texts
    assert title.get_text() == "mlp-1"
    return text.get_text()


def test_each_mistake_has_its_image_truth_answer_and_confidence(draw):
    axes = draw([mistake(7, "4", "9", 0.987), mistake(2, "5", "3")])
    assert captions(axes) == ["is 4", "answered 9", "98.7%, image 7", "is 5", "answered 3", "75.0%, image 2"]
    assert [image.get_array().max() for image in axes.images] == [7, 2]
    assert summary(axes) == "2 mistakes with their confidence, the most confident first"


def test_mistakes_of_a_regression_show_the_value_that_was_answered(draw):
    axes = draw([Mistake(1, "7", Prediction("3", None, (2.6789,))), Mistake(0, "7", Prediction("6", None, (6.25,)))])
    assert captions(axes) == ["is 7", "answered 2.68", "image 1", "is 7", "answered 6.25", "image 0"]
    assert summary(axes) == "2 mistakes, the largest error first"


def test_one_mistake_has_no_order(draw):
    assert summary(draw([mistake(1)])) == ""


def test_no_mistakes_are_reported_in_words(draw):
    axes = draw([])
    (text,) = axes.texts
    assert (text.get_text(), text.get_fontsize(), text.get_color()) == ("no mistakes", 13, "#6b6b6b")
    assert (text.get_ha(), text.get_va()) == ("center", "center")
    # The middle of 5.0 by 2.348 inches.
    assert text.get_position() == pytest.approx((2.5, 1.1741), abs=1e-4)
    assert summary(axes) == ""


def test_long_names_are_shortened(draw):
    axes = draw([mistake(0, truth="a" * 18, answered="b" * 15)])
    assert captions(axes)[:2] == [f"is {'a' * 16}…", f"answered {'b' * 13}…"]
    axes = draw([mistake(0, truth="a" * 17, answered="b" * 14)])
    assert captions(axes)[:2] == [f"is {'a' * 17}", f"answered {'b' * 14}"]


def test_images_are_shown_in_grey_from_0_to_255_pixel_by_pixel(draw):
    (image,) = draw([mistake(7)]).images
    assert (image.get_cmap().name, image.get_clim(), image.get_interpolation()) == ("gray", (0, 255), "nearest")
    assert image.get_array().shape == (28, 28)


def test_an_image_takes_four_screen_pixels_for_each_of_its_own(draw):
    (image,) = draw([mistake(7)]).images
    left, right, bottom, top = image.get_extent()
    assert (left, top) == pytest.approx((0.2, 0.65))
    assert (right - left) * 110 == pytest.approx(112)
    assert (bottom - top) * 110 == pytest.approx(112)


def test_a_row_has_five_mistakes(draw):
    images = draw([mistake(0)] * 6).images
    corners = [(image.get_extent()[0], image.get_extent()[3]) for image in images]
    # A cell is 1.6 inches wide, and 0.68 inches higher than its image.
    assert corners == [
        *(pytest.approx((left, 0.65)) for left in (0.2, 1.8, 3.4, 5.0, 6.6)),
        pytest.approx((0.2, 0.65 + SIDE + 0.68)),
    ]


def test_captions_stand_below_the_image(draw):
    truth, answer, confidence = draw([mistake(0)]).texts
    bottom = 0.65 + SIDE
    assert truth.get_position() == pytest.approx((0.2, bottom + 0.16))
    assert answer.get_position() == pytest.approx((0.2, bottom + 0.315))
    assert confidence.get_position() == pytest.approx((0.2, bottom + 0.47))
    assert [(text.get_color(), text.get_fontweight()) for text in (truth, answer, confidence)] == [
        ("#222222", "bold"),
        ("#d55e00", "normal"),
        ("#6b6b6b", "normal"),
    ]
    assert {(text.get_fontsize(), text.get_va()) for text in (truth, answer, confidence)} == {(8.5, "baseline")}


@pytest.mark.parametrize(
    ("mistakes", "columns", "rows"), [(0, 3, 1), (1, 3, 1), (3, 3, 1), (4, 4, 1), (5, 5, 1), (6, 5, 2), (25, 5, 5)]
)
def test_the_plot_grows_with_the_mistakes(draw, mistakes, columns, rows):
    axes = draw([mistake(0)] * mistakes)
    width, height = columns * 1.6 + 0.2, rows * (SIDE + 0.68) + 0.65
    assert axes.figure.get_size_inches().tolist() == pytest.approx([width, height])


def test_the_axes_cover_the_figure_in_inches_from_the_top_left(draw):
    axes = draw([mistake(0)])
    assert axes.get_position().bounds == (0, 0, 1, 1)
    assert axes.get_xlim() == pytest.approx((0, 5.0))
    assert axes.get_ylim() == pytest.approx((0.65 + SIDE + 0.68, 0))
    assert axes.get_aspect() == "auto"
    assert not axes.axison


@pytest.mark.parametrize("name", ["$x^2", r"\frac{", "猫", "two\nlines", "\udcff"])
def test_any_class_name_is_drawn_and_never_read_as_a_formula(name, tmp_path):
    draw_worst(IMAGES, [mistake(0, name, name)], tmp_path / "worst.png", title=name)
    with Image.open(tmp_path / "worst.png") as image:
        assert image.format == "PNG"


def test_the_fonts_are_those_that_truth_and_answer_need(figures, tmp_path, monkeypatch):
    monkeypatch.setattr("matplotlib.font_manager.fontManager.get_font_names", lambda: ["PingFang SC"])
    draw_worst(IMAGES, [mistake(0, "cat", "猫")], tmp_path / "worst.png", title="mlp-1")
    assert figures[0].axes[0].texts[0].get_fontfamily() == ["DejaVu Sans", "PingFang SC"]
