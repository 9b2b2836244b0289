"""`nntrain train` as its user sees it: what it prints, what it leaves, how it ends."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

CPUINFO = Path("/proc/cpuinfo")
PROCESSOR = CPUINFO.read_text() if CPUINFO.exists() else ""

tensorflow = pytest.mark.tensorflow


@pytest.fixture
def dense(write_config):
    """Return the path of a quick config."""
    return str(write_config())


@pytest.fixture(scope="module")
def tiny_run(trained):
    """Return the folder of a finished run."""
    return trained.folder / "runs" / "tiny-1"


@tensorflow
def test_stderr_has_only_nntrains_own_messages(nntrain, dense):
    done = nntrain.fresh("train", dense)
    own = (
        r"layer .*|Rescaling .*|Flatten .*|Dense .*|[\d,]+ parameters|data .*|training .*|run .*|device .*"
        r"|epoch \d/2: loss .*|Next: `.*`"
    )
    assert [line for line in done.stderr.splitlines() if not re.fullmatch(own, line)] == []
    assert done.returncode == 0


@tensorflow
def test_the_network_is_shown_before_tensorflow_is_loaded(nntrain, dense):
    process = nntrain.fresh.start("train", dense)
    assert process.stderr.readline().startswith("layer")
    process.send_signal(signal.SIGKILL)
    _, err = process.communicate(timeout=600)
    assert "device" not in err


def test_the_result_is_one_line_on_stdout(in_process, fake_engine, dense):
    done = in_process("train", dense, "--quiet")
    assert done.stdout == "runs/tiny-1: test accuracy 75.00 %, loss 0.25 (100 images, epoch 2)\n"
    assert (done.exit_code, done.stderr) == (0, "")


def test_the_next_command_is_shown(in_process, fake_engine, dense):
    assert re.fullmatch(r"Next: `.* evaluate runs/tiny-1`", in_process("train", dense).stderr.splitlines()[-1])


def test_json_is_the_metrics_file(in_process, fake_engine, dense, tmp_path):
    done = in_process("train", dense, "--json")
    document = json.loads(done.stdout)
    assert document == json.loads((tmp_path / "runs" / "tiny-1" / "metrics.json").read_text())
    assert {"schema": 1, "run": "runs/tiny-1", "status": "complete", "epochs": 2}.items() <= document.items()
    assert document["test"] == {"images": 100, "loss": 0.25, "accuracy": 0.75}
    assert "epoch 2/2: loss 0.2500" in done.stderr


def test_json_is_quiet_if_it_is_told_so(in_process, fake_engine, dense):
    done = in_process("train", dense, "--json", "--quiet")
    assert (json.loads(done.stdout)["epochs"], done.stderr) == (2, "")


def test_json_has_its_document_even_if_a_requirement_is_missed(in_process, fake_engine, dense):
    done = in_process("train", dense, "--json", "--require", "accuracy>=0.8")
    assert (done.exit_code, json.loads(done.stdout)["test"]["accuracy"]) == (6, 0.75)


def test_the_run_takes_the_name_and_the_folder_that_are_given(in_process, fake_engine, dense, tmp_path):
    assert in_process("train", dense, "--name", "own", "--runs-dir", "elsewhere").exit_code == 0
    assert (tmp_path / "elsewhere" / "own-1" / "run.json").is_file()


def test_notes_of_the_training_are_shown_even_quietly(in_process, fake_engine, dense):
    fake_engine.notes = ("no model.tflite, so predictions will need TensorFlow",)
    assert in_process("train", dense, "--quiet").stderr == "no model.tflite, so predictions will need TensorFlow\n"


def test_a_requirement_that_is_missed_exits_with_6_and_keeps_the_run(in_process, fake_engine, dense, tmp_path):
    done = in_process("train", dense, "--quiet", "--require", "accuracy>=0.01", "--require", "loss<=0.0001")
    assert done.stderr == "Error: loss 0.2500 is above the required 0.0001\n"
    assert (done.exit_code, done.stdout[:11]) == (6, "runs/tiny-1")
    assert (tmp_path / "runs" / "tiny-1" / "model.keras").exists()


def test_an_interrupted_training_exits_with_128_and_the_signal_and_tells_how_to_continue(
    in_process, fake_engine, dense, monkeypatch
):
    from nntrain.results import TrainResult

    for epochs, number, words in (
        (0, 2, "interrupted during the first epoch; no network is saved yet in runs/tiny-1. "),
        (1, 1, "interrupted after 1 epoch; the network is saved in runs/tiny-2. "),
        (3, 15, "interrupted after 3 epochs; the network is saved in runs/tiny-3. "),
    ):
        result = TrainResult("interrupted", epochs, None, signal=number)
        monkeypatch.setattr("nntrain.jobs.session.TrainingSession.execute", lambda session, result=result: result)
        done = in_process("train", dense, "--quiet")
        assert done.stderr.startswith(f"{words}To continue: `")
        assert (done.exit_code, done.stdout) == (128 + number, "")


@tensorflow
def test_the_history_has_a_row_per_epoch_with_kerass_names(tiny_run):
    lines = (tiny_run / "history.csv").read_text().splitlines()
    assert lines[0] == (
        "epoch,seconds,learning_rate,loss,val_loss,accuracy,val_accuracy,"
        "top_k_categorical_accuracy,val_top_k_categorical_accuracy"
    )
    assert [line.split(",")[0] for line in lines[1:]] == ["1", "2", "3"]


@tensorflow
def test_a_runs_own_config_trains_the_same_network_again(nntrain, trained, tiny_run):
    assert nntrain("train", str(tiny_run / "config.yaml"), "--name", "again").returncode == 0
    weights = [
        json.loads((run / "run.json").read_text())["fingerprints"]["weights"]
        for run in (tiny_run, nntrain.folder / "runs" / "again-1")
    ]
    assert weights[0] == weights[1]


@tensorflow
def test_what_auto_chose_is_written_into_the_runs_config(tiny_run):
    from nntrain.config.load import load_config

    runtime = load_config(tiny_run / "config.yaml").config.runtime
    assert (runtime.device, runtime.jit_compile) == ("cpu", False)
    assert isinstance(runtime.threads, int)


@tensorflow
def test_two_trainings_at_once_get_two_folders(nntrain, dense):
    both = [nntrain.start("train", dense, "epochs=1", "--runs-dir", "shared runs") for _ in range(2)]
    for process in both:
        process.communicate(timeout=600)
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(path.name for path in (nntrain.folder / "shared runs").iterdir()) == ["tiny-1", "tiny-2"]


@tensorflow
def test_model_keras_loads_and_scores_without_nntrain(trained, tiny_run, tiny_data):
    code = f"""
import sys, numpy as np, keras
network = keras.models.load_model("runs/tiny-1/model.keras")
data = np.load({str(tiny_data)!r})
answers = network.predict(data["x_test"], verbose=0).argmax(1)
print(type(network) is keras.Sequential, (answers == data["y_test"]).mean())
print([name for name in sys.modules if "nntrain" in name])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=trained.folder, capture_output=True, text=True)
    metrics = json.loads((tiny_run / "metrics.json").read_text())
    assert done.stdout.splitlines() == [f"True {metrics['test']['accuracy']}", "[]"]


@tensorflow
def test_both_saved_formats_give_the_same_outputs(tiny_run, tiny_data):
    from nntrain.config.load import load_config
    from nntrain.engine.keras_classifier import load_classifier
    from nntrain.inference.litert import LiteRTClassifier
    from nntrain.runs.folder import RunDir

    run = RunDir(tiny_run)
    with np.load(tiny_data) as data:
        images = data["x_test"]
    weights = run.read_info()["fingerprints"]["weights"]
    keras = load_classifier(run, load_config(run.config_path).config, fingerprint=weights).predict(images)
    assert np.abs(LiteRTClassifier(run.tflite_path).predict(images) - keras).max() < 1e-5


@tensorflow
def test_mixed_precision_that_gains_nothing_exits_with_4_and_leaves_no_run(nntrain, dense):
    done = nntrain("train", dense, "runtime.dtype_policy=mixed_float16", "runtime.device=cpu", "--quiet")
    assert done.stderr.startswith("Error: runtime.dtype_policy: mixed_float16 is no faster on this CPU")
    assert done.returncode == 4
    assert list((nntrain.folder / "runs").iterdir()) == []


@tensorflow
@pytest.mark.skipif("bf16" not in PROCESSOR, reason="needs a processor with bfloat16 arithmetic")
def test_mixed_precision_is_saved_as_a_network_of_float32(nntrain, dense):
    layers = "model=[conv2d: {filters: 4, kernel_size: 5}, flatten, dense: {units: 10, activation: softmax}]"
    document = nntrain.json("train", dense, layers, "runtime.dtype_policy=mixed_bfloat16")
    assert nntrain.json("evaluate", "--no-plots")["accuracy"] == document["test"]["accuracy"]


DIVERGING = """
task: regression
model: [dense: 1]
optimizer: {{sgd: {{learning_rate: 1.0e+20}}}}
loss: {loss}
metrics: [{metric}]
fit: {{epochs: 2, batch_size: 32}}
"""


@tensorflow
def test_a_loss_that_is_not_a_number_exits_with_5_and_tells_what_to_type(nntrain, write_config):
    done = nntrain("train", str(write_config(DIVERGING.format(loss="mse", metric="mae"))))
    assert "the loss became NaN or infinite in epoch 1; no epoch was finished, so no weights are kept" in done.stderr
    assert "learning_rate=1e+19`" in done.stderr
    assert (done.returncode, done.stdout) == (5, "")
    assert json.loads((nntrain.folder / "runs" / "tiny-1" / "run.json").read_text())["status"] == "diverged"


@tensorflow
def test_a_metric_that_is_not_a_number_is_a_divergence_too(nntrain, write_config):
    done = nntrain("train", str(write_config(DIVERGING.format(loss="mae", metric="mse"))))
    assert "the mse became NaN or infinite in epoch 1" in done.stderr
    assert done.returncode == 5


@tensorflow
def test_the_weights_of_the_last_good_epoch_survive_a_divergence(nntrain, write_config):
    text = """
task: regression
model: [dense: {units: 8, kernel_initializer: zeros, bias_initializer: ones}, dense: 1]
optimizer: {sgd: {learning_rate: 3.0}}
loss: mse
fit: {epochs: 60, batch_size: 200, validation_split: 0}
"""
    done = nntrain("train", str(write_config(text)))
    epochs = re.search(r"in epoch (\d+); the weights of epoch (\d+) are kept", done.stderr)
    assert epochs, done.stderr
    assert int(epochs[1]) == int(epochs[2]) + 1
    assert done.returncode == 5
    assert (nntrain.folder / "runs" / "tiny-1" / "model.keras").exists()


@tensorflow
def test_a_gpu_that_is_not_there_exits_with_4_and_leaves_no_run(nntrain, dense):
    done = nntrain("train", dense, "runtime.device=gpu", CUDA_VISIBLE_DEVICES="-1")
    assert done.stderr.splitlines()[-1].startswith("Error: TensorFlow finds no GPU: ")
    assert (done.returncode, done.stdout) == (4, "")
    assert list((nntrain.folder / "runs").iterdir()) == []


@tensorflow
def test_ctrl_c_while_tensorflow_loads_ends_at_once_and_leaves_no_run(nntrain, dense):
    process = nntrain.fresh.start("train", dense)
    while not process.stderr.readline().startswith("run "):
        pass
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=600)
    assert "device" not in err
    assert "interrupted before the first epoch was finished; nothing was saved" in err
    assert process.returncode == 130
    assert list((nntrain.folder / "runs").iterdir()) == []


@tensorflow
@pytest.mark.parametrize(("name", "exit_code"), [("SIGTERM", 143), ("SIGUSR1", 138)])
def test_a_signal_in_training_keeps_the_network(nntrain, dense, name, exit_code):
    process = nntrain.start("train", dense, "fit.epochs=100000")
    while not process.stderr.readline().startswith("epoch 3/"):
        pass
    process.send_signal(signal.Signals[name])
    out, err = process.communicate(timeout=600)
    assert re.search(r"interrupted after \d+ epochs; the network is saved in runs/tiny-1\.", err)
    assert (process.returncode, out) == (exit_code, "")
    assert json.loads((nntrain.folder / "runs" / "tiny-1" / "metrics.json").read_text())["status"] == "interrupted"
    assert nntrain("predict", "--test", "0", "--run", "tiny-1").returncode == 0


@tensorflow
@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
def test_a_training_that_ignores_a_signal_goes_on(nntrain, dense):
    """As under `nohup`, and in the background of a script."""
    command = shlex.join(nntrain.command("train", dense, "epochs=5"))
    process = subprocess.Popen(
        ["sh", "-c", f"trap '' INT HUP; exec {command}"], cwd=nntrain.folder, stderr=subprocess.PIPE, text=True
    )
    while not process.stderr.readline().startswith("epoch 1/"):
        pass
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGHUP)
    err = process.communicate(timeout=600)[1]
    assert "epoch 5/5" in err
    assert process.returncode == 0


@tensorflow
@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
def test_a_training_whose_messages_cannot_be_shown_is_complete(nntrain, dense):
    command = shlex.join(nntrain.command("train", dense, "epochs=3"))
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command} 2>&1 | head -1"], cwd=nntrain.folder)
    run = nntrain.folder / "runs" / "tiny-1"
    assert done.returncode == 0
    assert json.loads((run / "metrics.json").read_text())["status"] == "complete"
    assert (run / "training.png").exists()


@tensorflow
@pytest.mark.skipif(shutil.which("sed") is None, reason="needs sed")
def test_a_message_with_which_tensorflow_ends_the_process_is_shown(nntrain, dense):
    done = nntrain.fresh("train", dense, TF_XLA_FLAGS="--bogus")
    assert "Unknown flag in TF_XLA_FLAGS: --bogus" in done.stderr.splitlines()[-1]
    assert (done.returncode, done.stdout) == (1, "")


@tensorflow
def test_the_plain_network_reaches_97_percent_of_mnist(nntrain, full_mnist):
    done = nntrain("train", "mlp", "--json", "--require", "accuracy>=0.97", NNTRAIN_DATA_DIR=str(full_mnist))
    assert done.returncode == 0, done.stderr
    evaluated = nntrain("evaluate", "--json", "--no-plots", NNTRAIN_DATA_DIR=str(full_mnist))
    test = json.loads(done.stdout)["test"]
    assert test["images"] == 10_000
    assert json.loads(evaluated.stdout)["accuracy"] == test["accuracy"]
