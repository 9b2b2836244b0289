"""`nntrain reproduce`, without TensorFlow; test_resume.py has it with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nntrain.cli.reproduce import _document, verdict
from nntrain.jobs.comparison import Difference, Reproduction
from nntrain.results import TrainResult
from nntrain.runs.folder import RunDir


def reproduction(**changes):
    """Return a reproduction that came out the same."""
    values = {
        "run": RunDir(Path("runs/mlp-1")),
        "epochs": 3,
        "compared": 3,
        "first_difference": None,
        "largest": 0.0,
        "weights_identical": True,
        "reasons": (),
    }
    return Reproduction(**{**values, **changes})


ELSEWHERE = {"reasons": ("processor is B, was A", "the device is GPU, was CPU")}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "identical in all 3 epochs and weights"),
        ({"epochs": 1, "compared": 1}, "identical in the only epoch and weights"),
        ({"weights_identical": None}, "identical in all 3 epochs (the weights of the last epoch were not saved)"),
        (
            {"weights_identical": False},
            "not reproduced: the weights differ; data, config, versions and machine are the same",
        ),
        (
            {"first_difference": Difference(2, "loss", 0.5, 0.53125), "largest": 0.03125},
            "not reproduced: epoch 2 has loss 0.53125, was 0.5; data, config, versions and machine are the same",
        ),
        (
            {"first_difference": Difference(2, "loss", 0.5, 0.515625), "largest": 0.015625, **ELSEWHERE},
            "within 0.016 of the run in all 3 epochs; processor is B, was A, the device is GPU, was CPU",
        ),
        (
            {"first_difference": Difference(2, "loss", 0.5, 0.123456789123), "largest": 0.3765432, **ELSEWHERE},
            "not reproduced: epoch 2 has loss 0.123456789, was 0.5; processor is B, was A, the device is GPU, was CPU",
        ),
        (
            {"compared": 2},
            "not reproduced: the repetition stopped after epoch 2; data, config, versions and machine are the same",
        ),
    ],
)
def test_the_verdict_is_a_sentence(changes, sentence):
    assert verdict(reproduction(**changes)) == f"runs/mlp-1: {sentence}"


@pytest.fixture
def run(in_process, fake_engine, write_config, tmp_path):
    """Train a run without TensorFlow."""
    in_process("train", str(write_config()), "--quiet")
    return RunDir(tmp_path / "runs" / "tiny-1")


def test_the_same_again_exits_with_0(in_process, run):
    done = in_process("reproduce", "tiny-1", "--quiet")
    assert (done.stdout, done.stderr) == ("runs/tiny-1: identical in all 2 epochs and weights\n", "")
    assert done.exit_code == 0


def test_the_same_again_in_json(in_process, run):
    done = in_process("reproduce", "--json")
    assert "epoch 2/2: loss 0.2500" in done.stderr
    assert json.loads(done.stdout) == {
        "schema": 1,
        "run": "runs/tiny-1",
        "epochs": 2,
        "identical": True,
        "weights_identical": True,
        "first_difference": None,
        "reasons": [],
    }


@pytest.fixture
def changed(run):
    """Change a value of the run's history."""
    run.history_path.write_text(run.history_path.read_text().replace("0.25,0.5,0.75,0.5", "0.125,0.5,0.75,0.5"))


def test_a_value_that_the_repetition_lacks_is_null_in_json():
    document = _document(reproduction(first_difference=Difference(2, "val_loss", 0.5, float("nan"))))
    assert document["first_difference"] == {"epoch": 2, "what": "val_loss", "was": 0.5, "is": None}


def test_another_result_exits_with_7(in_process, changed):
    done = in_process("reproduce", "tiny-1", "--quiet")
    assert done.stderr == (
        "Error: runs/tiny-1: not reproduced: epoch 2 has loss 0.25, was 0.125; "
        "data, config, versions and machine are the same\n"
    )
    assert (done.exit_code, done.stdout) == (7, "")


def test_another_result_in_json_exits_with_7_too(in_process, changed):
    done = in_process("reproduce", "tiny-1", "--json")
    document = json.loads(done.stdout)
    assert document["first_difference"] == {"epoch": 2, "what": "loss", "was": 0.125, "is": 0.25}
    assert done.exit_code == 7


def test_near_on_another_machine_exits_with_0(in_process, run):
    run.write_info({**run.read_info(), "processor": "an older one"})
    run.history_path.write_text(run.history_path.read_text().replace("0.25,0.5,0.75,0.5", "0.26,0.5,0.75,0.5"))
    done = in_process("reproduce", "tiny-1", "--quiet")
    assert done.stdout.startswith("runs/tiny-1: within 0.01 of the run in all 2 epochs; processor is ")
    assert done.exit_code == 0
    assert json.loads(in_process("reproduce", "--json").stdout)["identical"] is False


@pytest.mark.parametrize(("number", "exit_code"), [(2, 130), (15, 143)])
def test_a_signal_is_no_verdict(in_process, run, monkeypatch, number, exit_code):
    result = TrainResult("interrupted", 1, None, signal=number)
    monkeypatch.setattr("nntrain.jobs.session.TrainingSession.execute", lambda session: result)
    done = in_process("reproduce", "tiny-1")
    assert (done.exit_code, done.stdout, done.stderr) == (exit_code, "", "interrupted\n")
