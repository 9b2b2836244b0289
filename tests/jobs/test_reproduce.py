"""Training a run again and comparing, without TensorFlow."""

from __future__ import annotations

import tempfile
from math import isnan, nan
from pathlib import Path

import pytest
from fake_engine import files

from nntrain.errors import DataError, RunError, UsageError
from nntrain.jobs.reproduce import Comparison, Difference, Reproduction, reproduce
from nntrain.results import EpochResult
from nntrain.runs.folder import RunDir
from nntrain.system.locks import acquire_lock


@pytest.fixture
def run(workshop):
    """Return a finished run of two epochs."""
    return workshop.train().run


def test_the_same_training_is_identical(workshop, run):
    reproduction = reproduce("tiny-1", runs_dir=workshop.runs)
    assert reproduction == Reproduction(run, 2, 2, None, 0.0, True, ())
    assert reproduction.identical
    assert not reproduction.within_tolerance


def test_the_run_is_not_touched_and_nothing_is_left_elsewhere(workshop, run, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before, entries = files(run.path), set(tmp_path.iterdir())
    reproduce("tiny-1", runs_dir=workshop.runs)
    assert files(run.path) == before
    assert set(tmp_path.iterdir()) == entries


def test_without_a_name_the_latest_complete_run_is_reproduced(workshop, run, monkeypatch):
    monkeypatch.setenv("NNTRAIN_RUNS_DIR", str(workshop.runs))
    assert reproduce().run.path == run.path


def test_the_first_epoch_that_differs_is_named(workshop, run):
    rows = run.history_path.read_text().replace("0.25,0.5,0.75,0.5", "0.125,0.5,0.75,0.5")
    run.history_path.write_text(rows)
    reproduction = reproduce("tiny-1", runs_dir=workshop.runs)
    assert reproduction.first_difference == Difference(2, "loss", 0.125, 0.25)
    assert reproduction.largest == 0.125
    assert not reproduction.identical


def test_other_weights_are_not_identical(workshop, run):
    info = run.read_info()
    info["fingerprints"]["weights"] = "other"
    run.write_info(info)
    reproduction = reproduce("tiny-1", runs_dir=workshop.runs)
    assert (reproduction.first_difference, reproduction.weights_identical) == (None, False)
    assert not reproduction.identical


def test_the_weights_of_a_run_that_was_killed_are_not_compared(workshop, run):
    run.metrics_path.unlink()
    reproduction = reproduce("tiny-1", runs_dir=workshop.runs)
    assert reproduction.weights_identical is None
    assert reproduction.identical


def test_weights_of_another_epoch_are_not_compared(workshop, run):
    run.history_path.write_text("".join(run.history_path.read_text().splitlines(keepends=True)[:2]))
    reproduction = reproduce("tiny-1", runs_dir=workshop.runs)
    assert (reproduction.epochs, reproduction.compared) == (1, 1)
    assert reproduction.weights_identical is None
    assert reproduction.identical


def test_another_device_and_machine_are_reasons(workshop, run, monkeypatch):
    workshop.engine.device["name"] = "GPU"
    run.write_info({**run.read_info(), "processor": "an older one"})
    machine, device = reproduce("tiny-1", runs_dir=workshop.runs).reasons
    assert machine.endswith("was an older one")
    assert device == "the device is GPU, was CPU"


def test_epochs_are_reported_and_training_stops_after_the_last_one(workshop, run, recorder):
    run.history_path.write_text("".join(run.history_path.read_text().splitlines(keepends=True)[:2]))
    reproduce("tiny-1", runs_dir=workshop.runs, listener=recorder.listener())
    assert recorder.epochs == [1]


def test_a_stop_before_the_last_epoch_is_no_verdict(workshop, run, recorder):
    recorder.stop_after = 1
    with pytest.raises(KeyboardInterrupt):
        reproduce("tiny-1", runs_dir=workshop.runs, listener=recorder.listener())


def test_a_run_that_is_being_trained_is_refused(workshop, run):
    with (
        acquire_lock(run.lock_path),
        pytest.raises(UsageError, match="is being trained; wait until it ends, or stop it"),
    ):
        reproduce("tiny-1", runs_dir=workshop.runs)


def test_a_run_without_an_epoch_is_refused(workshop, run):
    run.history_path.write_text("epoch,seconds,learning_rate,loss\n")
    with pytest.raises(RunError, match=r"history\.csv: no epochs to compare with"):
        reproduce("tiny-1", runs_dir=workshop.runs)


def test_other_data_is_refused(workshop, run):
    info = run.read_info()
    info["data"]["fingerprints"]["x_test"] = "0" * 32
    run.write_info(info)
    with pytest.raises(DataError, match="x_test is not what the run was trained on"):
        reproduce("tiny-1", runs_dir=workshop.runs)


def test_a_failure_is_raised_as_it_is(workshop, run):
    workshop.engine.fails_in = (2, DataError("the disk is full"))
    with pytest.raises(DataError, match=r"^the disk is full$"):
        reproduce("tiny-1", runs_dir=workshop.runs)


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
