"""Results are frozen records of plain values."""

from __future__ import annotations

import dataclasses

import pytest

from nntrain import results
from nntrain.results import ClassScore, Prediction, Problem, Scores, TrainResult


def records():
    return [kind for kind in vars(results).values() if isinstance(kind, type) and dataclasses.is_dataclass(kind)]


def test_a_problem_is_shown_with_its_place():
    assert str(Problem("my.yaml:4:24", "unknown key")) == "my.yaml:4:24: unknown key"


def test_every_record_is_frozen():
    assert len(records()) == 8
    assert all(kind.__dataclass_params__.frozen for kind in records())
    with pytest.raises(dataclasses.FrozenInstanceError):
        Problem("a", "b").message = "c"


def test_a_result_without_network_or_problem_says_so():
    assert TrainResult("interrupted", 0, None) == TrainResult("interrupted", 0, None, problem=None, notes=())


def test_scores_of_a_regression_have_no_classes():
    scores = Scores(100, {"loss": 0.5})
    assert (scores.classes, scores.confusion) == ((), ())


def test_a_prediction_is_shown_without_its_outputs():
    assert repr(Prediction("7", 0.5, (0.1,) * 10)) == "Prediction(label='7', confidence=0.5)"


def test_a_ratio_of_nothing_to_nothing_is_none():
    rows = (ClassScore("a", 0.5, 1.0, 2 / 3, 1), ClassScore("b", 0.0, 0.0, 0.0, 1), ClassScore("c", 0.0, 0.0, 0.0, 0))
    scores = Scores(2, {}, rows, confusion=((1, 0, 0), (1, 0, 0), (0, 0, 0)))
    assert scores.class_ratios() == [(0.5, 1.0, 2 / 3), (None, 0.0, 0.0), (None, None, None)]
    assert Scores(2, {}).class_ratios() == []
