"""Losses and metrics by Keras's names, computed with NumPy."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

EPSILON = np.float32(1e-7)  # keras.config.epsilon(): probabilities are kept this far from 0 and 1 before the logarithm


def _ratio(part: int, whole: int) -> float:
    return float(part / whole) if whole else 0.0


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
