"""The area under the ROC or the precision-recall curve, as Keras approximates it.

The curve has a point for each of `num_thresholds` thresholds, evenly spaced from just below 0 to just above 1.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

MAX_THRESHOLDS = 10_000  # the config allows no more, but run.json may come from an untrusted source
# The height of a curve between two points, by Keras's names.
HEIGHTS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "interpolation": lambda left, right: (left + right) / 2,
    "minoring": np.minimum,
    "majoring": np.maximum,
}


def area_under_curve(
    probabilities: np.ndarray, positive: np.ndarray, *, num_thresholds: int, curve: str, summation_method: str
) -> float:
    """Return the area, 0 to 1, for float32 probabilities (n,) and whether each belongs to a positive case, bool (n,).

    `curve` is "ROC" or "PR", `summation_method` a name in HEIGHTS. A rate without cases is 0.
    Raises ValueError unless there are 2 to MAX_THRESHOLDS thresholds, LookupError for an unknown name.
    """
    if not 2 <= num_thresholds <= MAX_THRESHOLDS:
        raise ValueError(f"{num_thresholds} thresholds")
    heights = HEIGHTS[summation_method]
    true_positives = _count_above(probabilities[positive], num_thresholds)
    false_positives = _count_above(probabilities[~positive], num_thresholds)
    precision = _divide(true_positives, true_positives + false_positives)
    # All probabilities are above the first threshold.
    recall, false_positive_rate = (_divide(counts, counts[0]) for counts in (true_positives, false_positives))
    if (curve, summation_method) == ("PR", "interpolation"):
        return _interpolated_pr(true_positives, true_positives + false_positives)
    x, y = {"ROC": (false_positive_rate, recall), "PR": (recall, precision)}[curve]
    return float((-np.diff(x) * heights(y[:-1], y[1:])).sum())


def _count_above(probabilities: np.ndarray, num_thresholds: int) -> np.ndarray:
    """Return how many probabilities are above each threshold, (num_thresholds,)."""
    # Multiplied in float32, as in Keras, so that both agree whether a probability is above a threshold.
    steps = np.clip(probabilities.astype(np.float32), 0, 1) * np.float32(num_thresholds - 1)
    last_below = np.maximum(np.ceil(steps).astype(np.int64) - 1, 0)
    return np.bincount(last_below, minlength=num_thresholds)[::-1].cumsum()[::-1]


def _interpolated_pr(true_positives: np.ndarray, predicted: np.ndarray) -> float:
    """Return the area under the precision-recall curve, with counts interpolated between two points.

    Between two points, true positives grow linearly with predicted ones (Davis and Goadrich 2006, section 4):
    TP = slope * P + intercept. The integral of TP / P over TP is slope * (change of TP + intercept * ln(P_B / P_A)).
    """
    change = -np.diff(true_positives)
    slope = _divide(change, -np.diff(predicted))
    intercept = true_positives[1:] - slope * predicted[1:]
    growth = np.where(predicted[1:] > 0, _divide(predicted[:-1], predicted[1:]), 1.0)
    areas = slope * (change + intercept * np.log(growth))
    return float(_divide(areas, true_positives[0]).sum())


def _divide(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Return quotients in float64, 0 where the denominator is 0."""
    quotients = np.zeros(numerator.shape)
    np.divide(numerator, denominator, out=quotients, where=np.not_equal(denominator, 0))
    return quotients
