"""Rules for the loss and the metrics."""

from __future__ import annotations

import pytest

SOFTMAX = "dense: {units: 10, activation: softmax}"
SIGMOID = "dense: {units: 1, activation: sigmoid}"


@pytest.mark.parametrize(
    ("task", "layer", "loss", "best"),
    [
        ("classification", SOFTMAX, "binary_crossentropy", "categorical_crossentropy"),
        ("regression", "dense: 1", "categorical_crossentropy", "mse"),
        ("regression", "dense: 1", "kl_divergence", "mse"),
        ("binary\ndata: {positive: [7]}", SIGMOID, "categorical_focal_crossentropy", "binary_crossentropy"),
    ],
)
def test_the_loss_must_suit_the_task_and_the_most_specific_is_suggested_first(check, task, layer, loss, best):
    (problem,) = check(layer, loss=loss, extra=f"task: {task}")[0]
    assert problem.startswith(f"4:7: loss: {loss} does not suit task {task.split()[0]}; use {best}, ")


@pytest.mark.parametrize(
    ("alpha", "problem"),
    [
        ("0.5", []),
        ("[1, 1, 1, 1, 1, 1, 1, 1, 1, 2.5]", []),
        ("[1, 2, 3]", ["4:48: loss.categorical_focal_crossentropy.alpha: needs one number for each of the 10 classes, got 3"]),
    ],
)  # fmt: skip
def test_alpha_is_one_weight_or_one_for_each_class(check, alpha, problem):
    assert check(loss=f"{{categorical_focal_crossentropy: {{alpha: {alpha}}}}}")[0] == problem


@pytest.mark.parametrize(
    ("metrics", "problem"),
    [
        ("[accuracy, mse, accuracy]", "5:26: metrics.2: accuracy appears twice; keep one"),
        ("[{top_k_categorical_accuracy: {k: 10}}]", "5:44: metrics.0: k: must be below the number of classes (10), got 10"),
        ("[sparse_categorical_accuracy]", "5:11: metrics.0: sparse_categorical_accuracy needs integer labels, but loss categorical_crossentropy takes one-hot ones; accuracy suits both"),
    ],
)  # fmt: skip
def test_metrics_must_apply_to_the_task_and_its_labels(check, metrics, problem):
    assert check(extra=f"metrics: {metrics}")[0] == [problem]


def test_a_metric_of_another_task_is_refused_with_those_of_the_task(check):
    problems, _ = check("dense: 1", loss="mse", extra="metrics: [precision]\ntask: regression")
    assert problems == [
        "5:11: metrics.0: precision does not apply to task regression; choose from mse, mae, root_mean_squared_error"
    ]


@pytest.mark.parametrize(
    ("metric", "problems"),
    [
        ("f1_score", ["6:11: metrics.0: f1_score needs a threshold in a binary task, as in `f1_score: {threshold: 0.5}`"]),
        ("{f1_score: {threshold: 0.5}}", []),
        ("auc", []),
    ],
)  # fmt: skip
def test_an_f1_score_of_a_binary_task_needs_a_threshold(check, metric, problems):
    extra = f"data: {{positive: [1]}}\nmetrics: [{metric}]\ntask: binary"
    assert check(SIGMOID, loss="binary_crossentropy", extra=extra)[0] == problems


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
        *("mse", "mae", "root_mean_squared_error", "auc", "f1_score", "kl_divergence"),
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
