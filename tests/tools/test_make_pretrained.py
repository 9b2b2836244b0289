"""A finished run becomes the one that ships."""

from __future__ import annotations

import json
import shutil

import pytest
from make_pretrained import copy_run

from nntrain.errors import RunError
from nntrain.inference.trained_model import open_trained_model
from nntrain.jobs.keras_fallback import load_keras_classifier
from nntrain.runs.folder import PRETRAINED_DIR, RunDir


@pytest.fixture
def finished(tmp_path):
    """Return a finished run on MNIST, and a function that changes its run.json."""
    run = RunDir(tmp_path / "run")
    shutil.copytree(PRETRAINED_DIR, run.path)

    def change_info(**values):
        run.info_path.write_text(json.dumps({**json.loads(run.info_path.read_text()), **values}))

    return run, change_info


def test_a_run_is_copied_without_details_of_its_machine(finished, tmp_path, capsys):
    run, change_info = finished
    data = {**run.read_info()["data"], "source": "/home/me/mnist.npz"}
    change_info(data=data, process=123, environment={"OMP_NUM_THREADS": "2"})
    (tmp_path / "ships").mkdir()
    (tmp_path / "ships" / "old.txt").write_text("of the previous run")
    copy_run(run, tmp_path / "ships")
    copied = open_trained_model(RunDir(tmp_path / "ships"))
    assert (copied.info["data"]["source"], copied.info["process"], copied.info["environment"]) == ("mnist.npz", 0, {})
    assert not (tmp_path / "ships" / "old.txt").exists()
    assert copied.run.read_metrics()["run"] == "pretrained"
    copied.classifier(load_keras_classifier)
    size = sum(path.stat().st_size for path in (tmp_path / "ships").iterdir())
    assert f"{size:,} bytes" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("values", "words"),
    [({"status": "interrupted"}, "status interrupted, data mnist"), ({"data": "fashion_mnist"}, "data fashion_mnist")],
)
def test_a_run_that_is_not_complete_or_on_other_data_is_refused(finished, tmp_path, values, words):
    run, change_info = finished
    if "data" in values:
        values = {"data": {**run.read_info()["data"], "name": values["data"]}}
    change_info(**values)
    with pytest.raises(RunError, match=words):
        copy_run(run, tmp_path / "ships")
    assert not (tmp_path / "ships").exists()


def test_a_network_that_is_too_large_to_ship_is_refused_and_a_picture_is_left_out(finished, tmp_path):
    run, _ = finished
    (run.path / "training.png").write_bytes(bytes(1_000_000))
    copy_run(run, tmp_path / "ships")
    assert not (tmp_path / "ships" / "training.png").exists()
    run.tflite_path.write_bytes(bytes(1_000_000))
    with pytest.raises(RunError, match="make the network smaller"):
        copy_run(run, tmp_path / "ships")
    assert (tmp_path / "ships" / "run.json").exists()
