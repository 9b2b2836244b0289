"""Confidence that means what it says: of a hundred answers given with 90 %, ninety are right.

One number a network, its temperature, divides the logits (Guo et al. 2017, On Calibration of Modern Neural Networks);
it is fitted on validation images when training ends and kept in run.json. Logits are taken back from probabilities:
their logarithms differ from the logits by a constant, which softmax ignores.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from nntrain.task import TaskSpec, targets

# Probabilities below this are float32's rounding more than the network's opinion.
LEAST = 1e-12
LOWEST, HIGHEST = 0.05, 20.0  # temperatures beyond are a sign of too few images, not of a network
MOST_IMAGES = 5_000  # that a temperature is fitted on: one number needs no more, and answering takes time
FEWEST_IMAGES = 20


def fit_temperature(outputs: np.ndarray, labels: np.ndarray, task_spec: TaskSpec) -> float | None:
    """Return the temperature that makes the true answers most likely; None where there are none to be had.

    `outputs` are a network's probabilities, (n, classes), or (n, 1) for a binary one; a regression has none.
    """
    if task_spec.task == "regression" or len(labels) < FEWEST_IMAGES or not np.isfinite(outputs).all():
        return None
    logits = _logits(outputs, task_spec)
    truth = targets(labels, task_spec).astype(np.int64)

    def loss(log_temperature: float) -> float:
        scaled = logits / math.exp(log_temperature)
        scaled -= scaled.max(axis=1, keepdims=True)
        normal = np.log(np.exp(scaled).sum(axis=1))
        return float((normal - scaled[np.arange(len(truth)), truth]).mean())

    return round(math.exp(_lowest(loss, math.log(LOWEST), math.log(HIGHEST))), 4)


def calibrated(outputs: np.ndarray, temperature: float | None, task_spec: TaskSpec) -> np.ndarray:
    """Return probabilities at a temperature; unchanged for None, 1, and a regression's values. The answers stay."""
    if temperature is None or temperature == 1.0 or task_spec.task == "regression":
        return outputs
    scaled = _logits(outputs, task_spec) / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    powers = np.exp(scaled)
    shares = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return np.asarray(shares[:, 1:] if task_spec.task == "binary" else shares)


def _logits(outputs: np.ndarray, task_spec: TaskSpec) -> np.ndarray:
    shares = outputs.astype(np.float64)
    if task_spec.task == "binary":
        shares = np.concatenate([1 - shares, shares], axis=1)
    return np.asarray(np.log(np.maximum(shares, LEAST)))


def _lowest(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function with one valley is lowest, to a thousandth (golden section; Kiefer 1953)."""
    ratio = (math.sqrt(5) - 1) / 2
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at_left, at_right = function(left), function(right)
    while high - low > 1e-4:
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - ratio * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + ratio * (high - low)
            at_right = function(right)
    return (low + high) / 2
