"""`nntrain train` as its user sees it: what it says, what it leaves, how it ends."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.tensorflow


CPUINFO = Path("/proc/cpuinfo")
PROCESSOR = CPUINFO.read_text() if CPUINFO.exists() else ""


@pytest.fixture
def dense(write_config):
    """Return the path of a quick config."""
    return str(write_config())


def test_a_run_folder_holds_what_the_readme_lists(trained):
    files = sorted(path.name for path in (trained.folder / "runs" / "tiny-1").iterdir() if path.name[0] != ".")
    wanted = [
        "checkpoint",
        "config.yaml",
        "history.csv",
        "metrics.json",
        "model.keras",
        "model.tflite",
        "run.json",
        "training.png",
    ]
    assert [name for name in files if name not in ("confusion.png", "worst.png")] == wanted


def test_stderr_holds_nntrains_own_words_only(nntrain, dense):
    done = nntrain("train", dense)
    own = (
        r"layer .*|Rescaling .*|Flatten .*|Dense .*|[\d,]+ parameters|data .*|training .*|run .*|device .*"
        r"|epoch \d/2: loss .*|Next: `.*`"
    )
    assert [line for line in done.stderr.splitlines() if not re.fullmatch(own, line)] == []


def test_the_result_is_one_line_on_stdout(nntrain, dense):
    done = nntrain("train", dense, "--quiet")
    assert re.fullmatch(r"runs/tiny-1: test accuracy \d+\.\d\d %, loss \d\.\d+ \(100 images\)\n", done.stdout)
    assert done.stderr == ""


def test_the_network_is_shown_before_tensorflow_is_there(nntrain, dense):
    begun = time.monotonic()
    process = nntrain.start("train", dense)
    first = process.stderr.readline()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert first.startswith("layer")
    assert time.monotonic() - begun < 30


def test_json_is_the_metrics_file(nntrain, dense):
    document = nntrain.json("train", dense)
    assert document == json.loads((nntrain.folder / "runs" / "tiny-1" / "metrics.json").read_text())
    assert {"schema": 1, "run": "runs/tiny-1", "status": "complete", "epochs": 2}.items() <= document.items()
    assert document["test"]["images"] == 100
    assert set(document["test"]) == {"images", "loss", "accuracy"}


def test_the_history_has_a_row_an_epoch_with_kerass_names(trained):
    lines = (trained.folder / "runs" / "tiny-1" / "history.csv").read_text().splitlines()
    assert lines[0] == (
        "epoch,seconds,learning_rate,loss,val_loss,accuracy,val_accuracy,"
        "top_k_categorical_accuracy,val_top_k_categorical_accuracy"
    )
    assert [line.split(",")[0] for line in lines[1:]] == ["1", "2", "3"]


def test_a_runs_own_config_trains_the_same_network_again(nntrain, dense):
    nntrain("train", dense)
    nntrain("train", "runs/tiny-1/config.yaml", "--name", "again")
    weights = [
        json.loads((nntrain.folder / "runs" / name / "run.json").read_text())["fingerprints"]["weights"]
        for name in ("tiny-1", "again-1")
    ]
    assert weights[0] == weights[1]


def test_what_auto_chose_is_written_into_the_runs_config(trained):
    from nntrain.config.load import load_config

    runtime = load_config(trained.folder / "runs" / "tiny-1" / "config.yaml").config.runtime
    assert (runtime.device, runtime.jit_compile) == ("cpu", False)
    assert isinstance(runtime.threads, int)


def test_two_trainings_at_once_get_two_folders(nntrain, dense):
    both = [nntrain.start("train", dense, "--runs-dir", "shared runs") for _ in range(2)]
    for process in both:
        process.communicate(timeout=120)
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(path.name for path in (nntrain.folder / "shared runs").iterdir()) == ["tiny-1", "tiny-2"]


def test_model_keras_loads_and_scores_where_there_is_no_nntrain(trained, tiny_data):
    code = f"""
import sys, numpy as np, keras
network = keras.models.load_model("runs/tiny-1/model.keras")
data = np.load({str(tiny_data)!r})
answers = network.predict(data["x_test"], verbose=0).argmax(1)
print(type(network) is keras.Sequential, (answers == data["y_test"]).mean())
print([name for name in sys.modules if "nntrain" in name])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=trained.folder, capture_output=True, text=True)
    metrics = json.loads((trained.folder / "runs" / "tiny-1" / "metrics.json").read_text())
    assert done.stdout.splitlines() == [f"True {metrics['test']['accuracy']}", "[]"]


def test_both_saved_formats_answer_alike(trained, tiny_data):
    import numpy as np

    from nntrain.config.load import load_config
    from nntrain.engine.keras_classifier import load_classifier
    from nntrain.inference.litert import LiteRTClassifier
    from nntrain.runs.folder import RunDir

    run = RunDir(trained.folder / "runs" / "tiny-1")
    with np.load(tiny_data) as data:
        images = data["x_test"]
    weights = run.read_info()["fingerprints"]["weights"]
    keras = load_classifier(run, load_config(run.config_path).config, fingerprint=weights).predict(images)
    assert np.abs(LiteRTClassifier(run.tflite_path).predict(images) - keras).max() < 1e-5


def test_mixed_precision_that_gains_nothing_exits_with_4_and_leaves_no_run(nntrain, dense):
    done = nntrain("train", dense, "runtime.dtype_policy=mixed_float16", "runtime.device=cpu", "--quiet")
    assert done.returncode == 4
    assert done.stderr.startswith("Error: runtime.dtype_policy: mixed_float16 gains nothing on this CPU")
    assert list((nntrain.folder / "runs").iterdir()) == []


@pytest.mark.skipif("bf16" not in PROCESSOR, reason="needs a processor with bfloat16 arithmetic")
def test_mixed_precision_is_saved_as_a_network_of_whole_floats(nntrain, dense):
    layers = "model=[conv2d: {filters: 4, kernel_size: 5}, flatten, dense: {units: 10, activation: softmax}]"
    document = nntrain.json("train", dense, layers, "runtime.dtype_policy=mixed_bfloat16")
    assert nntrain.json("evaluate", "--no-plots")["accuracy"] == document["test"]["accuracy"]


def test_a_requirement_that_is_missed_exits_with_6_and_keeps_the_run(nntrain, dense):
    done = nntrain("train", dense, "--require", "accuracy>=0.01", "--require", "loss<=0.0001")
    assert done.returncode == 6
    assert re.search(r"Error: loss \d\.\d{4} is above the required 0\.0001\n$", done.stderr)
    assert (nntrain.folder / "runs" / "tiny-1" / "model.keras").exists()


def test_a_loss_that_is_no_number_exits_with_5_and_says_what_to_type(nntrain, write_config):
    text = "task: regression\nmodel: [dense: 8, dense: 1]\noptimizer: {sgd: {learning_rate: 1e20}}\nloss: mse"
    done = nntrain("train", str(write_config(text)))
    assert (done.returncode, done.stdout) == (5, "")
    assert "the loss is no longer a number in epoch 1; there is nothing to keep" in done.stderr
    assert "learning_rate=1e+19`" in done.stderr
    assert json.loads((nntrain.folder / "runs" / "tiny-1" / "run.json").read_text())["status"] == "diverged"


def test_a_metric_that_is_no_number_is_a_divergence_too(nntrain, write_config):
    text = """
task: regression
model: [dense: 1]
optimizer: {sgd: {learning_rate: 1.0e+20}}
loss: mae
metrics: [mse]
fit: {epochs: 2, batch_size: 32}
"""
    done = nntrain("train", str(write_config(text)))
    assert done.returncode == 5
    assert "the mse is no longer a number in epoch 1" in done.stderr


def test_weights_of_the_last_good_epoch_survive_a_divergence(nntrain, write_config):
    text = """
task: regression
model: [dense: {units: 8, kernel_initializer: zeros, bias_initializer: ones}, dense: 1]
optimizer: {sgd: {learning_rate: 3.0}}
loss: mse
fit: {epochs: 60, batch_size: 200, validation_split: 0}
"""
    done = nntrain("train", str(write_config(text)))
    assert done.returncode == 5
    kept = re.search(r"in epoch (\d+); the weights of epoch (\d+) are kept", done.stderr)
    assert kept
    assert int(kept[1]) == int(kept[2]) + 1
    assert (nntrain.folder / "runs" / "tiny-1" / "model.keras").exists()


def test_a_gpu_that_is_not_there_exits_with_4_and_leaves_no_run(nntrain, dense):
    done = nntrain("train", dense, "runtime.device=gpu", CUDA_VISIBLE_DEVICES="-1")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.splitlines()[-1].startswith("Error: no GPU that TensorFlow can use: ")
    assert list((nntrain.folder / "runs").iterdir()) == []


def test_ctrl_c_while_tensorflow_loads_ends_at_once_and_leaves_no_run(nntrain, dense):
    process = nntrain.start("train", dense)
    while not process.stderr.readline().startswith("run "):
        pass
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    begun = time.monotonic()
    _, words = process.communicate(timeout=30)
    assert process.returncode == 130
    assert time.monotonic() - begun < 5
    assert "interrupted before the first epoch was finished; nothing is kept" in words
    assert list((nntrain.folder / "runs").iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_in_training_keep_the_network(nntrain, dense, number):
    process = nntrain.start("train", dense, "fit.epochs=100000")
    while not process.stderr.readline().startswith("epoch 3/"):
        pass
    process.send_signal(number)
    out, words = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert re.search(r"interrupted after \d+ epochs; the network is saved in runs/tiny-1\.", words)
    assert json.loads((nntrain.folder / "runs" / "tiny-1" / "metrics.json").read_text())["status"] == "interrupted"
    assert nntrain("predict", "--test", "0", "--run", "tiny-1").returncode == 0


def test_the_plain_network_reaches_97_percent_of_mnist(nntrain, full_mnist):
    done = nntrain("train", "mlp", "--json", "--require", "accuracy>=0.97", NNTRAIN_DATA_DIR=str(full_mnist))
    assert done.returncode == 0
    evaluated = nntrain("evaluate", "--json", "--no-plots", NNTRAIN_DATA_DIR=str(full_mnist))
    test = json.loads(done.stdout)["test"]
    assert test["images"] == 10_000
    assert json.loads(evaluated.stdout)["accuracy"] == test["accuracy"]
