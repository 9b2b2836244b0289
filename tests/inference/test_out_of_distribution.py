"""Which images the detector holds to be digits, and which not."""

from __future__ import annotations

import numpy as np
import pytest
from synthetic.glyphs import printed
from synthetic.paper import drawn
from synthetic.shapes import DIGITS, HELD_OUT_LETTERS, HELD_OUT_STYLES, by_hand, ringed

from nntrain.inference.out_of_distribution import NO_DIGIT, class_probabilities
from nntrain.preprocessing.prepare import prepare


def detect(pictures):
    """Return the detector's outputs for pictures."""
    return class_probabilities(np.stack([prepare(np.asarray(levels, np.float32)).image for levels in pictures]))


def test_the_outputs_are_probabilities_of_ten_digits_and_none():
    outputs = detect([drawn(DIGITS[name], stroke=0.1) for name in "0123456789"])
    assert outputs.shape == (10, NO_DIGIT + 1)
    assert outputs.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert outputs.argmax(axis=1).tolist() == list(range(10))


@pytest.mark.parametrize("digit", "0123456789")
def test_digits_in_hands_that_it_was_not_trained_on_are_digits(digit):
    rng = np.random.default_rng(1)
    hands = [drawn(by_hand(lines, rng, amount=0.5), stroke=0.1) for lines in HELD_OUT_STYLES[digit] for _ in range(8)]
    assert np.mean(detect(hands).argmax(axis=1) == int(digit)) >= 0.8


@pytest.mark.parametrize("letter", HELD_OUT_LETTERS)
def test_a_letter_that_it_was_not_trained_on_is_none(letter):
    rng = np.random.default_rng(2)
    hands = [drawn(by_hand(HELD_OUT_LETTERS[letter], rng, amount=0.5), stroke=0.1) for _ in range(10)]
    assert np.mean(detect(hands).argmax(axis=1) == NO_DIGIT) >= 0.8


def test_printed_digits_are_told_from_printed_letters():
    rng = np.random.default_rng(3)
    assert np.mean(detect([printed(character, rng) for character in "0123456789" * 3]).argmax(axis=1) < NO_DIGIT) >= 0.9
    assert np.mean(detect([printed(character, rng) for character in "AERKWM&@" * 3]).argmax(axis=1) == NO_DIGIT) >= 0.9


def test_a_digit_in_a_ring_or_a_box_is_none():
    rng = np.random.default_rng(4)
    assert (
        np.mean(detect([drawn(ringed(DIGITS[digit], rng)) for digit in "123456789" * 3]).argmax(axis=1) == NO_DIGIT)
        >= 0.9
    )
