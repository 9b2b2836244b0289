"""What is measured of strokes, and what no digit has."""

from __future__ import annotations

import numpy as np
from drawing.paper import drawn
from drawing.shapes import DIGITS, LETTERS

from nntrain.pictures import prepare
from nntrain.pictures.resemblance import looks, measures


def pixels(lines):
    """Return lines as a network sees them."""
    return prepare(np.asarray(drawn(lines, stroke=0.1), np.float32)).pixels


def test_measures_of_a_square_ring_on_two_legs():
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 4:24, 6:8] = image[0, 4:24, 18:20] = 255  # two legs, 20 tall
    image[0, 4:6, 6:20] = image[0, 12:14, 6:20] = 255  # two bars between them
    feet, euler, across, upper, lower, foot, middle = measures(image)[0]
    assert (feet, euler, foot, middle) == (2, 0, 1, 1)  # one piece, one hole
    assert across == (4 * 1 + 16 * 2) / 20
    assert upper == (2 * 1 + 5 * 2) / 7
    assert lower == 2


def test_an_images_strokes_are_usual_for_its_digit_and_odd_for_others():
    found = looks(np.stack([pixels(DIGITS[name]) for name in "0123456789"])).oddness
    assert (np.diag(found) < 1).all()
    assert found[8, 1] > 4  # two holes
    assert found[0, 7] > 1


def test_an_r_is_no_eight_because_of_its_feet():
    assert looks(pixels(LETTERS["R"])[None]).oddness[0, 8] >= 4


def test_an_empty_image_can_be_measured():
    assert np.isfinite(looks(np.zeros((1, 28, 28), np.uint8)).oddness).all()
