"""Decisions: values that compare as such and read as sentences."""

from __future__ import annotations

import pytest

from nntrain.preprocessing.decisions import Decision, DecisionKind


def test_a_decision_reads_as_the_sentence_of_its_kind_with_its_parameters():
    assert str(Decision.of(DecisionKind.CROPPED, width=71, height=130, x=62, y=35)) == (
        "cropped to 71x130 at (62, 35), centered"
    )
    assert str(Decision(DecisionKind.SPECKS)) == "specks: removed"


def test_stretched_levels_read_with_four_digits():
    decision = Decision.of(DecisionKind.STRETCHED, lowest=-0.0123456, highest=70000.0)
    assert str(decision) == "levels from -0.01235 to 7e+04: stretched"


def test_decisions_of_one_kind_and_parameters_are_equal_and_hash_alike():
    first, second = (Decision.of(DecisionKind.JOINED, count=2) for _ in range(2))
    assert first == second
    assert len({first, second, Decision.of(DecisionKind.JOINED, count=3)}) == 2


def test_a_missing_parameter_raises():
    with pytest.raises(KeyError):
        str(Decision(DecisionKind.JOINED))
