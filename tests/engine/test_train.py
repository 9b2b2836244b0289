"""The story of a training: what it reports, and what it leaves in the run folder."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace

import numpy as np
import pytest

from nntrain.config.dump import dump_config
from nntrain.inference.litert import LiteRTClassifier
from nntrain.results import Scores
from nntrain.runs.checkpoint import read_checkpoint
from nntrain.runs.folder import RunDir
from nntrain.runs.history import read_history
from nntrain.runs.json_files import to_json
from nntrain.runs.metadata import initial_info
from nntrain.runs.store import create_run
from nntrain.training.listener import TrainingListener

DENSE = """
model:
  - dense: {units: 8, activation: relu}
  - dense: {units: 10, activation: softmax}
optimizer: {adam: {learning_rate: 0.01}}
loss: categorical_crossentropy
fit: {epochs: 2, batch_size: 50, validation_split: 0.2}
"""

pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="session")
def train_run(load_text, tiny, tmp_path_factory):
    """Return a function that trains a config in a run folder, a new one or a resumed one; returns it and the result.

    Without the conversion to model.tflite, which takes seconds, unless it is asked for.
    """
    from nntrain.engine.train import train

    def run(*overrides, text=DENSE, resumed=None, folder=None, tflite=False, **listener):
        config = load_text(*overrides, text=text)
        if folder is None:
            info = to_json(initial_info("tiny", shipped=False, differs={}, parameters=0))
            folder = create_run(
                tmp_path_factory.mktemp("runs"), "tiny", {"config.yaml": dump_config(config), "run.json": info}
            )
        with pytest.MonkeyPatch.context() as patch:
            if not tflite:
                patch.setattr("nntrain.engine.train.save_tflite", lambda *_: "left out by the test")
            return folder, train(config, tiny, folder, TrainingListener(**listener), resumed)

    return run


@pytest.fixture(scope="session")
def one_epoch(train_run):
    """Return the folder and the result of a run of one epoch."""
    return train_run("fit.epochs=1")


@pytest.fixture
def stopped(one_epoch, tmp_path):
    """Return a copy of that run, and its state, as arguments for `train_run`."""
    run = RunDir(shutil.copytree(one_epoch[0].path, tmp_path / "tiny-1"))
    return {"folder": run, "resumed": read_checkpoint(run.checkpoint_dir)[0]}


@pytest.fixture
def stopped_early(stopped):
    """Return the same for a run that early stopping has ended: nothing is trained, all is saved."""
    return {**stopped, "resumed": replace(stopped["resumed"], stopped_early=True)}


def test_a_training_completes_the_run_folder(train_run, tiny):
    reported = []
    run, result = train_run(tflite=True, on_device=reported.append, on_saving=lambda: reported.append("saving"))
    assert (result.status, result.epochs, result.problem, result.notes) == ("complete", 2, None, ())
    assert reported == [f"{run.read_info()['device']['name']}, not compiled: too short to pay off", "saving"]
    info, metrics = run.read_info(), run.read_metrics()
    assert (info["status"], metrics["status"], metrics["epochs"]) == ("complete", "complete", 2)
    assert metrics["test"] == {"images": 100, **result.test.metrics}
    assert [row["epoch"] for row in read_history(run.history_path)] == [1, 2]
    assert read_checkpoint(run.checkpoint_dir)[0].epoch == 2
    outputs = LiteRTClassifier(run.tflite_path).predict(tiny.x_test)
    assert np.mean(outputs.argmax(axis=1) == tiny.y_test) == pytest.approx(result.test.metrics["accuracy"])
    assert info["temperature"] > 0
    assert len(info["fingerprints"]["weights"]) == 32


def test_without_model_tflite_the_network_is_scored_by_keras_and_the_user_is_told(one_epoch):
    run, result = one_epoch
    assert result.notes == ("model.tflite was not saved, so predictions need TensorFlow: left out by the test",)
    assert result.test.images == 100
    assert not run.tflite_path.exists()


def test_a_model_tflite_of_the_training_before_a_resume_is_removed(train_run, stopped_early):
    stopped_early["folder"].tflite_path.write_bytes(b"of the first epoch")
    run, _ = train_run(**stopped_early)
    assert not run.tflite_path.exists()


def test_a_resume_continues_after_the_last_epoch(train_run, stopped):
    epochs = []
    _, result = train_run(**stopped, on_epoch=lambda epoch: epochs.append(epoch.epoch))
    assert (result.status, result.epochs, epochs) == ("complete", 2, [2])


def test_seconds_include_those_before_a_resume(train_run, stopped_early):
    state = replace(stopped_early["resumed"], seconds=1000.0)
    run, _ = train_run(**{**stopped_early, "resumed": state})
    assert 1000 < run.read_metrics()["seconds"] < 1100


def test_a_run_that_early_stopping_ended_trains_no_further_epoch(train_run, stopped_early, one_epoch):
    _, result = train_run(**stopped_early)
    assert result.epochs == 1
    assert result.test == one_epoch[1].test


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_network_whose_test_loss_is_not_finite_has_diverged(train_run, stopped_early, monkeypatch, value):
    monkeypatch.setattr("nntrain.engine.train.score", lambda *_: Scores(100, {"loss": value}))
    run, result = train_run(**stopped_early)
    assert (result.status, result.test) == ("diverged", None)
    assert result.problem == "the loss on the test images is NaN or infinite"
    assert run.read_info()["status"] == "diverged"


DIVERGING = "task: regression\nmodel: [dense: 1]\noptimizer: {sgd: {learning_rate: 1e20}}\nloss: mse\n"


def test_a_loss_that_is_not_finite_stops_training_without_a_network(train_run):
    run, result = train_run(text=DIVERGING)
    assert (result.status, result.epochs, result.test) == ("diverged", 0, None)
    assert result.problem == "the loss became NaN or infinite in epoch 1; no epoch was finished, so no weights are kept"
    assert not run.model_path.exists()


def test_the_weights_before_a_divergence_are_kept(train_run):
    stable = DIVERGING.replace("1e20", "1e-30")
    run, _ = train_run("fit.epochs=1", text=stable)
    state = with_learning_rate(read_checkpoint(run.checkpoint_dir)[0], 1e20)
    _, result = train_run("fit.epochs=2", text=stable, resumed=state, folder=run)
    assert (result.status, result.epochs) == ("diverged", 1)
    assert result.problem == "the loss became NaN or infinite in epoch 2; the weights of epoch 1 are kept"
    assert math.isfinite(result.test.metrics["loss"])


def with_learning_rate(state, rate):
    """Return a state whose optimizer, SGD, has another learning rate."""
    arrays = dict(state.arrays)
    arrays["optimizer-0001"] = np.array(rate, np.float32)
    return replace(state, arrays=arrays)


def test_an_interrupted_epoch_is_discarded_and_the_network_saved(train_run, one_epoch):
    progress = []
    _, result = train_run(
        on_progress=lambda epoch, fraction, logs: progress.append(epoch - 1 + fraction),
        should_stop=lambda: progress[-1] > 1,
    )
    assert (result.status, result.epochs, result.problem) == ("interrupted", 1, None)
    assert result.test == one_epoch[1].test


def test_a_training_without_a_finished_epoch_saves_no_network(train_run):
    run, result = train_run(should_stop=lambda: True)
    assert (result.status, result.epochs, result.test) == ("interrupted", 0, None)
    assert not run.model_path.exists()


def test_a_resumed_run_is_marked_as_running(train_run, stopped_early):
    run = stopped_early["folder"]
    statuses = [run.read_info()["status"]]
    train_run(**stopped_early, on_device=lambda _: statuses.append(run.read_info()["status"]))
    assert statuses == ["complete", "running"]


def test_the_metrics_and_a_note_tell_of_the_epoch_that_is_restored_after_the_last(train_run):
    notes, first_is_best = [], "early_stopping={monitor: loss, min_delta: 100, patience: 9, restore_best_weights: true}"
    run, result = train_run(first_is_best, "fit.epochs=3", on_note=notes.append)
    first, document = read_history(run.history_path)[0], run.read_metrics()
    assert (result.status, result.epochs, result.kept_epoch, document["kept_epoch"]) == ("complete", 3, 1, 1)
    assert document["training"] == {"accuracy": first["accuracy"], "loss": first["loss"]}
    assert document["validation"] == {"accuracy": first["val_accuracy"], "loss": first["val_loss"]}
    assert notes == ["loss was best in epoch 1; the weights of epoch 1 are restored"]


def test_a_run_json_that_is_deleted_during_training_is_written_again(train_run, stopped_early):
    run = stopped_early["folder"]
    _, result = train_run(**stopped_early, on_device=lambda _: run.info_path.unlink())
    assert result.notes[0] == f"{run.info_path} was deleted during training; it was written again"
    assert run.read_info()["status"] == "complete"


def test_the_resolved_config_is_written_into_the_run_folder(one_epoch):
    assert "jit_compile: false" in one_epoch[0].config_path.read_text()


def test_a_schedule_sets_the_rate_that_training_uses(train):
    training = train("lr_schedule={exponential_decay: {rate: 0.5}}", "fit.epochs=3")
    assert [epoch.learning_rate for epoch in training.history] == pytest.approx([0.01, 0.005, 0.0025])


def test_early_stopping_restores_the_weights_of_the_best_epoch(train):
    stopping = "early_stopping={monitor: loss, patience: 1, min_delta: 100, restore_best_weights: true}"
    training = train(stopping, "fit.epochs=9")
    assert len(training.history) == 2
    assert training.notes[0].startswith("stopped early: loss was best in epoch 1 (")
    assert np.array_equal(training.weights[0], train("fit.epochs=1").weights[0])


FROZEN = ("optimizer={sgd: {learning_rate: 1.0e-30}}", "fit.epochs=1")


def test_augmentation_changes_training_and_not_validation(train):
    everything = "{rotation: 20, translation: 3, zoom: 0.2, shear: 0.2, stroke: 1, elastic: {alpha: 8, sigma: 4}}"
    augmented, plain = train(f"augmentation={everything}", *FROZEN), train(*FROZEN)
    assert augmented.last("loss") != pytest.approx(plain.last("loss"), rel=1e-3)
    assert augmented.last("val_loss") == plain.last("val_loss")


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_computes_in_halves_and_keeps_float32_weights(train, monkeypatch, policy):
    monkeypatch.setattr("nntrain.engine.setup.check_precision", lambda *_, **__: None)
    training = train(f"runtime.dtype_policy={policy}")
    computed_in = [layer.compute_dtype for layer in training.network.layers]
    assert computed_in == [policy.removeprefix("mixed_")] * 3 + ["float32"]
    assert training.weights[0].dtype == "float32"
    assert training.last("loss") < training.first("loss")


def test_the_same_seed_trains_the_same_network(train, train_anew):
    first, repeated, other = train("fit.epochs=1"), train_anew("fit.epochs=1"), train("fit.epochs=1", "seed=2")
    assert np.array_equal(first.weights[0], repeated.weights[0])
    assert not np.array_equal(first.weights[0], other.weights[0])


def test_a_batch_size_is_the_number_of_images_per_step(train):
    training = train("fit.batch_size=64", "fit.validation_split=0.5", "fit.epochs=1")
    assert int(training.network.optimizer.iterations) == 2  # 125 images: 64 and 61


def test_the_temperature_is_fitted_on_the_validation_images(train_run, stopped_early, monkeypatch, tiny):
    fitted_on = []
    monkeypatch.setattr("nntrain.engine.train.MAX_IMAGES", 20)
    monkeypatch.setattr(
        "nntrain.engine.train.fit_temperature", lambda outputs, labels, task_spec: fitted_on.extend(labels) or 1.5
    )
    run, _ = train_run(**stopped_early)
    assert fitted_on == list(tiny.y_train[200:250:3])  # 50 images, at most 20 of them, evenly
    assert run.read_info()["temperature"] == 1.5


def test_without_validation_images_there_is_no_temperature(train_run, stopped_early):
    run, _ = train_run("fit.validation_split=0", **stopped_early)
    assert run.read_info()["temperature"] is None


def test_after_a_training_its_chunks_are_closed_so_that_many_can_follow(train_run, stopped_early, monkeypatch):
    from nntrain.engine.inputs import BatchChunks

    closed = []
    monkeypatch.setattr(BatchChunks, "close", lambda chunks: closed.append(len(chunks.subset)))
    train_run(**stopped_early)
    assert sorted(closed) == [50, 200]  # validation and training images
