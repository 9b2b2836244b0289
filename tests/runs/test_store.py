"""The run folder: names, writing that leaves no half file, finding and listing."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading

import pytest

from nntrain.errors import NntrainError, RunError, UsageError
from nntrain.results import EpochResult
from nntrain.runs.folder import RunDir
from nntrain.runs.history import read_epoch_results, read_history, write_history
from nntrain.runs.json_files import to_json
from nntrain.runs.metadata import initial_info
from nntrain.runs.store import check_name, create_run, find_run, latest_run, list_runs
from nntrain.system.files import clear_leftovers, write_atomically

INFO = {
    **initial_info("mlp", shipped=True, differs={}, parameters=118_282),
    "status": "complete",
    "finished": "2026-01-01T00:00:00+00:00",
}


def make(runs, name="mlp", **info):
    """Make a run with this run.json."""
    return create_run(runs, name, {"run.json": to_json({**INFO, **info})})


def test_runs_are_numbered_upwards_and_never_overwritten(tmp_path):
    assert [make(tmp_path).name for _ in range(3)] == ["mlp-1", "mlp-2", "mlp-3"]
    assert make(tmp_path, "mlp-1").name == "mlp-1-1"


def test_a_number_is_never_given_twice_while_a_later_run_is_there(tmp_path):
    first, _ = make(tmp_path), make(tmp_path)
    first.info_path.unlink()
    first.path.rmdir()
    assert make(tmp_path).name == "mlp-3"


def test_many_runs_made_at_once_get_a_folder_each(tmp_path):
    threads = [threading.Thread(target=make, args=(tmp_path,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"mlp-{number}" for number in range(1, 21))


def test_a_failed_write_leaves_the_old_file_whole_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "metrics.json"
    write_atomically(path, "old")

    def full(fd):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(NntrainError, match=r"metrics\.json: cannot be written: No space left on device"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["metrics.json"]


def test_the_latest_run_is_the_complete_one_that_finished_last(tmp_path):
    make(tmp_path, "late", finished="2026-03-01T00:00:00+00:00")
    make(tmp_path, "early", finished="2026-01-01T00:00:00+00:00")
    make(tmp_path, "broken", finished="2026-04-01T00:00:00+00:00", status="diverged")
    assert latest_run(tmp_path).name == "late-1"
    assert [run.name for run in list_runs(tmp_path)] == ["early-1", "late-1", "broken-1"]


def test_a_run_is_found_by_name_and_by_path(tmp_path):
    run = make(tmp_path / "runs")
    assert find_run("mlp-1", tmp_path / "runs") == run
    assert find_run(str(run.path), tmp_path / "elsewhere").path == run.path


def test_a_run_that_is_not_there_is_a_usage_error_with_a_guess(tmp_path):
    make(tmp_path)
    with pytest.raises(UsageError, match="did you mean 'mlp-1'"):
        find_run("mpl-1", tmp_path)


def test_a_folder_that_is_no_run_is_a_run_error(tmp_path):
    (tmp_path / "pictures").mkdir()
    with pytest.raises(RunError, match=r"not a run folder: it has no run\.json"):
        find_run("pictures", tmp_path)


def test_a_run_whose_process_is_gone_shows_as_interrupted(tmp_path):
    run = make(tmp_path, status="running")
    code = (
        "import sys, os; from pathlib import Path; from nntrain.system.locks import FileLock\n"
        f"FileLock(Path({str(run.lock_path)!r})).take(); print('held', flush=True); sys.stdin.read(); os._exit(1)"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, text=True) as process:
        process.stdout.readline()
        assert run.status() == "running"
        process.kill()
    assert run.status() == "interrupted"


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "a\\b", "x" * 101, "a\n"])
def test_a_name_that_can_be_no_folder_is_refused(name):
    with pytest.raises(UsageError):
        check_name(name)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"schema": 2}', "[" * 100_000])
def test_a_damaged_json_file_is_one_error_that_names_it(tmp_path, content):
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(RunError, match=r"run\.json: "):
        RunDir(tmp_path).read_info()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"status": "done"}, "no run has the status 'done'"),
        ({"status": None}, "status has to be str"),
        ({"fingerprints": []}, "fingerprints has to be dict"),
        ({"seconds": True}, "seconds has to be int or float or null"),
        ({"data": {"name": 1, "fingerprints": {}}}, "data.name has to be str"),
    ],
)
def test_a_value_of_another_type_is_told(tmp_path, change, words):
    (tmp_path / "run.json").write_text(json.dumps({**INFO, **change}))
    with pytest.raises(RunError, match=re.escape(words)):
        RunDir(tmp_path).read_info()


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_a_number_without_end_is_no_json(tmp_path, number):
    (tmp_path / "run.json").write_text(to_json(INFO).replace('"seconds": null', f'"seconds": {number}'))
    with pytest.raises(RunError, match="it is not JSON"):
        RunDir(tmp_path).read_info()


@pytest.mark.skipif(sys.platform == "win32", reason="needs pipes and links")
def test_a_pipe_or_a_link_in_the_place_of_a_file_is_refused_without_waiting(tmp_path):
    run = make(tmp_path)
    os.mkfifo(run.metrics_path)
    with pytest.raises(RunError, match=r"metrics\.json: not a plain file"):
        run.read_metrics()
    with pytest.raises(RunError, match=r"metrics\.json: is no plain file"):
        find_run("mlp-1", tmp_path)
    run.metrics_path.unlink()
    run.checkpoint_dir.mkdir()
    (run.checkpoint_dir / "epoch-000001.npz").symlink_to("/etc/passwd")
    with pytest.raises(RunError, match=r"epoch-000001\.npz: is a link"):
        latest_run(tmp_path)


def test_what_a_killed_process_left_beside_its_files_is_cleared_and_nothing_else(tmp_path):
    for name in (".run.4711-140.json", ".training.9-9.png", ".lock", "run.json", ".hidden.json", "a.1-1.json"):
        (tmp_path / name).touch()
    clear_leftovers(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".hidden.json", ".lock", "a.1-1.json", "run.json"]


def test_json_never_holds_nan():
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json({"loss": float("nan")})


def test_an_evaluations_pictures_are_named_by_data_set_where_it_is_another(tmp_path):
    run = RunDir(tmp_path)
    assert run.plot("confusion").name == "confusion.png"
    assert run.plot("worst", "mnist_5k").name == "worst-mnist_5k.png"
    assert run.plot("worst", "/data/../my digits").name == "worst-my_digits.png"


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
