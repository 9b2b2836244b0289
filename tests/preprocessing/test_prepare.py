"""Pictures of digits, drawn here, and what becomes of them."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, features
from synthetic.paper import drawn, ruled

from nntrain.errors import ImageError
from nntrain.preprocessing.prepare import PreparedPicture, is_mnist, prepare, read_picture

SAMPLE = Path(__file__).parents[2] / "nntrain" / "assets" / "mnist_5k.npz"


def seven(size: int = 200, *, stroke: int = 16, ink: int = 0, ground: int = 255) -> Image.Image:
    """A seven whose bar lies at a quarter of the height, its foot at three quarters, left of the middle."""
    image = Image.new("L", (size, size), ground)
    points = [(0.2, 0.25), (0.6, 0.25), (0.35, 0.75)]
    ImageDraw.Draw(image).line([(x * size, y * size) for x, y in points], fill=ink, width=stroke, joint="curve")
    return image


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def mnist_like() -> np.ndarray:
    pixels = np.zeros((28, 28), dtype=np.uint8)
    pixels[4:24, 12:16] = 255
    pixels[4:24, 13] = 120
    return pixels


def same_digit(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two prepared pictures differ by no more than the borders of strokes, and a pixel sideways."""
    moved = (np.roll(first, step, axis=1).astype(float) for step in (-1, 0, 1))
    return min(float(np.abs(one - second).mean()) for one in moved) < 12


def texts(picture: PreparedPicture) -> list[str]:
    return [str(decision) for decision in picture.decisions]


def error_of(source: Path | bytes | io.BytesIO) -> str:
    with pytest.raises(ImageError) as caught:
        read_picture(source, name="digit.png")
    message = str(caught.value)
    assert message.startswith("digit.png: ")
    assert "\n" not in message
    return message.removeprefix("digit.png: ")


# What comes out


def test_a_prepared_picture_is_laid_out_as_mnists_are():
    picture = read_picture(encoded(seven()))
    assert picture.image.shape == (28, 28)
    assert picture.image.dtype == np.uint8
    assert is_mnist(picture.image)


def test_the_ink_fills_twenty_pixels_and_keeps_its_proportions():
    image = Image.new("L", (300, 300), 255)
    ImageDraw.Draw(image).rectangle((40, 20, 79, 99), outline=0, width=8)
    rows, columns = np.nonzero(read_picture(encoded(image)).image)
    assert (rows.min(), rows.max()) == (4, 23)
    assert (columns.min(), columns.max()) == (9, 18)


def test_the_place_in_the_picture_does_not_matter():
    corner = Image.new("L", (400, 400), 255)
    corner.paste(seven(), (195, 5))
    assert same_digit(read_picture(encoded(corner)).image, read_picture(encoded(seven())).image)


@pytest.mark.parametrize("size", [40, 64, 512, 1500])
def test_the_size_of_the_picture_does_not_matter(size):
    large, small = (read_picture(encoded(seven(side, stroke=side // 12))).image for side in (size, 200))
    assert same_digit(large, small)


def test_light_ink_and_dark_ink_come_out_alike():
    dark = read_picture(encoded(seven(ink=30, ground=220)))
    light = read_picture(encoded(seven(ink=220, ground=30)))
    assert same_digit(dark.image, light.image)
    crop = "cropped to 88x110 at (40, 43), centred"
    assert texts(dark) == ["light background: inverted", crop]
    assert texts(light) == ["dark background: kept", crop]


@pytest.mark.parametrize("ink", [0, 255])
def test_light_from_one_side_is_evened_out(ink):
    levels = np.asarray(seven(ink=ink, ground=128), dtype=np.float32)
    shaded = levels * np.linspace(0.4, 1, 200, dtype=np.float32)
    picture = read_picture(encoded(Image.fromarray(shaded.astype(np.uint8))))
    assert same_digit(picture.image, read_picture(encoded(seven())).image)
    assert "uneven light: evened out" in texts(picture)


def test_grain_and_specks_are_left_out():
    levels = np.asarray(seven(), dtype=np.float32) * 0.6 + 40
    levels[10:13, 180:183] = 40
    levels += np.random.default_rng(0).normal(0, 6, levels.shape)
    picture = read_picture(encoded(Image.fromarray(levels.astype(np.uint8))))
    assert same_digit(picture.image, read_picture(encoded(seven())).image)
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


def test_strokes_too_thick_are_thinned():
    picture = read_picture(encoded(seven(200, stroke=50)))
    assert "thick strokes: thinned" in texts(picture)


def test_a_dashed_line_is_cut_only_where_it_leaves_ink():
    image = Image.new("L", (512, 512), 255)
    for left in range(20, 480, 52):
        ImageDraw.Draw(image).rectangle((left, 250, left + 40, 260), fill=0)
    picture = read_picture(encoded(image))
    assert all(one.digit.image.max() == 255 for one in picture.candidates)


def test_more_than_24_pieces_side_by_side_are_no_digits():
    image = Image.new("L", (900, 100), 255)
    for left in range(20, 20 + 25 * 30, 30):
        image.paste(0, (left, 20, left + 8, 80))
    assert error_of(encoded(image)) == "the picture shows no digit: 25 pieces of ink lie side by side, at most 24 can"


# What is said


def test_a_large_photo_is_reduced_and_the_crop_stands_in_what_was_left():
    decisions = texts(read_picture(encoded(seven(2000, stroke=160))))
    assert decisions[:2] == ["reduced to 500x500", "light background: inverted"]
    found = re.fullmatch(r"cropped to (\d+)x(\d+) at \((\d+), (\d+)\), centred", decisions[2])
    # The bar is at a quarter, the foot at three quarters, and strokes are 40 pixels wide.
    np.testing.assert_allclose([int(number) for number in found.groups()], [220, 275, 100, 105], atol=8)


def test_pieces_that_are_joined_and_pieces_left_out_at_the_edge_are_said():
    image = Image.new("L", (200, 200), 255)
    draw = ImageDraw.Draw(image)
    draw.line([(80, 90), (80, 160)], fill=0, width=12)
    draw.line([(60, 60), (100, 60)], fill=0, width=12)
    draw.line([(150, 0), (150, 40)], fill=0, width=12)
    words = texts(read_picture(encoded(image)))
    assert words[1:3] == ["pieces left out at the edge: 1", "2 pieces: joined"]


# What lies round, and lines


def test_ruled_lines_are_taken_out_and_strokes_go_on_across_them():
    stroke = np.asarray(drawn([[(0.2, 0.0), (0.8, 1.0)]], stroke=0.1), dtype=np.float32)
    page = ruled(stroke, apart=40, ink=60, angle=1.5, squared=True).astype(np.float32)
    clean = prepare(page).without_lines()
    off = np.abs(clean.image.astype(float) - prepare(stroke).image)
    assert off.mean() < 4  # of 255
    assert "ruled lines: removed" in texts(clean)


def test_paper_without_lines_or_with_nothing_else_has_none_to_take_out():
    plain = np.asarray(drawn([[(0.0, 0.0), (1.0, 0.0), (0.3, 1.0)]], stroke=0.1), dtype=np.float32)
    assert prepare(plain).without_lines() is None
    empty = ruled(np.full((200, 200), 230.0), apart=40, ink=60).astype(np.float32)
    assert prepare(empty).without_lines() is None


def on_desk(digit: np.ndarray) -> np.ndarray:
    """A sheet, a little askew, with a digit on it, before a darker desk."""
    height, width = digit.shape
    sheet = Image.fromarray(np.pad(digit, 40, constant_values=230).astype(np.uint8))
    turned = sheet.rotate(4, fillcolor=90, expand=True, resample=Image.Resampling.BICUBIC)
    desk = Image.new("L", (width + 180, height + 180), 90)
    desk.paste(turned, (30, 20))
    return np.asarray(desk, dtype=np.float32)


def in_frame(digit: np.ndarray) -> np.ndarray:
    """A digit with a box drawn round it."""
    page = Image.fromarray(np.pad(digit, 40, constant_values=230).astype(np.uint8))
    ImageDraw.Draw(page).rectangle((15, 20, page.width - 15, page.height - 20), outline=60, width=4)
    return np.asarray(page, dtype=np.float32)


def with_dark_border(digit: np.ndarray) -> np.ndarray:
    """A scan whose edges are black all round."""
    return np.pad(digit, 6, constant_values=20).astype(np.float32)


@pytest.mark.parametrize(("make", "around"), [(on_desk, "sheet"), (in_frame, "frame")])
def test_what_lies_round_a_sheet_or_frame_can_be_left_out(make, around):
    digit = np.asarray(drawn([[(0.1, 0.0), (0.9, 0.0), (0.3, 1.0)]], stroke=0.1), dtype=np.float32)
    page = prepare(make(digit))
    within = page.within() or page  # a sheet that was taken for ink is left at once
    off = np.abs(within.image.astype(float) - prepare(digit).image)
    assert off.mean() < 12  # of 255; the desk's sheet stands askew
    assert f"everything outside the {around}: left out" in texts(within)


def test_ink_that_a_dark_border_hides_is_found():
    digit = np.asarray(drawn([[(0.1, 0.0), (0.9, 0.0), (0.3, 1.0)]], stroke=0.06), dtype=np.float32)
    page = prepare(with_dark_border(digit))
    page = page.within() or page
    assert np.abs(page.image.astype(float) - prepare(digit).image).mean() < 4


@pytest.mark.parametrize(
    "lines",
    [
        [[(0.5 + 0.3 * np.sin(t), 0.5 - 0.5 * np.cos(t)) for t in np.linspace(0, 2 * np.pi, 40)]],
        [[(0.1, 0.0), (0.9, 0.0), (0.9, 1.0), (0.1, 1.0), (0.1, 0.0)]],
    ],
    ids=["a thick nought", "a square nought"],
)
def test_a_nought_is_neither_sheet_nor_frame(lines):
    for stroke in (0.06, 0.3):
        image = drawn(lines, place=(0.1, 0.1, 0.8, 0.8), stroke=stroke)
        assert prepare(np.asarray(image, dtype=np.float32)).within() is None


def test_a_sheet_that_is_brighter_than_its_desk_is_no_ink_but_a_bold_bar_is():
    digit = np.asarray(drawn([[(0.1, 0.0), (0.9, 0.0), (0.3, 1.0)]], stroke=0.1), dtype=np.float32)
    desk = np.full((400, 400), 60, dtype=np.float32)
    desk[100:300, 100:300] = digit
    page = prepare(desk)
    assert texts(page)[0] == "everything outside the sheet: left out"
    assert page.within() is None
    assert page.levels.shape == desk.shape
    top, bottom, left, right = page.whole.bbox_in_picture
    assert np.hypot((top + bottom) / 2 - 200, (left + right) / 2 - 190) < 15
    assert desk[page.whole.mask(desk.shape)].mean() < 60  # of its ink, 30, and the paper, 230
    bar = np.full((200, 200), 20, dtype=np.float32)
    bar[20:180, 60:140] = 230
    assert "cropped to 80x160 at (60, 20), centred" in texts(prepare(bar))


def test_a_shadow_over_half_the_paper_leaves_the_digit_that_it_falls_on_whole():
    digit = np.asarray(drawn([[(0.0, 0.1), (1.0, 0.9)]], stroke=0.1), dtype=np.float32)
    digit[:, 100:] *= 0.6
    assert prepare(digit).within() is None


# What passes through


def test_an_image_of_mnist_passes_unchanged():
    picture = read_picture(encoded(Image.fromarray(mnist_like())))
    np.testing.assert_array_equal(picture.image, mnist_like())
    assert texts(picture) == ["already 28x28 as in MNIST: unchanged"]


def test_an_inverted_image_of_mnist_is_only_inverted_back():
    picture = read_picture(encoded(Image.fromarray(255 - mnist_like())))
    np.testing.assert_array_equal(picture.image, mnist_like())
    assert texts(picture) == ["light background: inverted", "already 28x28 as in MNIST: unchanged"]


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "LA"])
def test_an_image_of_mnist_passes_unchanged_in_colour_too(mode):
    picture = read_picture(encoded(Image.fromarray(mnist_like()).convert(mode)))
    np.testing.assert_array_equal(picture.image, mnist_like())


@pytest.mark.parametrize(("down", "right"), [(3, 0), (0, -3)])
def test_a_small_picture_off_centre_is_no_mnist_image_and_is_centred(down, right):
    moved = np.roll(mnist_like(), (down, right), axis=(0, 1))
    assert not is_mnist(moved)
    assert is_mnist(read_picture(encoded(Image.fromarray(moved))).image)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((28, 28), dtype=np.uint8),
        255 - mnist_like(),
        mnist_like() // 2,
        mnist_like().astype(np.float32),
        np.pad(mnist_like(), 1),
    ],
    ids=["blank", "dark on light", "faint", "float", "30x30"],
)
def test_what_is_not_as_mnists_is_told(pixels):
    assert not is_mnist(pixels)


def test_every_image_of_the_shipped_sample_is_mnists():
    if not SAMPLE.is_file():
        pytest.skip("the shipped sample is not built yet")
    with np.load(SAMPLE, allow_pickle=False) as sample:
        images = np.concatenate([sample["x_train"], sample["x_test"]])
    assert sum(is_mnist(image) for image in images) == 5000


def test_every_image_of_mnist_is_mnists():
    folder = os.environ.get("NNTRAIN_DATA_DIR", "")
    if not folder or not (Path(folder) / "mnist.npz").is_file():
        pytest.skip("NNTRAIN_DATA_DIR names no folder with mnist.npz")
    with np.load(Path(folder) / "mnist.npz", allow_pickle=False) as mnist:
        images = np.concatenate([mnist["x_train"], mnist["x_test"]])
    assert sum(is_mnist(image) for image in images) == 70000
    for image in images[::5000]:
        np.testing.assert_array_equal(read_picture(encoded(Image.fromarray(image))).image, image)


# What goes in


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", "PPM"])
def test_every_usual_format_is_read(kind):
    picture = read_picture(encoded(seven(), kind))
    assert same_digit(picture.image, read_picture(encoded(seven())).image)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F", "YCbCr"])
def test_every_mode_is_read(mode):
    levels = np.asarray(seven(ink=20, ground=230))
    if mode == "I;16":
        image = Image.fromarray(levels.astype(np.uint16) * 257)
    elif mode == "F":
        image = Image.fromarray(levels.astype(np.float32) / 255)
    else:
        image = Image.fromarray(levels).convert(mode)
    picture = read_picture(encoded(image, "TIFF"))
    assert same_digit(picture.image, read_picture(encoded(seven())).image)


def test_sixteen_bits_use_their_whole_range():
    deep = np.where(np.asarray(seven()) == 0, 20_000, 50_000).astype(np.uint16)
    picture = read_picture(encoded(Image.fromarray(deep)))
    assert same_digit(picture.image, read_picture(encoded(seven())).image)


@pytest.mark.parametrize(("least", "most"), [(0, 0.02), (-0.01, 0.01), (5000, 5001), (-3e38, 3e38)])
def test_float_levels_of_any_scale_are_read(least, most):
    levels = np.where(np.asarray(seven()) == 0, least, most).astype(np.float32)
    picture = read_picture(encoded(Image.fromarray(levels), "TIFF"))
    assert same_digit(picture.image, read_picture(encoded(seven())).image)


def test_small_levels_are_stretched_where_no_scale_is_agreed_on():
    dark = np.where(np.asarray(seven()) == 0, 10, 14)
    (said, *_) = texts(read_picture(encoded(Image.fromarray(dark.astype(np.int32)), "TIFF")))
    assert said == "levels from 10 to 14: stretched"
    assert error_of(encoded(Image.fromarray(dark.astype(np.uint16)))).startswith("the picture is blank")


@pytest.mark.parametrize("spread", [0, 1e-8, 1e-3])
def test_a_float_picture_without_ink_is_blank_however_small_its_levels(spread):
    levels = 0.02 + np.random.default_rng(0).normal(0, spread, (200, 200))
    assert error_of(encoded(Image.fromarray(levels.astype(np.float32)), "TIFF")).startswith("the picture is blank")


def test_a_float_picture_with_holes_is_read():
    levels = np.asarray(seven(), dtype=np.float32) / 255
    levels[0, :50] = np.nan
    picture = read_picture(encoded(Image.fromarray(levels), "TIFF"))
    assert same_digit(picture.image, read_picture(encoded(seven())).image)


@pytest.mark.parametrize(
    ("colour", "ground"), [((0, 0, 0), "white"), ((255, 255, 255), "black"), ((40, 40, 200), "white")]
)
def test_ink_on_transparency_is_laid_on_the_ground_that_contrasts(colour, ground):
    image = Image.new("RGBA", (200, 200), colour)
    image.putalpha(seven(ink=255, ground=0))
    picture = read_picture(encoded(image))
    assert same_digit(picture.image, read_picture(encoded(seven())).image)
    assert f"transparent background: replaced by {ground}" in texts(picture)


def test_a_sheet_with_transparent_edges_keeps_its_own_ground():
    image = seven(ink=20, ground=230).convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 200, 15))
    picture = read_picture(encoded(image))
    assert same_digit(picture.image, read_picture(encoded(seven())).image)
    assert "transparent edges: filled with the background" in texts(picture)


def test_red_on_green_of_the_same_brightness_is_told_apart():
    red, green = Image.new("RGB", (200, 200), (255, 0, 0)), Image.new("RGB", (200, 200), (0, 130, 0))
    picture = read_picture(encoded(Image.composite(green, red, seven())))
    assert same_digit(picture.image, read_picture(encoded(seven())).image)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_a_picture_taken_sideways_is_turned_upright(kind):
    sideways = seven().transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = read_picture(encoded(sideways, kind, exif=exif))
    assert same_digit(picture.image, read_picture(encoded(seven())).image)


def test_the_first_frame_of_several_is_read():
    blank = Image.new("L", (200, 200), 255)
    picture = read_picture(encoded(seven(), "GIF", save_all=True, append_images=[blank]))
    assert same_digit(picture.image, read_picture(encoded(seven())).image)


def test_a_file_its_contents_and_a_stream_are_read_alike(tmp_path):
    path = tmp_path / "seven.png"
    path.write_bytes(encoded(seven()))
    with path.open("rb") as stream:
        pictures = [read_picture(path), read_picture(path.read_bytes()), read_picture(stream)]
    for picture in pictures:
        np.testing.assert_array_equal(picture.image, pictures[0].image)


def test_a_jpeg_named_png_is_read_and_said(tmp_path):
    path = tmp_path / "seven.png"
    path.write_bytes(encoded(seven(), "JPEG"))
    assert texts(read_picture(path))[0] == "named .png, but the file is JPEG: read as JPEG"


def test_twenty_pixels_a_side_are_enough():
    assert read_picture(encoded(seven(20, stroke=2))).image.max() == 255


# What is refused

HEIC = "an HEIC photo, as iPhones take them, which is not read here; save it as JPEG"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "TIFF"])
@pytest.mark.parametrize("length", [20, -300])
def test_a_truncated_file_is_told(kind, length):
    noise = np.random.default_rng(0).integers(0, 256, (60, 60), dtype=np.uint8)
    assert error_of(encoded(Image.fromarray(noise), kind)[:length]).startswith("the file is damaged or cut short")


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"", "the file is empty"),
        (b"epoch,loss\n1,0.3\n", "not a picture: the file holds text"),
        (b"%PDF-1.7\n", "not a picture: the file holds a PDF document"),
        (b"<svg></svg>", "not a picture: the file holds HTML, XML or SVG text"),
        (bytes(range(100)), "not a picture: the file holds no kind of picture that is known here"),
        (b"\x89PNG\r\n\x1a\n", "the file is damaged or cut short: it begins as PNG and cannot be read on"),
        (b"MM\0*\0\0\0\x08", "the file is damaged or cut short: it begins as TIFF and cannot be read on"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "the file is damaged or cut short (could not create decoder object)"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "not a picture: the file holds sound or video"),
        (b"\0\0\0\x20ftypisom\0\0\2\0", "not a picture: the file holds sound or video"),
        (b"BMI,weight\n20.1,61\n", "not a picture: the file holds text"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", HEIC),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", HEIC),
    ],
)
def test_a_file_that_is_no_picture_is_told(contents, message):
    assert error_of(contents) == message


def test_an_avif_that_pillow_here_does_not_read_is_told_with_the_remedy(monkeypatch):
    cut = b"\0\0\0\x20ftypavif\0\0\0\0"
    monkeypatch.setattr(features, "check", lambda name: name != "avif")
    assert error_of(cut) == "an AVIF picture, which the Pillow installed here does not read; save it as JPEG"
    monkeypatch.setattr(features, "check", lambda name: True)
    assert error_of(cut) == "the file is damaged or cut short: it begins as AVIF and cannot be read on"


def test_eps_is_refused_alone_and_within_iptc():
    eps = encoded(seven().convert("RGB"), "EPS")
    fields = {(3, 60): b"\1\0", (3, 20): b"\0\xc8", (3, 30): b"\0\xc8", (3, 120): b"\5", (8, 10): eps[:30_000]}
    iptc = b"".join(bytes([0x1C, *tag]) + len(value).to_bytes(2) + value for tag, value in fields.items())
    assert error_of(eps) == "EPS is a drawing program, not a picture; save it as PNG"
    assert error_of(iptc) == "IPTC is an envelope around a picture, which is not opened; save it as PNG"


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs Linux's /proc/self/mem")
def test_a_file_that_opens_but_cannot_be_read_is_told():
    assert error_of(Path("/proc/self/mem")) == "cannot be read (Input/output error)"


def test_a_folder_and_a_missing_file_are_told(tmp_path):
    assert error_of(tmp_path) == "a folder, not a picture"
    assert error_of(tmp_path / "none.png") == "there is no such file"


def test_a_picture_too_small_or_too_narrow_is_told():
    assert error_of(encoded(Image.new("L", (19, 40)))).startswith("the picture is too small: 19x40 pixels")
    assert error_of(encoded(Image.new("L", (20, 1001)))).startswith("the picture is too narrow for a digit: 20x1001")


@pytest.mark.parametrize(
    ("size", "said"), [((10_001, 10_000), "10001x10000, 100,010,000 pixels"), ((20_000, 10_000), "200,000,000 pixels")]
)
def test_a_picture_of_more_than_a_hundred_megapixels_is_told(size, said):
    bomb = encoded(Image.new("1", size))
    assert error_of(bomb) == f"the picture is too large: {said}; the limit is 100,000,000"


def test_pillows_own_limit_is_left_as_it_was():
    before = Image.MAX_IMAGE_PIXELS
    read_picture(encoded(seven()))
    assert before == Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize("size", [28, 300])
def test_a_blank_picture_is_told(level, size):
    assert error_of(encoded(Image.new("L", (size, size), level))).startswith("the picture is blank")


def test_blank_paper_in_uneven_light_is_told():
    light = np.linspace(120, 220, 300) + np.random.default_rng(0).normal(0, 3, (300, 300))
    assert error_of(encoded(Image.fromarray(light.astype(np.uint8)))).startswith("the picture is blank")


def test_a_patch_at_the_edge_that_is_all_ground_through_a_narrow_window_is_read():
    image = Image.new("L", (356, 174), 0)
    image.paste(161, (305, 15, 356, 55))
    assert read_picture(encoded(image)).whole.bbox_in_picture == (15, 55, 305, 356)


def test_a_grain_of_dust_on_blank_paper_is_no_digit():
    image = Image.new("L", (300, 300), 255)
    image.paste(0, (100, 100, 104, 104))
    assert error_of(encoded(image)).startswith("the picture is blank")


def test_a_thick_digit_that_fills_its_picture_is_read():
    crop = seven(200, stroke=60).crop((20, 20, 150, 180))
    pixels = read_picture(encoded(crop)).image
    assert pixels[:, 5:].max() == 255
    assert (pixels > 127).sum() > 60


def test_a_picture_that_is_all_transparent_is_told():
    assert error_of(encoded(Image.new("RGBA", (50, 50)))) == "the picture is blank: all of it is transparent"


def test_an_error_names_the_file_it_was_given(tmp_path):
    with pytest.raises(ImageError) as caught:
        read_picture(tmp_path / "none.png")
    assert str(caught.value) == f"{tmp_path / 'none.png'}: there is no such file"


def test_damaged_bytes_never_raise_anything_else():
    rng = np.random.default_rng(0)
    files = [encoded(seven(60), kind) for kind in ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")]
    for contents in files * 30:
        damaged = bytearray(contents)
        for place in rng.integers(0, min(len(damaged), 300), 6):
            damaged[place] = rng.integers(0, 256)
        with contextlib.suppress(ImageError):
            assert read_picture(bytes(damaged)).image.shape == (28, 28)


def test_a_damaged_tiff_prints_nothing(capfd):
    contents = bytearray(encoded(seven(), "TIFF", compression="tiff_deflate"))
    contents[30:40] = bytes(10)
    error_of(bytes(contents))
    assert capfd.readouterr() == ("", "")


def test_warnings_of_others_are_left_alone():
    before = list(warnings.filters)
    read_picture(encoded(seven()))
    assert warnings.filters == before


def test_importing_the_module_does_not_load_pillow():
    code = "import sys, nntrain.preprocessing.prepare; sys.exit('PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
