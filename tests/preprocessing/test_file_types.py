"""Files that Pillow does not open, told by their first bytes."""

from __future__ import annotations

import pytest
from PIL import features

from nntrain.preprocessing.file_types import describe_unreadable, is_text

HEIC = "an HEIC photo, the format of iPhones, cannot be read; save it as JPEG"


@pytest.mark.parametrize(
    ("head", "picture"),
    [
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"GIF89a", "GIF"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "WebP"),
        (b"RIFF\n\n\n\nWEBPVP8 ", "WebP"),
        (b"BM\x36\x10\x0e\0\0\0\0\0", "BMP"),
        (b"MM\0*\0\0\0\x08", "TIFF"),
        (b"II*\0\x08\0\0\0", "TIFF"),
    ],
)
def test_a_damaged_picture_is_told_by_its_format(head, picture):
    assert describe_unreadable(head) == (
        f"the file is damaged or cut short: it starts as {picture} does but cannot be read"
    )


@pytest.mark.parametrize(
    ("head", "contents"),
    [
        (b"%PDF-1.7\n", "a PDF document"),
        (b"PK\x03\x04\x14\0", "a ZIP archive"),
        (b"\x1f\x8b\x08\0", "a gzip archive"),
        (b"\x93NUMPY\x01\0", "a NumPy array"),
        (b"<svg></svg>", "HTML, XML or SVG text"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "sound or video"),
        (b"\0\0\0\x20ftypisom\0\0\2\0", "sound or video"),
        (b"epoch,loss\n1,0.3\n", "text"),
        (b"BMI,weight\n20.1,6", "text"),
    ],
)
def test_a_file_of_another_type_is_told_by_what_it_contains(head, contents):
    assert describe_unreadable(head) == f"not a picture: the file contains {contents}"


def test_a_file_of_an_unknown_type_is_told():
    assert describe_unreadable(bytes(range(16))) == "not a picture: the file is of an unknown type"


@pytest.mark.parametrize("brand", [b"heic", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"])
def test_an_iphones_photo_is_told_with_the_remedy(brand):
    assert describe_unreadable(b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0") == HEIC


@pytest.mark.parametrize("brand", [b"avif", b"avis"])
def test_an_avif_that_the_installed_pillow_does_not_read_is_told_with_the_remedy(monkeypatch, brand):
    head = b"\0\0\0\x20ftyp" + brand + b"\0\0\0\0"
    monkeypatch.setattr(features, "check", lambda name: name != "avif")
    assert describe_unreadable(head) == "an AVIF picture, which the installed Pillow cannot read; save it as JPEG"
    monkeypatch.setattr(features, "check", lambda name: True)
    assert describe_unreadable(head).endswith("it starts as AVIF does but cannot be read")


@pytest.mark.parametrize(("head", "text"), [(b"\t\n\r az~", True), (b"a\x08", False), (b"a\x7f", False)])
def test_text_is_ascii_without_control_characters(head, text):
    assert is_text(head) == text
