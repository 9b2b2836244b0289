"""What does not fit, was tampered with, or finds no room: one error, and what was there before is whole."""

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
    """Return the program in a copy of the trained folder, and the run to damage."""
    shutil.copytree(trained.folder / "runs", tmp_path / "runs")
    return type(trained)(tmp_path), tmp_path / "runs" / "tiny-1"


@pytest.fixture
def keras_only(copied):
    """Return the same, without the file that answers need no TensorFlow for."""
    nntrain, run = copied
    (run / "model.tflite").unlink()
    return nntrain, run


def check_refused(done, words, code=3):
    """Check that a command ended with one error."""
    assert words in done.stderr
    assert (done.returncode, done.stdout) == (code, "")
    assert len(done.stderr.splitlines()) == 1


def test_a_keras_file_that_unpacks_to_more_than_the_network_is_refused(keras_only):
    nntrain, run = keras_only
    with zipfile.ZipFile(run / "model.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.weights.h5", bytes(50_000_000))
    check_refused(nntrain("predict", "--test", "0"), "model.weights.h5 would unpack to 50,000,000 bytes, more than")


def test_a_keras_file_with_a_name_that_leads_out_is_refused(keras_only):
    nntrain, run = keras_only
    with zipfile.ZipFile(run / "model.keras", "a") as archive:
        archive.writestr("../../evil.txt", "x")
    check_refused(nntrain("predict", "--test", "0"), "'../../evil.txt' points outside of the archive")


def test_a_keras_file_with_other_weights_is_refused(keras_only):
    nntrain, run = keras_only
    info = json.loads((run / "run.json").read_text())
    info["fingerprints"]["weights"] = "0" * 32
    (run / "run.json").write_text(json.dumps(info))
    check_refused(nntrain("predict", "--test", "0"), "model.keras: these are not the weights of the finished training")


def test_code_in_a_keras_file_does_not_run(keras_only):
    nntrain, run = keras_only
    before = zipfile.ZipFile(run / "model.keras")
    files = {name: before.read(name) for name in before.namelist()}
    described = json.loads(files["config.json"])
    code = {"class_name": "Lambda", "config": {"function": "open('ran', 'w')"}, "module": "keras.layers"}
    described["config"]["layers"] = [code, {**code, "class_name": "open", "module": "builtins"}]
    with zipfile.ZipFile(run / "model.keras", "w") as archive:
        for name, content in {**files, "config.json": json.dumps(described)}.items():
            archive.writestr(name, content)
    done = nntrain("predict", "--test", "0", "--quiet")
    assert done.returncode == 0, done.stderr
    assert list(nntrain.folder.rglob("ran")) == []


def test_a_run_with_a_link_for_a_file_is_refused(copied):
    nntrain, run = copied
    (run / "model.tflite").rename(run / "elsewhere")
    (run / "model.tflite").symlink_to(run / "elsewhere")
    check_refused(nntrain("predict", "--test", "0", "--run", "tiny-1"), "model.tflite: is a link")


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


def test_a_full_disk_names_the_file_and_the_run_continues_once_there_is_room(trained, copied, small_disk):
    nntrain, _ = copied
    config = str(trained.folder / "sevens.yaml")
    there = ("--runs-dir", str(small_disk), "--quiet")
    done = nntrain("train", config, *there)
    check_refused(done, f"Error: {small_disk}/sevens-1/", code=1)
    assert "cannot be written: No space left on device. In " in done.stderr
    assert "To continue: `nntrain resume" in done.stderr
    assert mounted(small_disk, "size=20m", remount=True)
    assert nntrain("resume", *there).returncode == 0
    assert weights(small_disk / "sevens-1") == weights(trained.folder / "runs" / "sevens-1")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_file_that_cannot_grow_is_one_error_that_tells_what_is_saved(nntrain, write_config):
    command = nntrain.command("train", str(write_config(also="runtime: {jit_compile: false}")), "--quiet")
    limited = ["sh", "-c", 'ulimit -f 40; exec "$@"', "sh", *command]  # 20 or 40 kB: too little for a checkpoint
    done = subprocess.run(limited, cwd=nntrain.folder, env=nntrain.environment(), capture_output=True, text=True)
    assert "Error: runs/tiny-1/checkpoint/epoch-" in done.stderr
    assert "cannot be written: File too large. In runs/tiny-1, " in done.stderr
    assert "To continue: `nntrain resume runs/tiny-1`" in done.stderr
    assert done.returncode == 1


def test_a_folder_that_can_only_be_read_is_one_error_and_its_runs_still_answer(copied, small_disk):
    nntrain, run = copied
    assert mounted(small_disk, "size=20m", remount=True)
    shutil.copytree(run, small_disk / "tiny-1")
    assert mounted(small_disk, "ro", remount=True)
    there = ("--runs-dir", str(small_disk))
    check_refused(nntrain("train", "quickstart", *there), "Read-only file system; choose another folder", code=1)
    check_refused(nntrain("resume", "tiny-1", "epochs=4", *there), ".lock: cannot be locked: Read-only", code=1)
    check_refused(
        nntrain("evaluate", "tiny-1", *there), "Read-only file system; use --no-plots to score without plots", code=1
    )
    assert nntrain("evaluate", "tiny-1", "--no-plots", *there).returncode == 0
    assert nntrain("runs", *there).returncode == 0


def test_a_folder_that_vanishes_under_the_run_is_one_error(nntrain, write_config):
    process = nntrain.start("train", str(write_config()), "fit.epochs=100000")
    while not process.stderr.readline().startswith("epoch 3/"):
        pass
    (nntrain.folder / "runs" / "tiny-1").rename(nntrain.folder / "elsewhere")  # at once, unlike deleting its files
    _, err = process.communicate(timeout=600)
    assert "Error: runs/tiny-1/" in err
    assert "The run's folder is gone, and the trained network with it" in err
    assert "Traceback" not in err
    assert process.returncode == 1


def test_variables_that_would_shorten_a_run_of_keras_are_named_and_ignored(nntrain, write_config):
    done = nntrain.fresh("train", str(write_config()), KERAS_MAX_EPOCHS="1")
    assert "KERAS_MAX_EPOCHS is set, but nntrain ignores it" in done.stderr
    assert "epoch 2/2" in done.stderr


def test_sigterm_then_ctrl_c_ends_at_once_and_the_run_can_be_resumed(nntrain, write_config):
    process = nntrain.start("train", str(write_config()), "fit.epochs=100000", "fit.batch_size=1")
    while not process.stderr.readline().startswith("epoch 2/"):
        pass
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=600)
    assert "To continue: `nntrain resume runs/tiny-1`" in err
    assert process.returncode in (130, 143)  # the system may deliver both in any order
    run = nntrain.folder / "runs" / "tiny-1"
    assert [run["status"] for run in nntrain.json("runs")["runs"]] == ["interrupted"]
    epochs = len((run / "history.csv").read_text().splitlines())  # and the header: one more than are finished
    done = nntrain("resume", f"epochs={epochs}", "--quiet")
    assert done.returncode == 0, done.stderr
    assert nntrain.json("runs")["runs"][0]["epochs"] == epochs


def test_a_network_that_does_not_answer_is_given_up():
    code = """
import time
from nntrain.system.signals import time_limit
with time_limit(0.2, "model.tflite: no answer"):
    time.sleep(30)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20)
    assert done.stderr == "Error: model.tflite: no answer\n"
    assert done.returncode == 3
