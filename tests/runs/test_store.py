"""Creating, finding and listing runs."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nntrain.errors import NntrainError, RunError, UsageError
from nntrain.runs import store
from nntrain.runs.folder import PRETRAINED_DIR, RunDir
from nntrain.runs.store import (
    check_name,
    create_run,
    find_run,
    find_trained_run,
    latest_run,
    list_runs,
    pretrained_run,
    reject_symlinks,
    require_config,
    runs_dir,
    unfinished_runs,
    utc_now,
)

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="needs links, pipes and modes")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_time_is_utc_to_the_microsecond_so_that_its_text_sorts():
    now = utc_now()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00", now)
    assert abs((datetime.fromisoformat(now) - datetime.now(UTC)).total_seconds()) < 3600


@pytest.mark.parametrize(("value", "expected"), [(None, "runs"), ("", "runs"), ("/data/runs", "/data/runs")])
def test_runs_are_in_runs_unless_the_environment_names_a_folder(monkeypatch, value, expected):
    if value is not None:
        monkeypatch.setenv("NNTRAIN_RUNS_DIR", value)
    assert runs_dir() == Path(expected)


def test_a_run_is_created_with_its_files_in_a_folder_that_is_created_too(tmp_path):
    runs = tmp_path / "a" / "runs"
    run = create_run(runs, "mlp", {"config.yaml": "größe", "run.json": "{}"})
    assert run == RunDir(runs / "mlp-1")
    assert run.config_path.read_text(encoding="utf-8") == "größe"
    assert names(run.path) == ["config.yaml", "run.json"]
    assert names(runs) == ["mlp-1"]


def test_runs_are_numbered_upwards_and_never_overwritten(make_run):
    assert [make_run().name for _ in range(3)] == ["mlp-1", "mlp-2", "mlp-3"]
    assert make_run("mlp-1").name == "mlp-1-1"


def test_numbers_are_counted_as_numbers(make_run, tmp_path):
    (tmp_path / "mlp-9").mkdir()
    assert make_run().name == "mlp-10"
    assert make_run().name == "mlp-11"


def test_a_number_is_not_used_again_while_a_later_run_exists(make_run):
    first, _ = make_run(), make_run()
    first.info_path.unlink()
    first.path.rmdir()
    assert make_run().name == "mlp-3"


@pytest.mark.parametrize("other", ["mlp-x", "mlp-5x", "xmlp-5", "mlp-1234567890", "m.p-7", ".mlp-5"])
def test_other_names_do_not_count(make_run, tmp_path, other):
    (tmp_path / other).mkdir()
    assert make_run().name == "mlp-1"


def test_a_name_is_not_a_pattern(make_run, tmp_path):
    (tmp_path / "mlp-4").mkdir()
    assert make_run("m.p").name == "m.p-1"


def test_runs_that_are_created_at_the_same_time_get_different_folders(make_run, tmp_path):
    threads = [threading.Thread(target=make_run) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names(tmp_path) == sorted(f"mlp-{number}" for number in range(1, 21))


def test_a_run_gets_the_next_number_if_another_process_takes_its_own(make_run, tmp_path, monkeypatch):
    replace_and_sync, taken = store.files.replace_and_sync, []

    def take_first(source, target):
        if source.is_dir() and not taken:
            taken.append(target)
            target.mkdir()
            (target / "run.json").touch()
        replace_and_sync(source, target)

    monkeypatch.setattr(store.files, "replace_and_sync", take_first)
    assert make_run().name == "mlp-2"
    assert taken[0] == tmp_path / "mlp-1"
    assert (tmp_path / "mlp-1" / "run.json").read_text() == ""
    assert names(tmp_path) == ["mlp-1", "mlp-2"]


def test_a_rename_that_fails_is_an_error_and_leaves_nothing(tmp_path, monkeypatch):
    replace_and_sync = store.files.replace_and_sync

    def fail(source, target):
        if source.is_dir():
            raise PermissionError(13, "Permission denied")
        replace_and_sync(source, target)

    monkeypatch.setattr(store.files, "replace_and_sync", fail)
    with pytest.raises(NntrainError) as caught:
        create_run(tmp_path, "mlp", {"run.json": "{}"})
    assert str(caught.value) == f"{tmp_path}: cannot create a run: Permission denied"
    assert names(tmp_path) == []


def test_a_rename_that_may_not_be_on_the_disk_is_an_error_and_leaves_nothing(tmp_path, monkeypatch):
    def full_disk(path):
        if path == tmp_path:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.files, "sync_folder", full_disk)
    with pytest.raises(NntrainError, match="cannot create a run: No space left on device"):
        create_run(tmp_path, "mlp", {"run.json": "{}"})
    assert names(tmp_path) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, NntrainError("full")])
def test_a_run_that_is_interrupted_while_it_is_created_leaves_nothing(tmp_path, monkeypatch, error):
    def fail(path, content):
        raise error

    monkeypatch.setattr(store, "write_atomically", fail)
    with pytest.raises((KeyboardInterrupt, NntrainError)):
        create_run(tmp_path, "mlp", {"run.json": "{}"})
    assert names(tmp_path) == []


def test_a_folder_that_cannot_be_created_is_an_error_with_a_remedy(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NntrainError) as caught:
        create_run(tmp_path / "file" / "runs", "mlp", {})
    assert str(caught.value) == (
        f"{tmp_path / 'file' / 'runs'}: cannot create a run: Not a directory; choose another folder with --runs-dir"
    )


@needs_posix
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o755), (0o077, 0o700), (0o002, 0o775)])
def test_a_runs_folder_is_readable_by_whom_the_umask_allows(tmp_path, umask, mode):
    code = f"import os, sys; os.umask({umask}); from pathlib import Path; from nntrain.runs.store import create_run\n"
    code += "create_run(Path(sys.argv[1]), 'mlp', {'run.json': ''}); print(oct(os.umask(0)))"
    command = [sys.executable, "-c", code, str(tmp_path)]
    process = subprocess.run(command, capture_output=True, text=True, check=True)
    assert stat.S_IMODE((tmp_path / "mlp-1").stat().st_mode) == mode
    assert process.stdout == f"{oct(umask)}\n"


@pytest.mark.parametrize("name", ["a", "_", "7", "x" * 100, "My run.2+b-c_d", "größe", "数字", "é"])
def test_a_name_that_a_folder_can_have_is_accepted(name):
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name", ["", ".hidden", "-x", " x", "+x", "a/b", "a\\b", "x" * 101, "a\n", "a:b", "a\x1b", "a\u202e", "数" * 99]
)
def test_a_name_that_no_folder_should_have_is_refused(name):
    with pytest.raises(UsageError) as caught:
        check_name(name)
    assert str(caught.value) == (
        f"a run cannot be named {name!r}: use up to 100 letters, digits, spaces and '_', '-', '.', '+'; "
        "the first must be a letter, a digit or '_' (--name sets it)"
    )


def test_a_name_whose_accents_are_apart_is_composed():
    assert check_name("gro\u0308\u00dfe") == "gr\u00f6\u00dfe"


def test_runs_are_sorted_by_when_they_finished_or_started(make_run, tmp_path):
    make_run("c", finished="2026-03-01")
    make_run("a", finished="2026-01-01", started="2026-09-01")
    make_run("b", finished=None, started="2026-02-01")
    make_run("d", finished=None, started="2025-01-01", resumed=["2025-05-01", "2026-04-01"])
    assert [run.name for run in list_runs(tmp_path)] == ["a-1", "b-1", "c-1", "d-1"]


def test_runs_of_the_same_time_are_sorted_by_name_and_damaged_ones_come_first(make_run, tmp_path):
    make_run("b", finished="2026-01-01")
    make_run("a", finished="2026-01-01")
    make_run("z").info_path.write_text("damaged")
    assert [run.name for run in list_runs(tmp_path)] == ["z-1", "a-1", "b-1"]


@pytest.mark.parametrize("wrong", ["2099-01-01T00:00:00.000000+00:00", "soon"])
def test_a_run_of_a_wrong_clock_is_not_the_latest_until_then(make_run, tmp_path, wrong):
    today = make_run(finished=utc_now())
    make_run("future", finished=wrong)
    make_run("future", finished=None, started=wrong)
    assert [run.name for run in list_runs(tmp_path)] == ["future-1", "future-2", "mlp-1"]
    assert latest_run(tmp_path) == today


def test_other_files_and_folders_are_not_listed(make_run, tmp_path):
    (tmp_path / ".hidden-1").mkdir()
    (tmp_path / ".hidden-1" / "run.json").touch()
    (tmp_path / "pictures").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "run.json").mkdir()
    run = make_run()
    assert list_runs(tmp_path) == [run]


def test_without_a_folder_there_are_no_runs(tmp_path):
    assert list_runs(tmp_path / "missing") == []
    assert latest_run(tmp_path / "missing") is None


def test_the_latest_run_is_the_complete_one_that_finished_last(make_run, tmp_path):
    make_run("late", finished="2026-03-01")
    make_run("early", finished="2026-01-01")
    make_run("broken", finished="2026-04-01", status="diverged")
    make_run("stopped", finished="2026-05-01", status="interrupted")
    make_run("failed", finished="2026-05-02", status="failed")
    make_run("damaged").info_path.write_text("damaged")
    assert latest_run(tmp_path) == RunDir(tmp_path / "late-1")


def test_the_latest_unfinished_run_was_interrupted_or_failed(make_run, tmp_path):
    make_run("interrupted", finished="2026-01-01", status="interrupted")
    assert unfinished_runs(tmp_path)[0].name == "interrupted-1"
    make_run("failed", finished="2026-02-01", status="failed")
    assert unfinished_runs(tmp_path)[0].name == "failed-1"
    make_run("gone", finished=None, started="2026-03-01", status="running")
    assert unfinished_runs(tmp_path)[0].name == "gone-1"
    make_run("diverged", finished="2026-04-01", status="diverged")
    make_run("complete", finished="2026-05-01")
    assert unfinished_runs(tmp_path)[0].name == "gone-1"


def test_without_an_unfinished_run_the_error_says_what_to_do(make_run, tmp_path):
    make_run()
    with pytest.raises(UsageError) as caught:
        unfinished_runs(tmp_path)
    assert (
        str(caught.value) == f"no unfinished run in {tmp_path}; to train a complete run for more epochs, give its name"
    )


def test_a_run_is_found_by_name_and_by_path(make_run, tmp_path):
    run = make_run(runs=tmp_path / "runs")
    assert find_run("mlp-1", tmp_path / "runs") == run
    assert find_run(str(run.path), tmp_path / "elsewhere").path == run.path


def test_a_name_is_looked_up_among_the_runs_before_it_is_used_as_a_path(make_run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    here, in_runs = make_run(), make_run(runs=tmp_path / "runs")
    assert find_run("mlp-1", Path("runs")).path.resolve() == in_runs.path
    assert find_run("./mlp-1", Path("elsewhere")).path.resolve() == here.path


def test_without_a_name_the_latest_run_is_found(make_run, tmp_path):
    with pytest.raises(UsageError) as caught:
        find_run(None, tmp_path)
    assert str(caught.value) == (f"no complete run in {tmp_path} yet; train one first: `nntrain train quickstart`")
    run = make_run()
    assert find_run(None, tmp_path) == run


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("mpl-1", "; did you mean 'mlp-1'?"),
        ("pretraned", "; did you mean 'pretrained'?"),
        ("something else", "; `nntrain runs` lists the runs"),
    ],
)
def test_a_run_that_does_not_exist_is_an_error_with_a_suggestion(make_run, tmp_path, name, hint):
    make_run()
    with pytest.raises(UsageError) as caught:
        find_run(name, tmp_path, suggestions=("pretrained",))
    assert str(caught.value) == f"no run '{name}' in {tmp_path}{hint}"


def test_without_runs_none_is_suggested(tmp_path):
    with pytest.raises(UsageError) as caught:
        find_run("mlp-1", tmp_path)
    assert str(caught.value) == f"no run 'mlp-1' in {tmp_path}"


def test_a_folder_that_is_not_a_run_is_a_run_error(tmp_path):
    (tmp_path / "pictures").mkdir()
    with pytest.raises(RunError) as caught:
        find_run("pictures", tmp_path)
    assert str(caught.value) == f"{tmp_path / 'pictures'}: not a run folder: it has no run.json"


FILES = ["config.yaml", "run.json", "model.keras", "model.tflite", "history.csv", "metrics.json", ".lock"]


@pytest.mark.parametrize("name", FILES)
def test_a_run_with_its_own_files_is_accepted(make_run, name):
    run = make_run()
    (run.path / name).touch()
    run.checkpoint_dir.mkdir()
    (run.checkpoint_dir / "epoch-000001.npz").touch()
    assert reject_symlinks(run) is run


@needs_posix
@pytest.mark.parametrize("name", [*FILES, "checkpoint", "checkpoint/epoch-000001.npz"])
def test_a_link_in_place_of_a_file_is_refused(make_run, name, tmp_path):
    run = make_run()
    path = run.path / name
    path.unlink(missing_ok=True)
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(tmp_path / "target")
    with pytest.raises(RunError) as caught:
        reject_symlinks(run)
    assert str(caught.value) == f"{path}: is a link; replace it with the file that it points to"


@needs_posix
@pytest.mark.parametrize("name", [*FILES, "checkpoint/epoch-000001.npz"])
def test_a_pipe_or_a_folder_in_place_of_a_file_is_refused(make_run, name):
    run = make_run()
    path = run.path / name
    path.unlink(missing_ok=True)
    path.parent.mkdir(exist_ok=True)
    for create in (os.mkfifo, os.mkdir):
        create(path)
        with pytest.raises(RunError) as caught:
            reject_symlinks(run)
        assert str(caught.value) == f"{path}: not a regular file; restore the run's folder"
        path.unlink() if create is os.mkfifo else path.rmdir()


@needs_posix
def test_however_a_run_is_found_its_links_are_refused(make_run, tmp_path):
    run = make_run()
    run.model_path.symlink_to(tmp_path)
    for name in (None, "mlp-1", str(run.path)):
        with pytest.raises(RunError, match=r"model\.keras: is a link"):
            find_run(name, tmp_path)


def test_a_run_without_its_config_is_an_error(make_run):
    run = make_run()
    with pytest.raises(RunError) as caught:
        require_config(run)
    assert str(caught.value) == f"{run.config_path}: missing; restore it, or train again"
    run.config_path.touch()
    require_config(run)


@pytest.mark.parametrize("missing", ["run.json", "model.tflite", None])
def test_there_is_no_pretrained_run_unless_it_has_its_network(tmp_path, monkeypatch, missing):
    for name in ("run.json", "model.tflite"):
        if name != missing:
            (tmp_path / name).touch()
    monkeypatch.setattr(store, "PRETRAINED_DIR", tmp_path)
    assert pretrained_run() == (None if missing else RunDir(tmp_path))


def test_the_run_to_predict_with_is_the_named_or_the_latest_or_the_pretrained_one(make_run, tmp_path):
    pretrained = RunDir(PRETRAINED_DIR)
    assert find_trained_run(None, tmp_path) == pretrained
    run, named = make_run(finished="2026-02-01"), make_run(finished="2026-01-01")
    assert find_trained_run(None, tmp_path) == run
    assert find_trained_run(named.name, tmp_path) == named
    assert find_trained_run("pretrained", tmp_path) == pretrained
    with pytest.raises(UsageError, match="did you mean 'pretrained'"):
        find_trained_run("pretrianed", tmp_path)


def test_an_installation_without_the_pretrained_run_needs_a_run_of_the_user(make_run, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "PRETRAINED_DIR", tmp_path / "missing")
    with pytest.raises(UsageError, match="no complete run"):
        find_trained_run(None, tmp_path)
    run = make_run()
    assert find_trained_run(None, tmp_path) == run


@pytest.mark.parametrize("file", ["model.keras", "config.yaml", "metrics.json", "run.json", "checkpoint/epoch-1.npz"])
def test_a_file_of_a_run_stands_for_the_run(tmp_path, file):
    run = create_run(tmp_path / "runs", "mlp", {"run.json": "{}"})
    (run.path / file).parent.mkdir(exist_ok=True)
    (run.path / file).touch()
    assert find_run(str(run.path / file), tmp_path / "runs") == run
    assert find_run(f"mlp-1/{file}", tmp_path / "runs") == run


@pytest.mark.parametrize("file", ["my.keras", "my.h5", "my.tflite"])
def test_a_network_that_belongs_to_no_run_is_explained(tmp_path, file):
    (tmp_path / file).touch()
    with pytest.raises(UsageError) as caught:
        find_run(str(tmp_path / file), tmp_path / "runs")
    assert str(caught.value) == (
        f"{tmp_path / file}: a network without a run's config and data; give the folder of a run, such as runs/mlp-1 "
        "(in Python, keras.models.load_model reads .keras files)"
    )
