"""How far an answer is to be trusted, which pieces of ink make which digits, and when to say "unsure".

A network's own confidence is half of it: it is calibrated, and asked again of the digit turned, sheared, with thicker
and thinner strokes, and cut out by other thresholds. The other half is the detector's, which knows what is no digit: it
is asked of the same images how likely they are what the network says. One logistic regression weighs both halves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from nntrain.inference.litert import Classifier
from nntrain.inference.out_of_distribution import NONE, class_probabilities
from nntrain.inference.scoring import to_predictions
from nntrain.preprocessing.decisions import Decision, DecisionKind
from nntrain.preprocessing.prepare import PreparedPicture, within_sheet, without_ruled_lines
from nntrain.preprocessing.segment import Candidate, Digit, best_row, in_several_rows, only_lines
from nntrain.results import Prediction
from nntrain.task import TaskSpec
from nntrain.training.augmentation import distort_by

if TYPE_CHECKING:
    from nntrain.inference.trained_model import TrainedModel

# What each digit is asked again as; a person would read the same.
TTA_TRANSFORMS = (
    {"rotation": 10},
    {"rotation": -10},
    {"shear": 0.2},
    {"shear": -0.2},
    {"stroke": 1.2},
    {"stroke": -1.0},
)
# In the order of `marks`. Written by tools/fit_confidence.py, which says from what.
COEFFICIENTS = np.array([0.17, 0.89, 0.93])
CLEAR = 3.0  # log odds of trust above which the digit is not asked again
CUT = -1.0  # log odds against a cut through ink
ROW = -5.0  # log odds against pieces of full height above one another; a digit that broke so is sure even then
LONGEST = 4.0  # heights; of MNIST's images the longest strokes have 3.5, and handwriting has hardly more
NEVER = -10.0  # log odds of trust in what is no digit for certain
RIVAL = 0.1  # probability from which on another class is named beside the answer
UNLIKE = 0.5  # the detector's probability that something is no digit, above which that is said of it
ROWS = "pieces lie above one another, as digits in several rows do"
CERTAIN = 0.9  # trust far above that in sheets and frames that were taken for a digit
UNCERTAIN = 0.6  # the least confidence in an answer about other things than digits
BATCH = 256  # pictures held at once


@dataclass(frozen=True)
class Answer:
    """What one digit was read as."""

    prediction: Prediction
    digit: Digit = field(repr=False)
    trust: float  # 0 to 1: how likely it is a digit that was read rightly
    why: str = ""  # it is unsure, in words; empty where it is sure
    best_two: tuple[str, ...] = ()  # the answer and the likeliest class beside it, by both halves; of classes alone

    @property
    def unsure(self) -> bool:
        """Whether the answer is a guess."""
        return bool(self.why)


@dataclass(frozen=True)
class Reading:
    """What a picture was read as: one digit, or several from left to right."""

    answers: tuple[Answer, ...]
    decisions: tuple[Decision, ...]  # what was done to the picture

    @property
    def unsure(self) -> bool:
        """Whether any part is a guess."""
        return any(one.unsure for one in self.answers)


def read(pictures: Iterable[PreparedPicture], trained: TrainedModel, classifier: Classifier) -> list[Reading]:
    """Answer pictures; of several ways to part a row of ink the one is taken that is to be trusted most."""
    readings: list[Reading] = []
    batch: list[PreparedPicture] = []
    for picture in pictures:
        batch.append(picture)
        if len(batch) == BATCH:
            readings += _read_twice(batch, trained, classifier)
            batch = []
    return readings + _read_twice(batch, trained, classifier)


def _read_twice(pictures: Sequence[PreparedPicture], trained: TrainedModel, classifier: Classifier) -> list[Reading]:
    """Answer a batch, and again without what lies round a sheet or frame where a picture shows one."""
    if not trained.reads_digits:
        return _read(pictures, trained, classifier)
    readings = _read_lined(pictures, trained, classifier)
    within = {number: inside for number, one in enumerate(pictures) if (inside := within_sheet(one)) is not None}
    return _preferred(readings, within, _read_lined(list(within.values()), trained, classifier))


def _read_lined(pictures: Sequence[PreparedPicture], trained: TrainedModel, classifier: Classifier) -> list[Reading]:
    """Answer a batch, and what is unsure again without its paper's lines."""
    readings = _read(pictures, trained, classifier)
    unsure = [number for number, one in enumerate(readings) if one.unsure]
    clean = {number: without for number in unsure if (without := without_ruled_lines(pictures[number])) is not None}
    return _preferred(readings, clean, _read(list(clean.values()), trained, classifier))


def _preferred(readings: list[Reading], numbers: Iterable[int], others: Iterable[Reading]) -> list[Reading]:
    """Return readings, of those with such numbers the other one where that goes before."""
    preferred = list(readings)
    for number, other in zip(numbers, others, strict=True):
        if _goes_before(other, readings[number]):
            preferred[number] = other
    return preferred


def _goes_before(other: Reading, reading: Reading) -> bool:
    """Tell whether a reading of what is enclosed, or without lines, goes before that of the whole picture.

    Where it is sure, it does, unless the whole is one digit for certain: then the sheet is where light falls.
    """
    if other.unsure:
        return _least_trust(other) > _least_trust(reading)
    return _least_trust(reading) < CERTAIN or len(reading.answers) > len(other.answers)


def more_surely(other: Reading, reading: Reading) -> bool:
    """Tell whether another network reads a picture differently, for certain, and with more trust."""
    differs = [one.prediction.label for one in other.answers] != [one.prediction.label for one in reading.answers]
    return differs and not other.unsure and _least_trust(other) > _least_trust(reading)


def _least_trust(reading: Reading) -> float:
    return min(one.trust for one in reading.answers)


def features(confidence: np.ndarray, borne_out: np.ndarray) -> np.ndarray:
    """Return what trust is weighed by, (n, 3): log odds of the network's half and the detector's, both (n,); and 1."""
    return np.stack([_log_odds(confidence), _log_odds(borne_out), np.ones(len(confidence))], axis=1)


def digit_probability(seen: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Return how likely the detector, (n, 11), takes images for one of the digits that are allowed, (n, 10)."""
    return np.asarray((seen[:, :NONE] * allowed).sum(axis=1))


def _odds(evidence: np.ndarray, length: np.ndarray) -> np.ndarray:
    return np.where(length > LONGEST, NEVER, evidence @ COEFFICIENTS)


def _log_odds(confidence: np.ndarray) -> np.ndarray:
    shares = np.clip(confidence, 1e-3, 1 - 1e-3)
    return np.asarray(np.log(shares / (1 - shares)))


def _read(pictures: Sequence[PreparedPicture], trained: TrainedModel, classifier: Classifier) -> list[Reading]:
    """Answer a batch: all candidates at once, then what was chosen and is in doubt again, distorted."""
    if not pictures:
        return []
    found = [(number, one) for number, picture in enumerate(pictures) for one in picture.candidates]
    pixels = np.stack([one.digit.image for _, one in found])
    outputs = trained.calibrate(classifier.predict(pixels))
    predictions = to_predictions(outputs, trained.task_spec)
    if not trained.reads_digits:
        return [
            Reading((_about_other_things(pictures[number], one, given, trained.task_spec),), pictures[number].decisions)
            for (number, one), given in zip(found, predictions, strict=True)
            if one.digit is pictures[number].whole
        ]
    seen = class_probabilities(pixels)
    allowed = allowed_digits(predictions, trained.task_spec)
    length = np.array([one.digit.stroke_length for _, one in found])
    evidence = features(_confidence(predictions), digit_probability(seen, allowed))
    odds = _odds(evidence, length)
    chosen = _chosen(pictures, found, odds)
    doubted = [place for places in chosen for place in places if odds[place] < CLEAR]
    shares = outputs.copy()
    if doubted:
        shares[doubted], seen[doubted] = test_time_augmentation(
            [found[place][1].digit for place in doubted], trained, classifier
        )
        support = np.array([_support(outputs[place], shares[place], trained.task_spec) for place in doubted])
        evidence[doubted] = features(support, digit_probability(seen[doubted], allowed[doubted]))
        odds = _odds(evidence, length)
    unlike = (seen[:, NONE] > UNLIKE) | (length > LONGEST)
    named = (shares + seen[:, :NONE]) / 2 if trained.task_spec.task == "classification" else shares
    return [
        _reading(
            picture,
            [
                _Part(found[place][1].digit, predictions[place], odds[place], named[place], bool(unlike[place]))
                for place in places
            ],
            trained.task_spec,
        )
        for picture, places in zip(pictures, chosen, strict=True)
    ]


def _about_other_things(picture: PreparedPicture, one: Candidate, given: Prediction, task_spec: TaskSpec) -> Answer:
    confidence = 1.0 if given.confidence is None else given.confidence
    why = "" if confidence >= UNCERTAIN else "no class stands out"
    if one.last - one.first < picture.atom_count:
        why = "several things side by side; one was read"
    return Answer(given, one.digit, confidence, why, _best_two(given, np.array(given.outputs), task_spec))


def _best_two(given: Prediction, shares: np.ndarray, task_spec: TaskSpec) -> tuple[str, ...]:
    """Return the answer, and of the other classes the one with the largest share."""
    if task_spec.task != "classification":
        return ()
    others = (task_spec.classes[label] for label in np.argsort(-shares, kind="stable"))
    return (given.label, next((name for name in others if name != given.label), given.label))


def _chosen(
    pictures: Sequence[PreparedPicture], found: Sequence[tuple[int, Candidate]], odds: np.ndarray
) -> list[list[int]]:
    """Return the places in `found` of each picture's digits, from left to right."""
    places: list[list[int]] = [[] for _ in pictures]
    for place, (number, _) in enumerate(found):
        places[number].append(place)
    rows = []
    for picture, mine in zip(pictures, places, strict=True):
        values = {
            index: -float(np.logaddexp(0, -(odds[place] + CUT * found[place][1].cuts)))
            for index, place in enumerate(mine)
        }
        rows.append([mine[index] for index in best_row(picture.candidates, values, picture.atom_count)])
    return rows


def test_time_augmentation(
    digits: Sequence[Digit], trained: TrainedModel, classifier: Classifier
) -> tuple[np.ndarray, np.ndarray]:
    """Return the means over the trials of each of n digits, one or more.

    They are those of the network's calibrated outputs, (n, classes) or (n, 1), and of the detector's, (n, 11).
    """
    base = np.stack([digit.image for digit in digits])
    owners, images = [np.arange(len(digits))], [base]
    for trial in TTA_TRANSFORMS:
        owners.append(np.arange(len(digits)))
        images.append(distort_by(base, **trial))
    for number, one in enumerate(digits):
        otherwise = one.at_other_thresholds()
        if otherwise:
            owners.append(np.full(len(otherwise), number))
            images.append(np.stack(otherwise))
    owner, pixels = np.concatenate(owners), np.concatenate(images)
    outputs, seen = trained.calibrate(classifier.predict(pixels)), class_probabilities(pixels)
    mine = [owner == number for number in range(len(digits))]
    return np.stack([outputs[one].mean(axis=0) for one in mine]), np.stack([seen[one].mean(axis=0) for one in mine])


def _support(given: np.ndarray, shares: np.ndarray, task_spec: TaskSpec) -> float:
    """Return how much the trials bear an answer out, 0 to 1."""
    if task_spec.task == "classification":
        return float(shares[given.argmax()])
    if task_spec.task == "binary":
        return float(shares[0] if given[0] > 0.5 else 1 - shares[0])
    return _nearness(float(shares[0]), round(float(given[0])))


def _nearness(value: float, whole: int) -> float:
    """Return how near a regression's value comes to a whole number: 1 on it, a half halfway to the next."""
    return max(0.0, 1 - abs(value - whole))


def _confidence(predictions: Sequence[Prediction]) -> np.ndarray:
    return np.array(
        [_nearness(one.outputs[0], int(one.label)) if one.confidence is None else one.confidence for one in predictions]
    )


def allowed_digits(predictions: Sequence[Prediction], task_spec: TaskSpec) -> np.ndarray:
    """Return which digits each answer speaks of, (n, 10)."""
    digits = np.arange(10)
    if task_spec.task == "binary":
        positive = np.isin(digits, task_spec.positive)
        return np.stack([positive if one.label == "yes" else ~positive for one in predictions])
    return np.stack([digits == min(max(int(one.label), 0), 9) for one in predictions])


@dataclass(frozen=True)
class _Part:
    """A digit of a picture, as it was answered."""

    digit: Digit
    given: Prediction
    odds: float  # log odds that it was read rightly
    named: np.ndarray  # how likely it is each class, by the network and the detector alike, mean of its trials
    unlike: bool  # no digit has such ink


def _reading(picture: PreparedPicture, parts: Sequence[_Part], task_spec: TaskSpec) -> Reading:
    # One digit may be broken into two above one another; several are answered, so that one of each column is left out.
    rows = picture.ink is not None and in_several_rows(picture.ink)
    mixed = rows and len(parts) > 1
    answers = []
    for part in parts:
        best_two = _best_two(part.given, part.named, task_spec)
        why = "the ink runs off the picture's edge" if part.digit.touches_border else ""
        odds = part.odds + (ROW if rows else 0.0)
        if mixed or odds < 0:
            why = _doubt(picture, part, best_two, task_spec)
        answers.append(Answer(part.given, part.digit, float(1 / (1 + np.exp(-odds))), why, best_two))
    decisions = list(picture.decisions)
    if len(parts) > 1:
        decisions.append(Decision.of(DecisionKind.DIGITS_IN_A_ROW, count=len(parts)))
        decisions += dict.fromkeys(decision for part in parts for decision in part.digit.decisions)
    elif len(picture.candidates) > 1:
        decisions += parts[0].digit.decisions
    return Reading(tuple(answers), tuple(decisions))


def _doubt(picture: PreparedPicture, part: _Part, best_two: tuple[str, ...], task_spec: TaskSpec) -> str:
    """Say why an answer is not to be trusted."""
    nothing = f"no digit-like ink: nearest is {part.given.label}" if best_two else "no digit-like ink"
    if picture.ink is not None:
        if only_lines(picture.ink):
            return nothing
        if in_several_rows(picture.ink):
            return ROWS
        if any(one.cuts for one in picture.candidates):
            return "digits may touch; leave room between them"
    if best_two and not part.unlike and part.named[task_spec.classes.index(best_two[1])] > RIVAL:
        return f"between {best_two[0]} and {best_two[1]}"
    return nothing
