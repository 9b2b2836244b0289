"""Requirements on the test score: `--require 'accuracy>=0.97'`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from nntrain.errors import RequirementError, UsageError

_REQUIREMENT = re.compile(r"\s*(\w+)\s*(>=|<=)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(%?)\s*")


@dataclass(frozen=True)
class Requirement:
    """A bound on the loss or a metric."""

    text: str  # as the user wrote it
    name: str
    at_least: bool  # whether the bound is a minimum; if not, it is a maximum
    bound: float

    def is_met(self, value: float) -> bool:
        """Return whether a value is within the bound; NaN never is."""
        return value >= self.bound if self.at_least else value <= self.bound


@dataclass(frozen=True)
class Requirements:
    """All requirements on a test score."""

    items: tuple[Requirement, ...] = ()

    @classmethod
    def parse(cls, texts: Sequence[str]) -> Requirements:
        """Parse requirements such as "accuracy>=97%"; raises UsageError if one is malformed."""
        return cls(tuple(_parse(text) for text in texts))

    def check_names(self, metrics: Iterable[str]) -> None:
        """Raise UsageError if a requirement is on anything but the loss and these metrics, or cannot be met at all."""
        known = ["loss", *metrics]
        for item in self.items:
            if item.name not in known:
                raise UsageError(
                    f"--require '{item.text}': the test score has no {item.name}; it has {', '.join(known)}"
                )
            if item.bound > 1 and _is_fraction(item.name):
                raise UsageError(f"--require '{item.text}': {_as_fraction(item)}")

    def check(self, score: Mapping[str, float]) -> None:
        """Raise RequirementError with all requirements that the score does not meet; it must have their metrics."""
        missed = [
            f"{item.name} {score[item.name]:.4f} is {'below' if item.at_least else 'above'} the required {item.bound:g}"
            for item in self.items
            if not item.is_met(score[item.name])
        ]
        if missed:
            raise RequirementError("; ".join(missed))


NO_REQUIREMENTS = Requirements()


def _is_fraction(name: str) -> bool:
    """Return whether a metric lies between 0 and 1: all of which higher values are better do."""
    from nntrain.config.schema import Metric  # takes time that a command without requirements saves

    return name in Metric.members and Metric.members[name].higher_is_better


def _as_fraction(item: Requirement) -> str:
    """Return how to write a bound above 1 on a fraction: as a percentage, if it can be one."""
    message = f"{item.name} is a fraction of at most 1"
    if item.bound > 100 or "%" in item.text:
        return message
    sign = ">=" if item.at_least else "<="
    return f"{message}; write '{item.name}{sign}{item.bound:g}%' or '{item.name}{sign}{item.bound / 100:g}'"


def _parse(text: str) -> Requirement:
    match = _REQUIREMENT.fullmatch(text)
    if match is None:
        raise UsageError(
            f"--require '{text}': write NAME>=VALUE or NAME<=VALUE in quotes, for example --require 'accuracy>=0.97'"
        )
    name, sign, number, percent = match.groups()
    return Requirement(text, name, sign == ">=", float(number) / (100 if percent else 1))
