"""Reads prepared pictures: decides which pieces of ink are which digits, and which answers are unsure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

import numpy as np

from nntrain.inference.calibrated_classifier import CalibratedClassifier
from nntrain.inference.confidence import Estimates, augment, estimate
from nntrain.inference.scoring import to_predictions
from nntrain.inference.uncertainty import UncertaintyKind, UncertaintyReason
from nntrain.preprocessing.decisions import Decision, DecisionKind
from nntrain.preprocessing.prepare import PreparedPicture
from nntrain.preprocessing.segment import Candidate, Digit, best_row, in_several_rows, only_lines
from nntrain.results import Prediction
from nntrain.task import TaskSpec

AUGMENTED_BELOW = 3.0  # log odds of a correct answer below which variants of the digit are classified too
CUT_LOGIT = -1.0  # added to the log odds for each side on which ink was cut
ROWS_LOGIT = -5.0  # added if there seem to be several rows; even then, a digit in two pieces may be confident
SECOND_CLASS_THRESHOLD = 0.1  # probability above which another class is named beside the answer
MIN_CONFIDENCE = 0.6  # of an answer for objects other than digits


@dataclass(frozen=True)
class Answer:
    """The answer for one digit."""

    prediction: Prediction
    digit: Digit = field(repr=False)
    probability_correct: float  # 0 to 1, the probability that it is a digit and was recognized correctly
    reason: UncertaintyReason | None = None  # why the answer is unsure, or None if it is confident
    best_two: tuple[str, ...] = ()  # for a classification: the answer and the most probable other class

    @property
    def confident(self) -> bool:
        """Whether there is no reason for doubt."""
        return self.reason is None


@dataclass(frozen=True)
class Reading:
    """The answers for a picture: one digit, or several from left to right."""

    answers: tuple[Answer, ...]
    decisions: tuple[Decision, ...]  # what was done to the picture

    @property
    def confident(self) -> bool:
        """Whether every answer is confident."""
        return all(answer.confident for answer in self.answers)

    @property
    def labels(self) -> tuple[str, ...]:
        """The answers' labels, from left to right."""
        return tuple(answer.prediction.label for answer in self.answers)

    @property
    def text(self) -> str:
        """The answers' labels, joined: "745"."""
        return "".join(self.labels)

    @property
    def probability_correct(self) -> float:
        """The lowest probability of the answers."""
        return min(answer.probability_correct for answer in self.answers)

    def without_sources(self) -> Reading:
        """Return the same reading without the sources of its digits, which take most of the memory."""
        answers = (replace(answer, digit=answer.digit.without_source()) for answer in self.answers)
        return replace(self, answers=tuple(answers))


def classify_objects(pictures: Sequence[PreparedPicture], network: CalibratedClassifier) -> list[Reading]:
    """Classify pictures of objects other than digits, by all ink of a picture or the widest part that may be one."""
    if not pictures:
        return []
    outputs = network.predict(np.stack([picture.image for picture in pictures]))
    predictions = to_predictions(outputs, network.task_spec)
    return [
        Reading((_object_answer(picture, prediction, network.task_spec),), picture.decisions)
        for picture, prediction in zip(pictures, predictions, strict=True)
    ]


def _object_answer(picture: PreparedPicture, prediction: Prediction, task_spec: TaskSpec) -> Answer:
    confidence = 1.0 if prediction.confidence is None else prediction.confidence
    reason = None if confidence >= MIN_CONFIDENCE else UncertaintyReason(UncertaintyKind.LOW_CONFIDENCE)
    if max(candidate.last - candidate.first for candidate in picture.candidates) < picture.atom_count:
        reason = UncertaintyReason(UncertaintyKind.SEVERAL_OBJECTS)
    best_two = _best_two(prediction, np.array(prediction.outputs), task_spec)
    return Answer(prediction, picture.whole, confidence, reason, best_two)


def read_digits(pictures: Sequence[PreparedPicture], network: CalibratedClassifier) -> list[Reading]:
    """Read a batch: classify all candidates, choose each picture's row, and augment the digits in doubt."""
    if not pictures:
        return []
    estimates = estimate([candidate.digit for picture in pictures for candidate in picture.candidates], network)
    rows = _best_rows(pictures, estimates.logits)
    in_doubt = [index for index in chain(*rows) if estimates.logits[index] < AUGMENTED_BELOW]
    estimates = augment(estimates, in_doubt, network)
    return [_reading(picture, row, estimates) for picture, row in zip(pictures, rows, strict=True)]


def _best_rows(pictures: Sequence[PreparedPicture], logits: np.ndarray) -> list[list[int]]:
    """Return the indices of each picture's digits, from left to right, among the candidates of all pictures."""
    rows, first = [], 0
    for picture in pictures:
        log_probabilities = {
            index: _log_probability(logits[first + index], candidate)
            for index, candidate in enumerate(picture.candidates)
        }
        row = best_row(picture.candidates, log_probabilities, picture.atom_count)
        rows.append([first + index for index in row])
        first += len(picture.candidates)
    return rows


def _log_probability(logit: float, candidate: Candidate) -> float:
    return -float(np.logaddexp(0, -(logit + CUT_LOGIT * candidate.cuts)))


def _reading(picture: PreparedPicture, row: Sequence[int], estimates: Estimates) -> Reading:
    """Return the reading of the candidates at the indices `row`."""
    several_rows = picture.ink is not None and in_several_rows(picture.ink)
    answers = []
    for index in row:
        prediction, digit = estimates.predictions[index], estimates.digits[index]
        logit = float(estimates.logits[index]) + (ROWS_LOGIT if several_rows else 0.0)
        best_two = _best_two(prediction, estimates.class_probabilities[index], estimates.task_spec)
        reason = None
        # Pieces above one another may be one broken digit. If there are several digits, they are several rows.
        if logit < 0 or (several_rows and len(row) > 1):
            reason = _reason(picture, index, best_two, estimates)
        elif digit.touches_border:
            reason = UncertaintyReason(UncertaintyKind.TOUCHES_BORDER)
        answers.append(Answer(prediction, digit, float(1 / (1 + np.exp(-logit))), reason, best_two))
    return Reading(tuple(answers), _decisions(picture, [answer.digit for answer in answers]))


def _decisions(picture: PreparedPicture, digits: Sequence[Digit]) -> tuple[Decision, ...]:
    """Return what was done to a picture and to the digits that were chosen."""
    if len(digits) > 1:
        of_digits = dict.fromkeys(decision for digit in digits for decision in digit.decisions)
        return (*picture.decisions, Decision.of(DecisionKind.DIGITS_IN_A_ROW, count=len(digits)), *of_digits)
    # The decisions of a single candidate are among the picture's.
    return (*picture.decisions, *(digits[0].decisions if len(picture.candidates) > 1 else ()))


def _best_two(prediction: Prediction, probabilities: np.ndarray, task_spec: TaskSpec) -> tuple[str, ...]:
    """Return the answer and the most probable of the other classes, or nothing if the task is no classification."""
    if task_spec.task != "classification":
        return ()
    labels = [task_spec.classes[index] for index in np.argsort(-probabilities, kind="stable")]
    return (prediction.label, next((label for label in labels if label != prediction.label), prediction.label))


def _reason(picture: PreparedPicture, index: int, best_two: tuple[str, ...], estimates: Estimates) -> UncertaintyReason:
    """Return why the answer for the candidate at an index is unsure."""
    no_digit = UncertaintyReason(UncertaintyKind.NO_DIGIT)
    if best_two:
        no_digit = UncertaintyReason(UncertaintyKind.CLOSEST_DIGIT, best_two[:1])
    if picture.ink is not None:
        if only_lines(picture.ink):
            return no_digit
        if in_several_rows(picture.ink):
            return UncertaintyReason(UncertaintyKind.SEVERAL_ROWS)
        if any(candidate.cuts for candidate in picture.candidates):
            return UncertaintyReason(UncertaintyKind.TOUCHING_DIGITS)
    if not best_two or estimates.unlike_digits[index]:
        return no_digit
    second = estimates.class_probabilities[index, estimates.task_spec.classes.index(best_two[1])]
    if second > SECOND_CLASS_THRESHOLD:
        return UncertaintyReason(UncertaintyKind.TWO_CLASSES, best_two)
    return no_digit
