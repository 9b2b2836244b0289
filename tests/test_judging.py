"""Which answers are sure, which are guesses, and which pieces of ink are read as which digits."""

from __future__ import annotations

import numpy as np
import pytest
from drawing.paper import drawn, grainy, row
from drawing.shapes import DIGITS, LETTERS, arc, by_hand, loops, scribble, zigzag
from PIL import Image

from nntrain.answering import open_trained
from nntrain.errors import ImageError
from nntrain.judging import more_surely, read
from nntrain.pictures import prepare, unchanged
from nntrain.runs import shipped_run


@pytest.fixture(scope="module")
def network():
    """Return the network that ships, and what answers for it."""
    run = shipped_run()
    assert run is not None
    trained = open_trained(run)
    return trained, trained.classifier()


def readings(images, network):
    """Return what images are read as; None for one that is refused."""
    found = []
    for image in images:
        try:
            found.append(prepare(np.asarray(image, dtype=np.float32)))
        except ImageError:
            found.append(None)
    given = iter(read([one for one in found if one is not None], *network))
    return [next(given) if one is not None else None for one in found]


def said(reading):
    """Return the digits of a reading."""
    return "".join(one.prediction.label for one in reading.answers)


def share_doubted(images, network):
    """Return the share that is refused or unsure."""
    given = readings(images, network)
    return sum(one is None or one.unsure for one in given) / len(given)


def test_drawn_digits_are_read_and_few_are_doubted(network):
    rng = np.random.default_rng(1)
    names = list(DIGITS) * 6
    given = readings([drawn(by_hand(DIGITS[name], rng), stroke=rng.uniform(0.05, 0.14)) for name in names], network)
    sure = [(said(one), name) for one, name in zip(given, names, strict=True) if not one.unsure]
    assert sum(found == name for found, name in sure) >= len(sure) - 1
    assert len(sure) >= 0.9 * len(names)


def test_letters_that_no_digit_resembles_are_doubted_nine_times_in_ten(network):
    rng = np.random.default_rng(2)
    images = [drawn(by_hand(lines, rng), stroke=rng.uniform(0.05, 0.14)) for lines in list(LETTERS.values()) * 6]
    assert share_doubted(images, network) >= 0.9


def test_scribbles_are_doubted_nine_times_in_ten(network):
    rng = np.random.default_rng(3)
    images = [drawn(draw(rng), stroke=rng.uniform(0.03, 0.06)) for draw in (scribble, zigzag, loops) * 20]
    assert share_doubted(images, network) >= 0.9


def test_noise_and_blank_paper_are_refused_or_doubted(network):
    rng = np.random.default_rng(4)
    noise = [rng.integers(0, 256, (side, side)) for side in (28, 40, 100, 200)]
    paper = [grainy(np.full((120, 120), level), rng) for level in (20.0, 128.0, 240.0)]
    speckled = [np.where(rng.random((150, 150)) < 0.02, 30, 220) for _ in range(3)]
    assert share_doubted([*noise, *paper, *speckled], network) >= 0.9


def test_digits_in_a_row_are_read_from_left_to_right(network):
    rng = np.random.default_rng(5)
    rows = ["745", "10", "2026", "88", "3141592", "60"]
    images = [row([by_hand(DIGITS[digit], rng, amount=0.4) for digit in digits]) for digits in rows]
    assert [said(one) for one in readings(images, network)] == rows


def test_a_five_with_its_bar_apart_and_a_four_in_two_strokes_stay_whole(network):
    five = [[(0.25, 0.0), (0.8, 0.0)], [(0.3, 0.14), (0.27, 0.42), *arc(0.45, 0.68, 0.32, 0.31, -120, 140)]]
    four = [[(0.4, 0.0), (0.15, 0.62), (0.62, 0.62)], [(0.78, 0.2), (0.78, 1.0)]]
    broken_nought = [arc(0.5, 0.5, 0.3, 0.5, 100, 260), arc(0.5, 0.5, 0.3, 0.5, -80, 80)]
    given = readings([drawn(five), drawn(four), drawn(broken_nought, stroke=0.1)], network)
    assert [said(one) for one in given] == ["5", "4", "0"]


def test_digits_that_touch_are_parted_or_doubted(network):
    rng = np.random.default_rng(6)
    pairs = ["38", "56", "00", "23"]
    images = [row([by_hand(DIGITS[d], rng, amount=0.2) for d in pair], gap=-0.12, stroke=0.12) for pair in pairs]
    for pair, given in zip(pairs, readings(images, network), strict=True):
        assert given.unsure or said(given) == pair


def test_digits_one_above_the_other_are_doubted_with_the_reason(network):
    paper = Image.new("L", (120, 240), 230)
    for top, digit in ((0, "3"), (120, "5")):
        paper.paste(drawn(DIGITS[digit], size=(120, 120), stroke=0.1), (0, top))
    (given,) = readings([paper], network)
    assert [one.why for one in given.answers] == ["pieces lie above one another, as digits in several rows do"]


def test_a_doubted_answer_says_between_which_two(network):
    half_three_half_eight = [arc(0.5, 0.25, 0.24, 0.25, 60, 430), arc(0.5, 0.74, 0.29, 0.25, -90, 140)]
    given = readings([drawn(half_three_half_eight)], network)[0]
    if given.unsure:
        assert given.answers[0].why.startswith(("between ", "it looks like no digit"))


def test_an_image_of_mnist_is_answered_as_it_is(network, full_mnist):
    with np.load(full_mnist / "mnist.npz") as mnist:
        images, labels = mnist["x_train"][-100:], mnist["y_train"][-100:]
    trained, classifier = network
    given = read([unchanged(image) for image in images], trained, classifier)
    expected = trained.calibrated(classifier.outputs(images))
    np.testing.assert_allclose([one.answers[0].prediction.outputs for one in given], expected, atol=1e-6)
    assert sum(said(one) == str(label) for one, label in zip(given, labels, strict=True)) >= 97


def test_another_networks_reading_counts_only_where_it_differs_and_is_surer(network):
    sure, other = readings([drawn(DIGITS["3"]), drawn(DIGITS["5"])], network)
    unsure = readings([drawn(LETTERS["K"])], network)[0]
    assert more_surely(sure, unsure)
    assert not more_surely(unsure, sure)
    assert not more_surely(sure, sure)
    assert more_surely(other, sure) == (other.answers[0].trust > sure.answers[0].trust)
