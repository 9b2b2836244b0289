"""Runs that are killed, interrupted, lengthened, repeated."""

from __future__ import annotations

import csv
import json
import random
import re
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
from soak.kills import MOMENTS, Killer

pytestmark = pytest.mark.tensorflow

LONG = """
model:
  - dense: {units: 32, activation: relu}
  - dropout: 0.2
  - dense: {units: 10, activation: softmax}
optimizer: {adam: {learning_rate: 0.01}}
loss: categorical_crossentropy
fit: {epochs: 200, batch_size: 8}
lr_schedule: {reduce_lr_on_plateau: {patience: 20}}
"""


def result(nntrain, name):
    """Return what a run came to: status, the weights' fingerprint, and history.csv without its seconds."""
    folder = nntrain.folder / "runs" / name
    info = json.loads((folder / "run.json").read_text())
    rows = [{**row, "seconds": ""} for row in csv.DictReader((folder / "history.csv").read_text().splitlines())]
    return info["status"], info["fingerprints"]["weights"], rows


def wait_for(process, pattern):
    """Read stderr up to a line that matches."""
    while not re.match(pattern, line := process.stderr.readline()):
        assert line, "the process ended"


@pytest.fixture
def long(write_config):
    """Return the path of a config of 200 epochs of some milliseconds."""
    return str(write_config(LONG))


def test_ten_kills_at_random_moments_of_every_kind_change_nothing(tmp_path):
    dice = random.Random(7)
    killer = Killer(tmp_path / "kills", "plateau", dice)
    # A moment that comes after the end kills nothing: then others are drawn, until there were ten.
    moments = [["start", "data", "epoch", "checkpoint", "saving"], ["history", "epoch", "checkpoint", "epoch", "end"]]
    while (kills := sum(killer.tally.kills.values())) < 10 and killer.tally.runs < 10:
        killer.killed_run((moments.pop(0) if moments else dice.sample(list(MOMENTS), k=3))[: 10 - kills])
    assert killer.tally.lost == []
    assert kills == 10, killer.tally


def test_ctrl_c_then_resume_is_the_run_without_a_stop(nntrain, long):
    assert nntrain("train", long, "fit.epochs=60", "--quiet", "--name", "whole").returncode == 0
    process = nntrain.start("train", long, "fit.epochs=60")
    wait_for(process, "epoch 20/")
    process.send_signal(signal.SIGINT)
    _, words = process.communicate(timeout=30)
    assert process.returncode == 130
    (command,) = re.findall(r"To continue: `nntrain (resume runs/tiny-1)`", words)
    assert result(nntrain, "tiny-1")[0] == "interrupted"
    before = (nntrain.folder / "runs/tiny-1/history.csv").read_text()
    assert nntrain(*command.split(), "--quiet").returncode == 0
    assert (nntrain.folder / "runs/tiny-1/history.csv").read_text().startswith(before)
    assert result(nntrain, "tiny-1") == result(nntrain, "whole-1")


def test_a_finished_run_can_be_trained_longer_as_if_it_had_been_asked_for_at_once(nntrain, long):
    assert nntrain("train", long, "fit.epochs=12", "--quiet", "--name", "whole").returncode == 0
    assert nntrain("train", long, "fit.epochs=5", "--quiet").returncode == 0
    done = nntrain("resume", "tiny-1", "epochs=12")
    assert (done.returncode, "continuing after epoch 5" in done.stderr) == (0, True), done.stderr
    assert result(nntrain, "tiny-1") == result(nntrain, "whole-1")
    assert nntrain("train", "runs/tiny-1/config.yaml", "--quiet", "--name", "again").returncode == 0
    assert result(nntrain, "again-1") == result(nntrain, "whole-1")


@pytest.fixture
def finished(trained, tmp_path):
    """Return the program in a copy of the trained folder."""
    shutil.copytree(trained.folder / "runs", tmp_path / "runs")
    return type(trained)(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["tiny-1"], 2, r"Error: runs/tiny-1 is complete after 3 epochs; to train it longer: `nntrain resume .*`"),
        (
            ["tiny-1", "epochs=4", "--require", "acc>=0.9"],
            2,
            r"Error: --require .*: the test score has no acc; it has .*",
        ),
        (["tiny-1", "epochs=2"], 2, r"Error: epochs=2: runs/tiny-1 has already been trained for 3"),
        (["tiny-1", "seed=2"], 2, r"Error: seed=2: resume can only change epochs and early stopping .*"),
        (["tiny-1", "epochs=4", "runtime.threads=auto"], 2, r"Error: runtime\.threads=auto: resume can only change .*"),
        (
            ["tiny-1", "epochs=4", "early_stopping={patience: 3}"],
            2,
            r"Error: early_stopping\S* resume can only change .*",
        ),
        (["tiny-1", "value-1"], 2, r"Error: give one run, not 2: tiny-1 and value-1"),
        (["tiny-1", "epochs=many"], 2, r"argument epochs=many: fit\.epochs: must be .*"),
        (["nothing-1"], 2, r"Error: no run 'nothing-1' in runs.*"),
        ([], 2, r"Error: no unfinished run in runs; to train a complete run longer, name it"),
    ],
    ids=str,
)
def test_a_resume_that_cannot_be_is_told_so(finished, arguments, code, words):
    done = finished("resume", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert re.match(words, done.stderr.splitlines()[0])


def test_under_cosine_annealing_a_longer_training_is_another_one(nntrain, write_config):
    path = str(write_config(also="lr_schedule: cosine_annealing"))
    assert nntrain("train", path, "--quiet").returncode == 0
    done = nntrain("resume", "tiny-1", "epochs=9")
    assert (done.returncode, "cosine_annealing" in done.stderr) == (2, True)


def test_a_running_run_is_neither_resumed_nor_reproduced(nntrain, long):
    first = nntrain.start("train", long, "fit.epochs=100000")
    wait_for(first, "epoch 1/")
    for command in ("resume", "reproduce"):
        done = nntrain(command, "tiny-1")
        assert done.returncode == 2
        assert re.search(r"runs/tiny-1 is being trained", done.stderr)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    assert [one["status"] for one in nntrain.json("runs")["runs"]] == ["interrupted"]
    both = [nntrain.start("resume", "tiny-1") for _ in range(2)]
    assert sorted(one.wait(timeout=60) for one in both if stop_when_it_trains(one)) == [2, 130]


def stop_when_it_trains(process):
    """Interrupt a training after an epoch, or let it end before."""
    for line in process.stderr:
        if re.match(r"epoch \d", line):
            process.send_signal(signal.SIGINT)
            break
    process.communicate()
    return True


def test_what_a_killed_run_has_finished_can_be_reproduced(nntrain, long):
    process = nntrain.start("train", long, "fit.epochs=100000")
    wait_for(process, "epoch 3/")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    done = nntrain("reproduce", "tiny-1", "--quiet")
    assert re.fullmatch(
        r"runs/tiny-1: identical in all \d+ epochs \(the run has not saved their weights\)\n", done.stdout
    )
    assert done.returncode == 0


def test_a_run_that_early_stopping_ended_goes_on_only_where_it_would_have(nntrain, write_config):
    early = "early_stopping: {monitor: loss, patience: 3, min_delta: 10}\nlr_schedule"
    config = str(write_config(LONG.replace("lr_schedule", early).replace("{patience: 20}", "{patience: 1}")))
    assert nntrain("train", config, "--quiet").returncode == 0
    done = nntrain("resume", "tiny-1", "epochs=300")
    assert (done.returncode, "was stopped early after 4 epochs, and would be stopped there again" in done.stderr) == (
        2,
        True,
    )
    done = nntrain("resume", "tiny-1", "early_stopping.patience=2")
    assert (done.returncode, "may have stopped earlier" in done.stderr) == (2, True)
    assert nntrain("resume", "tiny-1", "early_stopping.patience=5", "--quiet").returncode == 0
    assert nntrain("train", config, "early_stopping.patience=5", "--quiet", "--name", "whole").returncode == 0
    assert result(nntrain, "tiny-1") == result(nntrain, "whole-1")


def test_a_changed_config_is_refused(finished):
    config = finished.folder / "runs/tiny-1/config.yaml"
    config.write_text(config.read_text().replace("0.01", "0.02"))
    for command in (("resume", "tiny-1", "epochs=9"), ("reproduce", "tiny-1")):
        done = finished(*command)
        assert (done.returncode, "was changed since the run was trained" in done.stderr) == (3, True)


def test_a_complete_run_that_cannot_be_trained_longer_stays_complete(nntrain, write_config, tiny_data):
    data = nntrain.folder / "own.npz"
    shutil.copyfile(tiny_data, data)
    config = write_config()
    config.write_text(re.sub(r"dataset: \S+", "dataset: own.npz}", config.read_text()))
    assert nntrain("train", str(config), "--quiet").returncode == 0
    with np.load(data) as arrays:
        np.savez(data, **{**arrays, "y_train": arrays["y_train"][::-1]})
    done = nntrain("resume", "tiny-1", "epochs=9")
    assert (done.returncode, "restore the data, or train a new run" in done.stderr) == (3, True)
    assert nntrain.json("runs")["runs"][0]["status"] == "complete"


def test_a_damaged_newest_checkpoint_falls_back_to_the_one_before_and_says_so(nntrain, long):
    assert nntrain("train", long, "fit.epochs=6", "--quiet", "--name", "whole").returncode == 0
    assert nntrain("train", long, "fit.epochs=3", "--quiet").returncode == 0
    checkpoints = nntrain.folder / "runs/tiny-1/checkpoint"
    assert nntrain("resume", "tiny-1", "epochs=4", "--quiet").returncode == 0
    assert sorted(path.name for path in checkpoints.iterdir()) == ["epoch-000003.npz", "epoch-000004.npz"]
    newest = checkpoints / "epoch-000004.npz"
    newest.write_bytes(newest.read_bytes()[:-2000])
    done = nntrain("resume", "tiny-1", "epochs=6")
    assert (
        done.returncode,
        "epoch-000004.npz is damaged and left out; continuing from the one before" in done.stderr,
    ) == (
        0,
        True,
    )
    assert result(nntrain, "tiny-1") == result(nntrain, "whole-1")


def test_reproduce_finds_the_same_and_leaves_the_run_alone(finished):
    before = {path.name: path.read_bytes() for path in (finished.folder / "runs/tiny-1").iterdir() if path.is_file()}
    done = finished("reproduce", "tiny-1", "--quiet")
    assert (done.returncode, done.stdout) == (0, "runs/tiny-1: identical in all 3 epochs and weights\n")
    after = {path.name: path.read_bytes() for path in (finished.folder / "runs/tiny-1").iterdir() if path.is_file()}
    assert after == before


def test_reproduce_names_the_first_epoch_that_differs(finished):
    history = finished.folder / "runs/tiny-1/history.csv"
    rows = history.read_text().splitlines()
    rows[2] = rows[2].rpartition(",")[0] + ",0.5"
    history.write_text("\n".join(rows) + "\n")
    done = finished("reproduce", "tiny-1", "--quiet")
    assert done.returncode == 7
    assert re.match(r"Error: runs/tiny-1: not reproduced: epoch 2 has val_\w+ [\d.e-]+, was 0\.5; data, ", done.stderr)


def reproduction(*apart, reasons=()):
    """Return how a run compares whose epochs' losses lie so far apart."""
    from nntrain.jobs.reproduce import Comparison, Reproduction
    from nntrain.results import EpochResult
    from nntrain.runs.folder import RunDir

    count = len(apart)
    comparison = Comparison([EpochResult(number, count, 1.0, 0.1, {"loss": 0.5}) for number in range(1, count + 1)])
    for number, difference in enumerate(apart, 1):
        comparison.on_epoch(EpochResult(number, count, 2.0, 0.1, {"loss": 0.5 + difference}))
    first, largest = comparison.first, comparison.largest
    return Reproduction(RunDir(Path("runs/mlp-1")), count, comparison.compared, first, largest, False, reasons)


def test_on_another_machine_a_run_is_reproduced_within_a_tolerance():
    from nntrain.cli.reproduce import _verdict

    near = reproduction(0, 0.015625, reasons=("processor is B, was A",))
    assert near.within_tolerance
    assert _verdict(near) == "runs/mlp-1: within 0.016 of the run in all 2 epochs; processor is B, was A"
    far = reproduction(0, 0.03, reasons=("processor is B, was A",))
    assert not far.within_tolerance
    assert _verdict(far) == "runs/mlp-1: not reproduced: epoch 2 has loss 0.53, was 0.5; processor is B, was A"
    unexplained = reproduction(0.015625, 0)
    assert not unexplained.within_tolerance
    assert _verdict(unexplained).endswith("; data, config, versions and machine are the same")
