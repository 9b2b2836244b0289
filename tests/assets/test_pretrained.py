"""The run that ships with nntrain."""

from __future__ import annotations

from nntrain.data.catalog import DATASETS
from nntrain.data.load import load_dataset
from nntrain.runs.folder import PRETRAINED_DIR, RunDir


def test_mnist_is_known_by_the_fingerprint_of_its_images():
    assert (
        load_dataset("mnist_5k", splits=("train",)).fingerprints["x_train"] == DATASETS["mnist_5k"].images_fingerprint
    )
    assert RunDir(PRETRAINED_DIR).read_info()["data"]["fingerprints"]["x_train"] == DATASETS["mnist"].images_fingerprint


def test_the_run_that_ships_is_complete_small_and_names_no_machine():
    run = RunDir(PRETRAINED_DIR)
    files = [path for path in PRETRAINED_DIR.iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 1_000_000
    assert {run.config_path, run.tflite_path, run.info_path, run.metrics_path, run.history_path} <= set(files)
    info = run.read_info()
    assert info["status"] == "complete"
    assert 0.3 < info["temperature"] < 3
    assert run.read_metrics()["test"]["accuracy"] > 0.995
    words = run.info_path.read_text() + run.metrics_path.read_text() + run.config_path.read_text()
    assert not any(path in words for path in ("/home", "/root", "/tmp", "/work", "C:\\"))
