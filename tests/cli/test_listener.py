"""What a job reports, on the terminal."""

from __future__ import annotations

import pytest

from nntrain.cli.listener import terminal_listener
from nntrain.jobs.listener import SILENT
from nntrain.jobs.plan import open_config, plan_training
from nntrain.report.progress import TrainingProgress
from nntrain.results import EpochResult
from nntrain.runs.folder import RunDir


@pytest.fixture
def listener():
    """Return a listener that shows what is reported."""
    return terminal_listener(TrainingProgress())


def test_a_quiet_one_shows_nothing():
    assert terminal_listener(TrainingProgress(quiet=True)) is SILENT


def test_a_plan_is_shown_as_hints_layers_parameters_data_and_training(listener, capsys):
    loaded = open_config("mlp", ["fit.epochs=1000"])
    listener.on_plan(plan_training(loaded))
    lines = capsys.readouterr().err.splitlines()
    hints = len(loaded.hints)
    assert all(": hint: " in line for line in lines[:hints])
    assert lines[hints].split() == ["layer", "output", "parameters"]
    assert lines[-3:] == [
        "118,282 parameters",
        "data      mnist: 48,000 training, 12,000 validation, 10,000 test images",
        "training  1,000 epochs, batch size 128; about 8 min",
    ]


def test_a_run_is_shown_with_the_epoch_that_it_continues_after(listener, capsys, tmp_path):
    listener.on_run(RunDir(tmp_path / "mlp-1"), 0)
    listener.on_run(RunDir(tmp_path / "mlp-1"), 2)
    first, second = capsys.readouterr().err.splitlines()
    assert first == f"run       {tmp_path}/mlp-1"
    assert second == f"run       {tmp_path}/mlp-1, continuing after epoch 2"


def test_devices_epochs_and_notes_are_shown(listener, capsys):
    listener.on_device("CPU, 2 threads")
    listener.on_epoch(EpochResult(1, 1, 0.5, 0.01, {"loss": 0.25}))
    listener.on_note("`nntrain resume runs/mlp-1`")
    listener.on_waiting("a moment")  # on a terminal only
    listener.on_progress(1, 0.5, {})
    device, epoch, note = capsys.readouterr().err.splitlines()
    assert (device, epoch) == ("device    CPU, 2 threads", "epoch 1/1: loss 0.2500, learning_rate 0.01, 0.5 s")
    assert note.endswith("resume runs/mlp-1`")


def test_a_download_is_announced(listener, capsys):
    with listener.downloading("mnist") as on_download:
        on_download(0, 0)
    assert capsys.readouterr().err == "downloading mnist\n"
