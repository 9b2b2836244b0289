"""The picture that shows how digits were recognized."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nntrain.errors import NntrainError, UsageError
from nntrain.report import recognition_strip
from nntrain.report.recognition_strip import Row, check_writable, draw_strip

BLACK, WHITE, OUTLINE, ALERT = (0, 0, 0), (255, 255, 255), (220, 220, 220), (213, 94, 0)
# Left edges of the four panels, which are 168 pixels wide, and the top of the first row's.
LEFT, TOP = (16, 200, 384, 568), 52


def row(**changes):
    """Return a row: a picture of 84x168 whose right half is ink, and a grey image."""
    picture = np.full((84, 168), 60.0)
    picture[:, 84:] = 200
    fields = {
        "name": "a.png",
        "picture": picture,
        "mask": picture > 100,
        "bbox": (0, 84, 84, 168),
        "image": np.full((28, 28), 99, np.uint8),
        "answer": "7",
        "details": ("99.9 %",),
        "confident": True,
    }
    return Row(**{**fields, **changes})


@pytest.fixture
def draw(tmp_path):
    """Return a function that draws rows; it returns the strip's pixels, (height, width, 3)."""

    def run(*rows):
        draw_strip(rows, tmp_path / "how.png")
        with Image.open(tmp_path / "how.png") as strip:
            return np.asarray(strip.convert("RGB"))

    return run


def colour(strip, x, y):
    """Return one pixel's red, green and blue."""
    return tuple(strip[y, x].tolist())


def rows_with(strip, colours, columns=slice(None)):
    """Return the rows of pixels in which a colour occurs."""
    return np.flatnonzero((strip[:, columns] == colours).all(axis=2).any(axis=1))


def columns_with(strip, colours, rows=slice(None)):
    """Return the columns of pixels in which a colour occurs."""
    return np.flatnonzero((strip[rows] == colours).all(axis=2).any(axis=0))


def test_a_strip_has_room_for_four_panels_and_the_answer(draw):
    assert draw(row()).shape == (30 + (22 + 168 + 12) + 16, 16 + 4 * (168 + 16) + 330, 3)


def test_each_row_adds_its_height(draw):
    long = row(details=["line"] * 6)
    assert draw(row(), row(), long).shape[0] == 30 + 2 * 202 + (22 + 96 + 6 * 17 + 12) + 16


def test_panels_are_outlined_side_by_side(draw):
    strip = draw(row(), row())
    line = strip[TOP + 30]
    outline = np.flatnonzero((line == OUTLINE).all(axis=1))
    assert outline.tolist() == [edge for left in LEFT for edge in (left - 1, left + 168)]
    upright = np.flatnonzero((strip[:, LEFT[2] + 5] == OUTLINE).all(axis=1))
    assert upright.tolist() == [TOP - 1, TOP + 168, TOP + 202 - 1, TOP + 202 + 168]


def test_picture_and_ink_are_fitted_into_the_middle_of_their_panels(draw):
    strip = draw(row())
    # The picture is twice as wide as high: 84 rows in the middle of 168.
    assert colour(strip, LEFT[0] + 20, TOP + 41) == WHITE
    assert colour(strip, LEFT[0] + 20, TOP + 43) == (60, 60, 60)
    assert colour(strip, LEFT[0] + 20, TOP + 125) == (60, 60, 60)
    assert colour(strip, LEFT[0] + 20, TOP + 127) == WHITE
    assert colour(strip, LEFT[0] + 120, TOP + 84) == (200, 200, 200)
    assert colour(strip, LEFT[1] + 20, TOP + 84) == BLACK
    assert colour(strip, LEFT[1] + 120, TOP + 84) == WHITE


def test_the_crop_and_the_networks_image_fill_their_panels(draw):
    strip = draw(row())
    assert {colour(strip, LEFT[2] + x, TOP + y) for x in (0, 167) for y in (0, 167)} == {(200, 200, 200)}
    assert {colour(strip, LEFT[3] + x, TOP + y) for x in (0, 167) for y in (0, 167)} == {(99, 99, 99)}


def test_a_narrow_picture_is_in_the_middle_too(draw):
    strip = draw(row(picture=np.full((168, 84), 10.0), mask=None, bbox=None))
    assert colour(strip, LEFT[0] + 41, TOP + 84) == WHITE
    assert colour(strip, LEFT[0] + 43, TOP + 84) == (10, 10, 10)


def test_without_a_mask_bright_pixels_are_ink_and_the_crop_is_the_picture(draw):
    strip = draw(row(mask=None, bbox=None, picture=np.array([[127.0, 128.0], [300.0, -5.0]])))
    assert colour(strip, LEFT[1] + 40, TOP + 40) == BLACK
    assert colour(strip, LEFT[1] + 120, TOP + 40) == WHITE
    crop = [colour(strip, LEFT[2] + x, TOP + y) for y in (40, 120) for x in (40, 120)]
    assert crop == [(127, 127, 127), (128, 128, 128), (255, 255, 255), (0, 0, 0)]
    assert len(rows_with(strip, ALERT)) == 0


def test_the_digit_is_outlined_in_the_picture(draw):
    picture = np.full((84, 84), 50.0)
    strip = draw(row(picture=picture, mask=picture > 100, bbox=(10, 40, 20, 60)))
    # The panel is twice as large; the outline is around the digit.
    panel = strip[TOP : TOP + 168, LEFT[0] : LEFT[0] + 168]
    assert rows_with(panel, ALERT)[[0, -1]].tolist() == [18, 81]
    assert columns_with(panel, ALERT)[[0, -1]].tolist() == [38, 121]


def test_large_pictures_are_averaged(draw):
    picture = np.tile([[0.0, 200.0], [200.0, 0.0]], (168, 168))
    assert colour(draw(row(picture=picture, mask=None, bbox=None)), LEFT[0] + 50, TOP + 50) == (100, 100, 100)


def test_small_pictures_stay_sharp(draw):
    strip = draw(row(picture=np.array([[0.0, 250.0]]), mask=None, bbox=None))
    assert {colour(strip, LEFT[0] + x, TOP + 84)[0] for x in range(1, 167)} == {0, 250}


def test_a_very_thin_picture_keeps_a_pixel(draw):
    assert colour(draw(row(picture=np.zeros((1, 1000)), mask=None, bbox=None)), LEFT[0] + 50, TOP + 83) == BLACK


def test_an_unsure_answer_and_its_reason_are_orange(draw):
    column = slice(LEFT[3] + 169, None)
    confident, unsure = draw(row()), draw(row(confident=False, details=["unsure: why", "more"]))
    assert len(rows_with(confident, ALERT, column)) == 0
    orange, grey = rows_with(unsure, ALERT, column), rows_with(unsure, (107, 107, 107), column)
    assert TOP < orange[0] < TOP + 40  # the answer
    assert TOP + 96 <= orange[-1] < TOP + 96 + 17  # the reason
    assert TOP + 96 + 17 <= grey[-1] < TOP + 96 + 34  # the other line


def test_the_answer_is_dark_and_indented(draw):
    strip = draw(row(answer="H"))
    columns = columns_with(strip, (34, 34, 34), slice(TOP, TOP + 96))
    # An H of 72 pixels has a few pixels of room on its left.
    assert 752 + 8 <= columns[0] <= 752 + 8 + 10


def test_the_column_is_as_wide_as_its_longest_line(draw):
    strip = draw(row(), row(details=["words " * 30 + "words", "short"]))
    text = np.flatnonzero((strip[TOP + 202 :, :, 0] < 200).any(axis=0))
    assert text[-1] > 1200
    assert 16 <= strip.shape[1] - text[-1] <= 24


def test_the_column_is_as_wide_as_a_long_answer(draw):
    strip = draw(row(answer="a long answer"))
    text = columns_with(strip, (34, 34, 34), slice(TOP, TOP + 96))
    assert strip.shape[1] > 752 + 330
    assert 16 <= strip.shape[1] - text[-1] <= 26


def test_names_stand_above_their_rows_and_titles_above_all(draw):
    strip = draw(row(), row())
    dark = rows_with(strip, (34, 34, 34), slice(16, 70))
    assert 30 < dark[0] < 52
    assert {int(top) // 202 for top in dark - 30} == {0, 1}
    titles = columns_with(strip, (107, 107, 107), slice(0, 30))
    starts = [titles[titles >= left][0] - left for left in (*LEFT, 752)]
    assert all(0 <= start < 4 for start in starts)


@pytest.mark.parametrize(("length", "shown"), [(110, "x" * 110), (111, "..." + "x" * 107), (300, "..." + "x" * 107)])
def test_long_names_lose_their_beginning(length, shown):
    assert recognition_strip._shortened("x" * length) == shown
    assert recognition_strip._shortened("folder/" + "x" * 110)[:4] == "...x"


@pytest.mark.parametrize("name", ["how.psd", "how.hdf", "how.txt", "how"])
def test_formats_that_cannot_be_written_are_refused(tmp_path, name):
    with pytest.raises(UsageError, match=r"pictures with that suffix cannot be written; use \.png"):
        check_writable(tmp_path / name)


def test_a_folder_that_is_missing_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"--steps no/how\.png: the folder no does not exist"):
        check_writable(Path("no/how.png"))


@pytest.mark.parametrize("name", ["how.png", "how.PNG", "how.jpg", "how.webp"])
def test_usual_formats_can_be_written(tmp_path, name):
    check_writable(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_strip_too_large_for_its_format_is_an_error_and_leaves_nothing(tmp_path):
    with pytest.raises(NntrainError, match=r"how\.webp: cannot be written: .*; use \.png"):
        draw_strip([row()] * 82, tmp_path / "how.webp")
    assert list(tmp_path.iterdir()) == []


def test_control_characters_are_drawn_as_escapes(draw):
    bad, good = ({"name": name, "answer": name, "details": [name]} for name in ("a\nb\u202e", r"a\nb\u202e"))
    assert np.array_equal(draw(row(**bad)), draw(row(**good)))
