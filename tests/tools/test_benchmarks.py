"""The benchmark of pictures: it reports what is missing and scores everything else."""

from __future__ import annotations

import pytest
from benchmarks import score_pictures

from nntrain.errors import DataError


@pytest.fixture(autouse=True)
def _no_folder_is_given(monkeypatch):
    monkeypatch.delenv("NNTRAIN_HANDWRITING_DIR", raising=False)
    monkeypatch.delenv("NNTRAIN_DATA_DIR", raising=False)


def test_missing_handwriting_is_reported_and_everything_else_is_scored(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["score", "--run", "pretrained", "--pasted", "0", "--others", "10", "--times", "0"])
    assert score_pictures.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2] == "no handwriting: give its folder with --folder or NNTRAIN_HANDWRITING_DIR"
    assert [line.split()[0] for line in lines[-4:]] == ["blank", "noise", "scribbles", "letters"]


def test_a_folder_without_handwriting_is_an_error(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["score", "--run", "pretrained", "--folder", str(tmp_path)])
    assert score_pictures.main() == DataError.exit_code
    assert capsys.readouterr().err.startswith(f"Error: {tmp_path}: no handwriting there: it has no labels.csv")


def test_handwriting_is_found_beside_the_data(tmp_path, monkeypatch):
    (tmp_path / "handwriting").mkdir()
    (tmp_path / "handwriting" / "labels.csv").write_text("path,label,kind,source\n")
    monkeypatch.setenv("NNTRAIN_DATA_DIR", str(tmp_path))
    assert score_pictures.handwriting(None) == tmp_path / "handwriting"


def test_intervals_are_wilsons():
    # 81 of 263, the example of Newcombe 1998, Two-sided confidence intervals for the single proportion.
    assert score_pictures.wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
