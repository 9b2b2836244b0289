"""`nntrain runs`: the finished runs, and damaged ones."""

from __future__ import annotations

import shutil

import pytest


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
