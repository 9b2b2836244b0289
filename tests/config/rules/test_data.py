"""Rules for the data set, its labels and the validation split."""

from __future__ import annotations

import pytest

from nntrain.config.rules import CheckContext
from nntrain.config.rules.data import positive_suits_task
from nntrain.config.schema import Config, Data
from nntrain.data.catalog import DATASETS

SOFTMAX = "dense: {units: 10, activation: softmax}"
SIGMOID = "dense: {units: 1, activation: sigmoid}"


@pytest.mark.parametrize(
    ("task", "layer", "loss", "problem"),
    [
        ("binary", SIGMOID, "binary_crossentropy", "5:7: task binary needs the labels that count as yes: add for example `data: {positive: [7]}`"),
        ("binary\ndata: {positive: []}", SIGMOID, "mse", "5:7: task binary needs the labels that count as yes: add for example `data: {positive: [7]}`"),
        ("binary\ndata: {positive: [10]}", SIGMOID, "mse", "6:18: data.positive: no label 10; labels are 0 to 9"),
        ("binary\ndata: {positive: [7, 7]}", SIGMOID, "mse", "6:18: data.positive: a label appears twice"),
        ("binary\ndata: {positive: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]}", SIGMOID, "mse", "6:18: data.positive: all labels count as yes; leave some out"),
        ("classification\ndata: {positive: [7]}", SOFTMAX, "mse", "6:18: data.positive is for task binary, not for classification"),
    ],
)  # fmt: skip
def test_the_positive_labels_must_suit_the_task_and_the_data(check, task, layer, loss, problem):
    assert check(layer, loss=loss, extra=f"task: {task}")[0] == [problem]


def test_label_9_may_count_as_yes(check):
    assert check(SIGMOID, loss="mse", extra="task: binary\ndata: {positive: [9, 0]}")[0] == []


def test_an_unknown_data_set_is_an_error_that_lists_the_known_ones(check):
    assert check(extra="data: {dataset: xyz}")[0] == [
        f"5:17: data.dataset: no data set 'xyz'; choose from {', '.join(DATASETS)} (a path has a suffix or a slash)"
    ]
    assert check(extra="data: {dataset: ./digits}")[0] == []


YES = "task: binary\ndata: {dataset: fashion_mnist, positive: "


def test_the_positive_labels_may_be_names_of_classes(check):
    assert check(SIGMOID, loss="mse", extra=f"{YES}[Sneaker, Ankle boot, 5]}}")[0] == []


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        ("[Sneeker]", "no class 'Sneeker'; did you mean 'Sneaker'?"),
        ("[Sneaker, 7]", "a label appears twice"),
        ("[10]", "no label 10; labels are 0 to 9"),
        ("[zzz]", "no class 'zzz'; classes are T-shirt/top, Trouser, Pullover, Dress, Coat, Sandal, Shirt, Sneaker, Bag, Ankle boot"),
    ],
)  # fmt: skip
def test_a_name_that_is_no_class_is_refused(check, labels, problem):
    assert check(SIGMOID, loss="mse", extra=f"{YES}{labels}}}")[0] == [f"6:42: data.positive: {problem}"]


def test_a_class_named_by_a_number_is_written_in_quotes():
    config = Config.model_construct(task="binary", data=Data(positive=(20,)))
    context = CheckContext(config, ("10", "20", "30"))
    assert [message for _, message in positive_suits_task(context)] == [
        "data.positive: no label 20; labels are 0 to 2; the class is named with quotes: '20'"
    ]
