"""`nntrain evaluate`, `predict` and `runs` on finished runs."""

from __future__ import annotations

import io
import json
import shutil

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.tensorflow


@pytest.fixture
def copied(trained, tmp_path):
    """Return the program in a copy of the trained folder, to spoil."""
    shutil.copytree(trained.folder / "runs", tmp_path / "runs")
    return type(trained)(tmp_path)


def png(pixels):
    """Return pixels as a PNG's bytes."""
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    return content.getvalue()


@pytest.fixture(scope="session")
def digits(tiny_data):
    """Return ten test images with their labels."""
    with np.load(tiny_data) as data:
        return data["x_test"][:10], data["y_test"][:10]


def test_evaluate_repeats_the_score_of_training_from_the_saved_files(trained):
    document = trained.json("evaluate", "--no-plots")
    test = json.loads((trained.folder / "runs" / "tiny-1" / "metrics.json").read_text())["test"]
    assert (document["run"], document["images"]) == ("runs/tiny-1", 100)
    assert {name: document[name] for name in test} == test


def test_evaluates_json_counts_every_image_in_classes_and_confusion(trained):
    document = trained.json("evaluate", "--no-plots")
    assert [one["label"] for one in document["classes"]] == list("0123456789")
    assert set(document["classes"][0]) == {"label", "precision", "recall", "f1", "support"}
    assert np.sum(document["confusion"]) == 100
    assert np.trace(document["confusion"]) == round(100 * document["accuracy"])


def test_the_loss_is_the_plain_one_without_smoothing(trained, tiny_data):
    from nntrain.inference.litert import LiteRTClassifier

    with np.load(tiny_data) as data:
        images, labels = data["x_test"], data["y_test"]
    chosen = LiteRTClassifier(trained.folder / "runs/tiny-1/model.tflite").predict(images)[np.arange(100), labels]
    assert trained.json("evaluate", "--no-plots")["loss"] == pytest.approx(-np.log(chosen).mean(), rel=1e-5)


@pytest.mark.parametrize("command", [["evaluate", "--no-plots"], ["predict", "--test", "0-4"]])
def test_answers_need_no_tensorflow_and_stderr_is_nntrains_own(trained, command):
    process = trained.fresh.start(*command)
    _, words = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "TENSORFLOW" not in words
    assert [line for line in words.splitlines() if not line.startswith(("Next: `", "answered by runs/tiny-1, "))] == []


def test_training_fits_a_temperature_that_answers_are_calibrated_by(trained, tiny_data):
    from nntrain.inference.trained_model import open_trained_model
    from nntrain.jobs.keras_fallback import load_keras_classifier
    from nntrain.runs.folder import RunDir

    run = open_trained_model(RunDir(trained.folder / "runs/tiny-1"))
    assert run.temperature is not None
    with np.load(tiny_data) as data:
        outputs = run.classifier(load_keras_classifier).predict(data["x_test"][:1])
    (given,) = trained.json("predict", "--test", "0")["predictions"]
    assert given["probabilities"] == pytest.approx(run.calibrate(outputs)[0].tolist(), abs=1e-6)
    assert open_trained_model(RunDir(trained.folder / "runs/value-1")).temperature is None
    assert trained.json("evaluate", "--no-plots")["calibration"]["temperature"] == run.temperature


def test_evaluate_draws_confusion_and_worst(copied):
    done = copied("evaluate", "tiny-1")
    assert "drawn: runs/tiny-1/confusion.png, runs/tiny-1/worst.png" in done.stderr
    with Image.open(copied.folder / "runs/tiny-1/worst.png") as picture:
        assert picture.width > 300


def test_another_data_set_is_named_and_its_pictures_too(copied):
    done = copied("evaluate", "tiny-1", "--data", "mnist_5k")
    assert "1,000 images" in done.stdout
    assert (copied.folder / "runs/tiny-1/confusion-mnist_5k.png").exists()


def test_evaluate_takes_requirements(trained):
    assert trained("evaluate", "--no-plots", "--require", "accuracy>=0.01").returncode == 0
    assert trained("evaluate", "--no-plots", "--require", "accuracy>=101%").returncode == 6
    misspelt = trained("evaluate", "--no-plots", "--require", "acuracy>=0.5")
    assert (misspelt.returncode, misspelt.stdout) == (2, "")


def test_binary_and_regression_are_evaluated_in_their_own_terms(trained):
    binary = trained.json("evaluate", "sevens-1", "--no-plots")
    assert [one["label"] for one in binary["classes"]] == ["no", "yes"]
    value = trained.json("evaluate", "value-1", "--no-plots")
    assert set(value) == {"schema", "run", "dataset", "images", "loss", "mae"}


def test_predict_answers_pictures_by_file_folder_and_stdin(trained, digits):
    folder = trained.folder / "pictures"
    folder.mkdir(exist_ok=True)
    for index, pixels in enumerate(digits[0][:3]):
        (folder / f"{index}.png").write_bytes(png(pixels))
    done = trained("predict", "pictures", "pictures/0.png", "-", "--json", stdin=png(digits[0][3]))
    document = json.loads(done.stdout)
    names = [one["image"] for one in document["predictions"]]
    assert names == ["pictures/0.png", "pictures/1.png", "pictures/2.png", "pictures/0.png", "-"]


def test_a_png_of_a_test_image_is_answered_as_the_test_image_is(trained, digits):
    (trained.folder / "four.png").write_bytes(png(digits[0][4]))
    (given,) = trained.json("predict", "four.png")["predictions"]
    (expected,) = trained.json("predict", "--test", "4")["predictions"]
    assert given["probabilities"] == expected["probabilities"]
    assert given["digit"] == int(np.argmax(given["probabilities"]))
    assert given["confidence"] == max(given["probabilities"])
    assert expected["truth"] == str(digits[1][4])


def test_a_picture_that_cannot_be_read_is_reported_and_the_others_are_answered(trained, digits):
    (trained.folder / "good.png").write_bytes(png(digits[0][0]))
    (trained.folder / "bad.png").write_bytes(b"not a picture")
    done = trained("predict", "bad.png", "good.png", "nowhere.png", "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 1
    assert [one["image"] for one in document["predictions"]] == ["good.png"]
    assert [one["image"] for one in document["errors"]] == ["bad.png", "nowhere.png"]


def test_predict_shows_the_truth_and_names_the_network_and_its_score(trained):
    done = trained("predict", "--test", "0-1", "--top", "3")
    assert [line.split()[:3] for line in done.stdout.splitlines()[1:]] == [
        ["test", "image", "0"],
        ["test", "image", "1"],
    ]
    assert done.stderr.startswith("answered by runs/tiny-1, test accuracy ")


def test_binary_and_regression_answer_in_their_own_terms(trained):
    (binary,) = trained.json("predict", "--test", "0", "--run", "sevens-1")["predictions"]
    assert set(binary) - {"why"} == {"image", "positive", "confidence", "probability", "unsure", "decisions", "truth"}
    (value,) = trained.json("predict", "--test", "0", "--run", "runs/value-1")["predictions"]
    assert value["digit"] == round(value["value"])


def test_a_run_without_tflite_answers_alike_with_keras(copied):
    expected = copied.json("predict", "--test", "0-4")["predictions"]
    (copied.folder / "runs/tiny-1/model.tflite").unlink()
    given = copied.json("predict", "--test", "0-4")["predictions"]
    for one, other in zip(given, expected, strict=True):
        assert one["probabilities"] == pytest.approx(other["probabilities"], abs=1e-5)


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("model.tflite", b"x" * 100, "not the file that training wrote"),
        ("run.json", b"{", "damaged: not JSON"),
        ("run.json", b'{"schema": 99}', "schema 99, but this nntrain reads schema 1"),
        ("run.json", b'{"schema": 1}', "damaged: status must be a string"),
    ],
)
def test_a_damaged_run_exits_with_3_and_names_the_file(copied, file, content, words):
    (copied.folder / "runs/tiny-1" / file).write_bytes(content)
    done = copied("evaluate", "tiny-1", "--no-plots")
    assert (done.returncode, done.stdout) == (3, "")
    assert f"runs/tiny-1/{file}: " in done.stderr
    assert words in done.stderr


def test_a_damaged_model_keras_is_one_error(copied):
    run = copied.folder / "runs/tiny-1"
    (run / "model.tflite").unlink()
    (run / "model.keras").write_bytes((run / "model.keras").read_bytes()[:3000])
    done = copied("evaluate", "tiny-1", "--no-plots")
    assert done.returncode == 3
    assert done.stderr == "Error: runs/tiny-1/model.keras: damaged, or not the network of runs/tiny-1/config.yaml\n"


def test_weights_that_do_not_belong_to_the_config_are_refused(copied):
    run = copied.folder / "runs/tiny-1"
    (run / "model.tflite").unlink()
    shutil.copy(copied.folder / "runs/value-1/model.keras", run / "model.keras")
    assert copied("evaluate", "tiny-1", "--no-plots").returncode == 3


def test_runs_lists_status_score_and_what_differs(copied):
    listed = copied.json("runs")["runs"]
    assert [one["name"] for one in listed] == ["value-1", "sevens-1", "tiny-1"]
    assert {one["status"] for one in listed} == {"complete"}
    assert listed[2]["test"]["images"] == 100
    (copied.folder / "runs/value-1/run.json").write_text("{")
    assert "damaged" in copied("runs").stdout


def test_own_classes_are_named_in_figures_answers_and_json(nntrain, digits):
    for part in ("train", "test"):
        for index, (pixels, label) in enumerate(zip(*digits, strict=True)):
            folder = nntrain.folder / "mine" / part / ("even" if label % 2 == 0 else "odd")
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{index}.png").write_bytes(png(pixels))
    (nntrain.folder / "mine.yaml").write_text(
        "data: {dataset: mine/}\nmodel: [dense: {units: 2, activation: softmax}]\noptimizer: adam\n"
        "loss: sparse_categorical_crossentropy\nfit: {epochs: 1, validation_split: 0.3, stratify: true}\n"
    )
    assert nntrain("train", "mine.yaml").returncode == 0
    assert [one["label"] for one in nntrain.json("evaluate", "--no-plots")["classes"]] == ["even", "odd"]
    (answer,) = nntrain.json("predict", "mine/test/even")["predictions"][:1]
    assert answer["label"] in ("even", "odd")
    assert "digit" not in answer


def test_a_command_that_is_printed_works_as_printed(trained, tmp_path):
    import re
    import subprocess
    import sys
    from pathlib import Path

    program = Path(sys.executable).parent / "nntrain"
    if not program.exists():
        pytest.skip(f"{program} is not there: nntrain is not installed as a program")
    environment = {**trained.environment(), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [program, "evaluate", "tiny-1", "--no-plots"],
        cwd=trained.folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    quick = subprocess.run([program, "configs"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    (_, shown) = re.findall(r"`(.*?)`", quick.stderr)
    again = subprocess.run(shown, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (again.returncode, again.stdout.splitlines()[0][:22]) == (0, "# The article's first ")
