"""Computes scores and answers from a network's outputs: loss, metrics, confusion matrix, worst mistakes.

Loss and metrics are defined as in Keras 3, but computed with NumPy, so that scoring a trained network needs no
TensorFlow. Means are taken in float64, so they do not depend on the order of the images.
"""

from __future__ import annotations

import numpy as np

from nntrain.errors import DataError, RunError
from nntrain.inference.metrics import METRICS, above, ratio
from nntrain.results import ClassScore, Mistake, Prediction, Scores
from nntrain.task import TaskSpec, targets

THRESHOLD = 0.5  # above it, a binary network answers yes
MAX_VALUE = 2**53  # bound of a regression's rounded answers, because float32 exceeds the range of int64


def score(outputs: np.ndarray, labels: np.ndarray, task_spec: TaskSpec) -> Scores:
    """Score a network's outputs against the true labels.

    Takes float32 outputs (n, classes), or (n, 1) for binary and regression, and integer labels (n,). The loss
    excludes L1/L2 penalties and label smoothing.
    Raises RunError if the outputs are not finite or do not fit the classes, DataError if a label is not a class or
    there are no images.
    """
    check_outputs(outputs, task_spec)
    check_labels(outputs, labels, task_spec)
    truth = targets(labels, task_spec)
    metrics = {"loss": METRICS[task_spec.loss](outputs, truth, **task_spec.loss_arguments)}
    metrics |= {name: METRICS[name](outputs, truth, **arguments) for name, arguments in task_spec.metrics}
    if task_spec.task == "regression":
        return Scores(images=len(labels), metrics=metrics)
    confusion = _confusion(truth.astype(np.int64), answer_indices(outputs, task_spec), len(task_spec.answers))
    return Scores(
        images=len(labels),
        metrics=metrics,
        classes=_class_scores(confusion, task_spec.answers),
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
    )


def to_predictions(outputs: np.ndarray, task_spec: TaskSpec) -> list[Prediction]:
    """Return the answer for each row of outputs; shapes and errors are as in `score`."""
    check_outputs(outputs, task_spec)
    answers = answer_indices(outputs, task_spec)
    return [_prediction(row, answer, task_spec) for row, answer in zip(outputs, answers, strict=True)]


def worst_mistakes(outputs: np.ndarray, labels: np.ndarray, task_spec: TaskSpec, count: int = 25) -> list[Mistake]:
    """Return up to `count` images that were answered wrongly, the worst first; ties stay in the order of the data.

    The worst is the one with the most confident answer or, in a regression, the largest error; a regression's answer is
    wrong if it rounds to a different value. Shapes and errors are as in `score`.
    """
    check_outputs(outputs, task_spec)
    check_labels(outputs, labels, task_spec)
    truth = targets(labels, task_spec).astype(np.int64)
    answers = answer_indices(outputs, task_spec)
    wrong = np.flatnonzero(answers != truth)
    severity = _severity(outputs[wrong], truth[wrong], answers[wrong], task_spec)
    worst = wrong[np.argsort(-severity, kind="stable")[:count]]
    return [
        Mistake(
            index=int(index),
            truth=_label(truth[index], task_spec),
            prediction=_prediction(outputs[index], answers[index], task_spec),
        )
        for index in worst
    ]


def check_outputs(outputs: np.ndarray, task_spec: TaskSpec) -> None:
    """Raise RunError if outputs are not finite, or not (n, units) as the task requires."""
    units = task_spec.output_units
    if outputs.ndim != 2 or outputs.shape[1] != units:
        raise RunError(f"the network's outputs have the shape {outputs.shape[1:]}, but its task needs ({units},)")
    bad = len(outputs) - int(np.isfinite(outputs).all(axis=1).sum())
    if bad:
        raise RunError(
            f"the network's outputs are NaN or infinite for {bad:,} of {len(outputs):,} images: its training diverged; "
            "train it again, with a lower learning rate"
        )


def check_labels(outputs: np.ndarray, labels: np.ndarray, task_spec: TaskSpec) -> None:
    """Raise DataError if there are no labels or one is not a class, ValueError if their number does not match."""
    if len(outputs) != len(labels):
        raise ValueError(f"{len(outputs)} outputs for {len(labels)} labels")
    if not len(labels):
        raise DataError("there are no images to score")
    if task_spec.task == "classification" and not 0 <= labels.min() <= labels.max() < len(task_spec.classes):
        raise DataError(
            f"the data has labels from {labels.min()} to {labels.max()}, but the network knows "
            f"{len(task_spec.classes)} classes, from 0 to {len(task_spec.classes) - 1}"
        )


def answer_indices(outputs: np.ndarray, task_spec: TaskSpec) -> np.ndarray:
    """Return one integer per row: the class, 0 or 1 for no or yes, or the rounded value."""
    if task_spec.task == "binary":
        return above(outputs, THRESHOLD).astype(np.int64)
    if task_spec.task == "regression":
        # Not np.rint, which rounds 6.5 to 6 and 7.5 to 8.
        rounded = np.floor(outputs[:, 0].astype(np.float64) + 0.5)
        return np.asarray(np.clip(rounded, -MAX_VALUE, MAX_VALUE), np.int64)
    return np.asarray(outputs.argmax(axis=1))


def confidences(outputs: np.ndarray, answers: np.ndarray, task_spec: TaskSpec) -> np.ndarray:
    """Return the probability of each answer, shape (n,); not for a regression."""
    if task_spec.task == "binary":
        return np.where(answers == 1, outputs[:, 0], 1 - outputs[:, 0])
    return np.asarray(outputs[np.arange(len(answers)), answers])


def _severity(outputs: np.ndarray, truth: np.ndarray, answers: np.ndarray, task_spec: TaskSpec) -> np.ndarray:
    if task_spec.task == "regression":
        return np.asarray(np.abs(outputs[:, 0].astype(np.float64) - truth))
    return confidences(outputs, answers, task_spec)


def _label(answer: int, task_spec: TaskSpec) -> str:
    return str(answer) if task_spec.task == "regression" else task_spec.answers[answer]


def _prediction(row: np.ndarray, answer: int, task_spec: TaskSpec) -> Prediction:
    confidence = None
    if task_spec.task != "regression":
        confidence = float(confidences(row[None], np.array([answer]), task_spec)[0])
    return Prediction(label=_label(answer, task_spec), confidence=confidence, outputs=tuple(row.tolist()))


def _confusion(truth: np.ndarray, answers: np.ndarray, classes: int) -> np.ndarray:
    """Return how often each class (row) was given each answer (column)."""
    return np.bincount(truth * classes + answers, minlength=classes**2).reshape(classes, classes)


def _class_scores(confusion: np.ndarray, names: tuple[str, ...]) -> tuple[ClassScore, ...]:
    correct, predicted, support = confusion.diagonal(), confusion.sum(axis=0), confusion.sum(axis=1)
    return tuple(
        ClassScore(
            label=name,
            precision=ratio(correct[index], predicted[index]),
            recall=ratio(correct[index], support[index]),
            f1=ratio(2 * correct[index], predicted[index] + support[index]),
            support=int(support[index]),
        )
        for index, name in enumerate(names)
    )
