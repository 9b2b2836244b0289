"""The area under a curve, by hand; tests/engine/test_metrics_agree_with_keras.py compares it with Keras."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nntrain.config.schema import accepts
from nntrain.config.schema.metrics import AUC
from nntrain.inference.auc import MAX_THRESHOLDS, area_under_curve


def area(probabilities, positive, *, num_thresholds=3, curve="ROC", summation_method="interpolation"):
    return area_under_curve(
        np.array(probabilities, np.float32),
        np.array(positive, bool),
        num_thresholds=num_thresholds,
        curve=curve,
        summation_method=summation_method,
    )


# At the thresholds 0, 0.5 and 1, true positives are 2, 1 and 0, false positives 2, 0 and 0.
EXAMPLE = ([0.0, 0.5, 0.3, 0.9], [0, 0, 1, 1])


@pytest.mark.parametrize(
    ("curve", "summation_method", "expected"),
    [
        # While the false positive rate falls from 1 to 0, the recall falls from 1 to 0.5.
        ("ROC", "interpolation", 0.75),
        ("ROC", "minoring", 0.5),
        ("ROC", "majoring", 1.0),
        # The recall falls from 1 over 0.5 to 0, the precision is 0.5, 1 and 0.
        ("PR", "minoring", 0.5 * 0.5 + 0.5 * 0.0),
        ("PR", "majoring", 0.5 * 1.0 + 0.5 * 1.0),
        # From 1 to 4 predictions, TP = 2/3 + P/3: half of 1/3 (1 + 2/3 ln 4). From 0 to 1, the precision is 1.
        ("PR", "interpolation", (1 + 2 / 3 * math.log(4)) / 6 + 0.5),
    ],
)
def test_the_area_is_as_calculated_by_hand(curve, summation_method, expected):
    assert area(*EXAMPLE, curve=curve, summation_method=summation_method) == pytest.approx(expected, rel=1e-12)


def test_a_perfect_ranking_has_an_area_of_1_and_a_reversed_one_of_0():
    assert area([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]) == 1.0
    assert area([0.9, 0.8, 0.2, 0.1], [0, 0, 1, 1]) == 0.0


def test_more_thresholds_tell_closer_probabilities_apart():
    assert area([0.6, 0.7], [0, 1], num_thresholds=3) == 0.5
    assert area([0.6, 0.7], [0, 1], num_thresholds=200) == 1.0


@pytest.mark.parametrize("curve", ["ROC", "PR"])
def test_without_positive_cases_the_area_is_0(curve):
    assert area([0.1, 0.9], [0, 0], curve=curve) == 0.0


def test_values_outside_0_to_1_are_clipped():
    assert area([-3.0, 7.0], [0, 1]) == 1.0


@pytest.mark.parametrize("count", [-1, 1, 10_001, 10**12])
def test_numbers_of_thresholds_that_a_config_refuses_are_refused(count):
    assert not accepts(AUC, "num_thresholds", count)
    with pytest.raises(ValueError, match="thresholds"):
        area(*EXAMPLE, num_thresholds=count)


def test_the_largest_number_of_thresholds_is_that_of_the_config():
    assert accepts(AUC, "num_thresholds", MAX_THRESHOLDS)
    assert area([0.1, 0.9], [0, 1], num_thresholds=MAX_THRESHOLDS) == 1.0


@pytest.mark.parametrize("name", [{"curve": "PRGAIN"}, {"summation_method": "simpson"}])
def test_an_unknown_curve_or_summation_method_is_an_error(name):
    with pytest.raises(LookupError):
        area(*EXAMPLE, **name)
