"""Values that a test score has to reach: `--require 'accuracy>=0.97'`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from nntrain.errors import RequirementError, UsageError

_REQUIREMENT = re.compile(r"\s*(\w+)\s*(>=|<=)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(%?)\s*")


@dataclass(frozen=True)
class Requirement:
    """A bound of the loss or of a metric."""

    text: str  # as it was written
    name: str
    at_least: bool  # else at most
    bound: float

    def is_met(self, value: float) -> bool:
        """Return whether a value keeps to the bound; NaN never does."""
        return value >= self.bound if self.at_least else value <= self.bound


@dataclass(frozen=True)
class Requirements:
    """All that a test score has to reach."""

    items: tuple[Requirement, ...] = ()

    @classmethod
    def parse(cls, texts: Sequence[str]) -> Requirements:
        """Read requirements such as "accuracy>=97%"; raises UsageError if one is not of that form."""
        return cls(tuple(_parse(text) for text in texts))

    def check_names(self, metrics: Iterable[str]) -> None:
        """Raise UsageError if one names what a score does not have: it has the loss and these metrics."""
        known = ["loss", *metrics]
        for item in self.items:
            if item.name not in known:
                raise UsageError(
                    f"--require '{item.text}': the test score has no {item.name}; it has {', '.join(known)}"
                )

    def check(self, score: Mapping[str, float]) -> None:
        """Raise RequirementError, with every requirement that a score misses; the score has all their names."""
        missed = [
            f"{item.name} {score[item.name]:.4f} is {'below' if item.at_least else 'above'} the required {item.bound:g}"
            for item in self.items
            if not item.is_met(score[item.name])
        ]
        if missed:
            raise RequirementError("; ".join(missed))


NO_REQUIREMENTS = Requirements()


def _parse(text: str) -> Requirement:
    match = _REQUIREMENT.fullmatch(text)
    if match is None:
        raise UsageError(
            f"--require '{text}': write NAME>=VALUE or NAME<=VALUE in quotes, for example --require 'accuracy>=0.97'"
        )
    name, sign, number, percent = match.groups()
    return Requirement(text, name, sign == ">=", float(number) / (100 if percent else 1))
