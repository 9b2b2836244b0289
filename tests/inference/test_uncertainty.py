"""Reasons why an answer is unsure, as values and as sentences."""

from __future__ import annotations

from nntrain.inference.uncertainty import UncertaintyKind, UncertaintyReason


def test_a_reason_is_a_sentence_with_its_labels():
    assert str(UncertaintyReason(UncertaintyKind.TOUCHING_DIGITS)) == "may be two touching digits"
    assert str(UncertaintyReason(UncertaintyKind.CLOSEST_DIGIT, ("2",))) == "may not be a digit; closest: 2"
    assert str(UncertaintyReason(UncertaintyKind.TWO_CLASSES, ("3", "5"))) == "between 3 and 5"


def test_braces_in_a_label_stay():
    assert str(UncertaintyReason(UncertaintyKind.CLOSEST_DIGIT, ("{0}",))) == "may not be a digit; closest: {0}"


def test_equal_reasons_are_one_in_a_set():
    reasons = [
        UncertaintyReason(UncertaintyKind.TWO_CLASSES, labels) for labels in (("3", "5"), ("3", "5"), ("5", "3"))
    ]
    assert len(set(reasons)) == 2
