"""How far an answer is to be trusted, which pieces of ink make which digits, and when to say "unsure".

A network's own confidence is half of it: it is calibrated, and asked again of the digit turned, sheared, with thicker
and thinner strokes, and cut out by other thresholds. The other half looks at the ink alone: how near it comes to
MNIST's digits, and whether it has more strokes than any of them. Both halves are weighed by one logistic regression.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from nntrain.augmentation import distort_by
from nntrain.classifier import Classifier
from nntrain.evaluation import Question, answer
from nntrain.pictures import Picture
from nntrain.pictures.digits import Candidate, Digit, best_row, in_rows
from nntrain.pictures.resemblance import Looks, looks
from nntrain.results import Prediction

if TYPE_CHECKING:
    from nntrain.answering import Trained

# What each digit is asked again as; a person would read the same.
TRIALS = ({"rotation": 10}, {"rotation": -10}, {"shear": 0.2}, {"shear": -0.2}, {"stroke": 1.2}, {"stroke": -1.0})
# Made by tests/benchmarks/fit_judging.py from training images, drawn digits, letters and scribbles, with a network of
# convolutions and a dense one; in the order of `marks`. The last, the bias, was then raised from 3.69: of the half of
# the handwriting that was looked at, 4.4 % instead of 6.1 % are unsure.
WEIGHTS = np.array([0.58, 2.53, -0.02, -7.29, -0.27, 2.38, -3.69, 4.2])
BLOT = 4.0  # pixels; strokes that are wider on average run into one another
CLEAR = 3.0  # log odds of trust above which the digit is not asked again
CUT = -1.0  # log odds against a cut through ink
UNCERTAIN = 0.6  # the least confidence in an answer about other things than digits
BATCH = 256  # pictures held at once


@dataclass(frozen=True)
class Answer:
    """What one digit was read as."""

    prediction: Prediction
    digit: Digit = field(repr=False)
    trust: float  # 0 to 1: how likely it is a digit that was read rightly
    why: str = ""  # it is unsure, in words; empty where it is sure

    @property
    def unsure(self) -> bool:
        """Whether the answer is a guess."""
        return bool(self.why)


@dataclass(frozen=True)
class Reading:
    """What a picture was read as: one digit, or several from left to right."""

    answers: tuple[Answer, ...]
    decisions: tuple[str, ...]  # what was done to the picture, in words

    @property
    def unsure(self) -> bool:
        """Whether any part is a guess."""
        return any(one.unsure for one in self.answers)


def read(pictures: Iterable[Picture], trained: Trained, classifier: Classifier) -> list[Reading]:
    """Answer pictures; of several ways to part a row of ink the one is taken that is to be trusted most."""
    readings: list[Reading] = []
    batch: list[Picture] = []
    for picture in pictures:
        batch.append(picture)
        if len(batch) == BATCH:
            readings += _read(batch, trained, classifier)
            batch = []
    return readings + (_read(batch, trained, classifier) if batch else [])


def more_surely(other: Reading, reading: Reading) -> bool:
    """Tell whether another network reads a picture differently, for certain, and with more trust."""
    differs = [one.prediction.label for one in other.answers] != [one.prediction.label for one in reading.answers]
    return differs and not other.unsure and _least_trust(other) > _least_trust(reading)


def _least_trust(reading: Reading) -> float:
    return min(one.trust for one in reading.answers)


def marks(confidence: np.ndarray, allowed: np.ndarray, seen: Looks) -> np.ndarray:
    """Return what trust is weighed by, (n, 8).

    `confidence` is that of each answer, 0 to 1, and `allowed`, (n, 10), which digits the answer speaks of.
    """
    shares = np.clip(confidence, 1e-3, 1 - 1e-3)
    own = np.where(allowed, seen.likeness, -1).max(axis=1)
    others = seen.likeness.max(axis=1)
    one = np.ones(len(shares))
    return np.stack(
        [
            np.log(shares / (1 - shares)),
            30 * (own - 0.9),
            30 * (own - others),
            seen.across,
            seen.down,
            seen.length,
            np.maximum(seen.width - BLOT, 0),
            one,
        ],
        axis=1,
    )


def _read(pictures: Sequence[Picture], trained: Trained, classifier: Classifier) -> list[Reading]:
    """Answer a batch: all candidates at once, then what was chosen and is in doubt again, distorted."""
    found = [(number, one) for number, picture in enumerate(pictures) for one in picture.candidates]
    pixels = np.stack([one.digit.pixels for _, one in found])
    outputs = trained.calibrated(classifier.outputs(pixels))
    predictions = answer(outputs, trained.question)
    if not trained.reads_digits:
        return [
            Reading((_about_other_things(given, one.digit),), pictures[number].decisions)
            for (number, one), given in zip(found, predictions, strict=True)
            if one.digit is pictures[number].whole
        ]
    seen = looks(pixels)
    allowed = _allowed(predictions, trained.question)
    odds = marks(_confidence(predictions), allowed, seen) @ WEIGHTS
    chosen = _chosen(pictures, found, odds)
    again = np.array([place for places in chosen for place in places if odds[place] < CLEAR], np.intp)
    others = _asked_again([found[place][1].digit for place in again], trained, classifier)
    for place, shares in zip(again, others, strict=True):
        odds[place] = _odds_again(place, shares, outputs, allowed, seen, trained.question)
    doubts = dict(zip(again.tolist(), others, strict=True))
    return [
        _reading(
            picture,
            [
                (found[place][1].digit, predictions[place], odds[place], doubts.get(place, outputs[place]))
                for place in places
            ],
            trained.question,
        )
        for picture, places in zip(pictures, chosen, strict=True)
    ]


def _about_other_things(given: Prediction, digit: Digit) -> Answer:
    confidence = 1.0 if given.confidence is None else given.confidence
    return Answer(given, digit, confidence, "" if confidence >= UNCERTAIN else "no class stands out")


def _chosen(pictures: Sequence[Picture], found: Sequence[tuple[int, Candidate]], odds: np.ndarray) -> list[list[int]]:
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
        rows.append([mine[index] for index in best_row(picture.candidates, values, picture.atoms)])
    return rows


def _asked_again(digits: Sequence[Digit], trained: Trained, classifier: Classifier) -> list[np.ndarray]:
    """Return the mean of the network's probabilities over each digit's trials."""
    if not digits:
        return []
    base = np.stack([one.pixels for one in digits])
    owners, images = [np.arange(len(digits))], [base]
    for trial in TRIALS:
        owners.append(np.arange(len(digits)))
        images.append(distort_by(base, **trial))
    for number, one in enumerate(digits):
        otherwise = one.otherwise()
        if otherwise:
            owners.append(np.full(len(otherwise), number))
            images.append(np.stack(otherwise))
    owner = np.concatenate(owners)
    outputs = trained.calibrated(classifier.outputs(np.concatenate(images)))
    return [outputs[owner == number].mean(axis=0) for number in range(len(digits))]


def _odds_again(
    place: int, shares: np.ndarray, outputs: np.ndarray, allowed: np.ndarray, seen: Looks, question: Question
) -> float:
    """Return the log odds of an answer whose trials gave these probabilities on average."""
    confidence = _support(outputs[place], shares, question)
    row = slice(place, place + 1)
    one = Looks(seen.likeness[row], seen.across[row], seen.down[row], seen.length[row], seen.width[row])
    return float((marks(np.array([confidence]), allowed[row], one) @ WEIGHTS)[0])


def _support(given: np.ndarray, shares: np.ndarray, question: Question) -> float:
    """Return how much the trials bear an answer out, 0 to 1."""
    if question.task == "classification":
        return float(shares[given.argmax()])
    if question.task == "binary":
        return float(shares[0] if given[0] > 0.5 else 1 - shares[0])
    return _nearness(float(shares[0]), round(float(given[0])))


def _nearness(value: float, whole: int) -> float:
    """Return how near a regression's value comes to a whole number: 1 on it, a half halfway to the next."""
    return max(0.0, 1 - abs(value - whole))


def _confidence(predictions: Sequence[Prediction]) -> np.ndarray:
    return np.array(
        [_nearness(one.outputs[0], int(one.label)) if one.confidence is None else one.confidence for one in predictions]
    )


def _allowed(predictions: Sequence[Prediction], question: Question) -> np.ndarray:
    """Return which digits each answer speaks of, (n, 10)."""
    digits = np.arange(10)
    if question.task == "binary":
        positive = np.isin(digits, question.positive)
        return np.stack([positive if one.label == "yes" else ~positive for one in predictions])
    return np.stack([digits == min(max(int(one.label), 0), 9) for one in predictions])


def _reading(
    picture: Picture, parts: Sequence[tuple[Digit, Prediction, float, np.ndarray]], question: Question
) -> Reading:
    answers = []
    for digit, given, odds, shares in parts:
        why = "" if odds >= 0 else _doubt(picture, given, shares, question, several=len(parts) > 1)
        answers.append(Answer(given, digit, float(1 / (1 + np.exp(-odds))), why))
    decisions = list(picture.decisions)
    if len(parts) > 1:
        decisions.append(f"{len(parts)} digits in a row: read one by one")
        decisions += sorted({decision for digit, *_ in parts for decision in digit.decisions})
    elif len(picture.candidates) > 1:
        decisions += parts[0][0].decisions
    return Reading(tuple(answers), tuple(decisions))


def _doubt(picture: Picture, given: Prediction, shares: np.ndarray, question: Question, *, several: bool) -> str:
    """Say why an answer is not to be trusted."""
    if picture.ink is not None and not several and in_rows(picture.ink):
        return "pieces lie above one another, as digits in several rows do"
    if picture.ink is not None and any(one.cuts for one in picture.candidates):
        return "digits may touch; leave room between them"
    if question.task == "classification":
        first, second = np.argsort(-shares, kind="stable")[:2]
        if shares[second] > 0.1:
            return f"between {question.classes[first]} and {question.classes[second]}"
    return "it looks like no digit that was learnt"
