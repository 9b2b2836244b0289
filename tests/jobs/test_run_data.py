"""The data of a run is found after the project was moved, if it is the same."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from nntrain.errors import DataError, UsageError
from nntrain.jobs.evaluate import evaluate
from nntrain.jobs.predict import predict_test_images
from nntrain.jobs.reproduce import reproduce
from nntrain.jobs.resume import resume
from nntrain.jobs.run_data import find_run_dataset
from nntrain.runs.folder import PRETRAINED_DIR, RunDir


@pytest.fixture
def project(workshop, recorder, tmp_path, tiny_data):
    """Return a project with data in data/ and a run in runs/ that was stopped after two epochs, before it is moved."""
    project = tmp_path / "project"
    (project / "data").mkdir(parents=True)
    shutil.copy(tiny_data, project / "data" / "own.npz")
    workshop.runs = project / "runs"
    recorder.stop_after = 2
    workshop.train(f"data.dataset={project}/data/own.npz", "epochs=5", listener=recorder.listener())
    return project


@pytest.fixture
def moved(project, tmp_path):
    """Return the project in another folder, two folders deeper."""
    place = tmp_path / "elsewhere" / "deep"
    place.mkdir(parents=True)
    return project.rename(place / "renamed")


def found(project, name):
    run = RunDir(project / "runs" / "tiny-1")
    return find_run_dataset(run, name, run.read_info())


def test_data_that_moved_along_is_found_beside_the_run(project, tmp_path):
    name = str(project / "data" / "own.npz")
    assert found(project, name) == name
    moved = project.rename(tmp_path / "renamed")
    assert found(moved, name) == str(moved / "data" / "own.npz")


def test_a_path_of_windows_is_found_too(moved):
    assert found(moved, "C:\\project\\data\\own.npz") == str(moved / "data" / "own.npz")


def test_names_and_data_with_other_fingerprints_are_not_looked_for(moved):
    assert found(moved, "mnist") == "mnist"
    assert found(moved, "/project/../data/own.npz") == "/project/../data/own.npz"
    with np.load(moved / "data" / "own.npz") as arrays:
        changed = {name: arrays[name] for name in arrays}
    changed["x_test"] = 255 - changed["x_test"]
    np.savez(moved / "data" / "own.npz", **changed)
    assert found(moved, "/project/data/own.npz") == "/project/data/own.npz"


def test_a_moved_run_is_resumed_and_then_knows_its_data(moved, recorder):
    recorder.stop_after = None
    trained = resume("tiny-1", runs_dir=moved / "runs", listener=recorder.listener())
    assert f"the data has moved along with the run, to {moved}/data/own.npz" in recorder.notes
    assert trained.result.epochs == 5
    assert trained.run.read_info()["data"]["name"] == str(moved / "data" / "own.npz")
    assert f"dataset: {moved}/data/own.npz" in trained.run.config_path.read_text()


def test_a_moved_run_is_reproduced(moved):
    assert reproduce("tiny-1", runs_dir=moved / "runs").compared == 2


def test_data_that_moved_elsewhere_is_named(moved, tmp_path):
    (moved / "data" / "own.npz").rename(tmp_path / "far.npz")
    for command in (resume, reproduce):
        with pytest.raises(
            DataError, match=r"own\.npz: no such file or folder\n  if it is elsewhere, name it: --data PATH"
        ):
            command("tiny-1", runs_dir=moved / "runs")
    assert reproduce("tiny-1", data=str(tmp_path / "far.npz"), runs_dir=moved / "runs").compared == 2
    assert resume("tiny-1", data=str(tmp_path / "far.npz"), runs_dir=moved / "runs").result.epochs == 5


def test_other_data_is_refused(moved):
    with pytest.raises(DataError, match="x_train is not what the run was trained on"):
        resume("tiny-1", data="mnist_5k", runs_dir=moved / "runs")


@pytest.fixture
def answering(tmp_path, tiny_data):
    """Return a run with a network whose data moved along with it."""
    from nntrain.data.load import load_dataset
    from nntrain.inference.trained_model import open_trained_model

    run = RunDir(tmp_path / "project" / "runs" / "own-1")
    shutil.copytree(PRETRAINED_DIR, run.path)
    shutil.copy(tiny_data, tmp_path / "project" / "own.npz")
    info = run.read_info()
    info["data"] = {"name": "/before/own.npz", "fingerprints": load_dataset(str(tiny_data)).fingerprints}
    run.write_info(info)
    return open_trained_model(run)


def test_test_images_are_found_for_evaluate_and_predict(answering, tmp_path, recorder):
    place = str(tmp_path / "project" / "own.npz")
    assert evaluate(str(answering.run.path), plots=False, listener=recorder.listener()).dataset == place
    assert recorder.notes == [f"the data has moved along with the run, to {place}"]
    assert len(list(predict_test_images(range(3), answering))) == 3


def test_predict_takes_test_images_of_other_data(answering):
    with pytest.raises(UsageError, match="there is no test image 999: they are numbered 0 to 99"):
        list(predict_test_images(range(999, 1000), answering))
    assert len(list(predict_test_images(range(999, 1000), answering, data="mnist_5k"))) == 1


def test_missing_test_images_are_an_error_with_what_the_command_offers(answering, tmp_path, monkeypatch):
    (tmp_path / "project" / "own.npz").unlink()
    with pytest.raises(DataError) as caught:
        evaluate(str(answering.run.path), plots=False)
    assert caught.value.lines == (
        "/before/own.npz: no such file or folder",
        "if it is elsewhere, name it: --data PATH",
    )
    with pytest.raises(DataError) as caught:
        evaluate(str(answering.run.path), data="gone.npz", plots=False)
    assert len(caught.value.lines) == 1
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("NNTRAIN_DATA_DIR", raising=False)
    with pytest.raises(DataError) as caught:
        evaluate("pretrained", plots=False)
    assert caught.value.lines[-1] == "or use the 5,000 images of MNIST that ship with nntrain: --data mnist_5k"
