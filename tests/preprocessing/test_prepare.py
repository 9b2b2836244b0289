"""Pictures as a whole: from a file or grey levels to 28x28, and again without what lies around."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from synthetic.paper import drawn, encoded, ruled
from synthetic.samples import mnist_like, same_digit, seven
from synthetic.shapes import DIGITS

from nntrain.errors import ImageError
from nntrain.preprocessing.normalize import has_mnist_layout
from nntrain.preprocessing.prepare import (
    PreparedPicture,
    prepare,
    read_picture,
    read_pixels,
    unchanged,
    within_sheet,
    without_ruled_lines,
)

SEVEN = read_picture(encoded(seven()))


def texts(picture: PreparedPicture) -> list[str]:
    return [str(decision) for decision in picture.decisions]


def levels_of(image: Image.Image) -> np.ndarray:
    return np.asarray(image, dtype=np.float32)


# What comes out


def test_a_prepared_picture_has_mnists_layout():
    assert has_mnist_layout(SEVEN.image)
    assert not SEVEN.unchanged


def test_the_place_in_the_picture_does_not_matter():
    corner = Image.new("L", (400, 400), 255)
    corner.paste(seven(), (195, 5))
    assert same_digit(read_picture(encoded(corner)).image, SEVEN.image)


@pytest.mark.parametrize("size", [40, 64, 512, 1500])
def test_the_size_of_the_picture_does_not_matter(size):
    assert same_digit(read_picture(encoded(seven(size, stroke=size // 12))).image, SEVEN.image)


def test_light_ink_and_dark_ink_come_out_the_same():
    dark = read_picture(encoded(seven(ink=30, background=220)))
    light = read_picture(encoded(seven(ink=220, background=30)))
    assert same_digit(dark.image, light.image)
    crop = "cropped to 88x110 at (40, 43), centered"
    assert texts(dark) == ["light background: inverted", crop]
    assert texts(light) == ["dark background: kept", crop]


@pytest.mark.parametrize("ink", [0, 255])
def test_light_from_one_side_is_evened_out(ink):
    levels = levels_of(seven(ink=ink, background=128)) * np.linspace(0.4, 1, 200, dtype=np.float32)
    picture = read_picture(encoded(levels))
    assert same_digit(picture.image, SEVEN.image)
    assert "uneven light: evened out" in texts(picture)


def test_grain_and_specks_are_left_out():
    levels = levels_of(seven()) * 0.6 + 40
    levels[10:13, 180:183] = 40
    levels += np.random.default_rng(0).normal(0, 6, levels.shape)
    picture = read_picture(encoded(levels))
    assert same_digit(picture.image, SEVEN.image)
    assert "specks: removed" in texts(picture)


def test_a_bar_apart_from_its_digit_is_kept():
    image = Image.new("L", (100, 100), 255)
    draw = ImageDraw.Draw(image)
    draw.rectangle((30, 45, 70, 80), outline=0, width=7)
    draw.rectangle((30, 20, 70, 26), fill=0)
    rows = read_picture(encoded(image)).image[:, 14] > 127
    # 61 pixels become 20: the bar's 7, a gap of 18, and the box's 7, 22 and 7.
    lengths = np.diff(np.flatnonzero(np.diff(rows.astype(int))))
    np.testing.assert_allclose(lengths, [2.3, 5.9, 2.3, 7.2, 2.3], atol=1)


def test_hair_lines_are_thickened_to_strokes_that_mnist_has():
    picture = read_picture(encoded(seven(500, stroke=1)))
    assert "thin strokes: thickened" in texts(picture)
    assert picture.image.max() == 255
    assert 25 * 255 < int(picture.image.sum()) < 80 * 255


def test_a_dashed_line_is_cut_only_where_it_leaves_ink():
    image = Image.new("L", (512, 512), 255)
    for left in range(20, 480, 52):
        ImageDraw.Draw(image).rectangle((left, 250, left + 40, 260), fill=0)
    picture = read_picture(encoded(image))
    assert len(picture.candidates) > 1
    assert all(candidate.digit.image.max() == 255 for candidate in picture.candidates)


def test_a_large_photo_is_reduced_and_its_crop_is_in_pixels_of_what_was_left():
    picture = read_picture(encoded(seven(2000, stroke=160)))
    assert texts(picture)[:2] == ["reduced to 500x500", "light background: inverted"]
    np.testing.assert_allclose(picture.whole.bbox, [105, 383, 100, 320], atol=2)


def test_joined_pieces_and_pieces_left_out_at_the_edge_are_reported():
    image = Image.new("L", (200, 200), 255)
    draw = ImageDraw.Draw(image)
    draw.line([(80, 90), (80, 160)], fill=0, width=12)
    draw.line([(60, 60), (100, 60)], fill=0, width=12)
    draw.line([(150, 0), (150, 40)], fill=0, width=12)
    assert texts(read_picture(encoded(image)))[1:3] == ["pieces left out at the edge: 1", "2 pieces: joined"]


def test_a_thick_digit_that_fills_its_picture_is_read():
    image = read_picture(encoded(seven(200, stroke=60).crop((20, 20, 150, 180)))).image
    assert image[:, 5:].max() == 255
    assert (image > 127).sum() > 60


def test_twenty_pixels_a_side_are_enough():
    assert read_picture(encoded(seven(20, stroke=2))).image.max() == 255


def test_the_widest_candidate_is_the_whole():
    image = Image.new("L", (200, 100), 255)
    for left in (20, 40, 130):
        image.paste(0, (left, 20, left + 10, 80))
    picture = prepare(levels_of(image))
    assert picture.atom_count == 3
    assert picture.whole.bbox == (20, 80, 20, 50)
    np.testing.assert_array_equal(picture.image, picture.whole.image)


@pytest.mark.parametrize("size", [28, 300])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_blank_picture_raises(level, size):
    with pytest.raises(ImageError, match="nothing found: no writing stands out from the background"):
        prepare(np.full((size, size), level, np.float32))


def test_the_memory_of_a_picture_is_that_of_its_arrays():
    picture = prepare(levels_of(seven()))
    mask = picture.whole.source[1]
    # 4 bytes of levels and 4 of contrast for each pixel, 2 of labels, and the mask of the digit.
    assert picture.nbytes == 200 * 200 * 10 + mask.size
    assert mask.size == 110 * 88
    on_sheet = within_sheet(prepare(on_desk(DIGIT)))
    assert (
        on_sheet.nbytes == on_sheet.levels.size * 4 + on_sheet.region.levels.size * 10 + on_sheet.whole.source[1].size
    )
    assert unchanged(mnist_like()).nbytes == 28 * 28 * 4


def test_a_picture_is_shown_without_its_arrays():
    for shown in (SEVEN, SEVEN.ink, SEVEN.region, SEVEN.whole):
        assert "array" not in repr(shown)
    assert len(repr(SEVEN)) < 1000


# Names in errors


def test_an_error_starts_with_the_name_of_the_file(tmp_path):
    with pytest.raises(ImageError) as caught:
        read_picture(tmp_path / "none.png")
    assert str(caught.value) == f"{tmp_path / 'none.png'}: no such file"


@pytest.mark.parametrize("read", [read_picture, read_pixels])
def test_an_error_starts_with_the_name_that_was_given(read):
    for source, name in ((b"", "digit.png"), (io.BytesIO(), "digit.png"), (Path("none.png"), "digit.png")):
        with pytest.raises(ImageError, match=r"^digit\.png: "):
            read(source, name=name)
    with pytest.raises(ImageError, match=r"^picture: the file is empty$"):
        read(b"")


def test_the_cause_of_an_error_is_kept():
    with pytest.raises(ImageError) as caught:
        read_picture(encoded(seven())[:200])
    assert isinstance(caught.value.__cause__, OSError)


# What passes through


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "LA"])
def test_an_image_of_mnist_passes_unchanged(mode):
    picture = read_picture(encoded(Image.fromarray(mnist_like()).convert(mode)))
    np.testing.assert_array_equal(picture.image, mnist_like())
    assert texts(picture) == ["already 28x28 as in MNIST: unchanged"]
    assert picture.unchanged
    assert (picture.atom_count, picture.ink, picture.region) == (1, None, None)


def test_an_inverted_image_of_mnist_is_only_inverted_back():
    picture = read_picture(encoded(255 - mnist_like()))
    np.testing.assert_array_equal(picture.image, mnist_like())
    assert texts(picture) == ["light background: inverted", "already 28x28 as in MNIST: unchanged"]


@pytest.mark.parametrize(("down", "right"), [(3, 0), (0, -3)])
def test_a_small_picture_off_center_is_centered(down, right):
    moved = np.roll(mnist_like(), (down, right), axis=(0, 1))
    assert has_mnist_layout(read_picture(encoded(moved)).image)
    assert not has_mnist_layout(moved)


def test_levels_are_rounded_to_pixels():
    levels = mnist_like().astype(np.float32)
    levels[4, 12:16] = [254.6, 254.4, 300, 0.4]
    levels[0, 0] = -3
    image = prepare(levels).image
    assert image.dtype == np.uint8
    assert (image[4, 12:16].tolist(), image[0, 0]) == ([255, 254, 255, 0], 0)


def test_28_pixels_pass_for_a_network_of_other_things():
    noise = np.random.default_rng(0).integers(0, 256, (28, 28), dtype=np.uint8)
    picture = read_pixels(encoded(noise))
    np.testing.assert_array_equal(picture.image, noise)
    assert texts(picture) == ["already 28x28: unchanged"]


def test_a_larger_picture_is_prepared_for_a_network_of_other_things():
    np.testing.assert_array_equal(read_pixels(encoded(seven())).image, SEVEN.image)


def test_an_image_is_a_picture_as_it_is():
    noise = np.random.default_rng(0).integers(0, 256, (28, 28), dtype=np.uint8)
    picture = unchanged(noise)
    assert picture.image is noise
    assert (picture.decisions, picture.levels.dtype) == ((), np.float32)
    assert (within_sheet(picture), without_ruled_lines(picture)) == (None, None)


# Sheets, frames and ruled lines

LINES = [[(0.1, 0.0), (0.9, 0.0), (0.3, 1.0)]]
DIGIT = levels_of(drawn(LINES, stroke=0.1))


def on_desk(digit: np.ndarray) -> np.ndarray:
    """Return a sheet, a little askew, with a digit on it, on a darker desk."""
    height, width = digit.shape
    sheet = Image.fromarray(np.pad(digit, 40, constant_values=230).astype(np.uint8))
    turned = sheet.rotate(4, fillcolor=90, expand=True, resample=Image.Resampling.BICUBIC)
    desk = Image.new("L", (width + 180, height + 180), 90)
    desk.paste(turned, (30, 20))
    return levels_of(desk)


def in_frame(digit: np.ndarray) -> np.ndarray:
    """Return a digit with a box drawn around it."""
    page = Image.fromarray(np.pad(digit, 40, constant_values=230).astype(np.uint8))
    ImageDraw.Draw(page).rectangle((15, 20, page.width - 15, page.height - 20), outline=60, width=4)
    return levels_of(page)


@pytest.mark.parametrize(("make", "kind"), [(on_desk, "sheet"), (in_frame, "frame")])
def test_what_lies_outside_a_sheet_or_frame_can_be_left_out(make, kind):
    page = prepare(make(DIGIT))
    within = within_sheet(page) or page  # a sheet that was taken for ink is left at once
    off = np.abs(within.image.astype(float) - prepare(DIGIT).image)
    assert off.mean() < 12  # of 255; the desk's sheet stands askew
    assert f"everything outside the {kind}: left out" in texts(within)


def test_ink_that_a_dark_border_hides_is_found():
    digit = levels_of(drawn(LINES, stroke=0.06))
    page = prepare(np.pad(digit, 6, constant_values=20))
    within = within_sheet(page)
    assert np.abs(within.image.astype(float) - prepare(digit).image).mean() < 4
    assert within.whole.bbox_in_picture == page.whole.bbox_in_picture


@pytest.mark.parametrize("stroke", [0.06, 0.3])
@pytest.mark.parametrize(
    "lines", [DIGITS["0"], [[(0.1, 0.0), (0.9, 0.0), (0.9, 1.0), (0.1, 1.0), (0.1, 0.0)]]], ids=["round", "square"]
)
def test_a_zero_is_neither_sheet_nor_frame(lines, stroke):
    assert within_sheet(prepare(levels_of(drawn(lines, place=(0.1, 0.1, 0.8, 0.8), stroke=stroke)))) is None


def test_a_sheet_that_is_brighter_than_its_desk_is_no_ink():
    desk = np.full((400, 400), 60, dtype=np.float32)
    desk[100:300, 100:300] = DIGIT
    page = prepare(desk)
    assert texts(page)[0] == "everything outside the sheet: left out"
    assert within_sheet(page) is None
    assert page.levels.shape == desk.shape
    np.testing.assert_allclose(page.whole.bbox_in_picture, [134, 266, 154, 246], atol=1)
    assert desk[page.whole.mask(desk.shape)].mean() < 60  # of its ink, 30, and the paper, 230


def test_a_bold_bar_is_no_sheet():
    bar = np.full((200, 200), 20, dtype=np.float32)
    bar[20:180, 60:140] = 230
    assert "cropped to 80x160 at (60, 20), centered" in texts(prepare(bar))


def test_a_shadow_over_half_the_paper_is_no_sheet():
    digit = levels_of(drawn([[(0.0, 0.1), (1.0, 0.9)]], stroke=0.1)).copy()
    digit[:, 100:] *= 0.6
    assert within_sheet(prepare(digit)) is None


def test_ruled_lines_are_removed_and_strokes_go_on_across_them():
    stroke = levels_of(drawn([[(0.2, 0.0), (0.8, 1.0)]], stroke=0.1))
    page = ruled(stroke, apart=40, ink=60, angle=1.5, squared=True).astype(np.float32)
    clean = without_ruled_lines(prepare(page))
    off = np.abs(clean.image.astype(float) - prepare(stroke).image)
    assert off.mean() < 4  # of 255
    assert texts(clean)[0] == "ruled lines: removed"
    assert clean.levels is not clean.region.levels
    np.testing.assert_array_equal(clean.levels, page)


def test_lines_on_a_sheet_can_be_removed_too():
    desk = np.full((320, 320), 60, dtype=np.float32)
    desk[40:280, 40:280] = ruled(np.pad(DIGIT, 20, constant_values=230), apart=40, ink=100)
    page = prepare(desk)
    within = page if page.region.corner else within_sheet(page)
    clean = without_ruled_lines(within)
    assert texts(clean)[:2] == ["everything outside the sheet: left out", "ruled lines: removed"]
    assert clean.region.corner == within.region.corner == clean.ink.corner


def test_paper_without_lines_or_with_nothing_else_has_none_to_remove():
    assert without_ruled_lines(prepare(DIGIT)) is None
    empty = ruled(np.full((200, 200), 230.0), apart=40, ink=60).astype(np.float32)
    assert without_ruled_lines(prepare(empty)) is None


def test_importing_the_module_does_not_load_pillow():
    code = "import sys, nntrain.preprocessing.prepare; sys.exit('PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
