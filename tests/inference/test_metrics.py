"""Losses and metrics; tests/engine/test_metrics_agree_with_keras.py compares each with Keras."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nntrain.config import schema
from nntrain.inference.metrics import METRICS, above, ratio


def floats(*rows):
    return np.array(rows, np.float32)


def compute(name, outputs, truth, **arguments):
    return METRICS[name](outputs, np.asarray(truth), **arguments)


def one_hot(*answers, classes=3):
    return np.eye(classes, dtype=np.float32)[list(answers)]


def test_what_a_config_can_name_is_scored_and_nothing_else():
    named = {*schema.Loss.members, *schema.Metric.members}
    missing, unknown = sorted(named - METRICS.keys()), sorted(METRICS.keys() - named)
    assert (missing, unknown) == ([], []), f"METRICS in nntrain/inference/metrics.py lacks {missing}, and has {unknown}"


def test_crossentropy_is_minus_the_logarithm_of_the_true_classs_probability():
    outputs = floats([0.5, 0.25, 0.25], [0.1, 0.8, 0.1])
    assert compute("categorical_crossentropy", outputs, [0, 2]) == pytest.approx(1.49786614)  # (ln 2 + ln 10) / 2
    assert compute("sparse_categorical_crossentropy", outputs, [0, 2]) == pytest.approx(1.49786614)


def test_probabilities_that_do_not_add_up_to_1_are_normalized():
    outputs = floats([0.5, 0.25, 0.5])
    assert compute("categorical_crossentropy", outputs, [1]) == pytest.approx(1.60943791)  # ln 5
    assert compute("sparse_categorical_crossentropy", outputs, [1]) == pytest.approx(1.60943791)


def test_binary_crossentropy_of_sigmoid_of_1_2_is_0_2633():
    yes = floats([1 / (1 + math.exp(-1.2))])
    assert compute("binary_crossentropy", yes, [1.0]) == pytest.approx(0.26328247, rel=1e-6)
    assert compute("binary_crossentropy", yes, [0.0]) == pytest.approx(1.46328247, rel=1e-6)


def test_a_probability_of_0_for_the_truth_costs_as_much_as_1e_minus_7():
    assert compute("categorical_crossentropy", one_hot(0), [1]) == pytest.approx(16.11809565)
    assert compute("sparse_categorical_crossentropy", one_hot(0), [1]) == pytest.approx(16.11809555, abs=2e-7)
    assert compute("binary_crossentropy", floats([0.0]), [1.0]) == pytest.approx(16.11809565)


def test_a_probability_of_1_for_the_truth_costs_what_float32_makes_of_1_minus_1e_minus_7():
    assert compute("categorical_crossentropy", one_hot(0), [0]) == pytest.approx(1.1920930e-7)
    assert compute("binary_crossentropy", floats([1.0]), [1.0]) == pytest.approx(1.1920930e-7)
    assert compute("binary_crossentropy", floats([1.0]), [0.0]) == pytest.approx(15.94238515)


def test_logarithms_are_taken_in_float64():
    # Of 0.25 and 1 - 0.25, which float32 holds exactly.
    assert compute("binary_crossentropy", floats([0.25]), [1.0]) == pytest.approx(1.3862943611198906, rel=1e-14)
    assert compute("categorical_crossentropy", floats([0.25, 0.75]), [0]) == pytest.approx(
        1.3862943611198906, rel=1e-14
    )


def test_errors_of_classes_are_taken_from_one_hot_labels():
    outputs = floats([0.5, 0.25, 0.25])
    assert compute("mse", outputs, [0]) == pytest.approx((0.25 + 0.0625 + 0.0625) / 3)
    assert compute("mae", outputs, [0]) == pytest.approx(1 / 3)


def test_errors_of_values_are_taken_from_the_values():
    assert compute("mse", floats([6.5], [2.0]), [7.0, 1.0]) == 0.625
    assert compute("mae", floats([6.5], [2.0]), [7.0, 1.0]) == 0.75


def test_the_root_mean_squared_error_is_the_root_of_the_mean_over_all_images():
    assert compute("root_mean_squared_error", floats([3.0], [4.0]), [0.0, 0.0]) == math.sqrt(12.5)


@pytest.mark.parametrize("name", ["accuracy", "categorical_accuracy", "sparse_categorical_accuracy"])
def test_accuracy_is_the_fraction_of_largest_outputs_at_the_true_class(name):
    assert compute(name, one_hot(0, 1, 2, 2), [0, 1, 2, 0]) == 0.75


@pytest.mark.parametrize("name", ["accuracy", "binary_accuracy"])
def test_binary_accuracy_is_the_fraction_on_the_right_side_of_a_half(name):
    assert compute(name, floats([0.9], [0.6], [0.4], [0.1]), [1.0, 1.0, 1.0, 0.0]) == 0.75


def test_precision_and_recall_are_as_counted_by_hand():
    outputs, truth = floats([0.9], [0.8], [0.7], [0.4], [0.1]), [1.0, 1.0, 0.0, 1.0, 1.0]
    assert compute("precision", outputs, truth, thresholds=None) == 2 / 3
    assert compute("recall", outputs, truth, thresholds=None) == 2 / 4
    assert compute("precision", outputs, truth) == 2 / 3
    assert compute("recall", outputs, truth) == 2 / 4


def test_precision_and_recall_count_outputs_above_a_half():
    assert compute("precision", floats([0.6], [0.5]), [1.0, 0.0]) == 1.0
    assert compute("recall", floats([0.6], [0.5]), [1.0, 1.0]) == 0.5


def test_a_threshold_moves_precision_recall_and_binary_accuracy():
    outputs, truth = floats([0.9], [0.8], [0.7], [0.4]), [1.0, 1.0, 0.0, 1.0]
    assert compute("precision", outputs, truth, thresholds=0.75) == 1.0
    assert compute("recall", outputs, truth, thresholds=0.3) == 1.0
    assert compute("binary_accuracy", outputs, truth, threshold=0.3) == 0.75


def test_precision_without_a_yes_and_recall_without_a_positive_image_are_0():
    assert compute("precision", floats([0.1]), [1.0]) == 0.0
    assert compute("recall", floats([0.9]), [0.0]) == 0.0


def test_an_output_that_equals_the_threshold_is_not_above_it():
    assert above(floats([0.3], [0.30001], [0.1]), 0.3).tolist() == [False, True, False]


def test_a_ratio_without_a_denominator_is_0():
    assert (ratio(3, 4), ratio(1, 1), ratio(0, 0)) == (0.75, 1.0, 0.0)


@pytest.mark.parametrize("name", ["top_k_categorical_accuracy", "sparse_top_k_categorical_accuracy"])
def test_top_k_counts_the_truth_among_the_k_most_probable(name):
    outputs = floats([0.5, 0.3, 0.2], [0.5, 0.3, 0.2], [0.5, 0.3, 0.2])
    assert compute(name, outputs, [0, 1, 2], k=2) == 2 / 3


def test_top_k_counts_five_unless_told_otherwise():
    outputs = floats([0.3, 0.25, 0.2, 0.15, 0.07, 0.03])
    assert [compute("top_k_categorical_accuracy", outputs, [label]) for label in range(6)] == [1, 1, 1, 1, 1, 0]


def test_ties_at_the_kth_place_are_all_in_the_top_k():
    outputs = floats([0.4, 0.3, 0.3], [0.4, 0.3, 0.3], [0.4, 0.4, 0.2])
    assert compute("top_k_categorical_accuracy", outputs, [1, 2, 2], k=2) == 2 / 3


def test_huber_is_half_the_squared_error_up_to_delta_and_a_line_beyond():
    outputs, truth = floats([0.5], [3.0]), [0.0, 0.0]
    assert compute("huber", outputs, truth) == (0.125 + 2.5) / 2
    assert compute("huber", outputs, truth, delta=2.0) == (0.125 + 4.0) / 2


def test_focal_crossentropy_weighs_with_the_improbability_of_the_true_class():
    outputs = floats([0.5, 0.25, 0.25], [0.25, 0.75, 0.0])
    plain = [math.log(2), math.log(4 / 3)]
    focal = [0.25 * 0.5**2 * plain[0], 0.25 * 0.25**2 * plain[1]]
    assert compute("categorical_focal_crossentropy", outputs, [0, 1]) == pytest.approx(sum(focal) / 2)
    unweighted = compute("categorical_focal_crossentropy", outputs, [0, 1], alpha=1.0, gamma=0.0)
    assert unweighted == pytest.approx(sum(plain) / 2)


def test_focal_crossentropy_may_weigh_each_class():
    outputs = floats([0.5, 0.25, 0.25], [0.25, 0.25, 0.5])
    value = compute("categorical_focal_crossentropy", outputs, [0, 2], alpha=[1.0, 2.0, 3.0], gamma=0.0)
    assert value == pytest.approx((1 + 3) * math.log(2) / 2)


def test_focal_crossentropy_needs_a_weight_for_each_class():
    with pytest.raises(ValueError, match="broadcast"):
        compute("categorical_focal_crossentropy", one_hot(0), [0], alpha=[1.0, 2.0])


def test_kl_divergence_from_one_hot_labels_is_almost_the_crossentropy():
    # The labels 0 count as 1e-7, and add 2 * 1e-7 ln(1e-7 / 0.25).
    assert compute("kl_divergence", floats([0.5, 0.25, 0.25]), [0]) == pytest.approx(math.log(2) - 2.946e-6, abs=1e-8)


# Of each class, 2 TP / (predicted + true): 4 / 5, 2 / 3, and 0 for the one that no image has.
F1_OUTPUTS, F1_TRUTH = one_hot(0, 0, 0, 1), [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, (4 / 5 + 2 / 3) / 3),
        ({"average": "macro"}, (4 / 5 + 2 / 3) / 3),
        ({"average": "micro"}, 6 / 8),
        ({"average": "weighted"}, (4 / 5 + 2 / 3) / 2),
    ],
)
def test_f1_scores_are_averaged_over_the_classes(arguments, expected):
    assert compute("f1_score", F1_OUTPUTS, F1_TRUTH, **arguments) == pytest.approx(expected, rel=1e-6)


def test_an_f1_score_with_a_threshold_counts_every_output_above_it():
    outputs = floats([0.6, 0.4, 0.0], [0.5, 0.2, 0.3])  # predicted: classes 0 and 1, and class 0
    assert compute("f1_score", outputs, [0, 2], average="micro", threshold=0.35) == pytest.approx(2 / 5, rel=1e-6)


def test_an_f1_score_of_a_binary_task_is_that_of_yes():
    outputs, truth = floats([0.9], [0.8], [0.7], [0.4]), [1.0, 1.0, 0.0, 1.0]
    assert compute("f1_score", outputs, truth, threshold=0.5) == pytest.approx(2 / 3, rel=1e-6)
    assert compute("f1_score", outputs, np.zeros(4), average="weighted", threshold=0.5) == 0.0


def test_an_unknown_average_is_an_error():
    with pytest.raises(ValueError, match="no average 'none'"):
        compute("f1_score", F1_OUTPUTS, F1_TRUTH, average="none")


def test_auc_takes_each_probability_of_a_class_as_one_answer():
    # Of the true classes, 0.6 and 0.3; of the others, 0.3, 0.1, 0.3 and 0.4: 5 of 8 pairs are in order, 2 are ties.
    outputs = floats([0.6, 0.3, 0.1], [0.3, 0.3, 0.4])
    assert compute("auc", outputs, [0, 1]) == pytest.approx((5 + 2 * 0.5) / 8)
