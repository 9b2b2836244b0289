"""A 28x28 image in the terminal."""

from __future__ import annotations

import numpy as np
import pytest

from nntrain.report.terminal_image import render_image, wants_colours


def image(pixels):
    """Return a black image with some pixels: (row, column): level."""
    result = np.zeros((28, 28), np.uint8)
    for place, level in pixels.items():
        result[place] = level
    return result


def test_a_half_block_shows_two_rows_of_pixels():
    lines = render_image(image({(0, 0): 255, (1, 0): 128, (2, 1): 7}), colours=True, columns=80)
    assert [line.plain for line in lines] == ["▀" * 28] * 14
    assert str(lines[0].spans[0].style) == "rgb(255,255,255) on rgb(128,128,128)"
    assert str(lines[1].spans[1].style) == "rgb(7,7,7) on rgb(0,0,0)"


def test_without_colours_a_pixel_is_two_characters_as_dark_as_it_is():
    levels = {(0, column): level for column, level in enumerate((0, 28, 29, 56, 57, 254, 255))}
    lines = render_image(image(levels), colours=False, columns=56)
    assert len(lines) == 28
    assert lines[0].plain == "    ....::%%@@"
    assert lines[1].plain == ""


def test_a_pixel_is_one_character_if_there_is_no_room_for_two():
    lines = render_image(image({(0, 27): 255}), colours=False, columns=55)
    assert len(lines) == 28
    assert lines[0].plain == " " * 27 + "@"


def test_an_image_is_halved_if_it_is_wider_than_the_terminal():
    pixels = image({(0, 0): 255, (0, 1): 255, (1, 0): 255, (1, 1): 255, (27, 26): 200, (26, 27): 200})
    lines = render_image(pixels, colours=False, columns=27)
    assert [line.plain for line in lines] == ["@", *[""] * 12, " " * 13 + "-"]
    assert len(render_image(pixels, colours=True, columns=27)) == 7
    assert len(render_image(pixels, colours=True, columns=28)) == 14


@pytest.mark.parametrize(
    ("is_terminal", "environment", "wanted"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
        (True, {"TERM": "xterm"}, True),
    ],
)
def test_colours_are_for_terminals_that_have_them(monkeypatch, is_terminal, environment, wanted):
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert wants_colours(is_terminal) == wanted
