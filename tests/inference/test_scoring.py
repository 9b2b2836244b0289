"""From outputs to scores and answers."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from nntrain.errors import DataError, RunError
from nntrain.inference.scoring import answer_indices, confidences, score, to_predictions, worst_mistakes
from nntrain.results import ClassScore, Mistake, Prediction
from nntrain.task import TaskSpec

ANIMALS = TaskSpec("classification", "categorical_crossentropy", (("accuracy", {}),), classes=("cat", "dog", "owl"))
DIGITS = tuple("0123456789")
SEVENS = TaskSpec("binary", "binary_crossentropy", (("accuracy", {}),), classes=DIGITS, positive=(7,))
VALUES = TaskSpec("regression", "mse", (("mae", {}),), classes=DIGITS)


def floats(*rows):
    return np.array(rows, np.float32)


def one_hot(answers, classes=3):
    return np.eye(classes, dtype=np.float32)[answers]


def test_the_confusion_matrix_has_truth_in_rows_and_answers_in_columns():
    scores = score(one_hot([0, 0, 1, 1, 2, 2]), np.array([0, 0, 0, 1, 1, 2]), ANIMALS)
    assert scores.confusion == ((2, 1, 0), (0, 1, 1), (0, 0, 1))
    assert scores.images == 6
    assert scores.metrics["accuracy"] == 4 / 6


def test_precision_recall_and_f1_of_each_class_are_as_counted_by_hand():
    scores = score(one_hot([0, 0, 1, 1, 2, 2]), np.array([0, 0, 0, 1, 1, 2]), ANIMALS)
    assert scores.classes == (
        ClassScore("cat", precision=1.0, recall=2 / 3, f1=0.8, support=3),
        ClassScore("dog", precision=0.5, recall=0.5, f1=0.5, support=2),
        ClassScore("owl", precision=0.5, recall=1.0, f1=2 / 3, support=1),
    )


def test_a_class_without_images_and_answers_scores_0():
    scores = score(one_hot([0, 1]), np.array([0, 1]), ANIMALS)
    assert scores.classes[2] == ClassScore("owl", precision=0.0, recall=0.0, f1=0.0, support=0)
    assert scores.confusion[2] == (0, 0, 0)


def test_labels_of_any_integer_type_have_the_same_scores():
    small, large = (score(one_hot([0, 2]), np.array([0, 1], kind), ANIMALS) for kind in (np.uint8, np.int64))
    assert small == large


def test_many_classes_do_not_overflow_labels_of_one_byte():
    task_spec = TaskSpec("classification", "mse", (), classes=tuple(f"class {index}" for index in range(30)))
    scores = score(one_hot([29, 28], classes=30), np.array([29, 29], np.uint8), task_spec)
    assert (scores.confusion[29][29], scores.confusion[29][28]) == (1, 1)


def test_scores_are_plain_floats_and_integers():
    scores = score(one_hot([0, 1]), np.array([0, 0]), ANIMALS)
    assert {type(value) for value in scores.metrics.values()} == {float}
    assert type(scores.confusion[0][0]) is int
    assert type(scores.classes[0].precision) is float
    assert type(scores.classes[0].support) is int


def test_metrics_come_after_the_loss_in_the_order_of_the_config():
    task_spec = TaskSpec("regression", "mse", (("root_mean_squared_error", {}), ("mae", {})), classes=DIGITS)
    assert list(score(floats([1.0]), np.array([1]), task_spec).metrics) == ["loss", "root_mean_squared_error", "mae"]


def test_metrics_are_computed_with_their_arguments():
    metrics = (("top_k_categorical_accuracy", {"k": 1}),)
    task_spec = TaskSpec("classification", "categorical_crossentropy", metrics, classes=("cat", "dog", "owl"))
    scores = score(floats([0.5, 0.25, 0.25], [0.1, 0.8, 0.1]), np.array([0, 2]), task_spec)
    assert scores.metrics == {"loss": pytest.approx(1.49786614), "top_k_categorical_accuracy": 0.5}


def test_the_loss_is_computed_with_its_arguments():
    task_spec = TaskSpec("regression", "huber", (), classes=DIGITS, loss_arguments={"delta": 2.0})
    assert score(floats([5.0]), np.array([1]), task_spec).metrics == {"loss": 2 * 4 - 2.0}


def test_a_regression_is_scored_by_its_errors_and_has_no_classes():
    scores = score(floats([6.5], [2.0]), np.array([7, 1]), VALUES)
    assert scores.metrics == {"loss": 0.625, "mae": 0.75}
    assert (scores.images, scores.classes, scores.confusion) == (2, (), ())


def test_the_classes_of_a_binary_task_are_no_and_yes():
    scores = score(floats([0.9], [0.6], [0.2], [0.1]), np.array([7, 1, 7, 2]), SEVENS)
    assert scores.confusion == ((1, 1), (1, 1))
    assert scores.classes == (
        ClassScore("no", precision=0.5, recall=0.5, f1=0.5, support=2),
        ClassScore("yes", precision=0.5, recall=0.5, f1=0.5, support=2),
    )


def test_a_class_is_predicted_with_its_name_and_probability():
    assert to_predictions(floats([0.25, 0.75, 0.0]), ANIMALS) == [
        Prediction("dog", confidence=0.75, outputs=(0.25, 0.75, 0.0))
    ]


def test_of_equal_probabilities_the_first_class_is_predicted():
    assert to_predictions(floats([0.25, 0.375, 0.375]), ANIMALS)[0].label == "dog"


def test_yes_and_no_are_predicted_with_their_own_probability():
    assert to_predictions(floats([0.75], [0.25]), SEVENS) == [
        Prediction("yes", confidence=0.75, outputs=(0.75,)),
        Prediction("no", confidence=0.75, outputs=(0.25,)),
    ]


def test_a_probability_of_a_half_is_a_no():
    assert to_predictions(floats([0.5]), SEVENS) == [Prediction("no", confidence=0.5, outputs=(0.5,))]


@pytest.mark.parametrize(
    ("value", "label"), [(6.75, "7"), (6.5, "7"), (7.5, "8"), (-0.25, "0"), (-1.75, "-2"), (11.0, "11")]
)
def test_a_value_is_predicted_rounded(value, label):
    assert to_predictions(floats([value]), VALUES) == [Prediction(label, confidence=None, outputs=(value,))]


def test_values_that_no_integer_holds_are_clipped_without_a_warning():
    predictions = to_predictions(floats([1e30], [-1e30]), VALUES)
    assert [prediction.label for prediction in predictions] == ["9007199254740992", "-9007199254740992"]


def test_answers_are_indices():
    assert answer_indices(one_hot([2, 0]), ANIMALS).tolist() == [2, 0]
    assert answer_indices(floats([0.4], [0.6]), SEVENS).tolist() == [0, 1]


def test_a_confidence_is_the_probability_of_the_answer():
    assert confidences(floats([0.25, 0.75], [0.5, 0.25]), np.array([1, 0]), ANIMALS).tolist() == [0.75, 0.5]
    assert confidences(floats([0.25], [0.25]), np.array([0, 1]), SEVENS).tolist() == [0.75, 0.25]


def test_the_most_confident_mistake_comes_first():
    outputs = floats([0.6, 0.4, 0.0], [0.1, 0.9, 0.0], [0.0, 0.2, 0.8], [0.3, 0.7, 0.0])
    mistakes = worst_mistakes(outputs, np.array([1, 0, 2, 2]), ANIMALS)
    assert [(mistake.index, mistake.truth, mistake.prediction.label) for mistake in mistakes] == [
        (1, "cat", "dog"),
        (3, "owl", "dog"),
        (0, "dog", "cat"),
    ]
    assert mistakes[0].prediction.confidence == pytest.approx(0.9)


@pytest.mark.parametrize(("count", "indices"), [({}, 25), ({"count": 3}, 3)])
def test_equally_bad_mistakes_stay_in_the_order_of_the_data(count, indices):
    mistakes = worst_mistakes(one_hot([1] * 40), np.zeros(40, int), ANIMALS, **count)
    assert [mistake.index for mistake in mistakes] == list(range(indices))


def test_the_worst_mistake_of_a_binary_network_may_be_a_no():
    mistakes = worst_mistakes(floats([0.9], [0.01], [0.8]), np.array([1, 7, 7]), SEVENS)
    assert [(mistake.index, mistake.truth, mistake.prediction.label) for mistake in mistakes] == [
        (1, "yes", "no"),
        (0, "no", "yes"),
    ]


def test_the_worst_mistake_of_a_regression_is_the_farthest_value():
    mistakes = worst_mistakes(floats([6.75], [8.0], [4.0]), np.array([7, 9, 1]), VALUES)
    assert mistakes == [
        Mistake(2, "1", Prediction("4", None, (4.0,))),
        Mistake(1, "9", Prediction("8", None, (8.0,))),
    ]


def test_a_faultless_network_has_no_mistakes():
    assert worst_mistakes(one_hot([0, 1]), np.array([0, 1]), ANIMALS) == []


def each_function():
    return [score, worst_mistakes, lambda outputs, _, task_spec: to_predictions(outputs, task_spec)]


@pytest.mark.parametrize("function", each_function())
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_outputs_that_are_not_finite_are_refused(function, value):
    with pytest.raises(RunError) as caught:
        function(floats([value], [0.5]), np.array([7, 7]), SEVENS)
    assert str(caught.value) == (
        "the network's outputs are NaN or infinite for 1 of 2 images: its training diverged; "
        "train it again, with a lower learning rate"
    )


@pytest.mark.parametrize("function", each_function())
@pytest.mark.parametrize(("outputs", "shape"), [(one_hot([0], classes=5), r"\(5,\)"), (np.zeros(3), r"\(\)")])
def test_outputs_that_do_not_fit_the_classes_are_refused(function, outputs, shape):
    with pytest.raises(RunError, match=rf"outputs have the shape {shape}, but its task needs \(3,\)"):
        function(outputs, np.array([0]), ANIMALS)


@pytest.mark.parametrize("function", [score, worst_mistakes])
@pytest.mark.parametrize(("labels", "lowest", "highest"), [([1, 25], 1, 25), ([0, 3], 0, 3), ([-1, 2], -1, 2)])
def test_labels_that_the_network_does_not_know_are_refused(function, labels, lowest, highest):
    with pytest.raises(DataError) as caught:
        function(one_hot([0, 1]), np.array(labels), ANIMALS)
    assert str(caught.value) == (
        f"the data has labels from {lowest} to {highest}, but the network knows 3 classes, from 0 to 2"
    )


def test_a_regression_takes_any_label():
    assert score(floats([25.0]), np.array([25]), VALUES).metrics["loss"] == 0


@pytest.mark.parametrize("function", [score, worst_mistakes])
def test_no_images_are_refused(function):
    with pytest.raises(DataError, match="there are no images to score"):
        function(np.zeros((0, 3), np.float32), np.zeros(0, int), ANIMALS)


def test_each_image_needs_a_label():
    with pytest.raises(ValueError, match="1 outputs for 2 labels"):
        score(one_hot([0]), np.array([0, 1]), ANIMALS)


def test_scoring_loads_neither_tensorflow_nor_pydantic_nor_rich():
    unwanted = ["tensorflow", "pydantic", "rich"]
    code = f"import sys, nntrain.inference.scoring; print([name for name in {unwanted} if name in sys.modules])"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout == "[]\n"
