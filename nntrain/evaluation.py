"""From a network's outputs to figures and answers: loss, metrics, the confusion matrix, the worst mistakes.

Every figure has the meaning that Keras 3 gives its name, computed here with NumPy alone, so that scoring a trained
network needs no TensorFlow. Means are taken in float64: they do not depend on the order of the images.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from nntrain.errors import DataError, RunError
from nntrain.results import ClassScore, Mistake, Prediction, Scores

EPSILON = np.float32(1e-7)  # keras.config.epsilon(): probabilities are kept this far from 0 and 1 before the logarithm
YES_NO = ("no", "yes")


@dataclass(frozen=True)
class Question:
    """What a network was asked, and how its answers are to be judged."""

    task: Literal["classification", "binary", "regression"]
    loss: str  # by Keras's name, a key of METRICS
    metrics: tuple[tuple[str, dict[str, Any]], ...]  # name and arguments, ("top_k_categorical_accuracy", {"k": 3})
    classes: tuple[str, ...]  # names by label
    positive: tuple[int, ...] = ()  # binary: the labels that count as yes


def targets(labels: np.ndarray, question: Question) -> np.ndarray:
    """Return what the loss compares the outputs with.

    Classification: the labels as they are. Binary: float32, 1 for the labels that count and 0 for the rest.
    Regression: the labels as float32.
    """
    if question.task == "binary":
        return np.isin(labels, question.positive).astype(np.float32)
    if question.task == "regression":
        return labels.astype(np.float32)
    return labels


def score(outputs: np.ndarray, labels: np.ndarray, question: Question) -> Scores:
    """Judge a network's outputs against the true labels.

    Takes float32 outputs of shape (n, classes), or (n, 1) for binary and regression, and n whole labels. The loss is
    the plain one, without L1/L2 penalties and label smoothing.
    Raises RunError if outputs are not numbers or do not fit the classes, DataError if a label has no class or there is
    no image at all.
    """
    _check(outputs, question)
    _check_labels(outputs, labels, question)
    truth = targets(labels, question)
    values = {"loss": METRICS[question.loss](outputs, truth)}
    for name, arguments in question.metrics:
        values[name] = METRICS[name](outputs, truth, **arguments)
    if question.task == "regression":
        return Scores(images=len(labels), values=values)
    names = YES_NO if question.task == "binary" else question.classes
    confusion = _confusion(truth.astype(np.int64), _answers(outputs, question), len(names))
    return Scores(
        images=len(labels),
        values=values,
        classes=_class_scores(confusion, names),
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
    )


def answer(outputs: np.ndarray, question: Question) -> list[Prediction]:
    """Put each row of outputs into words; shapes and errors as in `score`."""
    _check(outputs, question)
    answers = _answers(outputs, question)
    return [_prediction(row, given, question) for row, given in zip(outputs, answers, strict=True)]


def worst_mistakes(outputs: np.ndarray, labels: np.ndarray, question: Question, count: int = 25) -> list[Mistake]:
    """Return up to `count` images that were answered wrongly, the worst first; equals stay in the order of the data.

    The worst is the most confident answer or, in a regression, the largest error, where an answer is wrong once it
    rounds to another value.
    """
    _check(outputs, question)
    _check_labels(outputs, labels, question)
    truth = targets(labels, question).astype(np.int64)
    answers = _answers(outputs, question)
    wrong = np.flatnonzero(answers != truth)
    badness = _badness(outputs[wrong], truth[wrong], answers[wrong], question)
    worst = wrong[np.argsort(-badness, kind="stable")[:count]]
    return [
        Mistake(
            index=int(index),
            truth=_label(truth[index], question),
            prediction=_prediction(outputs[index], answers[index], question),
        )
        for index in worst
    ]


def calibration_error(outputs: np.ndarray, labels: np.ndarray, question: Question, bins: int = 15) -> float:
    """Return the expected calibration error: how far confidence is from the share of right answers, 0 to 1.

    Answers are put into equal bins by their confidence; the mean over the bins of |right - confidence| is weighted by
    how many each holds (Naeini et al. 2015; Guo et al. 2017). Shapes and errors as in `score`; not for a regression.
    """
    _check(outputs, question)
    _check_labels(outputs, labels, question)
    answers = _answers(outputs, question)
    confidence = _confidence(outputs, answers, question).astype(np.float64)
    right = answers == targets(labels, question).astype(np.int64)
    # A bin holds its upper end, as in the paper: a confidence of 1 is in the last.
    places = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    excess = np.bincount(places, weights=right - confidence, minlength=bins)
    return float(np.abs(excess).sum() / len(labels))


# --- checks ----------------------------------------------------------------------------------------------------------


def _check(outputs: np.ndarray, question: Question) -> None:
    width = len(question.classes) if question.task == "classification" else 1
    if outputs.ndim != 2 or outputs.shape[1] != width:
        raise RunError(f"the network gives outputs of shape {outputs.shape[1:]}, its task needs ({width},)")
    bad = len(outputs) - int(np.isfinite(outputs).all(axis=1).sum())
    if bad:
        raise RunError(
            f"the network gives values that are not numbers (NaN or infinite) for {bad:,} of {len(outputs):,} images; "
            "its training diverged: train it again, with a lower learning rate"
        )


def _check_labels(outputs: np.ndarray, labels: np.ndarray, question: Question) -> None:
    if len(outputs) != len(labels):
        raise ValueError(f"{len(outputs)} outputs for {len(labels)} labels")
    if not len(labels):
        raise DataError("there are no images to score")
    if question.task == "classification" and not 0 <= labels.min() <= labels.max() < len(question.classes):
        raise DataError(
            f"the data has labels from {labels.min()} to {labels.max()}, "
            f"the network knows {len(question.classes)} classes, from 0 to {len(question.classes) - 1}"
        )


# --- answers ---------------------------------------------------------------------------------------------------------


def _answers(outputs: np.ndarray, question: Question) -> np.ndarray:
    """Return one whole number a row: the class, 0 or 1 for no or yes, or the rounded value."""
    if question.task == "binary":
        return _above(outputs, 0.5).astype(np.int64)
    if question.task == "regression":
        # Not np.rint, which takes 6.5 to 6 and 7.5 to 8: nobody who reads 6.5 expects 6.
        rounded = np.floor(outputs[:, 0].astype(np.float64) + 0.5)
        # Clipped because float32 reaches values that no integer holds.
        return np.asarray(np.clip(rounded, -(2**53), 2**53), np.int64)
    return np.asarray(outputs.argmax(axis=1))


def _confidence(outputs: np.ndarray, answers: np.ndarray, question: Question) -> np.ndarray:
    """Return the probability of each answer, shape (n,)."""
    if question.task == "binary":
        return np.where(answers == 1, outputs[:, 0], 1 - outputs[:, 0])
    return np.asarray(outputs[np.arange(len(answers)), answers])


def _badness(outputs: np.ndarray, truth: np.ndarray, answers: np.ndarray, question: Question) -> np.ndarray:
    if question.task == "regression":
        return np.asarray(np.abs(outputs[:, 0].astype(np.float64) - truth))
    return _confidence(outputs, answers, question)


def _label(value: int, question: Question) -> str:
    if question.task == "binary":
        return YES_NO[value]
    return str(value) if question.task == "regression" else question.classes[value]


def _prediction(row: np.ndarray, given: int, question: Question) -> Prediction:
    confidence = None
    if question.task != "regression":
        confidence = float(_confidence(row[None], np.array([given]), question)[0])
    return Prediction(label=_label(given, question), confidence=confidence, outputs=tuple(row.tolist()))


# --- by class --------------------------------------------------------------------------------------------------------


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


def _ratio(part: int, whole: int) -> float:
    return float(part / whole) if whole else 0.0


# --- losses and metrics, by Keras's names ----------------------------------------------------------------------------
# Each takes the outputs and what `targets` returned, and gives one float for all images.


def _names_classes(truth: np.ndarray) -> bool:
    return np.issubdtype(truth.dtype, np.integer)


def _differences(outputs: np.ndarray, truth: np.ndarray) -> np.ndarray:
    wanted: np.ndarray = np.eye(outputs.shape[1])[truth] if _names_classes(truth) else truth[:, None]
    return np.asarray(outputs.astype(np.float64) - wanted)


def _mse(outputs: np.ndarray, truth: np.ndarray) -> float:
    return float(np.square(_differences(outputs, truth)).mean())


def _mae(outputs: np.ndarray, truth: np.ndarray) -> float:
    return float(np.abs(_differences(outputs, truth)).mean())


def _root_mean_squared_error(outputs: np.ndarray, truth: np.ndarray) -> float:
    return math.sqrt(_mse(outputs, truth))


def _clipped(probabilities: np.ndarray) -> np.ndarray:
    # In float32, as Keras does: there 1 - 1e-7 becomes 0.99999988, which moves the loss of a wrong 1.0 by 1 %.
    return np.asarray(np.clip(probabilities.astype(np.float32), EPSILON, 1 - EPSILON), np.float64)


def _binary_crossentropy(outputs: np.ndarray, truth: np.ndarray) -> float:
    yes = _clipped(outputs[:, 0])
    return float(-np.log(np.where(truth > 0.5, yes, 1 - yes)).mean())


def _categorical_crossentropy(outputs: np.ndarray, truth: np.ndarray) -> float:
    probabilities = _clipped(outputs / outputs.sum(axis=1, keepdims=True))
    return float(-np.log(probabilities[np.arange(len(truth)), truth]).mean())


def _sparse_categorical_crossentropy(outputs: np.ndarray, truth: np.ndarray) -> float:
    # Keras clips before it makes the probabilities add up to 1 here, and after it in the categorical one.
    probabilities = _clipped(outputs)
    chosen = probabilities[np.arange(len(truth)), truth]
    return float((np.log(probabilities.sum(axis=1)) - np.log(chosen)).mean())


def _categorical_accuracy(outputs: np.ndarray, truth: np.ndarray) -> float:
    return float((outputs.argmax(axis=1) == truth).mean())


def _top_k_categorical_accuracy(outputs: np.ndarray, truth: np.ndarray, k: int = 5) -> float:
    # Equals at the k-th place all count as in, as in tf.math.in_top_k.
    chosen = outputs[np.arange(len(truth)), truth]
    return float(((outputs > chosen[:, None]).sum(axis=1) < k).mean())


def _binary_accuracy(outputs: np.ndarray, truth: np.ndarray, threshold: float = 0.5) -> float:
    return float((_above(outputs, threshold) == (truth > 0.5)).mean())


def _accuracy(outputs: np.ndarray, truth: np.ndarray) -> float:
    return _categorical_accuracy(outputs, truth) if _names_classes(truth) else _binary_accuracy(outputs, truth)


def _precision(outputs: np.ndarray, truth: np.ndarray, thresholds: float | None = None) -> float:
    yes = _above(outputs, 0.5 if thresholds is None else thresholds)
    return _ratio(int((yes & (truth > 0.5)).sum()), int(yes.sum()))


def _recall(outputs: np.ndarray, truth: np.ndarray, thresholds: float | None = None) -> float:
    yes, wanted = _above(outputs, 0.5 if thresholds is None else thresholds), truth > 0.5
    return _ratio(int((yes & wanted).sum()), int(wanted.sum()))


def _above(outputs: np.ndarray, threshold: float) -> np.ndarray:
    # The threshold is rounded to float32 first, as in Keras: an output of 0.3 is not above 0.3.
    return np.asarray(outputs[:, 0] > np.float32(threshold))


METRICS: dict[str, Callable[..., float]] = {
    "accuracy": _accuracy,
    "categorical_accuracy": _categorical_accuracy,
    "sparse_categorical_accuracy": _categorical_accuracy,
    "top_k_categorical_accuracy": _top_k_categorical_accuracy,
    "sparse_top_k_categorical_accuracy": _top_k_categorical_accuracy,
    "binary_accuracy": _binary_accuracy,
    "precision": _precision,
    "recall": _recall,
    "mse": _mse,
    "mae": _mae,
    "root_mean_squared_error": _root_mean_squared_error,
    "categorical_crossentropy": _categorical_crossentropy,
    "sparse_categorical_crossentropy": _sparse_categorical_crossentropy,
    "binary_crossentropy": _binary_crossentropy,
}
