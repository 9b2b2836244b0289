"""Scoring a trained run: the shipped network, and copies of it, without TensorFlow."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from nntrain.errors import DataError, NntrainError, UsageError
from nntrain.jobs.evaluate import evaluate
from nntrain.jobs.requirements import Requirements
from nntrain.runs.folder import PRETRAINED_DIR, RunDir


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run(tmp_path, tiny_data):
    """Return a run of the user's own: the shipped network, as if trained on the tiny data."""
    run = RunDir(Path(shutil.copytree(PRETRAINED_DIR, tmp_path / "runs" / "own-1")))
    info = run.read_info()
    info["data"]["name"] = str(tiny_data)
    run.write_info(info)
    return run


def test_every_test_image_is_scored(run, tiny_data):
    evaluation = evaluate("own-1", plots=False)
    assert evaluation.scores.images == 100
    assert evaluation.scores.metrics["accuracy"] > 0.95
    assert np.sum(evaluation.scores.confusion) == 100
    assert (evaluation.run.name, evaluation.dataset) == ("own-1", str(tiny_data))
    assert evaluation.temperature == run.read_info()["temperature"]
    assert evaluation.plots == ()


def test_the_latest_complete_run_is_the_default_and_else_the_shipped_one(run):
    assert evaluate(plots=False).run.name == "own-1"
    shutil.rmtree(run.path)
    assert evaluate(data="mnist_5k", plots=False).run.is_pretrained


def test_runs_are_looked_for_in_the_folder_that_is_named(run, tmp_path):
    run.path.parent.rename(tmp_path / "elsewhere")
    assert evaluate("own-1", runs_dir=tmp_path / "elsewhere", plots=False).run.path == tmp_path / "elsewhere" / "own-1"
    with pytest.raises(UsageError, match="no run 'own-1'"):
        evaluate("own-1", plots=False)


def test_confusion_and_worst_are_drawn_in_the_runs_folder(run):
    plots = evaluate("own-1").plots
    assert plots == (Path("runs/own-1/confusion.png"), Path("runs/own-1/worst.png"))
    assert all(path.stat().st_size > 1000 for path in plots)


def test_plots_of_other_data_carry_its_name(run):
    plots = evaluate("own-1", data="mnist_5k").plots
    assert [path.name for path in plots] == ["confusion-mnist_5k.png", "worst-mnist_5k.png"]


def test_plots_of_the_shipped_network_go_to_the_current_folder():
    plots = evaluate("pretrained", data="mnist_5k").plots
    assert plots == (Path("confusion-pretrained-mnist_5k.png"), Path("worst-pretrained-mnist_5k.png"))


def test_a_plot_that_cannot_be_written_names_the_way_out(run, monkeypatch):
    def fail(*_, **options):
        raise NntrainError("confusion.png: cannot be written")

    monkeypatch.setattr("nntrain.report.plots.draw_confusion", fail)
    with pytest.raises(
        NntrainError, match=r"^confusion\.png: cannot be written; use --no-plots to score without plots$"
    ):
        evaluate("own-1")


def test_titles_name_the_run_the_data_and_its_images(run, monkeypatch):
    titles = []
    monkeypatch.setattr("nntrain.report.plots.draw_confusion", lambda scores, path, title: titles.append(title))
    monkeypatch.setattr("nntrain.report.plots.draw_worst", lambda images, mistakes, path, title: titles.append(title))
    evaluate("own-1", data="mnist_5k")
    assert titles == ["own-1 on mnist_5k's 1,000 test images"] * 2


def test_a_requirement_of_an_unknown_metric_is_refused(run):
    with pytest.raises(UsageError, match="the test score has no f1"):
        evaluate("own-1", requirements=Requirements.parse(["f1>=0.5"]))


def test_data_with_more_classes_is_refused(run, tmp_path):
    images, labels = np.zeros((12, 28, 28), np.uint8), np.arange(12)
    np.savez(tmp_path / "twelve.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    with pytest.raises(DataError, match=r"twelve\.npz has 12 classes, but own-1 knows 10$"):
        evaluate("own-1", data="twelve.npz", plots=False)


def test_test_images_that_changed_are_reported(run, recorder):
    evaluate("own-1", plots=False, listener=recorder.listener())
    (message,) = recorder.notes
    assert message.startswith("the test images of ")
    assert message.endswith("tiny.npz have changed since own-1 was trained")


def test_unchanged_test_images_are_not_mentioned(run, recorder, tiny_data):
    from nntrain.data.load import load_dataset

    info = run.read_info()
    info["data"]["fingerprints"] = load_dataset(str(tiny_data)).fingerprints
    run.write_info(info)
    evaluate("own-1", plots=False, listener=recorder.listener())
    info["data"]["fingerprints"]["y_test"] = "0" * 32
    run.write_info(info)
    assert recorder.notes == []
    evaluate("own-1", data=str(tiny_data), plots=False, listener=recorder.listener())
    assert recorder.notes == []
    evaluate("own-1", plots=False, listener=recorder.listener())
    assert len(recorder.notes) == 1


def test_images_that_the_network_was_trained_on_are_reported(recorder):
    evaluate("pretrained", data="mnist_5k", plots=False, listener=recorder.listener())
    (message,) = recorder.notes
    assert message == "mnist_5k is part of mnist's training images: the network may have been trained on them"


def test_the_calibration_error_is_of_the_calibrated_confidence(run):
    calibrated = evaluate("own-1", data="mnist_5k", plots=False).calibration_error
    assert 0 < calibrated < 0.02
    run.write_info({**run.read_info(), "temperature": 5.0})
    assert evaluate("own-1", data="mnist_5k", plots=False).calibration_error > 0.05


def test_evaluating_never_downloads_a_data_set(run, monkeypatch, tmp_path):
    monkeypatch.delenv("NNTRAIN_DATA_DIR", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "empty"))
    monkeypatch.setattr("nntrain.data.load.fetch_dataset", lambda *_, **__: pytest.fail("downloads"))
    with pytest.raises(DataError, match="MNIST not found"):
        evaluate("own-1", data="mnist", plots=False)


def test_letters_that_no_font_has_are_named(run, monkeypatch, recorder):
    info = run.read_info()
    info["question"]["classes"][3] = "\U000f0000"  # of the private use area
    run.write_info(info)
    evaluate("own-1", listener=recorder.listener())
    assert any("no font on this computer has \U000f0000: plots show codes" in note for note in recorder.notes)
