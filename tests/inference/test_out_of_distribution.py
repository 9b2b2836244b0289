"""What the detector takes for digits, and what for none."""

from __future__ import annotations

import numpy as np
import pytest
from synthetic.glyphs import printed
from synthetic.paper import drawn
from synthetic.shapes import DIGITS, HELD_OUT_LETTERS, HELD_OUT_STYLES, by_hand, ringed

from nntrain.inference.out_of_distribution import NONE, class_probabilities
from nntrain.preprocessing.prepare import prepare


def seen(pictures):
    """Return what the detector says of pictures."""
    return class_probabilities(np.stack([prepare(np.asarray(one, np.float32)).whole.image for one in pictures]))


def test_it_gives_probabilities_of_ten_digits_and_none():
    found = seen([drawn(DIGITS[name], stroke=0.1) for name in "0123456789"])
    assert found.shape == (10, NONE + 1)
    assert found.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert found.argmax(axis=1).tolist() == list(range(10))


@pytest.mark.parametrize("digit", "0123456789")
def test_it_knows_other_hands_than_it_learnt_from(digit):
    rng = np.random.default_rng(1)
    hands = [drawn(by_hand(lines, rng, amount=0.5), stroke=0.1) for lines in HELD_OUT_STYLES[digit] for _ in range(8)]
    assert np.mean(seen(hands).argmax(axis=1) == int(digit)) >= 0.8


@pytest.mark.parametrize("letter", HELD_OUT_LETTERS)
def test_a_letter_that_it_did_not_learn_is_none(letter):
    rng = np.random.default_rng(2)
    hands = [drawn(by_hand(HELD_OUT_LETTERS[letter], rng, amount=0.5), stroke=0.1) for _ in range(10)]
    assert np.mean(seen(hands).argmax(axis=1) == NONE) >= 0.8


def test_printed_characters_are_told_apart():
    rng = np.random.default_rng(3)
    assert np.mean(seen([printed(one, rng) for one in "0123456789" * 3]).argmax(axis=1) < NONE) >= 0.9
    assert np.mean(seen([printed(one, rng) for one in "AERKWM&@" * 3]).argmax(axis=1) == NONE) >= 0.9


def test_a_digit_in_a_ring_or_a_box_is_no_nought():
    rng = np.random.default_rng(4)
    assert np.mean(seen([drawn(ringed(DIGITS[one], rng)) for one in "123456789" * 3]).argmax(axis=1) == NONE) >= 0.9
