"""Comparing the epochs of two trainings."""

from __future__ import annotations

from math import isnan, nan
from pathlib import Path

from nntrain.jobs.comparison import Comparison, Difference, Reproduction
from nntrain.results import EpochResult
from nntrain.runs.folder import RunDir


def epoch(number, loss, learning_rate=0.1, **metrics):
    """Return an epoch of three."""
    return EpochResult(number, 3, 1.0, learning_rate, {"loss": loss, **metrics})


def test_a_comparison_keeps_the_first_and_the_largest_difference():
    comparison = Comparison([epoch(1, 0.5), epoch(2, 0.5), epoch(3, 0.5)])
    comparison.on_epoch(epoch(1, 0.5))
    assert (comparison.first, comparison.largest) == (None, 0.0)
    comparison.on_epoch(epoch(2, 0.75))
    comparison.on_epoch(epoch(3, 0.625))
    assert (comparison.first, comparison.largest) == (Difference(2, "loss", 0.5, 0.75), 0.25)


def test_the_learning_rate_is_compared_too():
    comparison = Comparison([epoch(1, 0.5, learning_rate=0.25)])
    comparison.on_epoch(epoch(1, 0.5, learning_rate=0.125))
    assert comparison.first == Difference(1, "learning_rate", 0.25, 0.125)


def test_a_metric_that_is_missing_differs():
    comparison = Comparison([epoch(1, 0.5, mae=0.5)])
    comparison.on_epoch(epoch(1, 0.5))
    assert (comparison.first.name, comparison.first.before) == ("mae", 0.5)
    assert isnan(comparison.first.after)
    assert comparison.largest == float("inf")


def test_a_comparison_is_complete_after_the_last_epoch():
    comparison = Comparison([epoch(1, 0.5), epoch(2, 0.5)])
    comparison.on_epoch(epoch(1, 0.5))
    assert not comparison.is_complete()
    comparison.on_epoch(epoch(2, 0.5))
    assert comparison.is_complete()


def reproduction(**changes):
    """Return a reproduction on another machine, near the first time."""
    values = {
        "run": RunDir(Path("runs/mlp-1")),
        "epochs": 2,
        "compared": 2,
        "first_difference": Difference(1, "loss", 0.5, 0.52),
        "largest": 0.02,
        "weights_identical": False,
        "reasons": ("processor is B, was A",),
    }
    return Reproduction(**{**values, **changes})


def test_on_another_machine_a_reproduction_may_be_off_by_the_tolerance():
    assert reproduction().within_tolerance
    assert not reproduction(largest=0.0201).within_tolerance
    assert not reproduction(reasons=()).within_tolerance
    assert not reproduction(compared=1).within_tolerance
    assert not reproduction(largest=nan).within_tolerance


def test_identical_means_every_epoch_and_all_weights():
    same = {"first_difference": None, "largest": 0.0, "weights_identical": True, "reasons": ()}
    assert reproduction(**same).identical
    assert reproduction(**{**same, "weights_identical": None}).identical
    assert not reproduction(**{**same, "weights_identical": False}).identical
    assert not reproduction(**{**same, "compared": 1}).identical
    assert not reproduction(**{**same, "first_difference": Difference(1, "loss", 1.0, 2.0)}).identical


def test_a_reproduction_shows_its_outcome():
    same = {"first_difference": None, "largest": 0.0, "weights_identical": True, "reasons": ()}
    run = str(Path("runs/mlp-1"))
    assert repr(reproduction(**same)) == f"Reproduction({run}: identical, 2 of 2 epochs compared)"
    assert repr(reproduction()) == f"Reproduction({run}: within tolerance, first in epoch 1, 2 of 2 epochs compared)"
    assert repr(reproduction(reasons=())).startswith(f"Reproduction({run}: different, first in epoch 1")
