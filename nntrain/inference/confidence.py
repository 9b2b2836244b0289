"""How probable it is that a digit was recognized correctly.

A logistic regression combines two sources of evidence. The first is the network's calibrated confidence, which is
averaged over variants of the digit (test-time augmentation) if the answer is in doubt. The second is the probability
that the detector of out-of-distribution images assigns to the digits that the answer means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from nntrain.inference.calibrated_classifier import CalibratedClassifier
from nntrain.inference.out_of_distribution import NO_DIGIT, class_probabilities
from nntrain.inference.scoring import to_predictions
from nntrain.preprocessing.segment import Digit
from nntrain.results import Prediction
from nntrain.task import TaskSpec

# Distortions after which a person still reads the same digit.
TTA_TRANSFORMS = (
    {"rotation": 10},
    {"rotation": -10},
    {"shear": 0.2},
    {"shear": -0.2},
    {"stroke": 1.2},
    {"stroke": -1.0},
)
# In the order of `Estimates.features`. Fitted by tools/fit_confidence.py, which describes the data.
COEFFICIENTS = np.array([0.17, 0.89, 0.93])
MAX_STROKE_LENGTH = 4.0  # heights; MNIST's longest strokes have 3.5, and handwriting has hardly more
LONG_STROKE_LOGIT = -10.0  # for ink with longer strokes, which is no digit
DETECTOR_THRESHOLD = 0.5  # the detector's probability above which an image does not look like a digit


@dataclass(frozen=True)
class Estimates:
    """The outputs of network and detector for n digits; if a digit was augmented, the means over its variants."""

    task_spec: TaskSpec
    digits: Sequence[Digit]
    predictions: Sequence[Prediction]  # the network's answers
    outputs: np.ndarray  # (n, classes) or (n, 1), of the network, calibrated
    detector_outputs: np.ndarray  # (n, 11), for each digit and NO_DIGIT
    network_confidence: np.ndarray  # (n,), 0 to 1
    long_strokes: np.ndarray  # (n,), bool: whether strokes are longer than any digit's

    @cached_property
    def features(self) -> np.ndarray:
        """The regression's features, (n, 3): the log odds of the network and of the detector, and 1 for the bias."""
        detector_confidence = digit_probability(self.detector_outputs, answer_digits(self.predictions, self.task_spec))
        bias = np.ones(len(self.predictions))
        return np.stack([_log_odds(self.network_confidence), _log_odds(detector_confidence), bias], axis=1)

    @cached_property
    def logits(self) -> np.ndarray:
        """The log odds, (n,), that each answer is correct."""
        return np.where(self.long_strokes, LONG_STROKE_LOGIT, self.features @ COEFFICIENTS)

    @cached_property
    def unlike_digits(self) -> np.ndarray:
        """Whether each image looks unlike any digit, (n,) of bool."""
        return np.asarray((self.detector_outputs[:, NO_DIGIT] > DETECTOR_THRESHOLD) | self.long_strokes)

    @cached_property
    def class_probabilities(self) -> np.ndarray:
        """The network's outputs; for a classification, the mean of the network's and the detector's, (n, 10)."""
        if self.task_spec.task != "classification":
            return self.outputs
        return np.asarray((self.outputs + self.detector_outputs[:, :NO_DIGIT]) / 2)


def estimate(digits: Sequence[Digit], network: CalibratedClassifier) -> Estimates:
    """Classify one or more digits with the network and the detector.

    Raises RunError if the network's outputs are unusable.
    """
    images = np.stack([digit.image for digit in digits])
    outputs = network.predict(images)
    predictions = to_predictions(outputs, network.task_spec)
    return Estimates(
        network.task_spec,
        digits,
        predictions,
        outputs,
        detector_outputs=class_probabilities(images),
        network_confidence=np.array([_confidence(prediction) for prediction in predictions]),
        long_strokes=np.array([digit.stroke_length > MAX_STROKE_LENGTH for digit in digits]),
    )


def augment(estimates: Estimates, indices: Sequence[int], network: CalibratedClassifier) -> Estimates:
    """Return estimates with the digits at these indices averaged over their variants; the answers do not change."""
    if not len(indices):
        return estimates
    means, detector_means = test_time_augmentation([estimates.digits[index] for index in indices], network)
    outputs, detector_outputs = estimates.outputs.copy(), estimates.detector_outputs.copy()
    confidence = estimates.network_confidence.copy()
    outputs[indices], detector_outputs[indices] = means, detector_means
    confidence[indices] = [
        _mean_confidence(estimates.outputs[index], mean, network.task_spec)
        for index, mean in zip(indices, means, strict=True)
    ]
    return replace(estimates, outputs=outputs, detector_outputs=detector_outputs, network_confidence=confidence)


def test_time_augmentation(digits: Sequence[Digit], network: CalibratedClassifier) -> tuple[np.ndarray, np.ndarray]:
    """Return the means of the network's outputs, (n, classes) or (n, 1), and of the detector's, (n, 11), over variants.

    The variants of a digit are itself, itself transformed (TTA_TRANSFORMS), and itself cut out at other thresholds.
    """
    # Imported here: most answers are not in doubt, and come sooner without the import.
    from nntrain.training.augmentation import distort_by

    count = len(digits)
    originals = np.stack([digit.image for digit in digits])
    variants = [originals, *(distort_by(originals, **transform) for transform in TTA_TRANSFORMS)]
    digit_indices = [np.arange(count)] * len(variants)
    for index, digit in enumerate(digits):
        others = digit.at_other_thresholds()
        if others:
            variants.append(np.stack(others))
            digit_indices.append(np.full(len(others), index))
    images, owners = np.concatenate(variants), np.concatenate(digit_indices)
    return (
        _means_by_owner(network.predict(images), owners, count),
        _means_by_owner(class_probabilities(images), owners, count),
    )


def digit_probability(detector_outputs: np.ndarray, answer_digits: np.ndarray) -> np.ndarray:
    """Return the detector's probability, (n,), that the digit is one of those that the answer means, (n, 10)."""
    return np.asarray((detector_outputs[:, :NO_DIGIT] * answer_digits).sum(axis=1))


def answer_digits(predictions: Sequence[Prediction], task_spec: TaskSpec) -> np.ndarray:
    """Return which digits each answer means, (n, 10) of bool."""
    digits = np.arange(NO_DIGIT)
    if task_spec.task == "binary":
        positive = np.isin(digits, task_spec.positive)
        return np.stack([positive if prediction.label == "yes" else ~positive for prediction in predictions])
    return np.stack([digits == min(max(int(prediction.label), 0), 9) for prediction in predictions])


def _means_by_owner(values: np.ndarray, owners: np.ndarray, count: int) -> np.ndarray:
    return np.stack([values[owners == owner].mean(axis=0) for owner in range(count)])


def _log_odds(probabilities: np.ndarray) -> np.ndarray:
    clipped = np.clip(probabilities, 1e-3, 1 - 1e-3)
    return np.asarray(np.log(clipped / (1 - clipped)))


def _confidence(prediction: Prediction) -> float:
    if prediction.confidence is not None:
        return prediction.confidence
    return _closeness(prediction.outputs[0], int(prediction.label))


def _mean_confidence(outputs: np.ndarray, means: np.ndarray, task_spec: TaskSpec) -> float:
    """Return the confidence, 0 to 1, that the means over a digit's variants give to the answer of its own outputs."""
    if task_spec.task == "classification":
        return float(means[outputs.argmax()])
    if task_spec.task == "binary":
        return float(means[0] if outputs[0] > 0.5 else 1 - means[0])
    return _closeness(float(means[0]), round(float(outputs[0])))


def _closeness(value: float, integer: int) -> float:
    """Return how close a regression's value is to an integer: 1 if equal, 0.5 halfway to the next."""
    return max(0.0, 1 - abs(value - integer))
