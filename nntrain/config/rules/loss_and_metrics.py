"""Rules for the loss and the metrics."""

from __future__ import annotations

from collections.abc import Iterator

from nntrain.config import schema
from nntrain.config.rules.base import CheckContext, Finding, enumerate_named, enumerate_valid
from nntrain.config.wording import dotted, join_or
from nntrain.config.yaml_tree import KeyPath


def loss_suits_task(context: CheckContext) -> Iterator[Finding]:
    """The loss suits the task."""
    task, loss = context.config.task, context.config.loss.key
    members = schema.Loss.members
    if task not in members[loss].tasks:
        suitable = [key for key in members if task in members[key].tasks]
        suitable.sort(key=lambda key: len(members[key].tasks))  # the most specific first
        yield ("loss",), f"loss: {loss} does not suit task {task}; use {join_or(suitable)}"


def alpha_has_the_classes(context: CheckContext) -> Iterator[Finding]:
    """A list of weights has one for each class."""
    loss = context.config.loss
    if loss.key != "categorical_focal_crossentropy" or not isinstance(loss.alpha, tuple):
        return
    if context.classes is not None and len(loss.alpha) != context.classes:
        path: KeyPath = ("loss", loss.key, "alpha")
        yield path, f"{dotted(path)}: needs one number for each of the {context.classes} classes, got {len(loss.alpha)}"


def metrics_suit_task(context: CheckContext) -> Iterator[Finding]:
    """Each metric applies to the task and appears once."""
    task, seen = context.config.task, set()
    members = schema.Metric.members
    for index, metric in enumerate_named(context.config.metrics or ()):
        path: KeyPath = ("metrics", index)
        if task not in members[metric.key].tasks:
            suitable = [key for key, member in members.items() if task in member.tasks]
            message = f"{metric.key} does not apply to task {task}; choose from {', '.join(suitable)}"
            yield path, f"metrics.{index}: {message}"
        if metric.key in seen:
            yield path, f"metrics.{index}: {metric.key} appears twice; keep one"
        seen.add(metric.key)


def top_k_leaves_classes_out(context: CheckContext) -> Iterator[Finding]:
    """k is less than the number of classes."""
    for index, metric in enumerate_valid(context.config.metrics or ()):
        k = getattr(metric, "k", None)
        if k is not None and context.classes is not None and k >= context.classes:
            path: KeyPath = ("metrics", index, metric.key, "k")
            yield path, f"metrics.{index}: k: must be below the number of classes ({context.classes}), got {k}"


def binary_f1_score_has_a_threshold(context: CheckContext) -> Iterator[Finding]:
    """In a binary task, f1_score needs a threshold; without one, the single output is always the largest."""
    for index, metric in enumerate_valid(context.config.metrics or ()):
        if context.config.task == "binary" and metric.key == "f1_score" and metric.threshold is None:
            message = "f1_score needs a threshold in a binary task, as in `f1_score: {threshold: 0.5}`"
            yield ("metrics", index), f"metrics.{index}: {message}"


def metrics_suit_labels(context: CheckContext) -> Iterator[Finding]:
    """A metric takes the labels in the form that the loss takes: one-hot or integers."""
    if context.config.task != "classification":
        return
    loss = context.config.loss.key
    labels = schema.Loss.members[loss].labels
    names = {"one_hot": "one-hot", "integers": "integer"}
    for index, metric in enumerate_named(context.config.metrics or ()):
        needed = schema.Metric.members[metric.key].labels
        if needed not in (None, labels):
            message = f"{metric.key} needs {names[needed]} labels, but loss {loss} takes {names[labels]} ones"
            yield ("metrics", index), f"metrics.{index}: {message}; accuracy suits both"
