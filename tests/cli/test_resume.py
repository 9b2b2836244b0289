"""Runs that are killed, interrupted, trained for longer and repeated, with TensorFlow: bit for bit as without a stop.

What `resume` and `reproduce` refuse and report is in tests/jobs, without TensorFlow.
"""

from __future__ import annotations

import csv
import json
import os
import random
import re
import shutil
import signal
import subprocess

import pytest
from soak.kills import PROGRAM, Killer

EPOCHS = 40
LONG = f"""
model:
  - dense: {{units: 32, activation: relu}}
  - dropout: 0.2
  - dense: {{units: 10, activation: softmax}}
optimizer: {{adam: {{learning_rate: 0.01}}}}
loss: categorical_crossentropy
fit: {{epochs: {EPOCHS}, batch_size: 8}}
lr_schedule: {{reduce_lr_on_plateau: {{patience: 5}}}}
"""

tensorflow = pytest.mark.tensorflow


def outcome(run):
    """Return what a run came to: status, the weights' fingerprint, and history.csv without its seconds."""
    info = json.loads((run / "run.json").read_text())
    rows = [{**row, "seconds": ""} for row in csv.DictReader((run / "history.csv").read_text().splitlines())]
    return info["status"], info["fingerprints"]["weights"], rows


def wait_for(process, pattern):
    """Read stderr up to a line that matches."""
    while not re.match(pattern, line := process.stderr.readline()):
        assert line, "the process ended"


@pytest.fixture
def long(write_config):
    """Return the path of a config whose epochs take some milliseconds."""
    return str(write_config(LONG))


@pytest.fixture(scope="module")
def whole(tiny_data, tmp_path_factory, request):
    """Return what the long config comes to without a stop."""
    program = request.getfixturevalue("trained")
    folder = tmp_path_factory.mktemp("whole")
    (folder / "long.yaml").write_text(f"data: {{dataset: {tiny_data}}}\n{LONG}")
    done = type(program)(folder)("train", "long.yaml", "--quiet")
    assert done.returncode == 0, done.stderr
    return outcome(folder / "runs" / "long-1")


class ForkedKiller(Killer):
    """Kills programs that start with TensorFlow imported."""

    def __init__(self, folder, config, dice, program):
        self.start = program.start_code
        super().__init__(folder, config, dice)

    def run(self, *arguments, **env):
        """Run a command to its end, or to its death."""
        self.tally.processes += 1
        process = self.start(PROGRAM, [*arguments, "--quiet"], cwd=self.folder, env={**os.environ, **env})
        out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(list(arguments), process.returncode, out, err)


@tensorflow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_kill_at_every_kind_of_moment_changes_nothing(tmp_path, nntrain):
    dice = random.Random(4)
    killer = ForkedKiller(tmp_path / "kills", "plateau", dice, nntrain)
    # A moment that comes after the end kills nothing: then it is tried in another run.
    waiting = ["start", "data", "history", "epoch", "checkpoint", "saving", "end"]
    while waiting and killer.tally.runs < 12:
        killer.killed_run(waiting[:4])
        waiting = [moment for moment in waiting if moment not in killer.tally.kills]
    assert killer.tally.lost == []
    assert waiting == [], killer.tally


@tensorflow
def test_ctrl_c_then_resume_is_the_run_without_a_stop(nntrain, long, whole):
    process = nntrain.start("train", long)
    wait_for(process, "epoch 3/")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=600)
    assert process.returncode == 130
    (command,) = re.findall(r"To continue: `nntrain (resume runs/tiny-1)`", err)
    run = nntrain.folder / "runs/tiny-1"
    assert outcome(run)[0] == "interrupted"
    before = (run / "history.csv").read_text()
    assert nntrain(*command.split(), "--quiet").returncode == 0
    assert (run / "history.csv").read_text().startswith(before)
    assert outcome(run) == whole


@tensorflow
def test_a_finished_run_can_be_trained_longer_as_if_all_epochs_had_been_asked_for_at_once(nntrain, long, whole):
    assert nntrain("train", long, "fit.epochs=5", "--quiet").returncode == 0
    done = nntrain("resume", "tiny-1", f"epochs={EPOCHS}")
    assert "continuing after epoch 5" in done.stderr
    assert done.returncode == 0
    assert outcome(nntrain.folder / "runs/tiny-1") == whole


def epoch_continued_after(err):
    """Return the epoch after which a resume continued, 0 if it started again."""
    (epoch,) = re.findall(r"run       \S+(?:, continuing after epoch (\d+))?\n", err)
    return int(epoch or 0)


@tensorflow
def test_a_run_that_lost_its_checkpoint_is_trained_again_once(nntrain, long, whole):
    assert nntrain("train", long, "fit.epochs=3", "--quiet").returncode == 0
    checkpoints = nntrain.folder / "runs/tiny-1/checkpoint"
    shutil.rmtree(checkpoints)
    done = nntrain("resume", "tiny-1", "epochs=4")
    assert done.stderr.index("no checkpoint found: training starts again from epoch 1") < done.stderr.index("epoch 1/4")
    assert epoch_continued_after(done.stderr) == 0
    assert epoch_continued_after(nntrain("resume", "tiny-1", f"epochs={EPOCHS}").stderr) == 4
    assert outcome(nntrain.folder / "runs/tiny-1") == whole


@tensorflow
def test_after_a_kill_a_resume_that_is_interrupted_is_continued_where_it_stopped(nntrain, long, whole):
    process = nntrain.start("train", long)
    wait_for(process, "epoch 5/")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    process = nntrain.start("resume", "tiny-1")
    wait_for(process, "epoch 7/")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=600)
    (stopped,) = re.findall(r"interrupted after (\d+) epochs", err)
    assert epoch_continued_after(nntrain("resume", "tiny-1").stderr) == int(stopped) >= 7
    assert outcome(nntrain.folder / "runs/tiny-1") == whole


@tensorflow
def test_after_a_damaged_checkpoint_the_one_before_gives_the_same_run(nntrain, long, whole):
    assert nntrain("train", long, "fit.epochs=3", "--quiet").returncode == 0
    checkpoints = nntrain.folder / "runs/tiny-1/checkpoint"
    assert nntrain("resume", "tiny-1", "epochs=4", "--quiet").returncode == 0
    assert sorted(path.name for path in checkpoints.iterdir()) == ["epoch-000003.npz", "epoch-000004.npz"]
    newest = checkpoints / "epoch-000004.npz"
    newest.write_bytes(newest.read_bytes()[:-2000])
    done = nntrain("resume", "tiny-1", f"epochs={EPOCHS}")
    assert "epoch-000004.npz is damaged; it is kept as epoch-000004.npz.damaged" in done.stderr
    assert epoch_continued_after(done.stderr) == 3
    assert done.returncode == 0
    assert outcome(nntrain.folder / "runs/tiny-1") == whole


def stop_when_it_trains(process):
    """Interrupt a training after an epoch, or let it end before; returns its exit code."""
    for line in process.stderr:
        if re.match(r"epoch \d", line):
            process.send_signal(signal.SIGINT)
            break
    process.communicate()
    return process.returncode


@tensorflow
def test_a_run_that_is_trained_is_neither_resumed_nor_reproduced_until_its_process_is_killed(nntrain, long):
    first = nntrain.start("train", long, "fit.epochs=100000")
    wait_for(first, "epoch 3/")
    for command in ("resume", "reproduce"):
        done = nntrain(command, "tiny-1")
        assert "runs/tiny-1 is being trained" in done.stderr
        assert done.returncode == 2
    first.send_signal(signal.SIGKILL)
    first.communicate()
    assert [run["status"] for run in nntrain.json("runs")["runs"]] == ["interrupted"]
    done = nntrain("reproduce", "tiny-1", "--quiet")
    pattern = r"runs/tiny-1: identical in all \d+ epochs \(the weights of the last epoch were not saved\)\n"
    assert re.fullmatch(pattern, done.stdout), done.stderr
    assert done.returncode == 0
    both = [nntrain.start("resume", "tiny-1") for _ in range(2)]
    assert sorted(stop_when_it_trains(process) for process in both) == [2, 130]


@tensorflow
def test_with_more_patience_a_run_that_was_stopped_early_is_the_run_with_that_patience_from_the_start(
    nntrain, write_config
):
    early = "early_stopping: {monitor: loss, patience: 3, min_delta: 10}\nlr_schedule"
    config = str(write_config(LONG.replace("lr_schedule", early).replace("{patience: 5}", "{patience: 1}")))
    assert nntrain("train", config, "--quiet").returncode == 0
    assert len(outcome(nntrain.folder / "runs/tiny-1")[2]) == 4
    assert nntrain("resume", "tiny-1", "early_stopping.patience=5", "--quiet").returncode == 0
    assert nntrain("train", config, "early_stopping.patience=5", "--quiet", "--name", "whole").returncode == 0
    assert outcome(nntrain.folder / "runs/tiny-1") == outcome(nntrain.folder / "runs/whole-1")


@tensorflow
def test_a_run_comes_out_the_same_again_and_is_left_alone(trained):
    run = trained.folder / "runs/tiny-1"
    before = {path.name: path.read_bytes() for path in run.iterdir() if path.is_file()}
    done = trained("reproduce", "tiny-1", "--quiet")
    assert done.stdout == "runs/tiny-1: identical in all 3 epochs and weights\n"
    assert done.returncode == 0
    assert {path.name: path.read_bytes() for path in run.iterdir() if path.is_file()} == before


@pytest.fixture
def finished(in_process, fake_engine, write_config, tmp_path):
    """Train a run of two epochs without TensorFlow; returns its folder."""
    assert in_process("train", str(write_config()), "--quiet").exit_code == 0
    return tmp_path / "runs" / "tiny-1"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["tiny-1"], 2, r"Error: runs/tiny-1 is complete after 2 epochs; to train it longer: `\S.* resume .*`"),
        (["tiny-1", "epochs=4", "--require", "acc>=0.9"], 2, r"Error: --require .*: the test score has no acc; it has"),
        (["tiny-1", "seed=2"], 2, r"Error: seed=2: resume can only change epochs and early stopping"),
        (["tiny-1", "value-1"], 2, r"Error: give one run, not 2: tiny-1 and value-1"),
        (["tiny-1", "epochs=many"], 2, r"argument epochs=many: fit\.epochs: must be"),
        (["nothing-1"], 2, r"Error: no run 'nothing-1' in runs"),
        ([], 2, r"Error: no unfinished run in runs; to train a complete run for more epochs, give its name"),
    ],
    ids=str,
)
def test_a_resume_that_cannot_be_exits_with_2_and_tells_why(in_process, finished, arguments, code, message):
    done = in_process("resume", *arguments)
    assert re.match(message, done.stderr)
    assert (done.exit_code, done.stdout) == (code, "")


def test_a_resumed_run_is_shown_as_a_trained_one(in_process, finished):
    done = in_process("resume", "tiny-1", "epochs=3", "--require", "loss<=1")
    assert done.stdout == "runs/tiny-1: test accuracy 87.50 %, loss 0.125 (100 images, epoch 3)\n"
    assert "run       runs/tiny-1, continuing after epoch 2\n" in done.stderr
    assert done.exit_code == 0


def test_a_resumed_run_in_json_is_its_metrics_file(in_process, finished):
    done = in_process("resume", "tiny-1", "epochs=3", "--json")
    assert json.loads(done.stdout) == json.loads((finished / "metrics.json").read_text())
    assert "epoch 3/3: loss 0.1250" in done.stderr


def test_a_resumed_run_that_misses_a_requirement_exits_with_6(in_process, finished):
    done = in_process("resume", "tiny-1", "epochs=3", "--quiet", "--require", "accuracy>=99%")
    assert done.stderr == "Error: accuracy 0.8750 is below the required 0.99\n"
    assert done.exit_code == 6


@pytest.mark.parametrize("command", [("resume", "tiny-1", "epochs=9"), ("reproduce", "tiny-1")], ids=" ".join)
def test_a_config_that_was_edited_exits_with_3(in_process, finished, command):
    config = finished / "config.yaml"
    config.write_text(config.read_text().replace("0.01", "0.02"))
    done = in_process(*command)
    assert "was changed since the run was trained" in done.stderr
    assert done.exit_code == 3


def test_variables_that_change_the_arithmetic_are_named(in_process, finished, monkeypatch):
    monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", "0")
    done = in_process("resume", "tiny-1", "epochs=5")
    assert "NVIDIA_TF32_OVERRIDE is 0, was not set: the result may differ in its last digits" in done.stderr


def test_a_run_that_was_stopped_while_it_was_saved_is_to_be_resumed(in_process, finished):
    info = json.loads((finished / "run.json").read_text())
    (finished / "run.json").write_text(json.dumps({**info, "status": "running"}))
    (finished / "model.tflite").write_bytes(b"newer")
    done = in_process("predict", "--test", "0", "--run", "tiny-1", "--quiet")
    assert "was stopped while it was saved; `" in done.stderr
    assert done.exit_code == 3


def test_a_copied_run_can_be_resumed_by_its_path(in_process, finished, tmp_path):
    shutil.copytree(finished, tmp_path / "copy")
    assert in_process("resume", str(tmp_path / "copy"), "epochs=3", "--quiet").exit_code == 0
