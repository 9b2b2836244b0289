"""`nntrain evaluate` on the shipped network and on finished runs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from synthetic.paper import encoded

from nntrain.inference.litert import LiteRTClassifier
from nntrain.inference.trained_model import open_trained_model
from nntrain.jobs.keras_fallback import load_keras_classifier
from nntrain.runs.folder import RunDir

EVALUATE = ("evaluate", "pretrained", "--data", "mnist_5k")


def test_the_confusion_the_classes_the_confidence_and_the_score_are_shown(in_process):
    lines = in_process(*EVALUATE, "--no-plots").stdout.splitlines()
    assert lines[0].split() == ["true", "\\", "answer", *"0123456789"]
    assert lines[12].split() == ["class", "precision", "recall", "f1", "images"]
    assert lines[-2].startswith("confidence is off by 0.")
    assert lines[-2].endswith(" % on average (calibrated; expected calibration error over 15 bins)")
    assert lines[-1].startswith("pretrained: accuracy ")
    assert lines[-1].endswith(" (1,000 images)")


def test_quietly_one_line_is_left(in_process):
    done = in_process(*EVALUATE, "--quiet")
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""


def test_images_that_the_network_may_know_are_mentioned(in_process):
    assert in_process(*EVALUATE, "--no-plots").stderr.startswith("mnist_5k is part of mnist's training images")


def test_plots_are_named_and_the_next_command_too(in_process):
    *_, drawn, following = in_process(*EVALUATE).stderr.splitlines()
    assert drawn == "drawn: confusion-pretrained-mnist_5k.png, worst-pretrained-mnist_5k.png"
    assert following.endswith(" predict --test 0-4 --run pretrained`")


def test_json_is_one_document_in_its_order(in_process):
    done = in_process(*EVALUATE, "--json", "--no-plots")
    document = json.loads(done.stdout)
    assert list(document) == [
        "schema",
        "run",
        "dataset",
        "images",
        "loss",
        "accuracy",
        "calibration",
        "classes",
        "confusion",
    ]
    assert (document["run"], document["dataset"], document["images"]) == ("pretrained", "mnist_5k", 1000)
    assert list(document["calibration"]) == ["error", "bins", "temperature"]
    assert document["calibration"]["bins"] == 15
    assert list(document["classes"][3]) == ["label", "precision", "recall", "f1", "support"]
    assert (document["classes"][3]["label"], document["classes"][3]["support"]) == ("3", 100)
    assert sum(map(sum, document["confusion"])) == 1000
    assert done.stderr.startswith("mnist_5k is part of mnist's training images")


def test_a_requirement_that_is_missed_exits_with_6_after_the_result(in_process):
    done = in_process(*EVALUATE, "--no-plots", "--quiet", "--require", "accuracy>=100%")
    assert done.exit_code == 6
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr.endswith("is below the required 1\n")
    assert in_process(*EVALUATE, "--no-plots", "--quiet", "--require", "accuracy>=90%").exit_code == 0


def test_the_calibration_error_on_mnists_test_images_is_below_one_percent(in_process, full_mnist, monkeypatch):
    monkeypatch.setenv("NNTRAIN_DATA_DIR", str(full_mnist))
    document = json.loads(in_process("evaluate", "pretrained", "--no-plots", "--json").stdout)
    assert document["images"] == 10_000
    assert document["calibration"]["error"] < 0.01


# --- finished runs ----------------------------------------------------------------------------------------------------


@pytest.fixture
def copied(trained, tmp_path):
    """Return the program in a copy of the trained folder, to change."""
    shutil.copytree(trained.folder / "runs", tmp_path / "runs")
    return type(trained)(tmp_path)


@pytest.fixture(scope="session")
def digits(tiny_data):
    """Return ten test images with their labels."""
    with np.load(tiny_data) as data:
        return data["x_test"][:10], data["y_test"][:10]


@pytest.mark.tensorflow
def test_evaluate_repeats_the_score_of_training_from_the_saved_files(trained):
    document = trained.json("evaluate", "--no-plots")
    test = json.loads((trained.folder / "runs" / "tiny-1" / "metrics.json").read_text())["test"]
    assert (document["run"], document["images"]) == ("runs/tiny-1", 100)
    assert {name: document[name] for name in test} == test


@pytest.mark.tensorflow
def test_evaluates_json_counts_every_image_in_classes_and_confusion(trained):
    document = trained.json("evaluate", "--no-plots")
    assert [row["label"] for row in document["classes"]] == list("0123456789")
    assert set(document["classes"][0]) == {"label", "precision", "recall", "f1", "support"}
    assert np.sum(document["confusion"]) == 100
    assert np.trace(document["confusion"]) == round(100 * document["accuracy"])


@pytest.mark.tensorflow
def test_the_loss_is_the_plain_one_without_smoothing(trained, tiny_data):
    with np.load(tiny_data) as data:
        images, labels = data["x_test"], data["y_test"]
    chosen = LiteRTClassifier(trained.folder / "runs/tiny-1/model.tflite").predict(images)[np.arange(100), labels]
    assert trained.json("evaluate", "--no-plots")["loss"] == pytest.approx(-np.log(chosen).mean(), rel=1e-5)


@pytest.mark.tensorflow
@pytest.mark.parametrize("command", [["evaluate", "--no-plots"], ["predict", "--test", "0-4"]])
def test_answers_need_no_tensorflow_and_stderr_is_nntrains_own(trained, command):
    process = trained.fresh.start(*command)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "TENSORFLOW" not in stderr
    assert [line for line in stderr.splitlines() if not line.startswith(("Next: `", "answered by runs/tiny-1, "))] == []


@pytest.mark.tensorflow
def test_training_fits_a_temperature_that_answers_are_calibrated_by(trained, tiny_data):
    run = open_trained_model(RunDir(trained.folder / "runs/tiny-1"))
    assert run.temperature is not None
    with np.load(tiny_data) as data:
        outputs = run.classifier(load_keras_classifier).predict(data["x_test"][:1])
    (entry,) = trained.json("predict", "--test", "0")["predictions"]
    assert entry["probabilities"] == pytest.approx(run.calibrate(outputs)[0].tolist(), abs=1e-6)
    assert open_trained_model(RunDir(trained.folder / "runs/value-1")).temperature is None
    assert trained.json("evaluate", "--no-plots")["calibration"]["temperature"] == run.temperature


@pytest.mark.tensorflow
def test_evaluate_draws_confusion_and_worst(copied):
    result = copied("evaluate", "tiny-1")
    assert "drawn: runs/tiny-1/confusion.png, runs/tiny-1/worst.png" in result.stderr
    with Image.open(copied.folder / "runs/tiny-1/worst.png") as picture:
        assert picture.width > 300


@pytest.mark.tensorflow
def test_another_data_set_is_named_and_its_pictures_too(copied):
    result = copied("evaluate", "tiny-1", "--data", "mnist_5k")
    assert "1,000 images" in result.stdout
    assert (copied.folder / "runs/tiny-1/confusion-mnist_5k.png").exists()


@pytest.mark.tensorflow
def test_evaluate_takes_requirements(trained):
    assert trained("evaluate", "--no-plots", "--require", "accuracy>=0.01").returncode == 0
    assert trained("evaluate", "--no-plots", "--require", "accuracy>=100%").returncode == 6
    misspelt = trained("evaluate", "--no-plots", "--require", "acuracy>=0.5")
    assert misspelt.returncode == 2
    assert misspelt.stdout == ""


@pytest.mark.tensorflow
def test_binary_and_regression_are_evaluated_in_their_own_terms(trained):
    binary = trained.json("evaluate", "sevens-1", "--no-plots")
    assert [row["label"] for row in binary["classes"]] == ["no", "yes"]
    value = trained.json("evaluate", "value-1", "--no-plots")
    assert set(value) == {"schema", "run", "dataset", "images", "loss", "mae"}


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("model.tflite", b"x" * 100, "not the file that training wrote"),
        ("run.json", b"{", "damaged: not JSON"),
        ("run.json", b'{"schema": 99}', "schema 99, but this nntrain reads schema 1"),
        ("run.json", b'{"schema": 1}', "damaged: status must be a string"),
    ],
)
def test_a_damaged_run_exits_with_3_and_names_the_file(copied, file, content, message):
    (copied.folder / "runs/tiny-1" / file).write_bytes(content)
    result = copied("evaluate", "tiny-1", "--no-plots")
    assert result.returncode == 3
    assert result.stdout == ""
    assert f"runs/tiny-1/{file}: " in result.stderr
    assert message in result.stderr


@pytest.mark.tensorflow
def test_a_damaged_model_keras_is_one_error(copied):
    run = copied.folder / "runs/tiny-1"
    (run / "model.tflite").unlink()
    (run / "model.keras").write_bytes((run / "model.keras").read_bytes()[:3000])
    result = copied("evaluate", "tiny-1", "--no-plots")
    assert result.returncode == 3
    assert result.stderr == "Error: runs/tiny-1/model.keras: damaged, or not the network of runs/tiny-1/config.yaml\n"


@pytest.mark.tensorflow
def test_weights_that_do_not_belong_to_the_config_are_refused(copied):
    run = copied.folder / "runs/tiny-1"
    (run / "model.tflite").unlink()
    shutil.copy(copied.folder / "runs/value-1/model.keras", run / "model.keras")
    assert copied("evaluate", "tiny-1", "--no-plots").returncode == 3


@pytest.mark.tensorflow
def test_classes_of_a_folder_are_named_in_scores_and_answers(nntrain, digits):
    for part in ("train", "test"):
        for index, (pixels, label) in enumerate(zip(*digits, strict=True)):
            folder = nntrain.folder / "mine" / part / ("even" if label % 2 == 0 else "odd")
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{index}.png").write_bytes(encoded(pixels))
    (nntrain.folder / "mine.yaml").write_text(
        "data: {dataset: mine/}\nmodel: [dense: {units: 2, activation: softmax}]\noptimizer: adam\n"
        "loss: sparse_categorical_crossentropy\nfit: {epochs: 1, validation_split: 0.3, stratify: true}\n"
    )
    assert nntrain("train", "mine.yaml").returncode == 0
    assert [row["label"] for row in nntrain.json("evaluate", "--no-plots")["classes"]] == ["even", "odd"]
    entry = nntrain.json("predict", "mine/test/even")["predictions"][0]
    assert entry["label"] in ("even", "odd")
    assert "digit" not in entry


@pytest.mark.tensorflow
def test_a_command_that_is_printed_works_as_printed(trained, tmp_path):
    program = Path(sys.executable).parent / "nntrain"
    if not program.exists():
        pytest.skip(f"{program} is not there: nntrain is not installed as a program")
    environment = {**trained.environment(), "PATH": "/usr/bin:/bin"}
    result = subprocess.run(
        [program, "evaluate", "tiny-1", "--no-plots"],
        cwd=trained.folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0
    quick = subprocess.run([program, "configs"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    (shown,) = (command for command in re.findall(r"`(.*?)`", quick.stderr) if " show " in command)
    again = subprocess.run(shown, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert again.returncode == 0
    assert again.stdout.startswith("# A first network")
