"""The run folder: the names of its files, what run.json and metrics.json must hold, the status."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nntrain.errors import RunError
from nntrain.runs.folder import PRETRAINED_DIR, RunDir
from nntrain.runs.json_files import to_json
from nntrain.system.locks import acquire_lock

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="needs links")

HOLD = """
import sys
from pathlib import Path
from nntrain.system.locks import acquire_lock
with acquire_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_files_of_a_run_have_the_names_that_the_readme_lists():
    run = RunDir(Path("runs/mlp-1"))
    names = {
        "config_path": "config.yaml",
        "source_path": "source.yaml",
        "model_path": "model.keras",
        "tflite_path": "model.tflite",
        "history_path": "history.csv",
        "metrics_path": "metrics.json",
        "info_path": "run.json",
        "checkpoint_dir": "checkpoint",
        "training_plot": "training.png",
        "lock_path": ".lock",
    }
    assert {name: getattr(run, name) for name in names} == {
        name: Path("runs/mlp-1") / file for name, file in names.items()
    }


def test_a_run_is_named_by_its_folder(tmp_path, monkeypatch):
    (tmp_path / "mlp-1").mkdir()
    monkeypatch.chdir(tmp_path / "mlp-1")
    assert RunDir(Path()).name == "mlp-1"
    assert RunDir(tmp_path / "mlp-1").name == "mlp-1"


def test_messages_show_a_runs_path_and_the_pretrained_runs_name(tmp_path):
    run, pretrained = RunDir(tmp_path / "pretrained"), RunDir(PRETRAINED_DIR)
    assert (run.is_pretrained, run.display_name) == (False, str(tmp_path / "pretrained"))
    assert (pretrained.is_pretrained, pretrained.display_name) == (True, "pretrained")
    assert pretrained.read_info()["status"] == "complete"


@pytest.mark.parametrize(
    ("dataset", "name"),
    [
        ("", "worst.png"),
        ("mnist_5k", "worst-mnist_5k.png"),
        ("/data/../my digits", "worst-my_digits.png"),
        ("a.b-c", "worst-a.b-c.png"),
        ("données!?", "worst-donn_es.png"),
        ("...", "worst.png"),
        ("_X.", "worst-X.png"),
    ],
)
def test_a_plot_has_the_data_set_in_its_name_unless_it_is_the_runs_own(dataset, name):
    assert RunDir(Path("run")).plot("worst", dataset) == Path("run") / name


def test_run_json_is_read_back_as_it_was_written(tmp_path, info):
    run = RunDir(tmp_path)
    run.write_info(info)
    assert run.read_info() == {**info, "resumed": None}
    assert run.info_path.read_text(encoding="utf-8") == to_json(info)


@pytest.mark.parametrize("status", ["running", "complete", "interrupted", "diverged", "failed"])
def test_a_run_has_one_of_five_statuses(make_run, status):
    assert make_run(status=status).read_info()["status"] == status


def test_a_run_with_an_unknown_status_is_damaged(make_run):
    run = make_run(status="done")
    with pytest.raises(RunError) as caught:
        run.read_info()
    assert str(caught.value) == f"{run.info_path}: damaged: unknown status 'done'; restore the file"


STRINGS = {"status", "config", "started"}
OBJECTS = {"differs", "versions", "environment", "fingerprints"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        *(({key: None}, f"{key} must be a string") for key in sorted(STRINGS)),
        *(({key: None}, f"{key} must be an object") for key in sorted(OBJECTS)),
        *(({key: []}, f"{key} must be an object") for key in sorted(OBJECTS)),
        ({"finished": 1}, "finished must be a string or null"),
        ({"seconds": True}, "seconds must be a number or null"),
        ({"seconds": "1"}, "seconds must be a number or null"),
        ({"parameters": None}, "parameters must be an integer"),
        ({"parameters": 1.5}, "parameters must be an integer"),
        ({"device": []}, "device must be an object or null"),
        ({"data": []}, "data must be an object or null"),
        ({"data": {"name": 1, "fingerprints": {}}}, "data.name must be a string"),
        ({"data": {"name": "mnist", "fingerprints": None}}, "data.fingerprints must be an object"),
        ({"resumed": {}}, "resumed must be an array or null"),
    ],
)
def test_run_json_with_a_value_of_the_wrong_type_is_damaged(make_run, changes, expected):
    with pytest.raises(RunError) as caught:
        make_run(**changes).read_info()
    assert f"damaged: {expected};" in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"finished": None},
        {"finished": "2026-01-01T00:00:00+00:00"},
        {"seconds": 1},
        {"seconds": 1.5},
        {"device": {}},
        {"data": {"name": "mnist", "fingerprints": {}}},
        {"resumed": ["2026-01-01T00:00:00+00:00"]},
    ],
)
def test_optional_values_may_be_set(make_run, changes):
    key = next(iter(changes))
    assert make_run(**changes).read_info()[key] == changes[key]


METRICS = {
    "schema": 1,
    "config": "mlp",
    "epochs": 3,
    "kept_epoch": 2,
    "seconds": 1.5,
    "test": {"images": 20, "loss": 0.5},
}


@pytest.mark.parametrize(
    "changes", [{}, {"kept_epoch": None}, {"seconds": None}, {"seconds": 2}, {"test": None}, {"test": {}}]
)
def test_metrics_json_is_read(tmp_path, changes):
    run = RunDir(tmp_path)
    run.metrics_path.write_text(json.dumps({**METRICS, **changes}))
    assert run.read_metrics() == {**METRICS, **changes}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"config": None}, "config must be a string"),
        ({"epochs": 1.5}, "epochs must be an integer"),
        ({"epochs": None}, "epochs must be an integer"),
        ({"seconds": "1"}, "seconds must be a number or null"),
        ({"test": []}, "test must be an object or null"),
        ({"test": {"loss": "0.5"}}, "test must contain numbers only"),
        ({"test": {"loss": 0.5, "accuracy": None}}, "test must contain numbers only"),
        ({"test": {"loss": True}}, "test must contain numbers only"),
    ],
)
def test_damaged_metrics_are_one_error(tmp_path, changes, expected):
    run = RunDir(tmp_path)
    run.metrics_path.write_text(json.dumps({**METRICS, **changes}))
    with pytest.raises(RunError) as caught:
        run.read_metrics()
    assert str(caught.value).startswith(f"{run.metrics_path}: damaged: {expected}; restore the file")


def test_a_running_run_whose_process_was_killed_is_interrupted(make_run):
    run = make_run(status="running")
    command = [sys.executable, "-c", HOLD, str(run.lock_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline().strip() == b"held"
        assert run.status() == "running"
        process.kill()
    assert run.status() == "interrupted"


@pytest.mark.parametrize("status", ["complete", "interrupted", "diverged", "failed"])
def test_a_status_other_than_running_does_not_depend_on_the_lock(make_run, status):
    run = make_run(status=status)
    assert run.status() == status
    with acquire_lock(run.lock_path):
        assert run.status() == status


def test_a_run_that_ends_while_its_lock_is_tested_has_the_status_that_it_ended_with(make_run, info, monkeypatch):
    run = make_run(status="running")

    def end(path):
        assert path == run.lock_path
        run.write_info({**info, "status": "diverged"})
        return False

    monkeypatch.setattr("nntrain.runs.folder.is_locked", end)
    assert run.status() == "diverged"


def test_asking_for_the_status_writes_nothing(make_run):
    run = make_run(status="running")
    assert run.status() == "interrupted"
    assert [path.name for path in run.path.iterdir()] == ["run.json"]


@needs_posix
def test_a_link_is_not_read_where_runs_are_listed(make_run, tmp_path):
    run = make_run()
    run.metrics_path.symlink_to(make_run("other").info_path)
    with pytest.raises(RunError, match=r"metrics\.json: is a link"):
        run.read_metrics()
    run.info_path.rename(tmp_path / "run.json")
    run.info_path.symlink_to(tmp_path / "run.json")
    with pytest.raises(RunError, match=r"run\.json: is a link"):
        run.read_info()


@needs_posix
def test_the_network_that_ships_may_be_installed_as_links(tmp_path, monkeypatch):
    for file in PRETRAINED_DIR.iterdir():
        (tmp_path / file.name).symlink_to(file)
    monkeypatch.setattr("nntrain.runs.folder.PRETRAINED_DIR", tmp_path)
    assert RunDir(tmp_path).status() == "complete"
    assert RunDir(tmp_path).read_metrics()["epochs"] > 0
