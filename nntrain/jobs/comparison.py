"""Compares a run with its repetition, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nntrain.results import EpochResult
from nntrain.runs.folder import RunDir

# The largest difference of a loss or metric that is accepted in any epoch on another machine. Machines round
# differently, and training magnifies the differences.
TOLERANCE = 0.02


@dataclass(frozen=True)
class Difference:
    """A value of an epoch that differs."""

    epoch: int  # from 1
    name: str  # "learning_rate", or the name of a metric
    before: float
    after: float  # NaN if the value is missing


@dataclass(frozen=True)
class Reproduction:
    """The comparison of a run with its repetition."""

    run: RunDir
    epochs: int  # of the run
    compared: int  # number of epochs compared
    first_difference: Difference | None
    largest: float  # the largest absolute difference of any value
    weights_identical: bool | None  # None if the run did not save the weights of its last epoch
    reasons: tuple[str, ...]  # differences of machine, versions or device

    @property
    def identical(self) -> bool:
        """Whether every value and all weights are the same."""
        return self.first_difference is None and self.weights_identical is not False and self.compared == self.epochs

    @property
    def within_tolerance(self) -> bool:
        """Whether all values are close, and there is a reason for them to differ."""
        return bool(self.reasons) and self.compared == self.epochs and self.largest <= TOLERANCE

    def __repr__(self) -> str:
        outcome = "identical" if self.identical else "within tolerance" if self.within_tolerance else "different"
        first = f", first in epoch {self.first_difference.epoch}" if self.first_difference else ""
        return (
            f"Reproduction({self.run.display_name}: {outcome}{first}, {self.compared} of {self.epochs} epochs compared)"
        )


class Comparison:
    """Compares each epoch of a repetition with that of the run, as soon as it is finished."""

    def __init__(self, epochs: Sequence[EpochResult]) -> None:
        self._epochs = epochs
        self.compared = 0
        self.first: Difference | None = None
        self.largest = 0.0

    def on_epoch(self, result: EpochResult) -> None:
        """Compare an epoch of the repetition with the same epoch of the run."""
        epoch = self._epochs[result.epoch - 1]
        self.compared = result.epoch
        before = {"learning_rate": epoch.learning_rate, **epoch.metrics}
        after = {"learning_rate": result.learning_rate, **result.metrics}
        for name, value in before.items():
            difference = abs(value - after.get(name, float("inf")))
            self.largest = max(self.largest, difference)
            if difference and self.first is None:
                self.first = Difference(result.epoch, name, value, after.get(name, float("nan")))

    def is_complete(self) -> bool:
        """Return whether every epoch of the run has been compared."""
        return self.compared >= len(self._epochs)
