"""Calibrated confidence."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nntrain.errors import DataError, RunError
from nntrain.inference import calibration
from nntrain.inference.calibration import calibrate, calibration_error, fit_temperature
from nntrain.task import TaskSpec

DIGITS = TaskSpec("classification", "categorical_crossentropy", (), tuple("0123456789"))
TWO_CLASSES = TaskSpec("classification", "categorical_crossentropy", (), ("a", "b"))
SEVENS = TaskSpec("binary", "binary_crossentropy", (), tuple("0123456789"), positive=(7,))
VALUE = TaskSpec("regression", "mse", (), tuple("0123456789"))


def floats(*rows):
    return np.array(rows, np.float32)


def softmax(logits):
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (exponentials / exponentials.sum(axis=1, keepdims=True)).astype(np.float32)


def overconfident(factor, seed=0, count=20_000):
    """Return outputs whose logits are `factor` times those that the labels were drawn from, and the labels."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (count, 10))
    labels = (softmax(logits).cumsum(axis=1) > rng.random((count, 1))).argmax(axis=1)
    return softmax(factor * logits), labels


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.5])
def test_the_temperature_undoes_what_made_a_network_overconfident(factor):
    outputs, labels = overconfident(factor)
    assert fit_temperature(outputs, labels, DIGITS) == pytest.approx(factor, rel=0.04)


def test_the_temperature_has_a_closed_form_for_two_classes():
    # Answered with 0.9 and right in three of four: odds of 9 become odds of 3, so the temperature is ln 9 / ln 3.
    outputs, labels = floats(*[[0.9, 0.1]] * 20), np.array([0, 0, 0, 1] * 5)
    assert fit_temperature(outputs, labels, TWO_CLASSES) == pytest.approx(2.0, abs=2e-4)


def test_the_temperature_of_a_binary_network_is_fitted_on_no_and_yes():
    outputs, labels = floats(*[[0.9]] * 20), np.array([7, 7, 7, 1] * 5)
    assert fit_temperature(outputs, labels, SEVENS) == pytest.approx(2.0, abs=2e-4)


def test_the_temperature_has_four_decimals():
    outputs, labels = overconfident(2.5, count=300)
    temperature = fit_temperature(outputs, labels, DIGITS)
    assert temperature == pytest.approx(2.4257, abs=1e-3)
    assert temperature == round(temperature, 4) != round(temperature, 3)


@pytest.mark.parametrize(("label", "temperature"), [(0, 0.05), (1, 20.0)])
def test_a_temperature_stays_within_its_limits(label, temperature):
    outputs = floats(*[[0.9, 0.1]] * 20)
    assert fit_temperature(outputs, np.full(20, label), TWO_CLASSES) == pytest.approx(temperature, rel=1e-3)


@pytest.mark.parametrize(("count", "fitted"), [(19, False), (20, True)])
def test_fewer_than_twenty_images_give_no_temperature(count, fitted):
    outputs, labels = overconfident(2.0, count=count)
    assert (fit_temperature(outputs, labels, DIGITS) is not None) == fitted


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_outputs_that_are_not_finite_give_no_temperature(value):
    outputs, labels = overconfident(2.0, count=50)
    outputs[3, 4] = value
    assert fit_temperature(outputs, labels, DIGITS) is None


def test_a_regression_has_no_temperature():
    assert fit_temperature(floats(*[[3.2]] * 50), np.full(50, 3), VALUE) is None


def test_a_temperature_is_fitted_on_5000_images_at_most():
    assert calibration.MAX_IMAGES == 5000


def test_calibrated_probabilities_add_up_and_keep_their_order():
    outputs, _ = overconfident(2.0, count=50)
    calibrated = calibrate(outputs, 2.0, DIGITS)
    assert calibrated.dtype == np.float32
    np.testing.assert_allclose(calibrated.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(calibrated.argmax(axis=1), outputs.argmax(axis=1))


def test_a_temperature_of_2_takes_the_square_root_of_the_odds():
    np.testing.assert_allclose(calibrate(floats([0.8, 0.2]), 2.0, TWO_CLASSES), [[2 / 3, 1 / 3]], atol=1e-6)


def test_a_binary_probability_is_calibrated_by_its_odds():
    np.testing.assert_allclose(calibrate(floats([0.9], [0.1]), 2.0, SEVENS), [[0.75], [0.25]], atol=1e-6)


def test_probabilities_of_exactly_0_and_1_stay_finite():
    # 1e-12 stands for 0: its third root is 1e-4.
    calibrated = calibrate(floats([1.0, 0.0]), 3.0, TWO_CLASSES)
    np.testing.assert_allclose(calibrated, [[0.99990001, 0.00009999]], atol=1e-8)


def test_outputs_of_0_for_every_class_are_equally_probable():
    np.testing.assert_allclose(calibrate(floats([0.0, 0.0]), 0.05, TWO_CLASSES), [[0.5, 0.5]])


@pytest.mark.parametrize(
    ("temperature", "task_spec"), [(2.0, VALUE), (None, DIGITS), (None, SEVENS), (1.0, TWO_CLASSES)]
)
def test_outputs_without_a_temperature_to_apply_are_returned_themselves(temperature, task_spec):
    values = floats([3.2])
    assert calibrate(values, temperature, task_spec) is values


def test_the_calibration_error_is_the_papers_by_hand():
    # Two answers with 0.9, one right: off by 0.4; two with 0.62, both right: off by 0.38; half of the images each.
    outputs = floats([0.9, 0.1], [0.9, 0.1], [0.62, 0.38], [0.62, 0.38])
    assert calibration_error(outputs, np.array([0, 1, 0, 0]), TWO_CLASSES) == pytest.approx(0.39, abs=1e-6)


def test_the_calibration_error_of_a_binary_network_counts_the_confidence_in_no():
    # Two answers of no with 0.9, one right.
    assert calibration_error(floats([0.1], [0.1]), np.array([1, 7]), SEVENS) == pytest.approx(0.4, abs=1e-6)


def test_right_answers_with_full_confidence_have_no_error():
    assert calibration_error(floats([1.0, 0.0], [0.0, 1.0]), np.array([0, 1]), TWO_CLASSES) == 0


def test_a_bin_includes_its_upper_end():
    # With 4 bins, 0.75 belongs to the third one, with 0.625: their differences of 0.25 and -0.625 cancel out in part.
    outputs = floats([0.75, 0.25], [0.625, 0.375])
    assert calibration_error(outputs, np.array([0, 1]), TWO_CLASSES, bins=4) == pytest.approx(0.1875)


def test_a_confidence_of_0_is_in_the_first_bin():
    outputs = floats([0.0, 0.0], [0.5, 0.0])
    assert calibration_error(outputs, np.array([0, 1]), TWO_CLASSES, bins=4) == pytest.approx(0.75)


def test_a_confidence_of_1_is_in_the_last_bin():
    outputs = floats([1.0, 0.0], [0.75, 0.25])
    assert calibration_error(outputs, np.array([1, 0]), TWO_CLASSES, bins=4) == pytest.approx(0.625)


def test_there_are_fifteen_bins():
    # 0.665 and 0.668 are on the two sides of 10/15, so that their errors do not cancel out.
    outputs = floats([0.665, 0.335], [0.668, 0.332])
    assert calibration_error(outputs, np.array([0, 1]), TWO_CLASSES) == pytest.approx((0.335 + 0.668) / 2, abs=1e-6)


def test_a_calibrated_network_has_a_small_error():
    assert calibration_error(*overconfident(1.0), DIGITS) < 0.01
    assert calibration_error(*overconfident(3.0), DIGITS) > 0.1


def test_the_calibration_error_refuses_what_cannot_be_scored():
    with pytest.raises(DataError, match="no images"):
        calibration_error(np.zeros((0, 2), np.float32), np.zeros(0, int), TWO_CLASSES)
    with pytest.raises(RunError, match="NaN or infinite"):
        calibration_error(floats([math.nan, 0.5]), np.array([0]), TWO_CLASSES)
