import math
import subprocess
import sys

import numpy as np
import pytest

from nntrain.errors import DataError, RunError
from nntrain.inference.metrics import METRICS
from nntrain.inference.scoring import answer, score, worst_mistakes
from nntrain.results import ClassScore, Mistake, Prediction
from nntrain.task import TaskSpec, targets

ANIMALS = TaskSpec("classification", "categorical_crossentropy", (("accuracy", {}),), classes=("cat", "dog", "owl"))
DIGITS = tuple("0123456789")
SEVENS = TaskSpec("binary", "binary_crossentropy", (("accuracy", {}),), classes=DIGITS, positive=(7,))
VALUES = TaskSpec("regression", "mse", (("mae", {}),), classes=DIGITS)


def floats(*rows):
    return np.array(rows, np.float32)


def sure(answers, classes=3):
    """Outputs that give all to the answered class."""
    return np.eye(classes, dtype=np.float32)[answers]


def test_the_confusion_matrix_has_truth_in_rows_and_answers_in_columns():
    scores = score(sure([0, 0, 1, 1, 2, 2]), np.array([0, 0, 0, 1, 1, 2]), ANIMALS)
    assert scores.confusion == ((2, 1, 0), (0, 1, 1), (0, 0, 1))
    assert scores.images == 6
    assert scores.metrics["accuracy"] == 4 / 6


def test_precision_recall_and_f1_of_each_class_are_as_counted_by_hand():
    scores = score(sure([0, 0, 1, 1, 2, 2]), np.array([0, 0, 0, 1, 1, 2]), ANIMALS)
    assert scores.classes == (
        ClassScore("cat", precision=1.0, recall=2 / 3, f1=0.8, support=3),
        ClassScore("dog", precision=0.5, recall=0.5, f1=0.5, support=2),
        ClassScore("owl", precision=0.5, recall=1.0, f1=2 / 3, support=1),
    )


def test_a_class_that_is_neither_there_nor_answered_scores_zero():
    scores = score(sure([0, 1]), np.array([0, 1]), ANIMALS)
    assert scores.classes[2] == ClassScore("owl", precision=0.0, recall=0.0, f1=0.0, support=0)


def test_labels_of_any_whole_type_are_scored_alike():
    bytes_, longs = (score(sure([0, 2]), np.array([0, 1], kind), ANIMALS) for kind in (np.uint8, np.int64))
    assert bytes_ == longs


def test_many_classes_do_not_overflow_byte_labels():
    task_spec = TaskSpec("classification", "mse", (), classes=tuple(f"class {i}" for i in range(30)))
    scores = score(sure([29, 28], classes=30), np.array([29, 29], np.uint8), task_spec)
    assert (scores.confusion[29][29], scores.confusion[29][28]) == (1, 1)


def test_every_figure_is_a_plain_float_or_int():
    scores = score(sure([0, 1]), np.array([0, 0]), ANIMALS)
    assert {type(value) for value in scores.metrics.values()} == {float}
    assert type(scores.confusion[0][0]) is int
    assert type(scores.classes[0].precision) is float


def test_metrics_come_after_the_loss_in_the_order_of_the_config():
    task_spec = TaskSpec("regression", "mse", (("root_mean_squared_error", {}), ("mae", {})), classes=DIGITS)
    assert list(score(floats([1.0]), np.array([1]), task_spec).metrics) == ["loss", "root_mean_squared_error", "mae"]


def test_crossentropy_is_minus_the_logarithm_of_the_right_class_s_probability():
    scores = score(floats([0.5, 0.25, 0.25], [0.1, 0.8, 0.1]), np.array([0, 2]), ANIMALS)
    assert scores.metrics["loss"] == pytest.approx(1.49786614)  # (ln 2 + ln 10) / 2


def test_sparse_crossentropy_of_probabilities_is_the_same():
    outputs = floats([0.5, 0.25, 0.25], [0.1, 0.8, 0.1])
    assert METRICS["sparse_categorical_crossentropy"](outputs, np.array([0, 2])) == pytest.approx(1.49786614)


def test_binary_crossentropy_of_sigmoid_of_1_2_is_0_2633():
    yes = 1 / (1 + math.exp(-1.2))
    assert score(floats([yes]), np.array([7]), SEVENS).metrics["loss"] == pytest.approx(0.26328247, rel=1e-6)
    assert score(floats([yes]), np.array([3]), SEVENS).metrics["loss"] == pytest.approx(1.46328247, rel=1e-6)


def test_a_probability_of_zero_for_the_truth_costs_as_much_as_1e_minus_7():
    assert score(sure([0]), np.array([1]), ANIMALS).metrics["loss"] == pytest.approx(16.11809565)
    assert score(floats([0.0]), np.array([7]), SEVENS).metrics["loss"] == pytest.approx(16.11809565)


def test_a_network_trained_on_squared_error_is_held_against_one_hot_labels():
    task_spec = TaskSpec("classification", "mse", (("mae", {}),), classes=("cat", "dog", "owl"))
    scores = score(floats([0.5, 0.25, 0.25]), np.array([0]), task_spec)
    assert scores.metrics["loss"] == pytest.approx((0.25 + 0.0625 + 0.0625) / 3)
    assert scores.metrics["mae"] == pytest.approx(1 / 3)


def test_regression_is_scored_by_its_errors_and_has_no_classes():
    scores = score(floats([6.5], [2.0]), np.array([7, 1]), VALUES)
    assert scores.metrics == {"loss": 0.625, "mae": 0.75}
    assert (scores.classes, scores.confusion) == ((), ())


def test_the_root_mean_squared_error_is_the_root_of_the_mean_over_all_images():
    assert METRICS["root_mean_squared_error"](floats([3.0], [4.0]), np.array([0.0, 0.0])) == math.sqrt(12.5)


def test_binary_classes_are_named_no_and_yes():
    scores = score(floats([0.9], [0.6], [0.2], [0.1]), np.array([7, 1, 7, 2]), SEVENS)
    assert [row.label for row in scores.classes] == ["no", "yes"]
    assert scores.confusion == ((1, 1), (1, 1))
    assert scores.classes[1] == ClassScore("yes", precision=0.5, recall=0.5, f1=0.5, support=2)


def test_precision_and_recall_are_as_counted_by_hand():
    metrics = (("precision", {"thresholds": None}), ("recall", {"thresholds": None}))
    task_spec = TaskSpec("binary", "binary_crossentropy", metrics, classes=DIGITS, positive=(7,))
    scores = score(floats([0.9], [0.8], [0.7], [0.4], [0.1]), np.array([7, 7, 1, 7, 7]), task_spec)
    assert scores.metrics["precision"] == 2 / 3
    assert scores.metrics["recall"] == 2 / 4


def test_a_threshold_moves_precision_recall_and_binary_accuracy():
    outputs, truth = floats([0.9], [0.8], [0.7], [0.4]), np.array([1, 1, 0, 1], np.float32)
    assert METRICS["precision"](outputs, truth, thresholds=0.75) == 1.0
    assert METRICS["recall"](outputs, truth, thresholds=0.3) == 1.0
    assert METRICS["binary_accuracy"](outputs, truth, threshold=0.3) == 0.75


def test_an_output_at_the_threshold_is_not_above_it():
    assert METRICS["binary_accuracy"](floats([0.3]), np.array([0.0]), threshold=0.3) == 1.0
    assert answer(floats([0.5]), SEVENS)[0].label == "no"


def test_precision_without_a_yes_and_recall_without_a_truth_are_zero():
    assert METRICS["precision"](floats([0.1]), np.array([1.0])) == 0.0
    assert METRICS["recall"](floats([0.9]), np.array([0.0])) == 0.0


def test_top_k_counts_the_truth_among_the_k_most_probable():
    outputs = floats([0.5, 0.3, 0.2], [0.5, 0.3, 0.2], [0.5, 0.3, 0.2])
    assert METRICS["top_k_categorical_accuracy"](outputs, np.array([0, 1, 2]), k=2) == 2 / 3
    assert METRICS["top_k_categorical_accuracy"](outputs, np.array([0, 1, 2])) == 1.0


def test_equals_at_the_kth_place_are_all_in_the_top_k():
    outputs = floats([0.4, 0.3, 0.3], [0.4, 0.3, 0.3], [0.4, 0.4, 0.2])
    assert METRICS["sparse_top_k_categorical_accuracy"](outputs, np.array([1, 2, 2]), k=2) == 2 / 3


def test_targets_are_what_the_loss_compares_with():
    labels = np.array([7, 1, 3])
    assert targets(labels, ANIMALS).tolist() == [7, 1, 3]
    two_digits = TaskSpec("binary", "binary_crossentropy", (), classes=DIGITS, positive=(3, 7))
    assert targets(labels, two_digits).tolist() == [1.0, 0.0, 1.0]
    assert targets(labels, VALUES).dtype == np.float32


def test_a_class_is_answered_with_its_name_and_probability():
    (prediction,) = answer(floats([0.25, 0.75, 0.0]), ANIMALS)
    assert prediction == Prediction("dog", confidence=0.75, outputs=(0.25, 0.75, 0.0))


def test_equal_probabilities_are_answered_with_the_first_class():
    assert answer(floats([0.25, 0.375, 0.375]), ANIMALS)[0].label == "dog"


def test_yes_and_no_are_answered_with_their_own_probability():
    assert answer(floats([0.75], [0.25]), SEVENS) == [
        Prediction("yes", confidence=0.75, outputs=(0.75,)),
        Prediction("no", confidence=0.75, outputs=(0.25,)),
    ]


@pytest.mark.parametrize(
    ("value", "label"), [(6.75, "7"), (6.5, "7"), (7.5, "8"), (-0.25, "0"), (-1.75, "-2"), (11.0, "11")]
)
def test_a_value_is_answered_rounded(value, label):
    assert answer(floats([value]), VALUES) == [Prediction(label, confidence=None, outputs=(value,))]


def test_a_value_beyond_any_integer_is_answered_without_a_warning():
    assert answer(floats([1e30]), VALUES)[0].label == "9007199254740992"


def test_the_most_confident_mistake_comes_first():
    outputs = floats([0.6, 0.4, 0.0], [0.1, 0.9, 0.0], [0.0, 0.2, 0.8], [0.3, 0.7, 0.0])
    mistakes = worst_mistakes(outputs, np.array([1, 0, 2, 2]), ANIMALS)
    assert [(m.index, m.truth, m.prediction.label) for m in mistakes] == [
        (1, "cat", "dog"),
        (3, "owl", "dog"),
        (0, "dog", "cat"),
    ]
    assert mistakes[0].prediction.confidence == pytest.approx(0.9)


def test_equally_bad_mistakes_stay_in_the_order_of_the_data():
    mistakes = worst_mistakes(sure([1] * 40), np.zeros(40, int), ANIMALS, count=3)
    assert [mistake.index for mistake in mistakes] == [0, 1, 2]


def test_the_worst_mistake_of_a_binary_network_may_be_a_no():
    mistakes = worst_mistakes(floats([0.9], [0.01], [0.8]), np.array([1, 7, 7]), SEVENS)
    assert [(m.index, m.truth, m.prediction.label) for m in mistakes] == [(1, "yes", "no"), (0, "no", "yes")]


def test_the_worst_mistake_of_a_regression_is_the_farthest_value():
    mistakes = worst_mistakes(floats([6.75], [4.0], [9.0]), np.array([7, 5, 1]), VALUES)
    assert mistakes == [
        Mistake(2, "1", Prediction("9", None, (9.0,))),
        Mistake(1, "5", Prediction("4", None, (4.0,))),
    ]


def test_a_faultless_network_has_no_mistakes():
    assert worst_mistakes(sure([0, 1]), np.array([0, 1]), ANIMALS) == []


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_outputs_that_are_not_numbers_are_refused(value):
    outputs = floats([value], [0.5])
    with pytest.raises(RunError, match=r"values that are not numbers \(NaN or infinite\) for 1 of 2 images"):
        score(outputs, np.array([7, 7]), SEVENS)
    with pytest.raises(RunError, match="not numbers"):
        answer(outputs, VALUES)


def test_labels_that_the_network_does_not_know_are_refused():
    with pytest.raises(DataError, match="labels from 1 to 25, the network knows 3 classes, from 0 to 2"):
        score(sure([0, 1]), np.array([1, 25]), ANIMALS)


def test_outputs_that_do_not_fit_the_classes_are_refused():
    with pytest.raises(RunError, match=r"outputs of shape \(5,\), its task needs \(3,\)"):
        answer(sure([0], classes=5), ANIMALS)


def test_no_images_are_refused():
    with pytest.raises(DataError, match="no images to score"):
        score(np.zeros((0, 3), np.float32), np.zeros(0, int), ANIMALS)


def test_scoring_loads_neither_tensorflow_nor_pydantic_nor_rich():
    unwanted = ["tensorflow", "pydantic", "rich"]
    code = f"import sys, nntrain.inference.scoring; sys.exit(any(name in sys.modules for name in {unwanted}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
