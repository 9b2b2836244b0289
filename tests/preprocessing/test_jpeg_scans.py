"""Scans of JPEG files are counted without decoding them."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from PIL import Image

from nntrain.preprocessing import jpeg_scans
from nntrain.preprocessing.jpeg_scans import count_scans

NOISE = np.random.default_rng(1).integers(0, 256, (60, 80, 3), np.uint8)


def jpeg(*, progressive=True, mode="RGB", **options):
    file = io.BytesIO()
    Image.fromarray(NOISE).convert(mode).save(file, "JPEG", progressive=progressive, **options)
    return file.getvalue()


def repeated(content, scans):
    """Return a JPEG whose last scan is repeated until it has this many."""
    starts = [found.start() for found in re.finditer(rb"\xff\xda", content)]
    return content[:-2] + content[starts[-1] : -2] * (scans - len(starts)) + content[-2:]


def count(content, most=1000):
    return count_scans(io.BytesIO(content), most=most)


def test_a_baseline_jpeg_has_one_scan_and_a_progressive_one_those_of_libjpegs_script():
    # jcparam.c of libjpeg: 10 scans for YCbCr, 6 for grey.
    assert [count(jpeg(progressive=False)), count(jpeg()), count(jpeg(mode="L"))] == [1, 10, 6]


def test_restart_markers_and_a_thumbnail_in_the_exif_data_are_no_scans():
    assert count(jpeg(restart_marker_blocks=1)) == 10
    exif = b"Exif\x00\x00" + jpeg(mode="L")
    assert count(jpeg(exif=exif)) == 10


@pytest.mark.parametrize("chunk", [2, 3, 7, 65536])
def test_repeated_scans_are_counted_up_to_the_limit(monkeypatch, chunk):
    monkeypatch.setattr(jpeg_scans, "CHUNK", chunk)
    content = repeated(jpeg(), 400)
    assert [count(content), count(content, most=400), count(content, most=50)] == [400, 400, 51]


@pytest.mark.parametrize("content", [b"", b"\xff", b"\xff\xd8\xff", b"\xff\xd8" + b"\xff" * 99, b"\xff\xd8\xff\xda"])
def test_a_file_that_is_cut_short_ends_the_count(content):
    assert count(content) <= 1


def test_the_count_ends_with_the_first_picture():
    assert count(jpeg() + jpeg()) == 10
