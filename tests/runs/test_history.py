"""history.csv: what was written is read, and damage is reported."""

from __future__ import annotations

import pytest

from nntrain.errors import RunError
from nntrain.results import EpochResult
from nntrain.runs.history import read_epoch_results, read_history, write_history

METRICS = {"val_loss": 0.5, "accuracy": 0.75, "loss": 0.1 + 0.2, "val_accuracy": 0.25, "mse": 1e-30}
HEADER = "epoch,seconds,learning_rate,loss,val_loss,accuracy,val_accuracy,mse"


@pytest.fixture
def path(tmp_path):
    """Return the file's path."""
    return tmp_path / "history.csv"


def test_the_loss_comes_first_and_each_validation_twin_after_its_metric(path):
    write_history(path, [EpochResult(1, 5, 0.25, 0.001, METRICS)])
    assert path.read_text() == f"{HEADER}\n1,0.25,0.001,0.30000000000000004,0.5,0.75,0.25,1e-30\n"


def test_a_history_without_an_epoch_has_the_leading_columns(path):
    write_history(path, [])
    assert path.read_text() == "epoch,seconds,learning_rate\n"
    assert read_history(path) == []


def test_epochs_read_back_equal(path):
    epochs = [EpochResult(1, 5, 0.25, 0.1, METRICS), EpochResult(2, 5, 1.5, 0.05, {**METRICS, "loss": 1 / 3})]
    write_history(path, epochs)
    assert read_epoch_results(path, epochs=5) == epochs
    assert read_history(path)[1]["loss"] == 1 / 3


def test_seconds_are_rounded_to_milliseconds(path):
    write_history(path, [EpochResult(1, 5, 1.23456, 0.1, {"loss": 0.5})])
    assert read_history(path)[0]["seconds"] == 1.235


def test_a_missing_history_is_reported(path):
    with pytest.raises(RunError, match=r"history\.csv: missing"):
        read_history(path)


@pytest.mark.parametrize(
    "content",
    [
        b"epoch,loss\n1,x\n",
        b"epoch,loss\n1\n",
        b"epoch,loss\n1,2,3\n",
        b"epoch,loss\n1,\xff\n",
        b'epoch,loss\n1,"' + b"9" * 200_000 + b'"\n',
    ],
    ids=["a word", "too few columns", "too many columns", "not UTF-8", "a huge field"],
)
def test_a_history_that_is_no_table_of_numbers_is_damaged(path, content):
    path.write_bytes(content)
    with pytest.raises(RunError, match=r"history\.csv: damaged: it is not a table of numbers"):
        read_history(path)


def test_a_history_that_is_too_large_is_not_read(path, monkeypatch):
    monkeypatch.setattr("nntrain.runs.history.MAX_BYTES", 10)
    path.write_text("epoch,loss\n1,0.5\n")
    with pytest.raises(RunError, match=r"history\.csv: damaged"):
        read_history(path)


@pytest.mark.parametrize("column", ["epoch", "seconds", "learning_rate", "loss"])
def test_a_history_without_a_column_is_damaged(path, column):
    columns = [name for name in ("epoch", "seconds", "learning_rate", "loss") if name != column]
    path.write_text(f"{','.join(columns)}\n1,1,1\n")
    with pytest.raises(RunError, match=rf"history\.csv: damaged: it has no column {column}"):
        read_epoch_results(path, epochs=5)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("2,1,1,1", "row 1 is of epoch 2"),
        ("1,1,1,1\n1,1,1,1", "row 2 is of epoch 1"),
        ("1,1,1,1\n3,1,1,1", "row 2 is of epoch 3"),
        ("nan,1,1,1", "row 1 is of epoch nan"),
        ("inf,1,1,1", "row 1 is of epoch inf"),
    ],
)
def test_a_history_whose_epochs_do_not_follow_one_another_is_damaged(path, rows, message):
    path.write_text(f"epoch,seconds,learning_rate,loss\n{rows}\n")
    with pytest.raises(RunError, match=rf"history\.csv: damaged: {message}"):
        read_epoch_results(path, epochs=5)
