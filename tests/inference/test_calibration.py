"""Confidence that means what it says."""

from __future__ import annotations

import numpy as np
import pytest

from nntrain.inference.calibration import calibrated, fit_temperature
from nntrain.inference.scoring import calibration_error
from nntrain.task import TaskSpec

DIGITS = TaskSpec("classification", "categorical_crossentropy", (), tuple("0123456789"))
SEVENS = TaskSpec("binary", "binary_crossentropy", (), tuple("0123456789"), positive=(7,))
VALUE = TaskSpec("regression", "mse", (), tuple("0123456789"))


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)


def overconfident(factor, seed=0, count=20_000):
    """Return outputs whose logits are `factor` times those that the labels were drawn from."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (count, 10))
    labels = (softmax(logits).cumsum(axis=1) > rng.random((count, 1))).argmax(axis=1)
    return softmax(factor * logits), labels


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.5])
def test_the_temperature_undoes_what_made_a_network_too_sure(factor):
    outputs, labels = overconfident(factor)
    assert fit_temperature(outputs, labels, DIGITS) == pytest.approx(factor, rel=0.04)


def test_calibrated_probabilities_add_up_and_keep_their_order():
    outputs, _ = overconfident(2.0, count=50)
    given = calibrated(outputs, 2.0, DIGITS)
    np.testing.assert_allclose(given.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(given.argmax(axis=1), outputs.argmax(axis=1))


def test_a_temperature_of_two_takes_the_square_root_of_the_odds():
    given = calibrated(np.array([[0.8, 0.2]], np.float32), 2.0, TaskSpec("classification", "", (), ("a", "b")))
    np.testing.assert_allclose(given, [[2 / 3, 1 / 3]], atol=1e-6)


def test_a_binary_probability_is_calibrated_by_its_odds():
    given = calibrated(np.array([[0.9], [0.1]], np.float32), 2.0, SEVENS)
    np.testing.assert_allclose(given, [[0.75], [0.25]], atol=1e-6)


def test_probabilities_of_exactly_nought_and_one_stay_finite():
    given = calibrated(np.array([[1.0, 0.0]], np.float32), 3.0, TaskSpec("classification", "", (), ("a", "b")))
    assert np.isfinite(given).all()
    assert given[0, 0] > 0.999


def test_a_regression_and_a_run_without_a_temperature_are_left_alone():
    values = np.array([[3.2]], np.float32)
    assert calibrated(values, 2.0, VALUE) is values
    assert fit_temperature(np.repeat(values, 50, axis=0), np.full(50, 3), VALUE) is None
    assert calibrated(values, None, DIGITS) is values


def test_a_handful_of_images_gives_no_temperature():
    outputs, labels = overconfident(2.0, count=10)
    assert fit_temperature(outputs, labels, DIGITS) is None


def test_the_calibration_error_is_the_papers_by_hand():
    # Two answers with 0.9, one right: off by 0.4; two with 0.62, both right: off by 0.38; half of the images each.
    outputs = np.array([[0.9, 0.1], [0.9, 0.1], [0.62, 0.38], [0.62, 0.38]], np.float32)
    error = calibration_error(outputs, np.array([0, 1, 0, 0]), TaskSpec("classification", "", (), ("a", "b")))
    assert error == pytest.approx(0.39, abs=1e-6)


def test_right_answers_with_full_confidence_have_no_error():
    outputs = np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)
    assert calibration_error(outputs, np.array([0, 1]), TaskSpec("classification", "", (), ("a", "b"))) == 0


def test_bins_matter_not_single_answers():
    outputs, labels = overconfident(1.0)
    assert calibration_error(outputs, labels, DIGITS) < 0.01
    outputs, labels = overconfident(3.0)
    assert calibration_error(outputs, labels, DIGITS) > 0.1
