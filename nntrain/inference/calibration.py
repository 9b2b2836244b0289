"""Calibrated confidence: of a hundred answers with a confidence of 90 %, ninety are correct.

The logits are divided by one number per network, its temperature (Guo et al. 2017, On Calibration of Modern Neural
Networks, arXiv 1706.04599). It is fitted on validation images when training ends and stored in run.json. The logarithms
of the probabilities serve as logits: the two differ by a constant, which softmax ignores.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from nntrain.inference.scoring import answer_indices, check_labels, check_outputs, confidences
from nntrain.task import TaskSpec, targets

MIN_PROBABILITY = 1e-12  # below this, float32's rounding error dominates
# Temperatures outside this range come from too few images, not from the network.
MIN_TEMPERATURE, MAX_TEMPERATURE = 0.05, 20.0
TOLERANCE = 1e-4  # of the temperature's logarithm
MIN_IMAGES = 20  # to fit a temperature on
MAX_IMAGES = 5_000  # more would take time and hardly change the temperature
BINS = 15  # of the calibration error, as in Guo et al.


def fit_temperature(outputs: np.ndarray, labels: np.ndarray, task_spec: TaskSpec) -> float | None:
    """Return the temperature that makes the true answers most probable, from 0.05 to 20, rounded to four decimals.

    `outputs` are a network's probabilities, (n, classes), or (n, 1) for a binary one. Returns None for a regression,
    for fewer than MIN_IMAGES images, and for outputs that are not finite.
    """
    if task_spec.task == "regression" or len(labels) < MIN_IMAGES or not np.isfinite(outputs).all():
        return None
    logits = _logits(outputs, task_spec)
    truth = targets(labels, task_spec).astype(np.int64)

    def loss(log_temperature: float) -> float:
        scaled = _scale(logits, math.exp(log_temperature))
        log_sums = np.log(np.exp(scaled).sum(axis=1))
        return float((log_sums - scaled[np.arange(len(truth)), truth]).mean())

    return round(math.exp(_minimize(loss, math.log(MIN_TEMPERATURE), math.log(MAX_TEMPERATURE))), 4)


def calibrate(outputs: np.ndarray, temperature: float | None, task_spec: TaskSpec) -> np.ndarray:
    """Return probabilities at a temperature, in the shape of `outputs`; no answer changes.

    Returns `outputs` for a temperature of None or 1, and for a regression.
    """
    if temperature is None or temperature == 1.0 or task_spec.task == "regression":
        return outputs
    exponentials = np.exp(_scale(_logits(outputs, task_spec), temperature))
    probabilities = (exponentials / exponentials.sum(axis=1, keepdims=True)).astype(np.float32)
    return np.asarray(probabilities[:, 1:] if task_spec.task == "binary" else probabilities)


def calibration_error(outputs: np.ndarray, labels: np.ndarray, task_spec: TaskSpec, bins: int = BINS) -> float:
    """Return the expected calibration error: how far confidence is from the fraction of correct answers, 0 to 1.

    Answers are put into bins of equal width by their confidence; the error is the mean over the bins of
    |correct - confidence|, weighted by the answers in each (Naeini et al. 2015; Guo et al. 2017). Shapes and errors are
    as in `nntrain.inference.scoring.score`; not for a regression.
    """
    check_outputs(outputs, task_spec)
    check_labels(outputs, labels, task_spec)
    answers = answer_indices(outputs, task_spec)
    confidence = confidences(outputs, answers, task_spec).astype(np.float64)
    correct = answers == targets(labels, task_spec).astype(np.int64)
    # A bin includes its upper end, as in the papers: a confidence of 1 is in the last bin.
    indices = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    differences = np.bincount(indices, weights=correct - confidence, minlength=bins)
    return float(np.abs(differences).sum() / len(labels))


def _logits(outputs: np.ndarray, task_spec: TaskSpec) -> np.ndarray:
    """Return float64 (n, classes), or (n, 2), no and yes, for a binary network."""
    probabilities = outputs.astype(np.float64)
    if task_spec.task == "binary":
        probabilities = np.concatenate([1 - probabilities, probabilities], axis=1)
    return np.asarray(np.log(np.maximum(probabilities, MIN_PROBABILITY)))


def _scale(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Return logits divided by a temperature, shifted so that the largest of each row is 0 and no exp overflows."""
    scaled = logits / temperature
    return np.asarray(scaled - scaled.max(axis=1, keepdims=True))


def _minimize(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function of one minimum is lowest, to within TOLERANCE (golden-section search; Kiefer 1953)."""
    ratio = (math.sqrt(5) - 1) / 2
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    left_value, right_value = function(left), function(right)
    while high - low > TOLERANCE:
        if left_value <= right_value:
            high, right, right_value = right, left, left_value
            left = high - ratio * (high - low)
            left_value = function(left)
        else:
            low, left, left_value = left, right, right_value
            right = low + ratio * (high - low)
            right_value = function(right)
    return (low + high) / 2
