"""From prepared pictures to recognitions, in batches."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from synthetic.paper import drawn
from synthetic.shapes import DIGITS

from nntrain.inference import pipeline
from nntrain.inference.pipeline import Networks, Recognition, batches, recognize_all, recognize_requests
from nntrain.inference.reading import Answer, Reading
from nntrain.inference.uncertainty import UncertaintyKind, UncertaintyReason
from nntrain.preprocessing.parallel import PictureFailure, PictureRequest
from nntrain.preprocessing.prepare import prepare, unchanged
from nntrain.preprocessing.segment import Digit
from nntrain.results import Prediction

FAILURE = PictureFailure("bad.png", "bad.png: not a picture")


def reading(text, probability=0.9, *, confident=True, digit=None):
    """Return a reading of some digits."""
    reason = None if confident else UncertaintyReason(UncertaintyKind.NO_DIGIT)
    digit = digit or Digit(np.zeros((28, 28), np.uint8))
    return Reading(tuple(Answer(Prediction(label, 0.9, ()), digit, probability, reason) for label in text), ())


def requests(*names):
    """Return a request for each name, and the failure for None."""
    image = np.zeros((28, 28), np.uint8)
    return [FAILURE if name is None else PictureRequest(name, unchanged(image)) for name in names]


@pytest.fixture
def readings(monkeypatch):
    """Return a function that sets what each network reads, one after the other; a network is its readings."""
    monkeypatch.setattr(pipeline, "recognize", lambda pictures, network: [network.pop(0) for _ in pictures])


@pytest.mark.parametrize(
    ("sizes", "counts"),
    [([1] * 7, [3, 3, 1]), ([1] * 6, [3, 3]), ([], []), ([60, 40, 1, 120, 1], [2, 2, 1]), ([60, 39, 1], [3])],
)
def test_a_batch_is_bounded_by_count_and_by_bytes(monkeypatch, sizes, counts):
    monkeypatch.setattr(pipeline, "MAX_BATCH_PICTURES", 3)
    monkeypatch.setattr(pipeline, "MAX_BATCH_BYTES", 100)
    items = [SimpleNamespace(nbytes=size) for size in sizes]
    parts = list(batches(items))
    assert [len(batch) for batch in parts] == counts
    assert [item for batch in parts for item in batch] == items


def test_batches_of_pictures_hold_64_megabytes_or_256_pictures():
    assert [len(batch) for batch in batches([SimpleNamespace(nbytes=32_000_000)] * 3)] == [2, 1]
    assert [len(batch) for batch in batches([SimpleNamespace(nbytes=0)] * 300)] == [256, 44]


def test_failures_keep_their_places_among_recognitions(readings):
    network = [reading("1"), reading("2"), reading("3")]
    results = list(recognize_requests(requests("a", None, "b", "c", None), lambda: Networks(network)))
    assert [result.name for result in results] == ["a", "bad.png", "b", "c", "bad.png"]
    assert [result.reading.text for result in results if isinstance(result, Recognition)] == ["1", "2", "3"]
    assert results[1] is FAILURE


def test_networks_are_loaded_once_after_the_first_pictures_are_prepared(readings, monkeypatch):
    monkeypatch.setattr(pipeline, "MAX_BATCH_PICTURES", 2)
    events = []

    def prepare_pictures():
        for request in requests("a", "b", "c"):
            events.append(request.name)
            yield request

    def load():
        events.append("load")
        return Networks([reading("1")] * 3)

    list(recognize_requests(prepare_pictures(), load))
    assert events == ["a", "b", "load", "c"]


def test_truth_and_name_are_passed_on(readings):
    request = PictureRequest("a", unchanged(np.zeros((28, 28), np.uint8)), truth="4")
    (result,) = recognize_requests([request], lambda: Networks([reading("1")]))
    assert (result.name, result.truth, result.second_opinion) == ("a", "4", None)


def test_a_second_opinion_is_reported_if_it_disagrees_with_more_confidence(readings):
    network = [reading("1", 0.9), reading("2", 0.5), reading("3", 0.5, confident=False)]
    second = [reading("7", 0.8), reading("7", 0.8), reading("3", 0.9)]
    results = list(recognize_requests(requests("a", "b", None, "c"), lambda: Networks(network, second)))
    opinions = [result.second_opinion and result.second_opinion.text for result in results if result is not FAILURE]
    assert opinions == [None, "7", None]


def test_pictures_of_the_first_digits_are_kept(readings):
    picture = prepare(np.asarray(drawn(DIGITS["3"]), np.float32))
    network = [reading(text, digit=picture.whole) for text in ("12", "3", "4")]
    second = [reading("9", 0.95, digit=picture.whole) for _ in range(3)]
    same = [PictureRequest(name, picture) for name in "abc"]
    results = list(recognize_requests(same, lambda: Networks(network, second), keep_pictures=3))
    assert [result.picture is not None for result in results] == [True, True, False]
    assert [result.reading.answers[0].digit.source is not None for result in results] == [True, True, False]
    assert [result.second_opinion.answers[0].digit.source is not None for result in results] == [True, True, False]


def test_no_picture_is_kept_unless_asked_for(readings):
    (result,) = recognize_requests(requests("a"), lambda: Networks([reading("1")]))
    assert result.picture is None


def test_any_number_of_pictures_is_recognized_in_order(readings, monkeypatch):
    monkeypatch.setattr(pipeline, "MAX_BATCH_PICTURES", 2)
    pictures = (unchanged(np.zeros((28, 28), np.uint8)) for _ in range(3))
    assert [result.text for result in recognize_all(pictures, [reading(text) for text in "123"])] == ["1", "2", "3"]
