"""history.csv: what is written is read back, and what is damaged is one error."""

from __future__ import annotations

import pytest

from nntrain.errors import RunError
from nntrain.results import EpochResult
from nntrain.runs import history
from nntrain.runs.history import read_epoch_results, read_history, write_history


def test_a_history_reads_back_as_it_was_written(tmp_path):
    values = {"accuracy": 0.1 + 0.2, "loss": 1e-7, "val_accuracy": 0.5, "val_loss": 2.0}
    write_history(tmp_path / "history.csv", [EpochResult(1, 5, 0.25, 0.001, values)])
    assert (tmp_path / "history.csv").read_text().splitlines()[0] == (
        "epoch,seconds,learning_rate,loss,val_loss,accuracy,val_accuracy"
    )
    assert read_history(tmp_path / "history.csv") == [{"epoch": 1, "seconds": 0.25, "learning_rate": 0.001, **values}]


def test_a_damaged_history_is_one_error(tmp_path):
    (tmp_path / "history.csv").write_text("epoch,loss\n1,x\n")
    with pytest.raises(RunError, match=r"history\.csv: damaged"):
        read_history(tmp_path / "history.csv")


@pytest.mark.parametrize("rows", ["2,1,1,0.5", "1,1,1,0.5\n1,1,1,0.5", "nan,1,1,0.5", "inf,1,1,0.5"])
def test_a_history_whose_epochs_do_not_follow_one_another_is_damaged(tmp_path, rows):
    (tmp_path / "history.csv").write_text(f"epoch,seconds,learning_rate,loss\n{rows}\n")
    with pytest.raises(RunError, match=r"damaged: row \d is of epoch"):
        read_epoch_results(tmp_path / "history.csv", epochs=5)


def test_the_loss_comes_first_each_metric_is_followed_by_its_twin_and_seconds_are_rounded(tmp_path):
    results = [
        EpochResult(1, 2, 1.23456, 0.1, {"auc": 0.5, "loss": 1.0, "val_loss": 2.0}),
        EpochResult(2, 2, 2.0, 0.05, {"auc": 0.75, "loss": 0.5, "val_loss": 1.5}),
    ]
    write_history(tmp_path / "history.csv", results)
    assert (tmp_path / "history.csv").read_bytes() == (
        b"epoch,seconds,learning_rate,loss,val_loss,auc\n1,1.235,0.1,1.0,2.0,0.5\n2,2.0,0.05,0.5,1.5,0.75\n"
    )


def test_a_history_without_an_epoch_has_the_leading_columns(tmp_path):
    write_history(tmp_path / "history.csv", [])
    assert (tmp_path / "history.csv").read_text() == "epoch,seconds,learning_rate\n"
    assert read_epoch_results(tmp_path / "history.csv", epochs=5) == []


def test_epoch_results_are_read_back_equal(tmp_path):
    results = [EpochResult(number, 3, 0.5, 0.01, {"loss": 1 / number}) for number in (1, 2)]
    write_history(tmp_path / "history.csv", results)
    assert read_epoch_results(tmp_path / "history.csv", epochs=3) == results


@pytest.mark.parametrize(
    "columns", ["seconds,learning_rate,loss", "epoch,learning_rate,loss", "epoch,seconds,learning_rate"]
)
def test_a_history_that_lacks_a_column_is_damaged(tmp_path, columns):
    (tmp_path / "history.csv").write_text(f"{columns}\n1,1,1\n")
    with pytest.raises(RunError, match=r"history\.csv: damaged: it has no"):
        read_epoch_results(tmp_path / "history.csv", epochs=5)


def test_a_missing_history_is_an_error(tmp_path):
    with pytest.raises(RunError) as caught:
        read_history(tmp_path / "history.csv")
    assert str(caught.value) == f"{tmp_path / 'history.csv'}: missing"


def test_a_history_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    (tmp_path / "history.csv").write_text("epoch\n1\n")
    monkeypatch.setattr(history, "MAX_BYTES", 7)
    with pytest.raises(RunError, match=r"history\.csv: damaged"):
        read_history(tmp_path / "history.csv")
