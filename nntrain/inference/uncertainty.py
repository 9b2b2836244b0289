"""The reasons why an answer is unsure, and the text shown for each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class UncertaintyKind(Enum):
    """The kinds of reasons; the value is the text, with a placeholder for each label."""

    TOUCHES_BORDER = "touches the edge of the picture, may be cut off"
    NO_DIGIT = "may not be a digit"
    CLOSEST_DIGIT = "may not be a digit; closest: {}"
    SEVERAL_ROWS = "looks like several rows"
    TOUCHING_DIGITS = "may be two touching digits"
    TWO_CLASSES = "between {} and {}"
    LOW_CONFIDENCE = "no class stands out"
    SEVERAL_OBJECTS = "several objects side by side; only one was classified"


@dataclass(frozen=True)
class UncertaintyReason:
    """A reason, and the classes that it names."""

    kind: UncertaintyKind
    labels: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.kind.value.format(*self.labels)
