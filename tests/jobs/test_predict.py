"""Recognizing pictures and test images from Python, with the network that ships."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from synthetic.paper import drawn
from synthetic.shapes import DIGITS

from nntrain.errors import DataError, RunError, UsageError
from nntrain.inference.pipeline import Recognition
from nntrain.inference.trained_model import open_trained_model
from nntrain.jobs import predict as module
from nntrain.jobs.predict import expand_folders, predict, predict_test_images
from nntrain.preprocessing.parallel import PictureFailure
from nntrain.runs.folder import PRETRAINED_DIR, RunDir


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Go to an empty folder, with the data set that ships beside it."""
    monkeypatch.setenv("NNTRAIN_DATA_DIR", str(tmp_path))
    (tmp_path / "pictures").mkdir()
    monkeypatch.chdir(tmp_path / "pictures")
    return tmp_path / "pictures"


@pytest.fixture
def pretrained():
    """Return the network that ships."""
    return open_trained_model(RunDir(PRETRAINED_DIR))


@pytest.fixture
def on_sample(pretrained):
    """Return the network that ships, as a run on the images that ship."""
    info = {**pretrained.info, "data": {**pretrained.info["data"], "name": "mnist_5k"}}
    return replace(pretrained, info=info)


@pytest.fixture
def own_run(folder):
    """Return a copy of the network that ships as the user's own run."""
    shutil.copytree(PRETRAINED_DIR, folder / "own-1")
    return open_trained_model(RunDir(folder / "own-1"))


def test_pictures_are_recognized_in_their_order_and_failures_reported(folder, pretrained):
    drawn(DIGITS["3"]).save("three.png")
    drawn(DIGITS["7"]).save("seven.png")
    (folder / "text.png").write_text("not a picture")
    first, second, third = predict(["three.png", "text.png", "seven.png"], pretrained)
    assert (first.name, first.reading.text, first.picture) == ("three.png", "3", None)
    assert isinstance(second, PictureFailure)
    assert second.error.startswith("text.png: ")
    assert (third.name, third.reading.text, third.truth) == ("seven.png", "7", None)


def test_the_pictures_of_the_first_digits_are_kept(folder, pretrained):
    drawn(DIGITS["3"]).save("three.png")
    results = list(predict(["three.png"] * 3, pretrained, keep_pictures=2))
    assert [result.picture is not None for result in results] == [True, True, False]


def test_a_metrics_file_of_a_newer_version_is_refused_before_the_answers(folder, own_run):
    own_run.run.metrics_path.write_text('{"schema": 2}')
    with pytest.raises(RunError, match=r"metrics\.json: has schema 2"):
        predict(["three.png"], own_run)
    with pytest.raises(RunError, match=r"metrics\.json: has schema 2"):
        predict_test_images(range(1), own_run)


def test_a_folder_is_replaced_by_its_pictures_by_name(folder):
    for name in ("b.png", "a.JPG", "notes.txt", "c.HEIC"):
        (folder / name).touch()
    (folder / "d.png").mkdir()
    assert expand_folders(["x.png", ".", "-"]) == ["x.png", "a.JPG", "b.png", "c.HEIC", "-"]


def test_a_folder_called_minus_is_not_looked_into(folder):
    (folder / "-").mkdir()
    assert expand_folders(["-"]) == ["-"]


def test_folders_without_pictures_or_access_are_failures(folder, monkeypatch):
    (folder / "empty").mkdir()
    (folder / "locked").mkdir()

    def iterdir(path):
        if path.name == "locked":
            raise PermissionError(13, "Permission denied")
        return map(path.joinpath, os.listdir(path))

    monkeypatch.setattr(Path, "iterdir", iterdir)
    suffixes = ".avif, .bmp, .gif, .heic, .heif, .jpeg, .jpg, .png, .tif, .tiff, .webp"
    assert expand_folders(["empty", "locked", "x" * 300]) == [
        PictureFailure("empty", f"empty: no pictures in this folder ({suffixes})"),
        PictureFailure("locked", "locked: the folder cannot be read (Permission denied)"),
        "x" * 300,
    ]


def test_a_network_of_other_images_gets_them_as_its_data_was_read(folder, on_sample):
    Image.fromarray(np.full((28, 28), 200, np.uint8)).save("grey.png")
    task_spec = replace(on_sample.task_spec, classes=tuple("abcdefghij"))
    (result,) = predict(["grey.png"], replace(on_sample, task_spec=task_spec), keep_pictures=1)
    assert result.picture.image.tolist() == np.full((28, 28), 200).tolist()


def test_test_images_are_recognized_with_their_truth(folder, on_sample):
    results = list(predict_test_images(range(2, 5), on_sample, keep_pictures=2))
    assert [result.name for result in results] == ["test image 2", "test image 3", "test image 4"]
    assert [result.reading.text for result in results] == [result.truth for result in results]
    assert [result.picture is not None for result in results] == [True, True, False]
    assert all(isinstance(result, Recognition) for result in results)


def test_the_truth_of_a_binary_task_is_yes_or_no(folder, on_sample, monkeypatch):
    (seven,) = predict_test_images(range(1), on_sample)
    task_spec = replace(on_sample.task_spec, task="binary", positive=(int(seven.truth),))
    requests = list(module._test_images(range(20), replace(on_sample, task_spec=task_spec)))
    labels = [result.truth for result in predict_test_images(range(20), on_sample)]
    assert [request.truth for request in requests] == ["yes" if label == seven.truth else "no" for label in labels]


def test_a_data_set_that_is_missing_is_not_downloaded(folder, pretrained, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(folder))
    monkeypatch.setattr("nntrain.data.load.fetch_dataset", lambda *arguments, **options: pytest.fail("a download"))
    with pytest.raises(DataError, match="MNIST not found"):
        list(predict_test_images(range(1), pretrained))


def test_test_images_that_are_not_there_are_named(folder, on_sample):
    assert len(list(predict_test_images(range(999, 1000), on_sample))) == 1
    with pytest.raises(UsageError, match="there is no test image 1000: they are numbered 0 to 999"):
        list(predict_test_images(range(998, 1001), on_sample))
    with pytest.raises(UsageError, match="there is no test image -1"):
        list(predict_test_images(range(-1, 3), on_sample))


class Wrong:
    """Answers the class after the right one, without confidence."""

    def __init__(self, classifier):
        self.classifier = classifier

    def predict(self, images):
        outputs = np.roll(self.classifier.predict(images), 1, axis=1)
        return (0.6 * outputs + 0.04).astype(np.float32)


@pytest.fixture
def own_run_is_wrong(monkeypatch):
    """Let every run but the network that ships answer wrongly."""
    classifier = module.TrainedModel.classifier

    def fake(model, *arguments):
        original = classifier(model, *arguments)
        return original if model.run.is_pretrained else Wrong(original)

    monkeypatch.setattr(module.TrainedModel, "classifier", fake)


def test_the_network_that_ships_gives_a_second_opinion(folder, own_run, own_run_is_wrong):
    drawn(DIGITS["3"]).save("three.png")
    (result,) = predict(["three.png"], own_run)
    assert (result.reading.text, result.second_opinion.text) == ("4", "3")


def test_there_is_no_second_opinion_for_test_images(folder, own_run, own_run_is_wrong):
    info = json.loads(own_run.run.info_path.read_text())
    info["data"]["name"] = "mnist_5k"
    (result,) = predict_test_images(range(1), replace(own_run, info=info))
    assert (result.reading.text == result.truth, result.second_opinion) == (False, None)


def test_only_a_classification_of_digits_by_another_run_gets_a_second_opinion(folder, own_run, pretrained, monkeypatch):
    assert module._second_opinion(own_run).model.run.is_pretrained
    assert module._second_opinion(pretrained) is None
    assert module._second_opinion(replace(own_run, task_spec=replace(own_run.task_spec, task="binary"))) is None
    letters = replace(own_run, task_spec=replace(own_run.task_spec, classes=tuple("abcdefghij")))
    assert module._second_opinion(letters) is None
    monkeypatch.setattr(module, "pretrained_run", lambda: None)
    assert module._second_opinion(own_run) is None
