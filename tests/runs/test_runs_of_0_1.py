"""Runs that nntrain 0.1.0 trained still predict, evaluate, resume and reproduce."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

RUNS = Path(__file__).parent / "runs_of_0_1"


@pytest.fixture
def run_of_0_1(nntrain):
    """Return a function that copies a run of 0.1.0 into the program's runs folder."""

    def copy(name: str) -> Path:
        return Path(shutil.copytree(RUNS / name, nntrain.folder / "runs" / name))

    return copy


def test_a_run_of_0_1_evaluates_to_the_score_in_its_metrics(nntrain, run_of_0_1):
    saved = json.loads((run_of_0_1("complete-1") / "metrics.json").read_text())["test"]
    scores = nntrain.json("evaluate", "complete-1", "--no-plots")
    assert scores["accuracy"] == saved["accuracy"] == 0.824
    assert scores["loss"] == pytest.approx(saved["loss"], rel=1e-5)


def test_a_run_of_0_1_predicts_test_images_and_is_listed(nntrain, run_of_0_1):
    run_of_0_1("complete-1")
    run_of_0_1("stopped-1")
    document = nntrain.json("predict", "--test", "0-4", "--run", "complete-1")
    assert [prediction["label"] == prediction["truth"] for prediction in document["predictions"]].count(True) >= 3
    assert {run["name"]: run["status"] for run in nntrain.json("runs")["runs"]} == {
        "complete-1": "complete",
        "stopped-1": "interrupted",
    }


@pytest.mark.tensorflow
def test_a_stopped_run_of_0_1_continues_at_its_third_epoch(nntrain, run_of_0_1):
    run = run_of_0_1("stopped-1")
    process = nntrain("resume", "stopped-1")
    assert process.returncode == 0, process.stderr
    epochs = [line for line in process.stderr.splitlines() if line.startswith("epoch ")]
    assert [line.partition(":")[0] for line in epochs] == ["epoch 3/3"]
    paths = [run / "history.csv", RUNS / "complete-1" / "history.csv"]
    resumed, whole = (list(csv.DictReader(path.read_text().splitlines())) for path in paths)
    assert float(resumed[2]["val_loss"]) == pytest.approx(float(whole[2]["val_loss"]), abs=0.02)


@pytest.mark.tensorflow
def test_a_run_of_0_1_is_reproduced(nntrain, run_of_0_1):
    run_of_0_1("complete-1")
    document = nntrain.json("reproduce", "complete-1")
    assert document["epochs"] == 3
    assert document["first_difference"] is None or document["reasons"]
