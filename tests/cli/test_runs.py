"""`nntrain runs`."""

from __future__ import annotations

import json
import shutil
from unittest.mock import ANY

import pytest


@pytest.fixture
def trained_tiny(in_process, fake_engine, write_config):
    """Train two runs without TensorFlow."""
    in_process("train", str(write_config()), "epochs=3", "--quiet")
    in_process("train", str(write_config()), "--name", "other", "--quiet")


def test_runs_are_a_table(in_process, trained_tiny):
    lines = in_process("runs").stdout.splitlines()
    assert lines[0].split() == ["run", "config", "status", "epochs", "time", "test", "differs"]
    assert lines[1].split(maxsplit=4) == ["tiny-1", "tiny", "complete", "3", ANY]
    assert lines[1].endswith("0.8 s  accuracy 87.50 %, loss 0.125  fit.epochs=3  ")
    assert lines[2].endswith("0.5 s  accuracy 75.00 %, loss 0.25   fit.epochs=2  ")


def test_the_epoch_of_the_network_is_shown_if_it_is_not_the_last(in_process, trained_tiny, tmp_path):
    path = tmp_path / "runs/tiny-1/metrics.json"
    path.write_text(path.read_text().replace('"kept_epoch": 3', '"kept_epoch": 2'))
    assert "  2 of 3  " in in_process("runs").stdout.splitlines()[1]
    path.write_text(path.read_text().replace('"kept_epoch": 2,', ""))  # a run of nntrain 0.1
    assert "  3  " in in_process("runs").stdout.splitlines()[1]


def test_a_damaged_run_has_empty_cells(in_process, trained_tiny, tmp_path):
    (tmp_path / "runs/tiny-1/run.json").write_text("{")
    (tmp_path / "runs/tiny-1/metrics.json").unlink()
    lines = in_process("runs").stdout.splitlines()
    assert ["tiny-1", "damaged"] in [line.split() for line in lines]


def test_runs_in_json(in_process, trained_tiny, tmp_path):
    document = json.loads(in_process("runs", "--json").stdout)
    assert (document["schema"], document["runs_dir"]) == (1, "runs")
    keys = ["name", "path", "status", "config", "epochs", "kept_epoch", "seconds", "test", "differs", "finished"]
    assert [list(run) for run in document["runs"]] == [keys, keys]
    first = document["runs"][0]
    assert (first["name"], first["path"], first["epochs"]) == ("tiny-1", "runs/tiny-1", 3)


def test_without_runs_the_way_to_the_first_is_shown(in_process):
    done = in_process("runs", "--runs-dir", "nowhere")
    assert done.stdout == ""
    assert done.stderr.startswith("No runs in nowhere yet. Train one: `")
    assert json.loads(in_process("runs", "--json").stdout)["runs"] == []


@pytest.mark.tensorflow
def test_runs_lists_the_status_and_test_score_of_each(trained, tmp_path):
    shutil.copytree(trained.folder / "runs", tmp_path / "runs")
    nntrain = type(trained)(tmp_path)
    runs = nntrain.json("runs")["runs"]
    assert [run["name"] for run in runs] == ["value-1", "sevens-1", "tiny-1"]
    assert {run["status"] for run in runs} == {"complete"}
    assert runs[2]["test"]["images"] == 100
    (tmp_path / "runs/value-1/run.json").write_text("{")
    assert "damaged" in nntrain("runs").stdout
