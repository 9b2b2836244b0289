"""Recognizes pictures by the best of several hypotheses about each.

A hypothesis states what is to be read: the whole picture, only the sheet of paper in it, or either without ruled lines.
All hypotheses about a batch of pictures are read in the same way, and the best reading of each picture is chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from nntrain.inference.calibrated_classifier import CalibratedClassifier
from nntrain.inference.reading import Reading, classify_objects, read_digits
from nntrain.preprocessing.prepare import PreparedPicture, within_sheet, without_ruled_lines

# If the whole picture is read as one digit with at least this probability, any sheet in it is only a patch of light.
CERTAIN = 0.9


class Hypothesis(NamedTuple):
    """One way to read a picture."""

    name: str
    base: str | None  # the hypothesis that it is derived from and has to outrank; None for the picture itself
    derive: Callable[[PreparedPicture], PreparedPicture | None]  # from the base's picture; None if it does not apply
    only_if_unsure: bool = False  # read only if the base's reading is unsure, which saves time


WHOLE = "whole picture"
SHEET = "within the sheet or frame"
# A hypothesis comes after its base.
HYPOTHESES = (
    Hypothesis(WHOLE, None, lambda picture: picture),
    Hypothesis(SHEET, WHOLE, within_sheet),
    Hypothesis("without ruled lines", WHOLE, without_ruled_lines, only_if_unsure=True),
    Hypothesis("within the sheet, without ruled lines", SHEET, without_ruled_lines, only_if_unsure=True),
)


def recognize(pictures: Sequence[PreparedPicture], network: CalibratedClassifier) -> list[Reading]:
    """Recognize a batch of pictures: digits if the network was trained on MNIST, or else one object in each.

    Raises RunError if the network's outputs are unusable.
    """
    if not network.model.reads_digits:
        return classify_objects(pictures, network)
    views: list[dict[str, PreparedPicture]] = [{} for _ in pictures]
    readings: list[dict[str, Reading]] = [{} for _ in pictures]
    for only_if_unsure in (False, True):
        batch = []
        for hypothesis in HYPOTHESES:
            if hypothesis.only_if_unsure != only_if_unsure:
                continue
            for index, picture in enumerate(pictures):
                view = _view(hypothesis, picture, views[index], readings[index])
                if view is not None:
                    views[index][hypothesis.name] = view
                    batch.append((index, hypothesis.name))
        batch_readings = read_digits([views[index][name] for index, name in batch], network)
        for (index, name), reading in zip(batch, batch_readings, strict=True):
            readings[index][name] = reading
    return [best_hypothesis(by_name) for by_name in readings]


def _view(
    hypothesis: Hypothesis,
    picture: PreparedPicture,
    views: Mapping[str, PreparedPicture],
    readings: Mapping[str, Reading],
) -> PreparedPicture | None:
    """Return the picture to read for a hypothesis, or None if it does not apply; the mappings are by hypothesis."""
    if hypothesis.base is None:
        return hypothesis.derive(picture)
    if hypothesis.base not in views or (hypothesis.only_if_unsure and readings[hypothesis.base].confident):
        return None
    return hypothesis.derive(views[hypothesis.base])


def best_hypothesis(readings: Mapping[str, Reading]) -> Reading:
    """Return the best of a picture's readings: a hypothesis replaces its base if its reading ranks higher."""
    best = dict(readings)
    for hypothesis in reversed(HYPOTHESES):
        if hypothesis.base is None or hypothesis.name not in best:
            continue
        if ranks_higher(best[hypothesis.name], best[hypothesis.base]):
            best[hypothesis.base] = best[hypothesis.name]
    return best[WHOLE]


def ranks_higher(reading: Reading, base: Reading) -> bool:
    """Return whether a hypothesis's reading is better than that of its base.

    A confident reading is better, unless the base is certain and has no more digits. An unsure one has to be more
    probable.
    """
    if not reading.confident:
        return reading.probability_correct > base.probability_correct
    return base.probability_correct < CERTAIN or len(base.answers) > len(reading.answers)


def disagrees_with_more_confidence(other: Reading, reading: Reading) -> bool:
    """Return whether another network's reading is different, confident, and more probably correct."""
    different = other.labels != reading.labels
    return different and other.confident and other.probability_correct > reading.probability_correct
