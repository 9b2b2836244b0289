"""What rules read and return, and how they are run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nntrain.config.validate import InvalidSection, Unavailable
from nntrain.config.yaml_tree import KeyPath

Finding = tuple[KeyPath, str]  # the setting to change, and a message


@dataclass(frozen=True)
class CheckContext:
    """What rules check."""

    config: Any  # a Config, or an InvalidSection with its valid values
    class_names: tuple[str, ...] | None  # of the data set; None if unknown
    data_base: Path = Path()  # the folder that a relative path of the data set starts from

    @property
    def classes(self) -> int | None:
        """How many classes the data set has; None if unknown."""
        return None if self.class_names is None else len(self.class_names)

    def output_units(self) -> int | None:
        """Return how many outputs the network must have, or None if unknown."""
        return self.classes if self.config.task == "classification" else 1


Rule = Callable[[CheckContext], Iterator[Finding]]


def run_checks(rules: Iterable[Rule], context: CheckContext) -> list[Finding]:
    """Return what the rules find, including what a rule finds before it reads an invalid value."""
    findings: list[Finding] = []
    for rule in rules:
        try:
            for finding in rule(context):
                findings.append(finding)
        except Unavailable:
            continue
    return findings


def enumerate_named(components: Iterable[Any]) -> Iterator[tuple[int, Any]]:
    """Yield the components with a known name, each with its index."""
    return ((index, component) for index, component in enumerate(components) if component is not None)


def enumerate_valid(components: Iterable[Any]) -> Iterator[tuple[int, Any]]:
    """Yield the components without mistakes, each with its index."""
    for index, component in enumerate_named(components):
        if not isinstance(component, InvalidSection):
            yield index, component
