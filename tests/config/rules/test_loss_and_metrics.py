"""Rules for the loss and the metrics."""

from __future__ import annotations

import pytest

SOFTMAX = "dense: {units: 10, activation: softmax}"
SIGMOID = "dense: {units: 1, activation: sigmoid}"


@pytest.mark.parametrize(
    ("task", "layer", "loss", "problem"),
    [
        ("classification", SOFTMAX, "binary_crossentropy", "4:7: loss: binary_crossentropy does not suit task classification; use categorical_crossentropy, sparse_categorical_crossentropy, mse or mae"),
        ("regression", "dense: 1", "categorical_crossentropy", "4:7: loss: categorical_crossentropy does not suit task regression; use mse or mae"),
        ("binary\ndata: {positive: [7]}", SIGMOID, "categorical_crossentropy", "4:7: loss: categorical_crossentropy does not suit task binary; use binary_crossentropy, mse or mae"),
    ],
)  # fmt: skip
def test_the_loss_must_suit_the_task(check, task, layer, loss, problem):
    assert check(layer, loss=loss, extra=f"task: {task}")[0] == [problem]


CHOICES = "accuracy, categorical_accuracy, sparse_categorical_accuracy, top_k_categorical_accuracy, sparse_top_k_categorical_accuracy, mse, mae, root_mean_squared_error, categorical_crossentropy, sparse_categorical_crossentropy"


@pytest.mark.parametrize(
    ("metrics", "problem"),
    [
        ("[precision]", f"5:11: metrics.0: precision does not apply to task classification; choose from {CHOICES}"),
        ("[accuracy, mse, accuracy]", "5:26: metrics.2: accuracy appears twice; keep one"),
        ("[{top_k_categorical_accuracy: {k: 10}}]", "5:44: metrics.0: k: must be below the number of classes (10), got 10"),
        ("[sparse_categorical_accuracy]", "5:11: metrics.0: sparse_categorical_accuracy needs integer labels, but loss categorical_crossentropy takes one-hot ones; accuracy suits both"),
    ],
)  # fmt: skip
def test_metrics_must_apply_to_the_task_and_its_labels(check, metrics, problem):
    assert check(extra=f"metrics: {metrics}")[0] == [problem]


def test_k_may_be_9_of_10_classes(check):
    assert check(extra="metrics: [{top_k_categorical_accuracy: {k: 9}}]")[0] == []


def test_a_metric_with_a_mistake_hides_nothing_about_the_others(check):
    metrics = "[foo, precision, {top_k_categorical_accuracy: {k: x}}, {top_k_categorical_accuracy: {k: 12}}, mse, mse]"
    assert [line.partition(": ")[2][:60] for line in check(extra=f"metrics: {metrics}")[0]] == [
        "metrics.0: no metric 'foo'; choose from accuracy, categorica",
        "metrics.1: precision does not apply to task classification; ",
        "metrics.2.top_k_categorical_accuracy.k: must be a whole numb",
        "metrics.3: top_k_categorical_accuracy appears twice; keep on",
        "metrics.3: k: must be below the number of classes (10), got ",
        "metrics.5: mse appears twice; keep one",
    ]


@pytest.mark.parametrize(
    "metric",
    [
        *("categorical_accuracy", "top_k_categorical_accuracy", "categorical_crossentropy"),
        *("mse", "mae", "root_mean_squared_error"),
    ],
)
def test_metrics_of_one_hot_labels_need_them(check, metric):
    problems, _ = check(loss="sparse_categorical_crossentropy", extra=f"metrics: [accuracy, {metric}]")
    assert problems == [
        f"5:21: metrics.1: {metric} needs one-hot labels, but loss sparse_categorical_crossentropy takes integer ones; "
        "accuracy suits both"
    ]


@pytest.mark.parametrize("metric", ["mse", "mae", "root_mean_squared_error", "accuracy", "precision", "recall"])
def test_metrics_of_a_binary_task_take_its_labels(check, metric):
    extra = f"task: binary\ndata: {{positive: [1]}}\nmetrics: [{metric}]"
    regression = "task: regression\nmetrics: [mse, mae, root_mean_squared_error]"
    assert check(SIGMOID, loss="binary_crossentropy", extra=extra)[0] == []
    assert check("dense: 1", loss="mse", extra=regression)[0] == []
