"""Training a run again and comparing, without TensorFlow."""

from __future__ import annotations

import tempfile

import pytest
from fake_engine import files

from nntrain.errors import DataError, RunError, UsageError
from nntrain.jobs.comparison import Difference, Reproduction
from nntrain.jobs.reproduce import reproduce
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
    with pytest.raises(RunError, match=r"tiny-1: no epoch to compare with$"):
        reproduce("tiny-1", runs_dir=workshop.runs)
    run.history_path.unlink()
    run.write_info({**run.read_info(), "status": "interrupted"})
    with pytest.raises(RunError, match=r"no epoch to compare with; to train it: `nntrain resume \S+tiny-1`$"):
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
