"""Runs from Python."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

import nntrain
from nntrain.errors import RunError, UsageError


def test_a_run_has_what_its_files_hold(run, tmp_path):
    assert (run.name, run.status, run.path.resolve()) == ("tiny-1", "complete", tmp_path / "runs" / "tiny-1")
    assert run.metrics["test"] == {"images": 100, "loss": 0.25, "accuracy": 0.75}
    assert run.info["device"]["kind"] == "cpu"
    assert len(run.dataset().x_test) == 100


def test_the_history_is_arrays_by_column(run):
    history = run.history
    assert list(history)[:4] == ["epoch", "seconds", "learning_rate", "loss"]
    np.testing.assert_array_equal(history["loss"], [0.5, 0.25])
    assert repr(history).startswith("History(2 epochs, loss 0.5 to 0.25, val_loss 1 to 0.5; columns epoch, ")
    assert history._repr_html_().count("<tr>") == 3
    assert history == run.history
    assert history != {**history, "loss": history["loss"] + 1}


def test_a_run_without_epochs_has_an_empty_history(run):
    run.folder.history_path.unlink()
    assert (run.history, run.history.epochs) == ({}, 0)
    assert repr(run.history) == "History(0 epochs)"


@pytest.mark.parametrize("attribute", ["config", "history", "info", "metrics"])
def test_a_run_whose_folder_is_gone_says_so(run, attribute):
    shutil.rmtree(run.path)
    assert run.status == "damaged"
    with pytest.raises(RunError, match="missing"):
        getattr(run, attribute)


def test_a_run_is_loaded_by_name_path_or_as_the_latest(run, tmp_path):
    assert (
        nntrain.load_run() == nntrain.load_run("tiny-1") == nntrain.load_run(run.path) == nntrain.load_run(run) == run
    )
    assert nntrain.load_run("pretrained").name == "pretrained"
    with pytest.raises(UsageError, match="no run 'tiny-2' in runs; did you mean 'tiny-1'"):
        nntrain.load_run("tiny-2")
    with pytest.raises(UsageError, match=r"no complete run in .*none yet"):
        nntrain.load_run(runs_dir=tmp_path / "none")
    with pytest.raises(UsageError, match="no run 'xxx"):
        nntrain.load_run("x" * 5000)


def test_a_damaged_run_is_listed_but_not_loaded(run):
    run.folder.info_path.write_text("{")
    assert [(each.name, each.status) for each in nntrain.list_runs()] == [("tiny-1", "damaged")]
    with pytest.raises(RunError, match=r"run\.json"):
        nntrain.load_run("tiny-1")


def test_a_run_shows_its_score_and_in_a_notebook_its_curves(run):
    assert repr(run) == f"Run({run.path}: complete, 2 epochs, test accuracy 75.00 %, loss 0.25)"
    run.folder.training_plot.write_bytes(b"png")
    assert '<img alt="loss and metrics by epoch" src="data:image/png;base64,cG5n"' in run._repr_html_()


def test_runs_are_listed_oldest_first_as_lines_and_as_a_table(run, config):
    later = nntrain.train(config, {"fit.epochs": 3})
    runs = nntrain.list_runs()
    assert list(runs) == [run, later]
    assert repr(runs).splitlines() == [repr(run), repr(later)]
    assert '<td style="text-align: left">fit.epochs=3</td>' in runs._repr_html_()
    assert repr(nntrain.list_runs(run.path)) == "no runs"


IMAGES = nntrain.load_dataset("mnist_5k").x_test[:3]


def test_predict_returns_calibrated_probabilities_for_prepared_images():
    run = nntrain.load_run("pretrained")
    outputs = run.predict(IMAGES)
    assert (outputs.shape, outputs.dtype) == ((3, 10), np.float32)
    np.testing.assert_allclose(outputs.sum(axis=1), 1, atol=1e-6)
    assert [nntrain.predict(image, run=run).confidence for image in IMAGES] == pytest.approx(
        outputs.max(axis=1).tolist()
    )


def test_no_images_have_no_probabilities():
    assert nntrain.load_run("pretrained").predict(IMAGES[:0]).shape == (0, 10)


@pytest.mark.parametrize("images", [IMAGES[0], IMAGES[:1].astype(np.float64), IMAGES[:1].astype(np.int64)])
def test_whole_numbers_of_any_type_are_images(images):
    run = nntrain.load_run("pretrained")
    np.testing.assert_array_equal(run.predict(images), run.predict(IMAGES[:1]))


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (IMAGES / 255, "got float64 from 0 to 1; multiply by 255 and round"),
        (IMAGES + 0.5, "got float64 from 0.5 to 255.5"),
        (IMAGES.astype(np.int64) - 1, "got int64 from -1 to 254"),
        (np.full((28, 28), np.nan), "got float64 from nan to nan"),
        (np.zeros((3, 784), np.uint8), r"images have the shape \(1, 3, 784\), but the network takes \(n, 28, 28\)"),
        (np.zeros((32, 32), np.uint8), r"nntrain\.predict reads pictures of any size"),
    ],
)
def test_other_images_are_refused_with_what_was_found(images, message):
    with pytest.raises(UsageError, match=message):
        nntrain.load_run("pretrained").predict(images)
