"""Which pieces of ink are read as which digits, and when and why an answer is unsure."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from synthetic.paper import drawn, row
from synthetic.shapes import DIGITS

from nntrain.inference import confidence
from nntrain.inference import reading as reading_module
from nntrain.inference.reading import Answer, Reading, classify_objects, read_digits
from nntrain.inference.uncertainty import UncertaintyKind, UncertaintyReason
from nntrain.preprocessing.decisions import Decision, DecisionKind
from nntrain.preprocessing.prepare import PreparedPicture, prepare, unchanged
from nntrain.preprocessing.segment import Candidate, Digit
from nntrain.results import Prediction
from nntrain.task import TaskSpec

BLANK = unchanged(np.zeros((28, 28), np.uint8))


def probabilities(label, value, second=None, length=10):
    """Return a row in which a class has a probability; another has the rest, or all others share it."""
    row = np.full(length, 0.0 if second is not None else (1 - value) / (length - 1))
    if second is not None:
        row[second] = 1 - value
    row[label] = value
    return row


@pytest.fixture
def network_of(fake_network, monkeypatch):
    """Return a function that makes a network which knows images by their grey level, as its detector does.

    It takes for each grey level the network's probability of its answer (level // 20) and the detector's.
    """

    def make(probability_by_level, augmented=None, second=None):
        def rows(images, length, by_level):
            levels = [20 * round(float(image[14, 14]) / 20) for image in images]
            return [probabilities(level // 20, by_level[level], second, length) for level in levels]

        network = fake_network(
            lambda images: rows(images, 10, probability_by_level),
            lambda images: rows(images, 10, augmented or probability_by_level),
        )
        detector = iter([probability_by_level])
        monkeypatch.setattr(
            confidence,
            "class_probabilities",
            lambda images: np.array(rows(images, 11, next(detector, augmented or probability_by_level))),
        )
        return network

    return make


def flat(level, *decisions):
    """Return a digit of one grey level, without strokes."""
    return Digit(np.full((28, 28), level, np.uint8), tuple(decisions))


def picture_of(*candidates, atoms=2, decisions=()):
    """Return a picture of candidates: (first, last, level) or with cuts."""
    digits = tuple(Candidate(first, last, flat(level), *cuts) for first, last, level, *cuts in candidates)
    return PreparedPicture(np.zeros((28, 28), np.float32), digits, atoms, tuple(decisions))


def rows_of_digits(*rows):
    """Return a prepared picture of rows of digits, one above the other, with room between them."""
    paper = Image.new("L", (360, 120 * len(rows)), 230)
    for index, digits in enumerate(rows):
        paper.paste(row([DIGITS[digit] for digit in digits], gap=1.0), (0, 120 * index))
    return prepare(np.asarray(paper, np.float32))


@pytest.fixture
def read_threes(fake_network, monkeypatch):
    """Return a function that reads a picture by a network and a detector that answer 3, with a probability."""

    def read(picture, probability, *, outputs=None, detector_outputs=None):
        outputs = probabilities(3, probability) if outputs is None else outputs
        if detector_outputs is None:
            detector_outputs = probabilities(3, probability, length=11)
        monkeypatch.setattr(
            confidence, "class_probabilities", lambda images: np.array([detector_outputs] * len(images))
        )
        (reading,) = read_digits([picture], fake_network(lambda images: [outputs] * len(images)))
        return reading

    return read


def test_a_reading_joins_its_answers():
    answers = (
        Answer(Prediction("4", 0.9, ()), flat(0), 0.8),
        Answer(Prediction("2", 0.9, ()), flat(0), 0.6, UncertaintyReason(UncertaintyKind.NO_DIGIT)),
    )
    reading = Reading(answers, ())
    assert (reading.labels, reading.text, reading.probability_correct) == (("4", "2"), "42", 0.6)
    assert [answer.confident for answer in answers] == [True, False]
    assert not reading.confident
    assert Reading(answers[:1], ()).confident


def test_a_reading_without_sources_keeps_its_images(network_of):
    picture = prepare(np.asarray(drawn(DIGITS["3"]), np.float32))
    answer = Answer(Prediction("3", 0.9, ()), picture.whole, 0.9)
    reading = Reading((answer, answer), ()).without_sources()
    assert [answer.digit.source for answer in reading.answers] == [None, None]
    np.testing.assert_array_equal(reading.answers[1].digit.image, picture.image)


def test_no_pictures_have_no_readings(fake_network):
    network = fake_network(lambda images: 1 / 0)
    assert read_digits([], network) == []
    assert classify_objects([], network) == []


def test_the_candidates_of_most_probability_make_the_row(network_of):
    network = network_of({20: 0.99, 40: 0.99, 60: 0.7})
    apart = picture_of((0, 1, 20), (1, 2, 40), (0, 2, 60))
    network_of_whole = {20: 0.7, 40: 0.7, 60: 0.99}
    (reading,) = read_digits([apart], network)
    assert reading.labels == ("1", "2")
    (reading,) = read_digits([apart], network_of(network_of_whole))
    assert reading.labels == ("3",)


def test_each_picture_gets_the_row_of_its_own_candidates(network_of):
    network = network_of({20: 0.99, 40: 0.99, 60: 0.7, 80: 0.99})
    pictures = [
        picture_of((0, 1, 80), atoms=1),
        picture_of((0, 1, 20), (1, 2, 40), (0, 2, 60)),
        picture_of((0, 1, 40), atoms=1),
    ]
    assert [reading.labels for reading in read_digits(pictures, network)] == [("4",), ("1", "2"), ("2",)]


@pytest.mark.parametrize(("cuts", "labels"), [(0, ("1", "2")), (1, ("3",))])
def test_a_cut_through_ink_speaks_against_its_digits(network_of, cuts, labels):
    # Log odds of 3.3 each for the halves, 2.3 if they were cut, and of 1.8 for the whole.
    network = network_of({20: 0.9, 40: 0.9, 60: 0.7})
    (reading,) = read_digits([picture_of((0, 1, 20, cuts), (1, 2, 40, cuts), (0, 2, 60))], network)
    assert reading.labels == labels


@pytest.mark.parametrize(("cuts", "labels"), [(1, ("1", "2")), (2, ("3",))])
def test_every_cut_counts(network_of, cuts, labels):
    # Log odds of 4 each for the halves, 3 and 2 with one and with two cuts, and of 1.8 for the whole.
    network = network_of({20: 0.95, 40: 0.95, 60: 0.7})
    (reading,) = read_digits([picture_of((0, 1, 20, cuts), (1, 2, 40, cuts), (0, 2, 60))], network)
    assert reading.labels == labels


@pytest.mark.parametrize(("probability", "calls"), [(0.86, 2), (0.89, 1)])
def test_variants_are_asked_for_log_odds_below_three(network_of, probability, calls):
    network = network_of({20: probability})
    read_digits([picture_of((0, 1, 20), atoms=1)], network)
    assert len(network.calls) == calls


def test_only_what_was_chosen_and_is_in_doubt_is_augmented(network_of):
    network = network_of({20: 0.999, 40: 0.7, 60: 0.3})
    read_digits([picture_of((0, 1, 20), (1, 2, 40), (0, 2, 60))], network)
    first, second = network.calls
    assert first[:, 14, 14].tolist() == [20, 40, 60]
    assert {round(int(level) / 20) for level in second[:, 14, 14]} == {2}


def test_an_answer_that_its_variants_do_not_support_is_unsure(network_of):
    picture = picture_of((0, 1, 20), atoms=1)
    (supported,) = read_digits([picture], network_of({20: 0.8}, augmented={20: 0.8}))
    (unsupported,) = read_digits([picture], network_of({20: 0.8}, augmented={20: 0.1}))
    assert supported.confident
    assert not unsupported.confident
    assert unsupported.labels == ("1",)


def test_the_probability_of_a_correct_answer_is_the_logistic_function_of_the_log_odds(network_of):
    (reading,) = read_digits([picture_of((0, 1, 20), atoms=1)], network_of({20: 0.9}))
    # 0.17 and 0.89 times log 9, and 0.93.
    assert reading.probability_correct == pytest.approx(0.9630, abs=1e-4)


@pytest.mark.parametrize(("probability", "confident"), [(0.29, False), (0.30, True)])
def test_an_answer_is_confident_from_even_odds_on(network_of, probability, confident):
    (reading,) = read_digits([picture_of((0, 1, 20), atoms=1)], network_of({20: probability}))
    assert reading.confident == confident


def test_of_two_probable_classes_both_are_named(network_of):
    network = network_of({20: 0.1}, second=4)
    (reading,) = read_digits([picture_of((0, 1, 20), atoms=1)], network)
    assert reading.labels == ("4",)
    (answer,) = read_digits([picture_of((0, 1, 20), atoms=1)], network_of({20: 0.2}, second=10 - 1))[0].answers
    assert answer.best_two == ("9", "1")


@pytest.mark.parametrize(
    ("second", "none", "reason"),
    [
        (0.09, 0.5, "may not be a digit; closest: 3"),
        (0.11, 0.5, "between 3 and 5"),
        (0.11, 0.6, "may not be a digit; closest: 3"),
    ],
)
def test_an_unsure_digit_is_between_two_or_none(read_threes, second, none, reason):
    outputs, detector_outputs = np.full(10, (0.5 - second) / 8), np.full(11, (0.95 - second - none) / 8)
    outputs[[3, 5]] = 0.5, second
    detector_outputs[[3, 5, 10]] = 0.05, second, none
    reading = read_threes(BLANK, 0.5, outputs=outputs, detector_outputs=detector_outputs)
    assert str(reading.answers[0].reason) == reason


def test_a_binary_answer_names_no_class(fake_network, monkeypatch):
    monkeypatch.setattr(
        confidence, "class_probabilities", lambda images: np.array([probabilities(10, 0.99, length=11)] * len(images))
    )
    network = fake_network(lambda images: [[0.6]] * len(images), task="binary")
    (reading,) = read_digits([BLANK], network)
    assert reading.answers[0].reason == UncertaintyReason(UncertaintyKind.NO_DIGIT)
    assert reading.answers[0].best_two == ()


def test_lines_across_are_no_digits_rather_than_rows(read_threes):
    paper = np.full((200, 300), 235.0, np.float32)
    for top in (40, 80, 120, 160):
        paper[top : top + 4, 20:280] = 60
    reading = read_threes(prepare(paper), 0.5)
    assert {str(answer.reason) for answer in reading.answers} == {"may not be a digit; closest: 3"}


def test_of_digits_in_several_rows_none_is_confident(read_threes):
    reading = read_threes(rows_of_digits("12", "45"), 0.9999)
    assert len(reading.answers) > 1
    assert {answer.reason for answer in reading.answers} == {UncertaintyReason(UncertaintyKind.SEVERAL_ROWS)}


@pytest.mark.parametrize(("probability", "confident"), [(0.97, False), (0.985, True)])
def test_a_digit_broken_in_two_is_confident_if_it_is_very_probable(read_threes, probability, confident):
    reading = read_threes(rows_of_digits("1", "1"), probability)
    assert len(reading.answers) == 1
    assert reading.confident == confident
    assert reading.answers[0].reason == (None if confident else UncertaintyReason(UncertaintyKind.SEVERAL_ROWS))


def test_rows_lower_the_probability(read_threes):
    reading = read_threes(rows_of_digits("1", "1"), 0.985)
    # The log odds of 5.37 lose 5.
    assert reading.probability_correct == pytest.approx(0.591, abs=2e-3)


def test_unsure_digits_that_were_cut_apart_may_touch(read_threes):
    paper = np.full((200, 300), 230, np.float32)
    paper[40:160, 40:60] = paper[40:160, 200:220] = paper[96:104, 60:200] = 30
    touching = prepare(paper)
    unsure = read_threes(touching, 0.2)
    assert {answer.reason.kind for answer in unsure.answers} == {UncertaintyKind.TOUCHING_DIGITS}
    assert read_threes(touching, 0.999).confident


def test_ink_that_reaches_one_edge_is_unsure_even_if_it_is_probable(read_threes):
    paper = np.full((240, 240), 200.0, np.float32)
    paper[180:, 120:130] = 60
    reading = read_threes(prepare(paper), 0.999)
    assert reading.answers[0].reason == UncertaintyReason(UncertaintyKind.TOUCHES_BORDER)
    improbable = read_threes(prepare(paper), 0.2)
    assert improbable.answers[0].reason.kind is UncertaintyKind.CLOSEST_DIGIT


INVERTED, THICKENED, JOINED = (
    Decision(kind) for kind in (DecisionKind.LIGHT_BACKGROUND, DecisionKind.THICKENED, DecisionKind.THINNED)
)


def test_decisions_of_a_row_are_the_pictures_then_each_of_its_digits_once(network_of):
    candidates = (Candidate(0, 1, flat(20, THICKENED)), Candidate(1, 2, flat(40, JOINED, THICKENED)))
    picture = PreparedPicture(np.zeros((28, 28), np.float32), candidates, 2, (INVERTED,))
    (reading,) = read_digits([picture], network_of({20: 0.99, 40: 0.99}))
    in_a_row = Decision.of(DecisionKind.DIGITS_IN_A_ROW, count=2)
    assert reading.decisions == (INVERTED, in_a_row, THICKENED, JOINED)


def test_decisions_of_one_digit_of_several_candidates_are_added(network_of):
    candidates = (
        Candidate(0, 1, flat(20, JOINED)),
        Candidate(1, 2, flat(40, JOINED)),
        Candidate(0, 2, flat(60, THICKENED)),
    )
    picture = PreparedPicture(np.zeros((28, 28), np.float32), candidates, 2, (INVERTED,))
    (reading,) = read_digits([picture], network_of({20: 0.2, 40: 0.2, 60: 0.99}))
    assert reading.decisions == (INVERTED, THICKENED)


def test_decisions_of_a_single_candidate_are_the_pictures_already(network_of):
    picture = PreparedPicture(
        np.zeros((28, 28), np.float32), (Candidate(0, 1, flat(20, THICKENED)),), 1, (INVERTED, THICKENED)
    )
    (reading,) = read_digits([picture], network_of({20: 0.99}))
    assert reading.decisions == (INVERTED, THICKENED)


@pytest.mark.parametrize(("probability", "reason"), [(0.59, UncertaintyKind.LOW_CONFIDENCE), (0.6, None)])
def test_another_object_is_unsure_below_a_confidence_of_three_fifths(fake_network, probability, reason):
    network = fake_network(lambda images: np.array([probabilities(3, probability)]) + 1e-7)
    ((answer,),) = (reading.answers for reading in classify_objects([BLANK], network))
    assert answer.probability_correct == pytest.approx(probability, abs=1e-5)
    assert (answer.reason and answer.reason.kind) == reason
    assert answer.best_two == ("3", "0")


def test_another_object_with_exactly_the_least_confidence_is_confident(fake_network, monkeypatch):
    monkeypatch.setattr(reading_module, "MIN_CONFIDENCE", 0.75)
    network = fake_network(lambda images: [probabilities(3, 0.75, second=4)])
    assert classify_objects([BLANK], network)[0].confident


def test_a_regression_of_other_objects_is_confident(fake_network):
    network = fake_network(lambda images: [[2.4]], task="regression")
    (answer,) = classify_objects([BLANK], network)[0].answers
    assert (answer.prediction.label, answer.probability_correct, answer.reason) == ("2", 1.0, None)


def test_of_several_objects_the_widest_is_classified_and_unsure(fake_network):
    network = fake_network(lambda images: [probabilities(int(image[0, 0]) // 20, 0.99) for image in images])
    (reading,) = classify_objects(
        [picture_of((0, 1, 20), (1, 2, 40), (2, 3, 80), (1, 3, 60), atoms=3, decisions=[INVERTED])], network
    )
    assert reading.labels == ("3",)
    assert reading.answers[0].reason == UncertaintyReason(UncertaintyKind.SEVERAL_OBJECTS)
    assert reading.decisions == (INVERTED,)
    (whole,) = classify_objects([picture_of((0, 1, 20), (1, 2, 40), (0, 2, 60))], network)
    assert whole.confident


def test_objects_of_several_pictures_keep_their_order(fake_network):
    network = fake_network(lambda images: [probabilities(int(image[0, 0]) // 20, 0.99) for image in images])
    pictures = [picture_of((0, 1, level), atoms=1) for level in (40, 20, 60)]
    assert [reading.text for reading in classify_objects(pictures, network)] == ["2", "1", "3"]


def test_the_only_class_is_its_own_second_best(fake_network):
    network = fake_network(lambda images: [[1.0]])
    network.model.task_spec = TaskSpec("classification", "mse", (), ("a",))
    (answer,) = classify_objects([BLANK], network)[0].answers
    assert answer.best_two == ("a", "a")
