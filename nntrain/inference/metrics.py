"""Losses and metrics by Keras's names, computed with NumPy.

Each takes a network's outputs, float32 (n, units), and targets (n,) as `nntrain.task.targets` returns them: integers
are classes, floats are values or, in a binary task, 0 or 1. Each returns a mean in float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from nntrain.inference.auc import area_under_curve

EPSILON = np.float32(1e-7)  # keras.config.epsilon(): probabilities are kept this far from 0 and 1 before the logarithm


def ratio(numerator: int, denominator: int) -> float:
    """Return a quotient, or 0 if the denominator is 0, as scikit-learn's scores are."""
    return float(numerator / denominator) if denominator else 0.0


def above(outputs: np.ndarray, threshold: float) -> np.ndarray:
    """Return which outputs, (n, 1), are strictly above a threshold, shape (n,)."""
    # The threshold is rounded to float32 first, as in Keras: an output of 0.3 is not above 0.3.
    return np.asarray(outputs[:, 0] > np.float32(threshold))


def _are_classes(truth: np.ndarray) -> bool:
    return np.issubdtype(truth.dtype, np.integer)


def _expected(outputs: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return what the outputs ought to be, float64 (n, units)."""
    return np.asarray(np.eye(outputs.shape[1])[truth] if _are_classes(truth) else truth[:, None], np.float64)


def _of_class(outputs: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return each row's output for its true class, shape (n,)."""
    return np.asarray(outputs[np.arange(len(truth)), truth])


def _errors(outputs: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return np.asarray(outputs.astype(np.float64) - _expected(outputs, truth))


def _mse(outputs: np.ndarray, truth: np.ndarray) -> float:
    return float(np.square(_errors(outputs, truth)).mean())


def _mae(outputs: np.ndarray, truth: np.ndarray) -> float:
    return float(np.abs(_errors(outputs, truth)).mean())


def _root_mean_squared_error(outputs: np.ndarray, truth: np.ndarray) -> float:
    return math.sqrt(_mse(outputs, truth))


def _huber(outputs: np.ndarray, truth: np.ndarray, delta: float = 1.0) -> float:
    errors = np.abs(_errors(outputs, truth))
    return float(np.where(errors <= delta, np.square(errors) / 2, delta * errors - delta**2 / 2).mean())


def _clip(probabilities: np.ndarray) -> np.ndarray:
    # In float32, as Keras does: there 1 - 1e-7 becomes 0.99999988, which moves the loss of a wrong 1.0 by 1 %.
    return np.asarray(np.clip(probabilities.astype(np.float32), EPSILON, 1 - EPSILON), np.float64)


def _binary_crossentropy(outputs: np.ndarray, truth: np.ndarray) -> float:
    yes = _clip(outputs[:, 0])
    return float(-np.log(np.where(truth > 0.5, yes, 1 - yes)).mean())


def _categorical_crossentropy(outputs: np.ndarray, truth: np.ndarray) -> float:
    probabilities = _clip(outputs / outputs.sum(axis=1, keepdims=True))
    return float(-np.log(_of_class(probabilities, truth)).mean())


def _sparse_categorical_crossentropy(outputs: np.ndarray, truth: np.ndarray) -> float:
    # Here Keras clips before it normalizes the probabilities; in the categorical loss it clips after that.
    probabilities = _clip(outputs)
    return float((np.log(probabilities.sum(axis=1)) - np.log(_of_class(probabilities, truth))).mean())


def _categorical_focal_crossentropy(
    outputs: np.ndarray, truth: np.ndarray, alpha: float | Sequence[float] = 0.25, gamma: float = 2.0
) -> float:
    probabilities = _of_class(_clip(outputs / outputs.sum(axis=1, keepdims=True)), truth)
    weights = np.broadcast_to(alpha, outputs.shape[1])[truth]
    return float((weights * (1 - probabilities) ** gamma * -np.log(probabilities)).mean())


def _kl_divergence(outputs: np.ndarray, truth: np.ndarray) -> float:
    # Keras clips the labels, too, and in contrast to the cross-entropies it neither normalizes nor keeps from 1.
    expected = np.clip(_expected(outputs, truth), EPSILON, 1)
    probabilities = np.clip(outputs, EPSILON, np.float32(1)).astype(np.float64)
    return float((expected * np.log(expected / probabilities)).sum(axis=1).mean())


def _categorical_accuracy(outputs: np.ndarray, truth: np.ndarray) -> float:
    return float((outputs.argmax(axis=1) == truth).mean())


def _top_k_categorical_accuracy(outputs: np.ndarray, truth: np.ndarray, k: int = 5) -> float:
    # Ties at the k-th place are all in the top k, as in tf.math.in_top_k.
    larger = outputs > _of_class(outputs, truth)[:, None]
    return float((larger.sum(axis=1) < k).mean())


def _binary_accuracy(outputs: np.ndarray, truth: np.ndarray, threshold: float = 0.5) -> float:
    return float((above(outputs, threshold) == (truth > 0.5)).mean())


def _accuracy(outputs: np.ndarray, truth: np.ndarray) -> float:
    return _categorical_accuracy(outputs, truth) if _are_classes(truth) else _binary_accuracy(outputs, truth)


def _precision(outputs: np.ndarray, truth: np.ndarray, thresholds: float | None = None) -> float:
    predicted, positive = above(outputs, 0.5 if thresholds is None else thresholds), truth > 0.5
    return ratio(int((predicted & positive).sum()), int(predicted.sum()))


def _recall(outputs: np.ndarray, truth: np.ndarray, thresholds: float | None = None) -> float:
    predicted, positive = above(outputs, 0.5 if thresholds is None else thresholds), truth > 0.5
    return ratio(int((predicted & positive).sum()), int(positive.sum()))


def _auc(
    outputs: np.ndarray,
    truth: np.ndarray,
    num_thresholds: int = 200,
    curve: str = "ROC",
    summation_method: str = "interpolation",
) -> float:
    return area_under_curve(
        outputs.ravel(),
        _expected(outputs, truth).ravel() > 0.5,
        num_thresholds=num_thresholds,
        curve=curve,
        summation_method=summation_method,
    )


def _f1_score(outputs: np.ndarray, truth: np.ndarray, average: str = "macro", threshold: float | None = None) -> float:
    if threshold is None:  # the largest outputs; nothing if they are 0
        predicted = (outputs == outputs.max(axis=1, keepdims=True)) & (np.abs(outputs) > 1e-9)
    else:
        predicted = outputs > np.float32(threshold)
    expected = _expected(outputs, truth) > 0.5
    axis = None if average == "micro" else 0
    true_positives = (predicted & expected).sum(axis=axis)
    precision = true_positives / (predicted.sum(axis=axis) + EPSILON)
    recall = true_positives / (expected.sum(axis=axis) + EPSILON)
    scores = 2 * precision * recall / (precision + recall + EPSILON)
    if average == "weighted":
        return float((scores * expected.sum(axis=0)).sum() / (expected.sum() + EPSILON))
    if average in ("macro", "micro"):
        return float(np.mean(scores))
    raise ValueError(f"no average {average!r}")


METRICS: dict[str, Callable[..., float]] = {
    "accuracy": _accuracy,
    "categorical_accuracy": _categorical_accuracy,
    "sparse_categorical_accuracy": _categorical_accuracy,
    "top_k_categorical_accuracy": _top_k_categorical_accuracy,
    "sparse_top_k_categorical_accuracy": _top_k_categorical_accuracy,
    "binary_accuracy": _binary_accuracy,
    "precision": _precision,
    "recall": _recall,
    "auc": _auc,
    "f1_score": _f1_score,
    "mse": _mse,
    "mae": _mae,
    "huber": _huber,
    "root_mean_squared_error": _root_mean_squared_error,
    "categorical_crossentropy": _categorical_crossentropy,
    "sparse_categorical_crossentropy": _sparse_categorical_crossentropy,
    "binary_crossentropy": _binary_crossentropy,
    "categorical_focal_crossentropy": _categorical_focal_crossentropy,
    "kl_divergence": _kl_divergence,
}
