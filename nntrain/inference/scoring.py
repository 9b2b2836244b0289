"""From a network's outputs to figures and answers: loss, metrics, the confusion matrix, the worst mistakes.

Every figure has the meaning that Keras 3 gives its name, computed here with NumPy alone, so that scoring a trained
network needs no TensorFlow. Means are taken in float64: they do not depend on the order of the images.
"""

from __future__ import annotations

import numpy as np

from nntrain.errors import DataError, RunError
from nntrain.inference.metrics import METRICS, _above, _ratio
from nntrain.results import ClassScore, Mistake, Prediction, Scores
from nntrain.task import YES_NO, TaskSpec, targets


def score(outputs: np.ndarray, labels: np.ndarray, task_spec: TaskSpec) -> Scores:
    """Judge a network's outputs against the true labels.

    Takes float32 outputs of shape (n, classes), or (n, 1) for binary and regression, and n whole labels. The loss is
    the plain one, without L1/L2 penalties and label smoothing.
    Raises RunError if outputs are not numbers or do not fit the classes, DataError if a label has no class or there is
    no image at all.
    """
    _check(outputs, task_spec)
    _check_labels(outputs, labels, task_spec)
    truth = targets(labels, task_spec)
    values = {"loss": METRICS[task_spec.loss](outputs, truth)}
    for name, arguments in task_spec.metrics:
        values[name] = METRICS[name](outputs, truth, **arguments)
    if task_spec.task == "regression":
        return Scores(images=len(labels), metrics=values)
    names = YES_NO if task_spec.task == "binary" else task_spec.classes
    confusion = _confusion(truth.astype(np.int64), _answers(outputs, task_spec), len(names))
    return Scores(
        images=len(labels),
        metrics=values,
        classes=_class_scores(confusion, names),
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
    )


def answer(outputs: np.ndarray, task_spec: TaskSpec) -> list[Prediction]:
    """Put each row of outputs into words; shapes and errors as in `score`."""
    _check(outputs, task_spec)
    answers = _answers(outputs, task_spec)
    return [_prediction(row, given, task_spec) for row, given in zip(outputs, answers, strict=True)]


def worst_mistakes(outputs: np.ndarray, labels: np.ndarray, task_spec: TaskSpec, count: int = 25) -> list[Mistake]:
    """Return up to `count` images that were answered wrongly, the worst first; equals stay in the order of the data.

    The worst is the most confident answer or, in a regression, the largest error, where an answer is wrong once it
    rounds to another value.
    """
    _check(outputs, task_spec)
    _check_labels(outputs, labels, task_spec)
    truth = targets(labels, task_spec).astype(np.int64)
    answers = _answers(outputs, task_spec)
    wrong = np.flatnonzero(answers != truth)
    badness = _badness(outputs[wrong], truth[wrong], answers[wrong], task_spec)
    worst = wrong[np.argsort(-badness, kind="stable")[:count]]
    return [
        Mistake(
            index=int(index),
            truth=_label(truth[index], task_spec),
            prediction=_prediction(outputs[index], answers[index], task_spec),
        )
        for index in worst
    ]


def calibration_error(outputs: np.ndarray, labels: np.ndarray, task_spec: TaskSpec, bins: int = 15) -> float:
    """Return the expected calibration error: how far confidence is from the share of right answers, 0 to 1.

    Answers are put into equal bins by their confidence; the mean over the bins of |right - confidence| is weighted by
    how many each holds (Naeini et al. 2015; Guo et al. 2017). Shapes and errors as in `score`; not for a regression.
    """
    _check(outputs, task_spec)
    _check_labels(outputs, labels, task_spec)
    answers = _answers(outputs, task_spec)
    confidence = _confidence(outputs, answers, task_spec).astype(np.float64)
    right = answers == targets(labels, task_spec).astype(np.int64)
    # A bin holds its upper end, as in the paper: a confidence of 1 is in the last.
    places = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    excess = np.bincount(places, weights=right - confidence, minlength=bins)
    return float(np.abs(excess).sum() / len(labels))


def _check(outputs: np.ndarray, task_spec: TaskSpec) -> None:
    width = len(task_spec.classes) if task_spec.task == "classification" else 1
    if outputs.ndim != 2 or outputs.shape[1] != width:
        raise RunError(f"the network gives outputs of shape {outputs.shape[1:]}, its task needs ({width},)")
    bad = len(outputs) - int(np.isfinite(outputs).all(axis=1).sum())
    if bad:
        raise RunError(
            f"the network gives values that are not numbers (NaN or infinite) for {bad:,} of {len(outputs):,} images; "
            "its training diverged: train it again, with a lower learning rate"
        )


def _check_labels(outputs: np.ndarray, labels: np.ndarray, task_spec: TaskSpec) -> None:
    if len(outputs) != len(labels):
        raise ValueError(f"{len(outputs)} outputs for {len(labels)} labels")
    if not len(labels):
        raise DataError("there are no images to score")
    if task_spec.task == "classification" and not 0 <= labels.min() <= labels.max() < len(task_spec.classes):
        raise DataError(
            f"the data has labels from {labels.min()} to {labels.max()}, "
            f"the network knows {len(task_spec.classes)} classes, from 0 to {len(task_spec.classes) - 1}"
        )


def _answers(outputs: np.ndarray, task_spec: TaskSpec) -> np.ndarray:
    """Return one whole number a row: the class, 0 or 1 for no or yes, or the rounded value."""
    if task_spec.task == "binary":
        return _above(outputs, 0.5).astype(np.int64)
    if task_spec.task == "regression":
        # Not np.rint, which takes 6.5 to 6 and 7.5 to 8: nobody who reads 6.5 expects 6.
        rounded = np.floor(outputs[:, 0].astype(np.float64) + 0.5)
        # Clipped because float32 reaches values that no integer holds.
        return np.asarray(np.clip(rounded, -(2**53), 2**53), np.int64)
    return np.asarray(outputs.argmax(axis=1))


def _confidence(outputs: np.ndarray, answers: np.ndarray, task_spec: TaskSpec) -> np.ndarray:
    """Return the probability of each answer, shape (n,)."""
    if task_spec.task == "binary":
        return np.where(answers == 1, outputs[:, 0], 1 - outputs[:, 0])
    return np.asarray(outputs[np.arange(len(answers)), answers])


def _badness(outputs: np.ndarray, truth: np.ndarray, answers: np.ndarray, task_spec: TaskSpec) -> np.ndarray:
    if task_spec.task == "regression":
        return np.asarray(np.abs(outputs[:, 0].astype(np.float64) - truth))
    return _confidence(outputs, answers, task_spec)


def _label(value: int, task_spec: TaskSpec) -> str:
    if task_spec.task == "binary":
        return YES_NO[value]
    return str(value) if task_spec.task == "regression" else task_spec.classes[value]


def _prediction(row: np.ndarray, given: int, task_spec: TaskSpec) -> Prediction:
    confidence = None
    if task_spec.task != "regression":
        confidence = float(_confidence(row[None], np.array([given]), task_spec)[0])
    return Prediction(label=_label(given, task_spec), confidence=confidence, outputs=tuple(row.tolist()))


def _confusion(truth: np.ndarray, answers: np.ndarray, classes: int) -> np.ndarray:
    """Return how often each class (row) was given each answer (column)."""
    return np.bincount(truth * classes + answers, minlength=classes**2).reshape(classes, classes)


def _class_scores(confusion: np.ndarray, names: tuple[str, ...]) -> tuple[ClassScore, ...]:
    right, given, there = confusion.diagonal(), confusion.sum(axis=0), confusion.sum(axis=1)
    return tuple(
        ClassScore(
            label=name,
            precision=_ratio(right[i], given[i]),
            recall=_ratio(right[i], there[i]),
            f1=_ratio(2 * right[i], given[i] + there[i]),
            support=int(there[i]),
        )
        for i, name in enumerate(names)
    )
