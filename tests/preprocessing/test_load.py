"""Files, contents and streams: what is read as which grey levels, and what is refused with which words."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from synthetic.paper import encoded
from synthetic.samples import seven

from nntrain.errors import ImageError
from nntrain.preprocessing import load
from nntrain.preprocessing.decisions import Decision, DecisionKind
from nntrain.preprocessing.load import load_levels

GREY = np.asarray(seven(ink=20, background=230), dtype=np.float32)


def error_of(source: Path | bytes | io.BytesIO) -> str:
    with pytest.raises(ImageError) as caught:
        load_levels(source)
    return str(caught.value)


def decisions_of(source: Path | bytes) -> list[str]:
    return [str(decision) for decision in load_levels(source)[1]]


def with_orientation(image: Image.Image, orientation: int, image_format: str = "PNG") -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(image, image_format, exif=exif)


# What is read


@pytest.mark.parametrize("image_format", ["PNG", "BMP", "TIFF", "GIF", "PPM"])
def test_every_usual_format_is_read(image_format):
    levels, decisions = load_levels(encoded(seven(ink=20, background=230), image_format))
    np.testing.assert_allclose(levels, GREY, atol=0.01)
    assert (levels.dtype, decisions) == (np.float32, ())


@pytest.mark.parametrize("image_format", ["JPEG", "WEBP"])
def test_lossy_formats_are_read(image_format):
    levels, _ = load_levels(encoded(seven(ink=20, background=230), image_format))
    assert np.abs(levels - GREY).mean() < 2


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGB", "RGBA", "CMYK", "I", "YCbCr"])
def test_every_mode_is_read(mode):
    image = seven(ink=20, background=230).convert(mode)
    np.testing.assert_allclose(load_levels(encoded(image, "TIFF"))[0], GREY, atol=1)


def test_black_and_white_are_0_and_255():
    levels, _ = load_levels(encoded(seven(ink=0, background=255).convert("1")))
    np.testing.assert_array_equal(levels, np.asarray(seven(), dtype=np.float32))


def test_sixteen_bits_are_scaled_by_their_whole_range():
    deep = Image.fromarray(np.full((30, 40), 25_700, dtype=np.uint16))
    levels, decisions = load_levels(encoded(deep))
    np.testing.assert_array_equal(levels, np.full((30, 40), np.float32(25_700 * 255 / 65535)))
    assert decisions == ()


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [(np.int32, ["levels from 10 to 14: stretched"]), (np.uint16, [])],
    ids=["32 bits", "16 bits"],
)
def test_small_levels_of_32_bits_are_stretched_but_not_of_16(dtype, expected):
    dark = np.where(np.asarray(seven()) == 0, 10, 14).astype(dtype)
    assert decisions_of(encoded(Image.fromarray(dark), "TIFF")) == expected


def test_float_levels_are_stretched():
    levels = np.where(np.asarray(seven()) == 0, -0.01, 0.01).astype(np.float32)
    grey, _ = load_levels(encoded(Image.fromarray(levels), "TIFF"))
    np.testing.assert_allclose(grey, np.asarray(seven()), atol=0.01)


def test_a_transparent_background_is_replaced():
    image = Image.new("RGBA", (200, 200), (0, 0, 0))
    image.putalpha(seven(ink=255, background=0))
    levels, decisions = load_levels(encoded(image))
    np.testing.assert_allclose(levels, np.asarray(seven()), atol=0.01)
    assert decisions == (Decision.of(DecisionKind.TRANSPARENT_BACKGROUND, colour="white"),)


def test_a_palette_with_a_transparent_colour_is_transparent():
    image = seven().convert("P")
    image.info["transparency"] = image.getpixel((0, 0))
    assert decisions_of(encoded(image)) == ["transparent background: replaced by white"]


def test_the_first_frame_of_several_is_read():
    contents = encoded(seven(), "GIF", save_all=True, append_images=[Image.new("L", (200, 200), 255)])
    np.testing.assert_allclose(load_levels(contents)[0], np.asarray(seven()), atol=0.01)


@pytest.mark.parametrize("orientation", [1, 2, 3, 4, 5, 6, 7, 8])
def test_a_picture_is_turned_upright_as_its_exif_orientation_says(orientation):
    # What undoes each orientation, by the EXIF standard.
    stored = {
        1: lambda image: image,
        2: np.fliplr,
        3: lambda image: np.rot90(image, 2),
        4: np.flipud,
        5: np.transpose,
        6: np.rot90,
        7: lambda image: np.rot90(image, 2).T,
        8: lambda image: np.rot90(image, -1),
    }[orientation](GREY[:, :150])
    contents = with_orientation(Image.fromarray(np.ascontiguousarray(stored).astype(np.uint8)), orientation)
    levels, decisions = load_levels(contents)
    np.testing.assert_array_equal(levels, GREY[:, :150])
    assert decisions == ((Decision(DecisionKind.TURNED_UPRIGHT),) if orientation > 1 else ())


@pytest.mark.parametrize(
    ("image_format", "decisions"), [("TIFF", []), ("JPEG", ["turned upright, as its EXIF orientation says"])]
)
def test_other_formats_are_turned_too_and_tiffs_by_pillow(image_format, decisions):
    contents = with_orientation(seven().transpose(Image.Transpose.ROTATE_90), 6, image_format)
    assert np.abs(load_levels(contents)[0] - np.asarray(seven())).mean() < 2
    assert decisions_of(contents) == decisions


@pytest.mark.parametrize(
    ("size", "reduced"),
    [
        ((512, 512), None),
        ((513, 300), "257x150"),
        ((1025, 600), "342x200"),
        ((2000, 1000), "500x250"),
        ((2000, 127), None),
        ((2000, 128), "1000x64"),
        ((4000, 255), "1334x85"),
    ],
)
def test_a_large_picture_is_reduced_to_512_pixels_but_not_below_64(size, reduced):
    decisions = decisions_of(encoded(Image.new("L", size)))
    assert decisions == ([] if reduced is None else [f"reduced to {reduced}"])


def test_reducing_takes_the_mean():
    checks = np.indices((1000, 600)).sum(axis=0) % 2 * 200
    levels, _ = load_levels(encoded(checks))
    assert levels.shape == (500, 300)
    np.testing.assert_array_equal(levels, np.full((500, 300), 100, np.float32))


@pytest.mark.parametrize(("size", "reduced"), [((2100, 900), "263x113"), ((600, 590), "300x295")])
def test_a_large_jpeg_is_reduced_after_decoding_too(size, reduced):
    assert decisions_of(encoded(Image.new("L", size), "JPEG")) == [f"reduced to {reduced}"]


def test_a_large_jpeg_is_decoded_at_a_smaller_size(monkeypatch):
    sizes = []
    monkeypatch.setattr(load, "_in_plain_mode", lambda image: sizes.append(image.size) or image)
    load_levels(encoded(Image.new("L", (2048, 1024)), "JPEG"))
    load_levels(encoded(Image.new("L", (512, 512)), "JPEG"))
    assert sizes == [(512, 256), (512, 512)]


def test_a_reduced_picture_that_is_turned_is_reported_as_both():
    sideways = with_orientation(Image.new("L", (1000, 600)), 6)
    assert decisions_of(sideways) == ["turned upright, as its EXIF orientation says", "reduced to 300x500"]


def test_a_file_its_contents_and_a_stream_are_read_alike(tmp_path):
    path = tmp_path / "seven.png"
    path.write_bytes(encoded(seven()))
    with path.open("rb") as stream:
        results = [load_levels(path), load_levels(path.read_bytes()), load_levels(stream)]
    for levels, decisions in results:
        np.testing.assert_array_equal(levels, np.asarray(seven()))
        assert decisions == ()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_named_pipe_is_read(tmp_path):
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    writer = subprocess.Popen([sys.executable, "-c", "import sys; open(sys.argv[1], 'wb').write(b'%PDF-1.7')", pipe])
    assert error_of(pipe) == "not a picture: the file contains a PDF document"
    assert writer.wait() == 0


@pytest.mark.parametrize(
    ("name", "image_format", "decisions"),
    [
        ("seven.png", "JPEG", ["named .png, but the file is JPEG: read as JPEG"]),
        ("seven.PNG", "JPEG", ["named .PNG, but the file is JPEG: read as JPEG"]),
        ("seven.jpg", "PNG", ["named .jpg, but the file is PNG: read as PNG"]),
        ("seven.jpeg", "PNG", ["named .jpeg, but the file is PNG: read as PNG"]),
        ("seven.gif", "PNG", ["named .gif, but the file is PNG: read as PNG"]),
        ("seven.bmp", "PNG", ["named .bmp, but the file is PNG: read as PNG"]),
        ("seven.tif", "PNG", ["named .tif, but the file is PNG: read as PNG"]),
        ("seven.tiff", "PNG", ["named .tiff, but the file is PNG: read as PNG"]),
        ("seven.webp", "GIF", ["named .webp, but the file is GIF: read as GIF"]),
        ("seven.JPG", "JPEG", []),
        ("seven.jpeg", "JPEG", []),
        ("seven.jpg", "MPO", []),
        ("seven.jpeg", "MPO", []),
        ("seven.png", "PNG", []),
        ("seven.gif", "GIF", []),
        ("seven.bmp", "BMP", []),
        ("seven.webp", "WEBP", []),
        ("seven.tif", "TIFF", []),
        ("seven.tiff", "TIFF", []),
        ("seven.avif", "PNG", ["named .avif, but the file is PNG: read as PNG"]),
        ("seven", "PNG", []),
        ("seven.img", "PNG", []),
    ],
)
def test_a_suffix_of_another_format_is_reported(tmp_path, name, image_format, decisions):
    path = tmp_path / name
    options = {"save_all": True, "append_images": [seven()]} if image_format == "MPO" else {}
    path.write_bytes(encoded(seven(), image_format, **options))
    assert decisions_of(path) == decisions


# What is refused


@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "WEBP", "GIF", "TIFF"])
@pytest.mark.parametrize("length", [20, -300])
def test_a_truncated_file_is_told(image_format, length):
    noise = np.random.default_rng(0).integers(0, 256, (60, 60), dtype=np.uint8)
    assert error_of(encoded(noise, image_format)[:length]).startswith("the file is damaged or cut short")


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"", "the file is empty"),
        (b"epoch,loss\n1,0.3\n", "not a picture: the file contains text"),
        (b"BMI,weight\n20.1,61\n", "not a picture: the file contains text"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "the file is damaged or cut short (could not create decoder object)"),
        (b"BM" + bytes(12), "the file is damaged or cut short: it starts as BMP does but cannot be read"),
        (b"BM" + bytes(12) + b"\5\0\0\0", "the file is damaged or cut short (Truncated File Read)"),
    ],
)
def test_contents_that_are_no_picture_are_told(contents, message):
    assert error_of(contents) == message


def test_eps_is_refused_alone_and_within_iptc():
    eps = encoded(seven().convert("RGB"), "EPS")
    fields = {(3, 60): b"\1\0", (3, 20): b"\0\xc8", (3, 30): b"\0\xc8", (3, 120): b"\5", (8, 10): eps[:30_000]}
    iptc = b"".join(bytes([0x1C, *tag]) + len(value).to_bytes(2) + value for tag, value in fields.items())
    assert error_of(eps) == "an EPS file is a program that draws and is not opened; save the picture as PNG"
    assert error_of(iptc) == "an IPTC file contains another file and is not opened; save the picture as PNG"


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs Linux's /proc/self/mem")
def test_a_file_that_opens_but_cannot_be_read_is_told():
    assert error_of(Path("/proc/self/mem")) == "cannot be read (Input/output error)"


def test_a_folder_and_a_missing_file_are_told(tmp_path):
    assert error_of(tmp_path) == "is a folder, not a picture"
    assert error_of(tmp_path / "none.png") == "no such file"


def test_a_name_that_no_file_can_have_is_told():
    assert error_of(Path("a\0b")) == "cannot be opened (embedded null byte)"
    assert error_of(Path("a" * 300)) == "cannot be opened (File name too long)"


def test_a_stream_of_more_than_a_gibibyte_is_told():
    class Endless(io.BytesIO):
        def read(self, size: int | None = -1, /) -> range:
            return range(size or 0)  # as long as that many bytes, without their memory

    assert error_of(Endless()) == "more than 1 GiB of input; a picture may have at most that"


def test_a_stream_is_read_up_to_the_limit(monkeypatch):
    monkeypatch.setattr(load, "MAX_BYTES", 1000)
    assert error_of(io.BytesIO(bytes(1000))) == "not a picture: the file is of an unknown type"
    assert error_of(io.BytesIO(bytes(1001))).startswith("more than ")


def test_a_stream_that_fails_is_told():
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    assert error_of(Failing()) == "cannot be read (Input/output error)"


def test_a_picture_too_small_or_too_narrow_is_told():
    assert error_of(encoded(Image.new("L", (19, 40)))) == (
        "the picture is too small: 19x40 pixels; at least 20x20 are needed"
    )
    assert error_of(encoded(Image.new("L", (20, 1001)))) == (
        "the picture is too narrow: 20x1001 pixels; its longer side may be at most 50 times the shorter"
    )
    assert load_levels(encoded(Image.new("L", (20, 1000))))[0].shape == (1000, 20)
    assert load_levels(encoded(Image.new("L", (20, 20))))[0].shape == (20, 20)


@pytest.mark.parametrize(
    ("size", "reported"),
    [((10_001, 10_000), "10001x10000, 100,010,000 pixels"), ((20_000, 10_000), "200,000,000 pixels")],
)
def test_a_picture_of_more_than_a_hundred_megapixels_is_told(size, reported):
    bomb = encoded(Image.new("1", size))
    assert error_of(bomb) == f"the picture is too large: {reported}; the limit is 100,000,000"


def test_a_hundred_megapixels_are_not_too_large(monkeypatch):
    monkeypatch.setattr(load, "MAX_PIXELS", 20 * 30)
    assert load_levels(encoded(Image.new("L", (30, 20))))[0].shape == (20, 30)


def test_a_picture_that_does_not_fit_into_memory_is_told(monkeypatch):
    def fail(image: Image.Image) -> None:
        raise MemoryError

    monkeypatch.setattr(load, "_decode", fail)
    assert error_of(encoded(seven())) == "the picture does not fit into memory"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError("broken data stream. "), "the file is damaged or cut short (broken data stream)"),
        (SyntaxError("not a\nTIFF"), "the file is damaged or cut short (not a)"),
        (ZeroDivisionError(), "the file is damaged or cut short (ZeroDivisionError)"),
        (OSError(5, "Input/output error"), "cannot be read (Input/output error)"),
        (
            Image.DecompressionBombError("no size"),
            "the picture is too large: a decompression bomb; the limit is 100,000,000",
        ),
    ],
)
def test_whatever_the_decoder_raises_becomes_one_sentence(monkeypatch, error, message):
    def fail(image: Image.Image) -> None:
        raise error

    monkeypatch.setattr(load, "_decode", fail)
    assert error_of(encoded(seven())) == message


def test_damaged_bytes_never_raise_anything_else():
    rng = np.random.default_rng(0)
    files = [encoded(seven(60), image_format) for image_format in ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")]
    for contents in files * 30:
        damaged = bytearray(contents)
        for place in rng.integers(0, min(len(damaged), 300), 6):
            damaged[place] = rng.integers(0, 256)
        with contextlib.suppress(ImageError):
            assert load_levels(bytes(damaged))[0].ndim == 2


# What is left alone


def test_a_damaged_tiff_prints_nothing(capfd):
    contents = bytearray(encoded(seven(), "TIFF", compression="tiff_deflate"))
    contents[30:40] = bytes(10)
    error_of(bytes(contents))
    assert capfd.readouterr() == ("", "")


def test_stderr_is_written_to_again_after_a_tiff(capfd):
    load_levels(encoded(seven(), "TIFF"))
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"


def test_a_tiff_is_read_while_stderr_is_closed():
    code = (
        "import io, os, sys; from PIL import Image; from nntrain.preprocessing.load import load_levels; os.close(2);"
        "file = io.BytesIO(); Image.new('L', (30, 20), 7).save(file, 'TIFF');"
        "sys.exit(int(load_levels(file.getvalue())[0].sum()) != 4200)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_warnings_of_others_are_left_alone():
    before = list(warnings.filters)
    load_levels(encoded(seven()))
    assert warnings.filters == before


def test_warnings_of_pillow_are_not_shown(monkeypatch, recwarn):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    load_levels(encoded(Image.new("L", (40, 40))))
    assert list(recwarn) == []


def test_pillows_own_limit_is_left_as_it_was():
    before = Image.MAX_IMAGE_PIXELS
    load_levels(encoded(seven()))
    assert before == Image.MAX_IMAGE_PIXELS


def test_pillows_log_is_silenced_once():
    load_levels(encoded(seven()))
    handlers = list(logging.getLogger("PIL").handlers)
    load_levels(encoded(seven()))
    assert any(isinstance(handler, logging.NullHandler) for handler in handlers)
    assert logging.getLogger("PIL").handlers == handlers


def test_a_file_is_closed_after_reading(tmp_path, recwarn):
    path = tmp_path / "seven.png"
    path.write_bytes(encoded(seven()))
    load_levels(path)
    path.write_bytes(b"%PDF")
    error_of(path)
    assert list(recwarn) == []


# Arrays

BYTES = GREY.astype(np.uint8)
COLOUR = np.stack([BYTES] * 3, axis=2)


@pytest.mark.parametrize(
    "pixels",
    [
        BYTES,
        BYTES[:, :, None],
        COLOUR,
        np.concatenate([COLOUR, np.full((*BYTES.shape, 1), 255, np.uint8)], axis=2),
        BYTES.astype(np.int64),
        BYTES / 255,
        GREY,
        COLOUR / 255,
        BYTES[::-1][::-1],
    ],
    ids=["grey", "one channel", "RGB", "RGBA", "int64", "0 to 1", "floats to 255", "RGB 0 to 1", "a view"],
)
def test_an_array_of_pixels_is_read_as_the_picture_it_shows(pixels):
    levels, decisions = load_levels(pixels)
    np.testing.assert_allclose(levels, GREY, atol=0.6)
    assert (levels.dtype, decisions) == (np.float32, ())


def test_true_is_white():
    assert set(np.unique(load_levels(BYTES > 100)[0])) == {0, 255}


def test_a_large_array_is_reduced():
    levels, decisions = load_levels(np.zeros((2000, 2000), np.uint8))
    assert levels.shape == (500, 500)
    assert [str(decision) for decision in decisions] == ["reduced to 500x500"]


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (
            np.zeros((40, 40, 2)),
            "the array has the shape (40, 40, 2); a picture has (height, width), or (height, width, 3 or 4)",
        ),
        (np.zeros(40), "the array has the shape (40,); a picture has (height, width), or (height, width, 3 or 4)"),
        (np.zeros((8, 8)), "the picture is too small: 8x8 pixels; at least 20x20 are needed"),
        (np.full((40, 40), "a"), "the array holds <U1; pixels are numbers from 0 to 255"),
        (np.full((40, 40), np.nan), "the picture has no finite values"),
    ],
)
def test_an_array_that_is_no_picture_is_refused(pixels, message):
    assert error_of(pixels) == message


def test_a_jpeg_of_very_many_scans_is_refused_before_it_is_decoded(monkeypatch):
    file = io.BytesIO()
    Image.new("L", (100, 100), 255).save(file, "JPEG", progressive=True)  # 6 scans
    monkeypatch.setattr(load, "MAX_SCANNED_PIXELS", 60_000)
    assert load_levels(file.getvalue())[0].shape == (100, 100)
    monkeypatch.setattr(load, "MAX_SCANNED_PIXELS", 59_999)
    with pytest.raises(ImageError, match="the JPEG has more than 5 scans, which take minutes to decode"):
        load_levels(file.getvalue())
