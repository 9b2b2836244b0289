"""What a network is trained to do."""

from __future__ import annotations

import numpy as np
import pytest

from nntrain.task import CHANNELS, IMAGE_SHAPE, IMAGE_SIZE, PIXELS, TASKS, TaskSpec, label_numbers, targets

DIGITS = tuple("0123456789")


def spec(task="classification", *, loss="mse", metrics=(), classes=DIGITS, positive=()):
    return TaskSpec(task, loss, metrics, classes, positive)


def test_images_are_those_of_mnist():
    assert (IMAGE_SIZE, CHANNELS, IMAGE_SHAPE, PIXELS) == (28, 1, (28, 28), 784)


def test_there_are_three_tasks():
    assert TASKS == ("classification", "binary", "regression")


@pytest.mark.parametrize(("task", "units"), [("classification", 10), ("binary", 1), ("regression", 1)])
def test_a_network_outputs_one_value_per_class_or_one(task, units):
    assert spec(task).output_units == units


@pytest.mark.parametrize(
    ("task", "answers"), [("classification", ("cat", "dog")), ("binary", ("no", "yes")), ("regression", ())]
)
def test_answers_are_classes_or_no_and_yes_or_values(task, answers):
    assert spec(task, classes=("cat", "dog")).answers == answers


def test_targets_of_classes_are_the_labels_themselves():
    labels = np.array([7, 1, 3], np.uint8)
    assert targets(labels, spec()) is labels


def test_targets_of_a_binary_task_are_1_for_each_positive_label():
    values = targets(np.array([7, 1, 3]), spec("binary", positive=(3, 7)))
    assert values.tolist() == [1.0, 0.0, 1.0]
    assert values.dtype == np.float32


def test_targets_of_a_regression_are_the_labels_as_floats():
    values = targets(np.array([7, 1, 3]), spec("regression"))
    assert values.tolist() == [7.0, 1.0, 3.0]
    assert values.dtype == np.float32


def test_an_unknown_task_is_refused():
    with pytest.raises(ValueError, match="unknown task 'ranking'"):
        spec("ranking")


@pytest.mark.parametrize("positive", [(10,), (3, -1)])
def test_a_positive_label_that_is_no_class_is_refused(positive):
    with pytest.raises(ValueError, match="of 10 classes"):
        spec("binary", positive=positive)


def test_the_first_and_the_last_class_may_be_positive():
    assert spec("binary", positive=(0, 9)).positive == (0, 9)


def test_labels_are_given_by_number_or_by_the_name_of_their_class():
    assert label_numbers([0, "rust"], ("good", "rust")) == (0, 1)
    with pytest.raises(ValueError, match="not in tuple"):
        label_numbers(["moss"], ("good", "rust"))
