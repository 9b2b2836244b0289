"""The best of several hypotheses about a picture, and what the network that ships makes of drawings."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from synthetic.paper import drawn, grainy, row, ruled
from synthetic.shapes import (
    DIGITS,
    HELD_OUT_LETTERS,
    HELD_OUT_SCRIBBLES,
    HELD_OUT_STYLES,
    HELD_OUT_SYMBOLS,
    LETTERS,
    SCRIBBLES,
    SYMBOLS,
    arc,
    by_hand,
    flagged_one,
)

from nntrain.errors import ImageError
from nntrain.inference import recognize as module
from nntrain.inference.calibrated_classifier import CalibratedClassifier
from nntrain.inference.reading import Answer, Reading
from nntrain.inference.recognize import (
    HYPOTHESES,
    SHEET,
    WHOLE,
    best_hypothesis,
    disagrees_with_more_confidence,
    ranks_higher,
    recognize,
)
from nntrain.inference.uncertainty import UncertaintyKind, UncertaintyReason
from nntrain.jobs.keras_fallback import load_keras_classifier
from nntrain.preprocessing.decisions import Decision, DecisionKind
from nntrain.preprocessing.prepare import prepare, unchanged
from nntrain.preprocessing.segment import Digit
from nntrain.results import Prediction

LINES, SHEET_LINES = (hypothesis.name for hypothesis in HYPOTHESES if hypothesis.only_if_unsure)


def readings(images, network):
    """Return what images are read as; None for one that is rejected."""
    pictures = []
    for image in images:
        try:
            pictures.append(prepare(np.asarray(image, dtype=np.float32)))
        except ImageError:
            pictures.append(None)
    results = iter(recognize([picture for picture in pictures if picture is not None], network))
    return [None if picture is None else next(results) for picture in pictures]


def fraction_unsure(images, network):
    """Return the fraction that is rejected or unsure."""
    results = readings(images, network)
    return sum(reading is None or not reading.confident for reading in results) / len(results)


def fake_reading(probability, *, confident=True, digits=1):
    """Return a reading of some digits, all with the same probability of being correct."""
    reason = None if confident else UncertaintyReason(UncertaintyKind.NO_DIGIT)
    digit = Digit(np.zeros((28, 28), np.uint8))
    return Reading((Answer(Prediction("3", 0.9, ()), digit, probability, reason),) * digits, ())


@pytest.mark.parametrize(
    ("reading", "base", "higher"),
    [
        # A confident reading wins, unless its base is certain and has no more digits.
        (fake_reading(0.6), fake_reading(0.89), True),
        (fake_reading(0.6), fake_reading(0.9), False),
        (fake_reading(0.6), fake_reading(0.99), False),
        (fake_reading(0.6), fake_reading(0.99, digits=2), True),
        (fake_reading(0.6, digits=2), fake_reading(0.99, digits=2), False),
        (fake_reading(0.6, digits=2), fake_reading(0.99), False),
        # An unsure one has to be more probable.
        (fake_reading(0.5, confident=False), fake_reading(0.4, confident=False), True),
        (fake_reading(0.5, confident=False), fake_reading(0.5, confident=False), False),
        (fake_reading(0.4, confident=False), fake_reading(0.5, confident=False, digits=2), False),
    ],
)
def test_a_hypothesis_ranks_higher_than_its_base_or_not(reading, base, higher):
    assert ranks_higher(reading, base) == higher


def test_the_least_probable_digit_counts():
    certain, doubtful = fake_reading(0.99), fake_reading(0.3)
    row = Reading((*certain.answers, *doubtful.answers), ())
    assert not ranks_higher(fake_reading(0.3, confident=False), row)
    assert ranks_higher(fake_reading(0.31, confident=False), row)


def unsure(probability):
    """Return an unsure reading of one digit."""
    return fake_reading(probability, confident=False)


@pytest.mark.parametrize(
    ("probabilities", "best"),
    [
        ({WHOLE: 0.2}, WHOLE),
        ({WHOLE: 0.2, LINES: 0.3}, LINES),
        ({WHOLE: 0.3, LINES: 0.2}, WHOLE),
        ({WHOLE: 0.2, LINES: 0.3, SHEET: 0.4}, SHEET),
        ({WHOLE: 0.2, LINES: 0.4, SHEET: 0.3}, LINES),
        ({WHOLE: 0.2, LINES: 0.3, SHEET: 0.1, SHEET_LINES: 0.4}, SHEET_LINES),
        ({WHOLE: 0.4, LINES: 0.3, SHEET: 0.2, SHEET_LINES: 0.1}, WHOLE),
    ],
)
def test_the_most_probable_of_unsure_hypotheses_is_best(probabilities, best):
    by_name = {name: unsure(probability) for name, probability in probabilities.items()}
    assert best_hypothesis(by_name) is by_name[best]


def test_a_hypothesis_has_to_outrank_its_own_base_first():
    # The sheet touches its edge, which makes it unsure, but more probable than without its lines.
    sheet, sheet_lines = fake_reading(0.95, confident=False), fake_reading(0.7)
    by_name = {WHOLE: unsure(0.92), SHEET: sheet, SHEET_LINES: sheet_lines}
    assert best_hypothesis(by_name) is sheet


class FakePicture:
    """A picture whose views are named; those of `without` do not apply."""

    def __init__(self, name="whole", without=()):
        self.name, self.without = name, without

    def view(self, name):
        """Return the picture with a word added to its name."""
        return None if f"{self.name} {name}" in self.without else FakePicture(f"{self.name} {name}", self.without)


@pytest.fixture
def read(monkeypatch):
    """Return a function that recognizes pictures whose views are read as told, and the batches that were read."""
    views = {SHEET: "sheet", LINES: "lines", SHEET_LINES: "lines"}
    table = tuple(
        hypothesis._replace(derive=lambda picture, name=views[hypothesis.name]: picture.view(name))
        if hypothesis.name in views
        else hypothesis
        for hypothesis in HYPOTHESES
    )
    monkeypatch.setattr(module, "HYPOTHESES", table)

    def run(pictures, by_view):
        batches = []

        def read_digits(batch, network):
            batches.append([picture.name for picture in batch])
            return [by_view[picture.name] for picture in batch]

        monkeypatch.setattr(module, "read_digits", read_digits)
        network = SimpleNamespace(model=SimpleNamespace(reads_digits=True))
        return recognize(pictures, network), batches

    return run


def test_all_pictures_and_sheets_are_one_batch_and_what_is_unsure_without_lines_the_next(read):
    by_view = {
        "whole": unsure(0.1),
        "whole sheet": unsure(0.2),
        "whole lines": unsure(0.3),
        "whole sheet lines": unsure(0.4),
    }
    results, batches = read([FakePicture(), FakePicture(without=["whole sheet"])], by_view)
    assert batches == [["whole", "whole", "whole sheet"], ["whole lines", "whole lines", "whole sheet lines"]]
    assert results == [by_view["whole sheet lines"], by_view["whole lines"]]


def test_confident_hypotheses_are_not_read_without_lines(read):
    by_view = {"whole": fake_reading(0.99), "whole sheet": unsure(0.2), "whole sheet lines": unsure(0.4)}
    results, batches = read([FakePicture()], by_view)
    assert batches == [["whole", "whole sheet"], ["whole sheet lines"]]
    assert results == [by_view["whole"]]


def test_views_that_do_not_apply_are_not_read(read):
    by_view = {"whole": unsure(0.1)}
    results, batches = read([FakePicture(without=["whole sheet", "whole lines"])], by_view)
    assert batches == [["whole"], []]
    assert results == [by_view["whole"]]


def test_another_networks_reading_disagrees_if_it_is_different_and_more_probable():
    reading, other = fake_reading(0.8), fake_reading(0.9)
    different = Reading(tuple(replace(answer, prediction=Prediction("5", 0.9, ())) for answer in other.answers), ())
    assert disagrees_with_more_confidence(different, reading)
    assert not disagrees_with_more_confidence(other, reading)
    assert not disagrees_with_more_confidence(different, fake_reading(0.9))
    doubtful = replace(different.answers[0], reason=UncertaintyReason(UncertaintyKind.NO_DIGIT))
    assert not disagrees_with_more_confidence(Reading((doubtful,), ()), reading)


# --- the network that ships ------------------------------------------------------------------------------------------


def test_drawn_digits_are_recognized_and_few_are_unsure(network):
    rng = np.random.default_rng(1)
    names = list(DIGITS) * 6
    results = readings([drawn(by_hand(DIGITS[name], rng), stroke=rng.uniform(0.05, 0.14)) for name in names], network)
    confident = [(reading.text, name) for reading, name in zip(results, names, strict=True) if reading.confident]
    assert sum(text == name for text, name in confident) >= len(confident) - 1
    assert len(confident) >= 0.9 * len(names)


@pytest.mark.parametrize("letters", [LETTERS, HELD_OUT_LETTERS], ids=["fitted", "held out"])
def test_nine_of_ten_letters_that_no_digit_resembles_are_unsure(network, letters):
    rng = np.random.default_rng(2)
    images = [drawn(by_hand(lines, rng), stroke=rng.uniform(0.05, 0.14)) for lines in list(letters.values()) * 8]
    assert fraction_unsure(images, network) >= 0.9


@pytest.mark.parametrize("scribbles", [SCRIBBLES, HELD_OUT_SCRIBBLES], ids=["fitted", "held out"])
def test_nine_of_ten_scribbles_are_unsure(network, scribbles):
    rng = np.random.default_rng(3)
    images = [drawn(draw(rng), stroke=rng.uniform(0.03, 0.06)) for draw in scribbles * 20]
    assert fraction_unsure(images, network) >= 0.9


# Some symbols resemble a digit, as a heart does a zero.
@pytest.mark.parametrize(("symbols", "least"), [(SYMBOLS, 0.9), (HELD_OUT_SYMBOLS, 0.5)], ids=["fitted", "held out"])
def test_most_symbols_are_unsure(network, symbols, least):
    rng = np.random.default_rng(7)
    images = [drawn(by_hand(lines, rng), stroke=rng.uniform(0.05, 0.14)) for lines in list(symbols.values()) * 10]
    assert fraction_unsure(images, network) >= least


def test_ones_with_a_flag_are_not_confidently_sevens(network):
    rng = np.random.default_rng(8)
    results = readings([drawn(by_hand(flagged_one(rng), rng), stroke=0.09) for _ in range(40)], network)
    confident = [reading.text for reading in results if reading.confident]
    assert sum(text != "1" for text in confident) <= 2
    assert confident.count("1") >= 20


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng: rng.integers(0, 256, 2 * [int(rng.choice([28, 40, 100, 200]))]),
        lambda rng: grainy(np.full((120, 120), rng.choice([20.0, 128.0, 240.0])), rng),
        lambda rng: np.where(rng.random((150, 150)) < rng.choice([0.005, 0.02, 0.05]), 30, 220),
    ],
    ids=["noise", "grain", "speckles"],
)
def test_nine_of_ten_pictures_of_noise_or_blank_paper_are_rejected_or_unsure(network, draw):
    rng = np.random.default_rng(4)
    assert fraction_unsure([draw(rng) for _ in range(20)], network) >= 0.9


def test_ink_that_reaches_one_edge_is_unsure_as_it_may_be_a_shadow(network):
    paper = np.full((240, 240), 200.0)
    paper[180:, 120:130] = 60
    (reading,) = readings([grainy(paper, np.random.default_rng(1), spread=2)], network)
    assert reading.text == "1"
    assert str(reading.answers[0].reason) == "touches the edge of the picture, may be cut off"


@pytest.mark.parametrize("tops", [[100], [40, 80, 120, 160]], ids=["a line", "ruled paper"])
def test_lines_are_no_digits(network, tops):
    paper = np.full((200, 300), 235.0)
    for top in tops:
        paper[top : top + 4, 20:280] = 60
    (reading,) = readings([paper], network)
    assert {answer.reason.kind for answer in reading.answers} == {UncertaintyKind.CLOSEST_DIGIT}


@pytest.mark.parametrize(
    "lines", [{"angle": 2.0}, {"angle": -3.0, "squared": True}], ids=["ruled paper", "squared paper"]
)
def test_digits_are_read_through_the_lines_of_their_paper(network, lines):
    rng = np.random.default_rng(3)
    paper = [np.asarray(drawn(by_hand(DIGITS[digit], rng, amount=0.4), stroke=0.1)) for digit in "0123456789"]
    results = readings([ruled(sheet, apart=45, ink=60, **lines) for sheet in paper], network)
    assert "".join(reading.text for reading in results) == "0123456789"
    assert sum(not reading.confident for reading in results) <= 1
    assert sum(Decision(DecisionKind.RULED_LINES) in reading.decisions for reading in results) >= 6


def test_digits_are_read_on_a_sheet_before_a_desk_and_within_a_frame(network):
    rng = np.random.default_rng(9)
    digits = [np.asarray(drawn(by_hand(DIGITS[digit], rng, amount=0.4), stroke=0.1)) for digit in "0123456789"]
    desk, frame, sheet = np.full((300, 320), 100.0), np.full((240, 260), 230.0), (slice(40, 240), slice(50, 250))
    frame[10:230, 20:240] = 60
    frame[14:226, 24:236] = 230
    lined = [ruled(digit, apart=45, ink=60, angle=2) for digit in digits]
    for around, place, drawings in (
        (desk, sheet, digits),
        (desk, sheet, lined),
        (frame, (slice(20, 220), slice(30, 230)), digits),
    ):
        pages = [around.copy() for _ in drawings]
        for page, digit in zip(pages, drawings, strict=True):
            page[place] = digit
        results = readings([grainy(page, rng, spread=2) for page in pages], network)
        assert "".join(reading.text for reading in results) == "0123456789"
        assert sum(not reading.confident for reading in results) <= 1


def test_digits_in_a_row_are_read_from_left_to_right(network):
    rng = np.random.default_rng(5)
    rows = ["745", "10", "2026", "88", "3141592", "60"]
    images = [row([by_hand(DIGITS[digit], rng, amount=0.4) for digit in digits]) for digits in rows]
    assert [reading.text for reading in readings(images, network)] == rows


def test_a_five_with_its_bar_apart_and_a_four_in_two_strokes_stay_whole(network):
    five = [[(0.25, 0.0), (0.8, 0.0)], [(0.3, 0.14), (0.27, 0.42), *arc(0.45, 0.68, 0.32, 0.31, -120, 140)]]
    four = [[(0.4, 0.0), (0.15, 0.62), (0.62, 0.62)], [(0.78, 0.2), (0.78, 1.0)]]
    broken_zero = [arc(0.5, 0.5, 0.3, 0.5, 100, 260), arc(0.5, 0.5, 0.3, 0.5, -80, 80)]
    results = readings([drawn(five), drawn(four), drawn(broken_zero, stroke=0.1)], network)
    assert [reading.text for reading in results] == ["5", "4", "0"]


def test_digits_that_touch_are_separated_or_unsure(network):
    rng = np.random.default_rng(6)
    pairs = ["38", "56", "00", "23"]
    images = [row([by_hand(DIGITS[d], rng, amount=0.2) for d in pair], gap=-0.12, stroke=0.12) for pair in pairs]
    for pair, reading in zip(pairs, readings(images, network), strict=True):
        assert not reading.confident or reading.text == pair


def test_a_blot_far_from_what_is_cut_leaves_no_empty_piece(network):
    paper = np.full((200, 400), 230.0)
    paper[40:160, 40:70] = paper[40:60, 40:130] = paper[140:160, 40:130] = 30
    paper[100:150, 330:340] = 30  # less than half as tall: a fragment of the piece on the left, which is wide then
    (reading,) = readings([paper], network)
    assert reading is not None


def test_digits_one_above_the_other_are_unsure(network):
    paper = Image.new("L", (120, 240), 230)
    for top, digit in ((0, "3"), (120, "5")):
        paper.paste(drawn(DIGITS[digit], size=(120, 120), stroke=0.1), (0, top))
    (reading,) = readings([paper], network)
    assert [str(answer.reason) for answer in reading.answers] == ["looks like several rows"]


def test_of_digits_in_several_rows_none_is_confident(network):
    paper = Image.new("L", (260, 240), 230)
    for top, digits in ((0, "123"), (120, "456")):
        paper.paste(row([DIGITS[digit] for digit in digits]), (0, top))
    (reading,) = readings([paper], network)
    assert {str(answer.reason) for answer in reading.answers} == {"looks like several rows"}


def test_a_reason_names_the_answer_and_the_second_best_class(network):
    rng = np.random.default_rng(9)
    shapes = [lines for kind in (DIGITS, LETTERS, SYMBOLS, HELD_OUT_LETTERS) for lines in kind.values()]
    shapes += HELD_OUT_STYLES["1"] * 30  # of those with a long flag some might be sevens
    results = readings([drawn(by_hand(lines, rng), stroke=0.1) for lines in shapes], network)
    unsure_answers = [answer for reading in results for answer in reading.answers if not answer.confident]
    for answer in unsure_answers:
        first, second = answer.best_two
        assert first == answer.prediction.label != second
        if answer.reason.kind is UncertaintyKind.TWO_CLASSES:
            assert answer.reason.labels == (first, second)
        if answer.reason.kind is UncertaintyKind.CLOSEST_DIGIT:
            assert answer.reason.labels == (first,)
    kinds = {answer.reason.kind for answer in unsure_answers}
    assert kinds >= {UncertaintyKind.TWO_CLASSES, UncertaintyKind.CLOSEST_DIGIT}


def test_of_other_objects_side_by_side_one_is_classified(network):
    task_spec = replace(network.task_spec, classes=tuple("abcdefghij"))
    model = replace(network.model, task_spec=task_spec)
    letters = CalibratedClassifier(model, model.classifier(load_keras_classifier))
    images = drawn(DIGITS["3"]), row([DIGITS["3"]] * 2, gap=0.5)
    pictures = [prepare(np.asarray(image, np.float32)) for image in images]
    (alone,), (beside,) = (reading.answers for reading in recognize(pictures, letters))
    assert (alone.prediction.label, alone.reason) == ("d", None)
    assert (beside.prediction.label, beside.reason.kind) == ("d", UncertaintyKind.SEVERAL_OBJECTS)


def test_an_image_of_mnist_is_answered_as_it_is(network, full_mnist):
    with np.load(full_mnist / "mnist.npz") as mnist:
        images, labels = mnist["x_train"][-100:], mnist["y_train"][-100:]
    results = recognize([unchanged(image) for image in images], network)
    outputs = [reading.answers[0].prediction.outputs for reading in results]
    np.testing.assert_allclose(outputs, network.predict(images), atol=1e-6)
    assert sum(reading.text == str(label) for reading, label in zip(results, labels, strict=True)) >= 97
