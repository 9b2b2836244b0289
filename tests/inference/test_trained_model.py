"""A trained run, ready to answer."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from nntrain.errors import RunError
from nntrain.inference.litert import LiteRTClassifier
from nntrain.inference.trained_model import open_trained_model
from nntrain.runs.folder import PRETRAINED_DIR, RunDir
from nntrain.system.locks import acquire_lock
from nntrain.task import TaskSpec


@pytest.fixture
def run(tmp_path):
    """Return a copy of the run that ships."""
    run = RunDir(tmp_path / "run")
    shutil.copytree(PRETRAINED_DIR, run.path)
    return run


@pytest.fixture
def edit(run):
    """Return a function that changes entries of run.json; "data.name" is one inside of "data"."""

    def edit(**entries):
        info = json.loads(run.info_path.read_text())
        for name, value in entries.items():
            section, _, key = name.partition(".")
            target, key = (info[section], key) if key else (info, section)
            target[key] = value
        run.info_path.write_text(json.dumps(info))

    return edit


def never(run):
    pytest.fail("Keras was loaded")


def question(**entries):
    document = {
        "task": "classification",
        "loss": "categorical_crossentropy",
        "metrics": [{"accuracy": {}}],
        "classes": list("0123456789"),
        "positive": [],
    }
    return {**document, **entries}


def test_a_run_says_what_it_was_trained_to_do(run, edit):
    metrics = [{"accuracy": {}}, {"top_k_categorical_accuracy": {"k": 3}}]
    edit(question=question(metrics=metrics))
    assert open_trained_model(run).task_spec == TaskSpec(
        "classification",
        "categorical_crossentropy",
        (("accuracy", {}), ("top_k_categorical_accuracy", {"k": 3})),
        tuple("0123456789"),
    )


def test_a_binary_run_has_its_positive_labels(run, edit):
    edit(question=question(task="binary", loss="binary_crossentropy", positive=[3, 7]))
    assert open_trained_model(run).task_spec.positive == (3, 7)


def test_a_run_has_the_arguments_of_its_loss(run, edit):
    edit(question=question(task="regression", loss="huber", loss_arguments={"delta": 2.0}, metrics=[]))
    assert open_trained_model(run).task_spec.loss_arguments == {"delta": 2.0}


@pytest.mark.parametrize(
    "document",
    [
        None,
        {},
        question(task="ranking"),
        question(loss="hinge"),
        question(loss=["mse"]),
        question(metrics=[{"hinge": {}}]),
        question(loss_arguments={"delta": 2.0}),
        question(loss_arguments="delta"),
        question(loss="categorical_focal_crossentropy", loss_arguments={"alpha": [0.5, 0.5]}),
        question(metrics=[{"accuracy": {"k": 3}}]),
        question(metrics=[{"auc": {"num_thresholds": 10**12}}]),
        question(metrics=[{"auc": {"curve": "PRGAIN"}}]),
        question(metrics=[{"f1_score": {"average": None}}]),
        question(metrics=["accuracy"]),
        question(metrics=[{"top_k_categorical_accuracy": {"k": "three"}}]),
        question(classes=[]),
        question(classes=5),
        question(classes=list(map(str, range(1001)))),
        question(classes=["0", "1" * 256]),
        question(metrics=[{"accuracy": {}}] * 101),
        question(task="binary", positive=[10]),
        question(task="binary", positive=["x"]),
    ],
)
def test_a_damaged_question_is_an_error(run, edit, document):
    edit(question=document)
    with pytest.raises(RunError) as caught:
        open_trained_model(run)
    assert str(caught.value) == f"{run.info_path}: damaged: it does not state the network's task"


def test_a_run_without_data_is_damaged(run, edit):
    edit(data=None)
    with pytest.raises(RunError) as caught:
        open_trained_model(run)
    assert str(caught.value) == f"{run.info_path}: damaged: it does not state the network's training data"


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        ("interrupted", "to train it to its end: `nntrain resume {run}`"),
        ("running", "to train it to its end: `nntrain resume {run}`"),
        ("failed", "to train it to its end: `nntrain resume {run}`"),
        ("diverged", "train it again, or choose another run"),
    ],
)
def test_a_run_without_a_network_is_an_error(run, edit, status, advice):
    edit(status=status)
    run.tflite_path.unlink()
    run.model_path.unlink(missing_ok=True)
    with pytest.raises(RunError) as caught:
        open_trained_model(run)
    shown = "interrupted" if status == "running" else status
    assert str(caught.value) == f"{run.path}: has no network (status {shown}); {advice.format(run=run.path)}"


def test_a_run_that_is_being_trained_is_waited_for(run, edit):
    edit(status="running")
    run.tflite_path.unlink()
    run.model_path.unlink(missing_ok=True)
    with acquire_lock(run.lock_path), pytest.raises(RunError, match="wait until it is trained, or choose another run"):
        open_trained_model(run)


@pytest.mark.parametrize("name", ["model.tflite", "model.keras"])
def test_one_of_the_two_files_is_enough(run, name):
    run.tflite_path.unlink()
    (run.path / name).touch()
    assert open_trained_model(run).run == run


def test_a_run_knows_its_data_set(run, edit):
    edit(**{"data.name": "/home/me/own.npz"})
    assert open_trained_model(run).dataset == "/home/me/own.npz"


MNIST_IMAGES = "6510e85a72c3e9475c492d559d3770d2"
IMAGES_OF_MNIST_5K = "e4a629466b5f4c1b40c50c6433650dc0"


@pytest.mark.parametrize(
    ("name", "fingerprints", "reads_digits"),
    [
        ("mnist", {}, True),
        ("mnist_5k", {}, True),
        ("/home/me/own.npz", {"x_train": MNIST_IMAGES}, True),
        ("/home/me/own.npz", {"x_train": IMAGES_OF_MNIST_5K}, True),
        ("/home/me/own.npz", {"x_train": "0" * 32}, False),
        ("/home/me/own.npz", {}, False),
        ("qmnist", {}, True),
        ("fashion_mnist", {}, False),
        ("kmnist", {}, False),
    ],
)
def test_digits_are_read_by_runs_on_mnist_by_its_name_or_its_images(run, edit, name, fingerprints, reads_digits):
    edit(**{"data.name": name, "data.fingerprints": fingerprints})
    assert open_trained_model(run).reads_digits == reads_digits


def test_a_run_on_mnists_images_with_other_classes_reads_no_digits(run, edit):
    edit(question=question(classes=["even", "odd"]))
    assert not open_trained_model(run).reads_digits


@pytest.mark.parametrize(
    ("value", "temperature"),
    [(1.5, 1.5), (2, 2.0), (999.9, 999.9), (0, None), (-1.0, None), (1000, None), ("1.5", None), (None, None)],
)
def test_a_temperature_is_a_number_above_0_and_below_1000(run, edit, value, temperature):
    edit(temperature=value)
    assert open_trained_model(run).temperature == temperature


def test_outputs_are_calibrated_by_the_temperature(run, edit):
    edit(temperature=2.0, question=question(task="binary", loss="binary_crossentropy", positive=[7]))
    outputs = open_trained_model(run).calibrate(np.array([[0.9]], np.float32))
    np.testing.assert_allclose(outputs, [[0.75]], atol=1e-6)


def test_test_metrics_are_those_that_training_ended_with(run):
    document = json.loads(run.metrics_path.read_text())
    run.metrics_path.write_text(json.dumps({**document, "test": {"images": 5, "loss": 0.25, "accuracy": 0.75}}))
    assert open_trained_model(run).test_metrics() == {"loss": 0.25, "accuracy": 0.75}


def test_a_run_that_was_not_tested_has_no_test_metrics(run):
    document = json.loads(run.metrics_path.read_text())
    run.metrics_path.write_text(json.dumps({**document, "test": None}))
    assert open_trained_model(run).test_metrics() is None
    run.metrics_path.unlink()
    assert open_trained_model(run).test_metrics() is None


def test_a_run_with_a_tflite_file_answers_without_keras(run):
    classifier = open_trained_model(run).classifier(never)
    assert isinstance(classifier, LiteRTClassifier)
    assert classifier.predict(np.zeros((1, 28, 28), np.uint8)).shape == (1, 10)


def test_a_run_without_a_tflite_file_answers_with_keras(run, edit):
    run.tflite_path.unlink()
    run.model_path.touch()
    edit(**{"fingerprints.weights": "0" * 32})
    assert open_trained_model(run).classifier(lambda run: ("Keras", run)) == ("Keras", run)


def error_of(run, load_keras=never):
    with pytest.raises(RunError) as caught:
        open_trained_model(run).classifier(load_keras)
    return str(caught.value)


def test_a_tflite_file_that_training_did_not_write_is_refused(run):
    with run.tflite_path.open("ab") as file:
        file.write(b"more")
    assert error_of(run) == (
        f"{run.tflite_path}: not the file that training wrote (its fingerprint is different); "
        "delete it to answer with model.keras"
    )


def test_a_tflite_file_that_cannot_be_read_is_an_error(run):
    run.tflite_path.unlink()
    run.tflite_path.mkdir()
    assert error_of(run) == f"{run.tflite_path}: cannot be read: Is a directory"


def test_a_tflite_file_that_is_too_large_is_an_error(run, monkeypatch):
    monkeypatch.setattr("nntrain.inference.trained_model.MAX_MODEL_BYTES", 1000)
    assert error_of(run) == f"{run.tflite_path}: cannot be read: larger than 1,000 bytes"


def test_a_run_that_was_stopped_while_it_was_saved_is_to_be_resumed(run, edit):
    edit(status="interrupted", **{"fingerprints.model.tflite": None})
    run.tflite_path.write_bytes(b"half")
    words = f"{run.path} was stopped while it was saved; `nntrain resume {run.path}`"
    assert error_of(run) == words
    run.tflite_path.unlink()
    run.model_path.touch()
    edit(**{"fingerprints.weights": None})
    assert error_of(run) == words


def test_a_run_without_a_fingerprint_of_its_weights_is_left_to_keras_unless_it_was_interrupted(run, edit):
    run.tflite_path.unlink()
    run.model_path.touch()
    edit(**{"fingerprints.weights": None})
    assert open_trained_model(run).classifier(lambda run: "Keras") == "Keras"
