"""How probable it is that an answer is correct: the evidence of network and detector, and its weights."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from nntrain.inference import confidence
from nntrain.inference.confidence import Estimates, answer_digits, augment, digit_probability, estimate
from nntrain.preprocessing.segment import Digit
from nntrain.results import Prediction
from nntrain.task import TaskSpec

CLASSIFICATION = TaskSpec("classification", "categorical_crossentropy", (), tuple("0123456789"))
BINARY = TaskSpec("binary", "binary_crossentropy", (), tuple("0123456789"), positive=(7, 9))
REGRESSION = TaskSpec("regression", "mse", (), tuple("0123456789"))


def probabilities(label, value, length=10):
    """Return a row in which one class has a probability and the others share the rest."""
    row = np.full(length, (1 - value) / (length - 1))
    row[label] = value
    return row


def estimates(network=0.9, detector=0.8, none=0.1, long_strokes=False, task_spec=CLASSIFICATION):
    """Return the estimates of one image that was answered with 3."""
    detector_outputs = np.zeros((1, 11))
    detector_outputs[0, [3, 10]] = detector, none
    return Estimates(
        task_spec,
        [Digit(np.zeros((28, 28), np.uint8))],
        [Prediction("3", network, ())],
        probabilities(3, network)[None],
        detector_outputs,
        np.array([network]),
        np.array([long_strokes]),
    )


@pytest.fixture
def detector(monkeypatch):
    """Return a function that sets the detector's outputs, by images."""
    return lambda function: monkeypatch.setattr(
        confidence, "class_probabilities", lambda images: np.asarray(function(images), np.float32)
    )


def flat(value):
    """Return an image of one grey level."""
    return np.full((28, 28), value, np.uint8)


def test_features_are_the_log_odds_of_network_and_detector_and_a_bias():
    assert estimates(network=0.9, detector=0.8).features == pytest.approx(np.array([[2.19722, 1.38629, 1]]), abs=1e-4)


def test_log_odds_are_bounded_where_a_probability_is_0_or_1():
    assert estimates(network=1.0, detector=0.0).features == pytest.approx(np.array([[6.90675, -6.90675, 1]]), abs=1e-4)


def test_logits_weigh_the_features_by_the_coefficients(monkeypatch):
    monkeypatch.setattr(confidence, "COEFFICIENTS", np.array([1.0, 10.0, 100.0]))
    assert estimates(network=0.9, detector=0.8).logits == pytest.approx([2.19722 + 13.8629 + 100], abs=1e-3)


def test_each_half_of_the_evidence_raises_the_probability():
    least, network, detector, both = (
        estimates(network=n, detector=d).logits[0] for d in (0.5, 0.95) for n in (0.5, 0.95)
    )
    assert least < network < detector < both


def test_ink_with_too_long_strokes_is_no_digit():
    assert estimates(long_strokes=True).logits.tolist() == [-10]
    assert estimates(long_strokes=True).unlike_digits.tolist() == [True]


@pytest.mark.parametrize(("none", "unlike"), [(0.5, False), (0.51, True)])
def test_an_image_that_the_detector_takes_for_none_is_unlike_digits(none, unlike):
    assert estimates(none=none).unlike_digits.tolist() == [unlike]


def test_class_probabilities_are_the_mean_of_network_and_detector():
    mean = estimates(network=0.9, detector=0.8).class_probabilities
    assert mean.shape == (1, 10)
    assert mean[0, [3, 4]] == pytest.approx([0.85, 0.1 / 18])


def test_class_probabilities_of_other_tasks_are_the_networks_outputs():
    binary = estimates(task_spec=BINARY)
    assert binary.class_probabilities is binary.outputs


@pytest.mark.parametrize(("length", "is_long"), [(4.0, False), (4.01, True)])
def test_strokes_are_too_long_from_four_heights_on(fake_network, detector, length, is_long):
    detector(lambda images: [probabilities(3, 0.8, 11)])
    digit = SimpleNamespace(image=flat(0), stroke_length=length)
    (result,) = estimate([digit], fake_network(lambda images: [probabilities(3, 0.9)])).long_strokes
    assert result == is_long


def test_digits_are_estimated_by_network_and_detector(fake_network, detector):
    detector(lambda images: [probabilities(3, 0.8, 11)] * len(images))
    digits = [Digit(flat(10)), Digit(flat(20))]
    network = fake_network(lambda images: [probabilities(3, 0.9), probabilities(4, 0.7)])
    result = estimate(digits, network)
    assert [prediction.label for prediction in result.predictions] == ["3", "4"]
    assert result.network_confidence == pytest.approx([0.9, 0.7])
    assert result.features[:, 1] == pytest.approx([np.log(0.8 / 0.2), np.log(0.02 / 0.98)], abs=1e-4)
    assert [image[0, 0] for image in network.calls[0]] == [10, 20]


@pytest.mark.parametrize(
    ("value", "expected"), [(3.0, 1.0), (3.25, 0.75), (2.75, 0.75), (3.5, 0.5), (9.75, 0.75), (-0.25, 0.75)]
)
def test_a_regression_is_confident_close_to_a_whole_number(fake_network, detector, value, expected):
    detector(lambda images: [probabilities(3, 0.8, 11)])
    network = fake_network(lambda images: [[value]], task="regression")
    assert estimate([Digit(flat(0))], network).network_confidence == pytest.approx([expected])


def test_augmented_digits_get_means_and_keep_their_answers(fake_network, detector):
    detector(lambda images: [probabilities(3, 0.5, 11)] * len(images))
    before = [probabilities(3, 0.9), probabilities(4, 0.7), probabilities(5, 0.6)]
    network = fake_network(lambda images: before, lambda images: [probabilities(8, 0.8)] * len(images))
    first = estimate([Digit(flat(value)) for value in (10, 20, 30)], network)
    detector(lambda images: [probabilities(4, 0.9, 11)] * len(images))
    second = augment(first, [1], network)
    assert [prediction.label for prediction in second.predictions] == ["3", "4", "5"]
    assert second.network_confidence == pytest.approx([0.9, 0.2 / 9, 0.6])
    assert second.outputs[:, 8] == pytest.approx([0.1 / 9, 0.8, 0.4 / 9])
    assert second.detector_outputs[:, 4] == pytest.approx([0.05, 0.9, 0.05])
    assert np.unique(network.calls[1][:, 14, 14]).tolist() == [20]
    np.testing.assert_array_equal(first.outputs, np.asarray(before, np.float32))
    np.testing.assert_array_equal(first.network_confidence[1], np.float32(0.7))


def test_nothing_is_augmented_for_no_indices(fake_network):
    first = estimates()
    assert augment(first, [], fake_network(lambda images: 1 / 0)) is first


@pytest.mark.parametrize(
    ("task", "output", "mean", "expected"),
    [
        ("binary", 0.9, 0.7, 0.7),
        ("binary", 0.2, 0.3, 0.7),
        ("binary", 0.5, 0.3, 0.7),
        ("regression", 3.4, 3.25, 0.75),
        ("regression", 3.4, 5.25, 0.0),
        ("regression", 3.6, 3.25, 0.25),
    ],
)
def test_the_mean_of_variants_supports_the_answer_or_not(fake_network, detector, task, output, mean, expected):
    detector(lambda images: [probabilities(3, 0.5, 11)] * len(images))
    network = fake_network(lambda images: [[output]], lambda images: [[mean]] * len(images), task=task)
    result = augment(estimate([Digit(flat(10))], network), [0], network)
    assert result.network_confidence == pytest.approx([expected], abs=1e-6)


def test_means_are_taken_over_each_digits_own_variants(fake_network, detector):
    detector(lambda images: np.repeat(images[:, 14, 14, None], 11, axis=1))
    network = fake_network(lambda images: np.repeat(images[:, 14, 14, None], 10, axis=1))
    plain = SimpleNamespace(image=flat(10), at_other_thresholds=list)
    cut = SimpleNamespace(image=flat(20), at_other_thresholds=lambda: [flat(80), flat(180)])
    outputs, detector_outputs = confidence.test_time_augmentation([plain, cut], network)
    assert outputs[:, 0].tolist() == pytest.approx([10, 400 / 9])
    assert detector_outputs[:, 10].tolist() == pytest.approx([10, 400 / 9])


def test_variants_are_turned_and_sheared_both_ways_thicker_and_thinner(fake_network, detector):
    bar = flat(0)
    bar[4:24, 12:16] = 255
    detector(lambda images: np.zeros((len(images), 11)))
    network = fake_network(lambda images: np.zeros((len(images), 10)))
    confidence.test_time_augmentation([Digit(bar)], network)
    variants = network.calls[0].astype(float)
    lean = [round(centre(image[4:10]) - centre(image[18:24]), 1) for image in variants]
    ink = [round(image.sum() / bar.sum(), 1) for image in variants]
    assert lean == [0, -2.4, 2.4, -2.8, 2.8, 0, 0]
    assert ink == [1, 1, 1, 1, 1, 1.4, 0.7]


def centre(image):
    """Return the mean column of an image's ink."""
    return (image.sum(axis=0) * np.arange(28)).sum() / image.sum()


def test_digits_that_an_answer_stands_for():
    labels = [Prediction(label, None, ()) for label in ("3", "12", "-4")]
    assert [np.flatnonzero(row).tolist() for row in answer_digits(labels, REGRESSION)] == [[3], [9], [0]]
    yes_no = [Prediction(label, None, ()) for label in ("yes", "no")]
    rows = [np.flatnonzero(row).tolist() for row in answer_digits(yes_no, BINARY)]
    assert rows == [[7, 9], [0, 1, 2, 3, 4, 5, 6, 8]]


def test_the_detectors_probability_is_that_of_all_digits_that_an_answer_stands_for():
    detector_outputs = np.array([[0.1, 0.2, 0.3, 0, 0, 0, 0, 0, 0, 0, 0.4]] * 2)
    allowed = np.array([[True, False, True] + [False] * 7, [True] * 10])
    assert digit_probability(detector_outputs, allowed) == pytest.approx([0.4, 0.6])
