"""HTML for notebooks."""

from __future__ import annotations

import base64
import io
import os
import sys

import numpy as np
import pytest
from PIL import Image

from nntrain.report import html
from nntrain.results import ClassScore, Scores


def test_all_text_is_escaped():
    assert html.table(("<b>",), [("<script>",)]).count("<script>") == 0
    assert "&lt;script&gt;" in html.table(("a",), [("<script>",)])
    assert html.items(["<i>"]) == "<ul><li>&lt;i&gt;</li></ul>"
    assert html.block("<title>") == "<div><strong>&lt;title&gt;</strong></div>"
    assert 'alt="&quot;x&quot;"' in html.pixels(np.zeros((28, 28), np.uint8), title='"x"')


def test_a_table_has_a_row_per_entry_and_aligns_numbers():
    assert html.table(("a", "b"), [(1, 2)], numbers=("b",)) == (
        '<table><thead><tr><th style="text-align: left">a</th><th style="text-align: right">b</th></tr></thead>'
        '<tbody><tr><td style="text-align: left">1</td><td style="text-align: right">2</td></tr></tbody></table>'
    )


def test_a_long_table_counts_what_it_leaves_out():
    text = html.table(("a",), [(number,) for number in range(1203)])
    assert text.count("<tr>") == 201
    assert text.endswith("<p>and 1,003 more</p>")


def test_an_image_is_a_png_of_its_pixels():
    pixels = np.arange(784, dtype=np.uint8).reshape(28, 28)
    data = html.pixels(pixels, title="x").partition("base64,")[2].partition('"')[0]
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))), pixels)


def test_a_picture_that_is_not_there_is_left_out(tmp_path):
    assert html.picture(tmp_path / "none.png", title="x") == ""


def test_no_list_is_shown_for_no_items():
    assert html.items([]) == ""


def test_scores_are_a_confusion_matrix_and_a_table_of_classes():
    classes = (ClassScore("a", 1.0, 0.5, 0.25, 3), ClassScore("b", 0.0, 0.125, 0.0, 4))
    scores = Scores(7, {"loss": 1.0}, classes, ((3, 0), (1, 3)))
    assert html.confusion(scores).count("<tr>") == 3
    assert '<td style="text-align: right">12.50 %</td>' in html.classes(scores)


def test_control_characters_are_shown_as_escapes():
    assert html.items(["a\u202eb"]) == "<ul><li>a\\u202eb</li></ul>"


@pytest.mark.skipif(sys.platform == "win32", reason="needs pipes")
def test_a_picture_that_is_a_pipe_is_left_out_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "training.png")
    assert html.picture(tmp_path / "training.png", title="") == ""
