"""Every member of a family has the attributes that rules read."""

from __future__ import annotations

from typing import get_args

import pytest

from nntrain.config import schema
from nntrain.config.rules.network import OUTPUTS
from nntrain.config.schema import TASKS, Labels

DECLARED = [
    *((schema.Activation, name) for name in ("output_tasks",)),
    *((schema.Loss, name) for name in ("tasks", "labels")),
    *((schema.Metric, name) for name in ("tasks", "higher_is_better", "labels")),
]


@pytest.mark.parametrize(("family", "name"), DECLARED)
def test_every_member_declares_what_rules_read(family, name):
    assert [member.__name__ for member in family.members.values() if not hasattr(member, name)] == []


def test_tasks_are_those_of_the_config():
    assert TASKS == ("classification", "binary", "regression")
    declared = [member.tasks for family in (schema.Loss, schema.Metric) for member in family.members.values()]
    declared += [member.output_tasks for member in schema.Activation.members.values()]
    assert {task for tasks in declared for task in tasks} == set(TASKS)


def test_labels_are_one_hot_or_integers():
    declared = {member.labels for family in (schema.Loss, schema.Metric) for member in family.members.values()}
    assert declared - {None} == set(get_args(Labels)) == {"one_hot", "integers"}


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_a_usual_output_a_loss_and_default_metrics(task):
    assert task in schema.Activation.members[OUTPUTS[task][0]].output_tasks
    assert [loss for loss in schema.Loss.members.values() if task in loss.tasks] != []
    assert all(task in metric.tasks for metric in schema.default_metrics(task))


@pytest.mark.parametrize(
    ("labels", "metrics"),
    [
        ("integers", ["sparse_categorical_accuracy", "sparse_top_k_categorical_accuracy", "sparse_categorical_crossentropy"]),
        (None, ["accuracy", "binary_accuracy", "precision", "recall", "binary_crossentropy"]),
        ("one_hot", ["categorical_accuracy", "auc", "f1_score", "mse", "kl_divergence"]),
    ],
)  # fmt: skip
def test_metrics_take_labels_in_their_form(labels, metrics):
    assert [name for name in metrics if schema.Metric.members[name].labels != labels] == []


def test_accuracies_precision_and_recall_are_better_the_higher_they_are():
    higher = ["accuracy", "categorical_accuracy", "binary_accuracy", "precision", "recall", "auc", "f1_score"]
    lower = ["mse", "mae", "root_mean_squared_error", "categorical_crossentropy", "kl_divergence"]
    assert all(schema.Metric.members[name].higher_is_better for name in higher)
    assert not any(schema.Metric.members[name].higher_is_better for name in lower)


@pytest.mark.parametrize(
    ("tasks", "metrics"),
    [
        (TASKS, ["mse", "mae", "root_mean_squared_error"]),
        (("classification", "binary"), ["accuracy", "auc", "f1_score"]),
        (("binary",), ["binary_accuracy", "precision", "recall", "binary_crossentropy"]),
        (("classification",), ["categorical_accuracy", "categorical_crossentropy", "kl_divergence"]),
    ],
)
def test_metrics_have_their_tasks(tasks, metrics):
    assert [name for name in metrics if schema.Metric.members[name].tasks != tasks] == []


def test_a_network_may_end_with_flatten_reshape_or_the_mean_of_each_channel():
    assert [name for name, layer in schema.Layer.members.items() if layer.may_follow_output] == [
        "global_average_pooling2d",
        "flatten",
        "reshape",
    ]


def test_convolutions_are_known_as_such():
    assert [name for name, layer in schema.Layer.members.items() if layer.is_convolution != ("conv" in name)] == []
