"""What does not fit, was tampered with, or has no room: one error, and what was there before is whole."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import zipfile

import pytest

pytestmark = pytest.mark.tensorflow


@pytest.fixture
def copied(trained, tmp_path):
    """Return the program in a copy of the trained folder, and the run to spoil."""
    shutil.copytree(trained.folder / "runs", tmp_path / "runs")
    return type(trained)(tmp_path), tmp_path / "runs" / "tiny-1"


def refused(done, words, code=3):
    """Check that a command ended with one error."""
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_keras_file_that_unfolds_to_more_than_the_network_is_refused(copied):
    nntrain, run = copied
    (run / "model.tflite").unlink()
    with zipfile.ZipFile(run / "model.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.weights.h5", bytes(50_000_000))
    refused(nntrain("predict", "--test", "0"), "model.weights.h5 would unfold to 50,000,000 bytes, more than")


def test_a_keras_file_with_a_name_that_leads_out_is_refused(copied):
    nntrain, run = copied
    (run / "model.tflite").unlink()
    with zipfile.ZipFile(run / "model.keras", "a") as archive:
        archive.writestr("../../evil.txt", "x")
    refused(nntrain("predict", "--test", "0"), "'../../evil.txt' leads out of the archive")


def test_a_keras_file_with_other_weights_is_refused(copied):
    nntrain, run = copied
    (run / "model.tflite").unlink()
    info = json.loads((run / "run.json").read_text())
    info["fingerprints"]["weights"] = "0" * 32
    (run / "run.json").write_text(json.dumps(info))
    refused(nntrain("predict", "--test", "0"), "model.keras: not the weights that training ended with")


def test_code_in_a_keras_file_does_not_run(copied):
    nntrain, run = copied
    (run / "model.tflite").unlink()
    before = zipfile.ZipFile(run / "model.keras")
    files = {name: before.read(name) for name in before.namelist()}
    described = json.loads(files["config.json"])
    code = {"class_name": "Lambda", "config": {"function": "open('ran', 'w')"}, "module": "keras.layers"}
    described["config"]["layers"] = [code, {**code, "class_name": "open", "module": "builtins"}]
    with zipfile.ZipFile(run / "model.keras", "w") as archive:
        for name, content in {**files, "config.json": json.dumps(described)}.items():
            archive.writestr(name, content)
    done = nntrain("predict", "--test", "0", "--quiet")
    assert (done.returncode, list(nntrain.folder.rglob("ran"))) == (0, [])


def test_a_run_with_a_link_for_a_file_is_refused(copied):
    nntrain, run = copied
    (run / "model.tflite").rename(run / "elsewhere")
    (run / "model.tflite").symlink_to(run / "elsewhere")
    refused(nntrain("predict", "--test", "0", "--run", "tiny-1"), "model.tflite: is a link")


def test_a_network_that_does_not_answer_is_given_up(monkeypatch, capfd):
    code = """
import time
from nntrain.system.signals import time_limit
with time_limit(0.2, "model.tflite: no answer"):
    time.sleep(30)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stderr) == (3, "Error: model.tflite: no answer\n")


def mounted(folder, options, remount=False):
    """Put a small disk at a folder, or change it; returns whether this machine allows that."""
    words = ["mount", "-t", "tmpfs", "-o", f"{'remount,' if remount else ''}{options}", "tmpfs", str(folder)]
    return shutil.which("mount") is not None and subprocess.run(words, capture_output=True).returncode == 0


@pytest.fixture
def small_disk(tmp_path):
    """Return a folder with 100 kB of room: too little for a checkpoint."""
    folder = tmp_path / "small"
    folder.mkdir()
    if not mounted(folder, "size=100k"):
        pytest.skip("this machine allows no small disk to be mounted")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def weights(folder):
    """Return the fingerprint of a run's weights."""
    return json.loads((folder / "run.json").read_text())["fingerprints"]["weights"]


def test_a_full_disk_names_the_file_and_the_run_goes_on_when_there_is_room(nntrain, write_config, small_disk):
    config = str(write_config())
    assert nntrain("train", config, "--quiet", "--name", "whole").returncode == 0
    done = nntrain("train", config, "--quiet", "--runs-dir", str(small_disk))
    refused(done, f"Error: {small_disk}/tiny-1/", code=1)
    assert "cannot be written: No space left on device. In " in done.stderr
    assert "To continue: `nntrain resume" in done.stderr
    assert mounted(small_disk, "size=20m", remount=True)
    assert nntrain("resume", "--quiet", "--runs-dir", str(small_disk)).returncode == 0
    assert weights(small_disk / "tiny-1") == weights(nntrain.folder / "runs" / "whole-1")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_file_that_takes_no_more_is_one_error_that_says_what_is_left(nntrain, write_config):
    command = nntrain.command("train", str(write_config(also="runtime: {jit_compile: false}")), "--quiet")
    limited = ["sh", "-c", 'ulimit -f 40; exec "$@"', "sh", *command]  # 20 or 40 kB: too little for a checkpoint
    done = subprocess.run(limited, cwd=nntrain.folder, env=nntrain.environment(), capture_output=True, text=True)
    assert done.returncode == 1
    assert "Error: runs/tiny-1/checkpoint/epoch-" in done.stderr
    assert "cannot be written: File too large. In runs/tiny-1, " in done.stderr
    assert "To continue: `nntrain resume runs/tiny-1`" in done.stderr


def test_a_folder_that_can_only_be_read_is_one_error_and_its_runs_can_be_asked(copied, small_disk):
    nntrain, run = copied
    assert mounted(small_disk, "size=20m", remount=True)
    shutil.copytree(run, small_disk / "tiny-1")
    assert mounted(small_disk, "ro", remount=True)
    there = ("--runs-dir", str(small_disk))
    refused(nntrain("train", "quickstart", *there), "Read-only file system; choose another folder", code=1)
    refused(nntrain("resume", "tiny-1", "epochs=4", *there), ".lock: cannot be locked: Read-only", code=1)
    refused(nntrain("evaluate", "tiny-1", *there), "Read-only file system; --no-plots scores without", code=1)
    assert nntrain("evaluate", "tiny-1", "--no-plots", *there).returncode == 0
    assert nntrain("runs", *there).returncode == 0


def test_a_folder_that_vanishes_under_the_run_is_one_error(nntrain, write_config):
    process = nntrain.start("train", str(write_config()), "fit.epochs=100000")
    while not process.stderr.readline().startswith("epoch 3/"):
        pass
    shutil.rmtree(nntrain.folder / "runs" / "tiny-1")
    _, words = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "Error: runs/tiny-1/" in words
    assert "The run's folder is gone, and the trained network with it" in words
    assert "Traceback" not in words


def test_eight_trainings_at_once_get_eight_folders(nntrain, write_config):
    config = str(write_config())
    started = [nntrain.start("train", config, "fit.epochs=1", "--quiet") for _ in range(8)]
    assert [process.wait() for process in started if process.communicate()] == [0] * 8
    statuses = [one["status"] for one in nntrain.json("runs")["runs"]]
    assert statuses == ["complete"] * 8


def test_variables_that_would_shorten_a_run_of_keras_are_named_and_do_nothing(nntrain, write_config):
    done = nntrain("train", str(write_config()), KERAS_MAX_EPOCHS="1")
    assert "KERAS_MAX_EPOCHS is set, but nntrain ignores it" in done.stderr
    assert "epoch 2/2" in done.stderr


def test_sigterm_then_ctrl_c_ends_at_once_and_the_run_can_be_resumed(nntrain, write_config):
    process = nntrain.start("train", str(write_config()), "fit.epochs=100000", "fit.batch_size=1")
    while not process.stderr.readline().startswith("epoch 2/"):
        pass
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    _, words = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "To continue: `nntrain resume runs/tiny-1`" in words
    assert [one["status"] for one in nntrain.json("runs")["runs"]] == ["interrupted"]
    assert nntrain("resume", "epochs=3", "--quiet").returncode in (0, 2)
