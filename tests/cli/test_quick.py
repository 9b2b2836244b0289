"""What the command line says without TensorFlow: help, configs, check, errors and their exit codes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from soak.inputs import World

from nntrain.config.shipped import shipped_configs
from nntrain.results import TrainResult

COMMANDS = [
    [],
    ["train"],
    ["evaluate"],
    ["predict"],
    ["check"],
    ["runs"],
    ["configs"],
    ["configs", "show"],
    ["configs", "cp"],
    ["configs", "schema"],
    ["data"],
    ["data", "show"],
    ["data", "fetch"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_help_shows_a_worked_example(in_process, command):
    done = in_process(*command, "--help")
    assert done.exit_code == 0
    assert "Example" in done.output
    assert " ".join(["nntrain", *command]) in done.output
    assert not re.search(r"<(bool|str|list|path)", done.output)


HEAVY = ("tensorflow", "keras", "matplotlib", "PIL", "pooch", "ai_edge_litert", "pandas")


@pytest.mark.parametrize(
    "command", [["--help"], ["train", "--help"], ["check", "mlp"], ["configs"], ["runs"], ["--version"]]
)
def test_the_command_line_starts_without_what_it_does_not_need(tmp_path, command):
    code = f"""
import atexit, sys
sys.argv = ["nntrain", *{command!r}]
atexit.register(lambda: print([name for name in {HEAVY!r} if name in sys.modules]))
from nntrain.__main__ import main
main()
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_an_answer_needs_no_pydantic(tmp_path):
    Image.new("L", (40, 40), 255).save(tmp_path / "blank.png")
    code = """
import atexit, sys
sys.argv = ["nntrain", "predict", "blank.png", "--run", "pretrained"]
atexit.register(lambda: print([name for name in ("pydantic", "numpy") if name in sys.modules]))
from nntrain.__main__ import main
main()
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "['numpy']"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
@pytest.mark.parametrize("command", [["--help"], ["check", "mlp"], ["configs", "--json"]], ids=" ".join)
def test_a_result_that_cannot_be_written_is_one_error(tmp_path, command):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "nntrain", *command], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert (done.returncode, done.stderr) == (1, "Error: the output: No space left on device\n")


def test_nntrain_alone_shows_a_tour_of_four_lines(in_process):
    done = in_process()
    assert done.exit_code == 0
    assert len(done.output.splitlines()) == 4


def test_configs_lists_all_with_what_they_show_and_reach(in_process):
    listed = json.loads(in_process("configs", "--json").output)["configs"]
    names = [one["name"] for one in listed]
    assert names[0] == "quickstart"
    assert set(names) >= {
        "mlp",
        "mlp_dropout",
        "mlp_batchnorm",
        "mlp_complete",
        "cnn",
        "cnn_best",
        "cnn_fast",
        "mlp_best",
        "step_decay",
        "exponential_decay",
    }
    assert set(names) >= {
        "cosine_annealing",
        "sgd_momentum",
        "rmsprop",
        "adagrad",
        "sparse_labels",
        "binary",
        "regression",
    }


@pytest.mark.parametrize("config", shipped_configs(), ids=lambda config: config.name)
def test_every_shipped_config_is_right_and_says_what_it_reaches(in_process, config):
    assert in_process("check", config.name).exit_code == 0
    assert config.reaches.startswith("Reaches ")
    assert re.search(r"\(seeds? 1[-;]", config.reaches)


def test_a_config_is_shown_and_copied_but_never_over_a_file(in_process, tmp_path):
    assert in_process("configs", "show", "mlp").output.startswith("# The article's first network")
    assert in_process("configs", "cp", "mlp", "my.yaml").exit_code == 0
    again = in_process("configs", "cp", "mlp", "my.yaml")
    assert again.exit_code == 2
    assert "my.yaml exists; choose another name, or add --force" in again.output
    assert in_process("configs", "cp", "mlp", "my.yaml", "--force").exit_code == 0
    assert in_process("check", "my.yaml").exit_code == 0


def test_a_copied_config_finds_the_schema(in_process, tmp_path):
    in_process("configs", "cp", "mlp", "my.yaml")
    address = (tmp_path / "my.yaml").read_text().splitlines()[2].partition("$schema=")[2]
    assert Path(address.removeprefix("file://")).is_file()


def test_check_prints_layers_parameters_data_and_work(in_process):
    lines = in_process("check", "mlp").output.splitlines()
    assert [line.split() for line in lines[1:6]] == [
        ["Rescaling", "pixels", "/", "255", "28", "x", "28"],
        ["Flatten", "784"],
        ["Dense", "128,", "relu", "128", "100,480"],
        ["Dense", "128,", "relu", "128", "16,512"],
        ["Dense", "10,", "softmax", "10", "1,290"],
    ]
    assert lines[6:] == [
        "118,282 parameters, 118,282 of them trainable",
        "data      mnist: 48,000 images to learn from, 12,000 to validate, 10,000 to test",
        "training  10 epochs of 375 steps (batches of 128); 34 giga-operations an epoch, 340 giga-operations in all",
    ]


def test_checks_json_is_one_document(in_process):
    document = json.loads(in_process("check", "mlp_complete", "--json").stdout)
    assert (document["parameters"], document["trainable"]) == (271_370, 270_346)


THREE = """model:
  - dense: {units: 128, activation: rellu}
  - dropout: 2.0
  - dense: {units: 10, activation: softmax}
optimizer: {adam: {learnig_rate: 0.001}}
loss: categorical_crossentropy
"""


def test_three_mistakes_are_shown_at_once_with_their_places(in_process, tmp_path):
    (tmp_path / "my.yaml").write_text(THREE)
    done = in_process("train", "my.yaml")
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "my.yaml:2:37: model.0.dense.activation: no activation 'rellu'; did you mean 'relu'?",
        "my.yaml:3:14: model.1.dropout.rate: must be a number of at least 0 and below 1, got 2.0",
        "my.yaml:5:20: optimizer.adam.learnig_rate: unknown key; did you mean 'learning_rate'?",
        "3 problems; nothing was run",
    ]
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["train"], "Missing argument"),
        (["train", "epochs=3"], "no config is named; `"),
        (["train", "mpl"], "No shipped config 'mpl'. Did you mean `mlp`?"),
        (["train", "nowhere.yaml"], "nowhere.yaml: no such file"),
        (["train", "mlp", "cnn"], "one config at a time, got mlp and cnn"),
        (["train", "mlp", "--nmae", "x"], "No such option"),
        (["train", "mlp", "--name", "a/b"], "--name 'a/b': use up to 100 letters"),
        (["train", "mlp", "fit.epochs=x"], "argument fit.epochs=x: fit.epochs: must be a whole number of at least 1"),
        (["train", "mlp", "data.dataset=minst"], "no data set 'minst'; did you mean 'mnist'?"),
        (["train", "mlp", "--require", "accuracy"], "--require 'accuracy': write NAME>=VALUE in quotes"),
        (["train", "mlp", "--require", "f1>=0.5"], "the test score has no f1; it has loss, accuracy"),
        (["reproduce"], "no complete run in runs yet; train one first: `"),
        (["evaluate", "mlp-7"], "no run 'mlp-7' in runs"),
        (["predict"], "give either pictures (`"),
        (["predict", "a.png", "--test", "3"], "give either pictures (`"),
        (["configs", "show", "nope"], "No shipped config 'nope'."),
        (["data", "fetch", "cifar10"], "no data set 'cifar10' to download"),
        (["nonsense"], "No such command"),
    ],
    ids=" ".join,
)
def test_a_mistake_in_the_command_exits_with_2_and_says_what_is_meant(in_process, command, words):
    done = in_process(*command)
    assert done.exit_code == 2
    assert words in " ".join(done.stderr.split())
    assert done.stdout == ""


def test_missing_data_exits_with_3_and_names_every_way_out(in_process, monkeypatch, tmp_path):
    monkeypatch.setenv("NNTRAIN_OFFLINE", "1")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("NNTRAIN_DATA_DIR", raising=False)
    done = in_process("train", "mlp")
    assert done.exit_code == 3
    for way in (
        "NNTRAIN_DATA_DIR",
        str(tmp_path / "keras/datasets/mnist.npz"),
        "data fetch mnist",
        "data.dataset=mnist_5k",
    ):
        assert way in done.stderr


def test_data_lists_the_sets_and_shows_one(in_process, monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("NNTRAIN_DATA_DIR", raising=False)
    lines = in_process("data").output.splitlines()
    assert lines[3].split()[:4] == ["mnist_5k", "4,000", "1,000", "b8ef1e555f57"]
    assert re.search(r"not here: \S+( -m nntrain)? data fetch mnist", lines[1])
    shown = in_process("data", "show", "mnist_5k").output.splitlines()
    assert shown[0] == "training  4000 x 28 x 28 uint8, pixels 0 to 255; 4,000 labels"
    assert shown[-1] == "label 8 (8), one-hot [0, 0, 0, 0, 0, 0, 0, 0, 1, 0]"


def test_datas_json_holds_shapes_counts_and_an_example(in_process):
    document = json.loads(in_process("data", "show", "mnist_5k", "--json").output)
    assert document["parts"]["test"] == {"shape": [1000, 28, 28], "pixels": [0, 255], "counts": [100] * 10}
    assert document["example"]["one_hot"] == [0, 0, 0, 0, 0, 0, 0, 0, 1, 0]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Return a run that is finished, made without training."""
    return World(tmp_path_factory.mktemp("finished") / "world").run


def test_ctrl_c_during_a_reproduction_is_no_verdict(in_process, finished, monkeypatch):
    monkeypatch.setattr("nntrain.jobs.train.Job.train", lambda _: TrainResult("interrupted", 1, None))
    done = in_process("reproduce", str(finished))
    assert (done.exit_code, done.stdout, done.stderr) == (130, "", "interrupted\n")


def test_a_resume_names_variables_that_change_the_arithmetic(in_process, finished, monkeypatch):
    monkeypatch.setattr("nntrain.jobs.train.Job.train", lambda _: TrainResult("interrupted", 1, None))
    monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", "0")
    done = in_process("resume", str(finished), "epochs=5")
    assert "NVIDIA_TF32_OVERRIDE is 0, was not set: the result may differ in the last digits" in done.stderr


def test_a_run_that_was_stopped_while_it_was_saved_is_to_be_resumed(in_process, finished, tmp_path):
    copy = Path(shutil.copytree(finished, tmp_path / "mlp-1"))
    info = json.loads((copy / "run.json").read_text())
    (copy / "run.json").write_text(json.dumps({**info, "status": "running"}))
    (copy / "model.tflite").write_bytes(b"newer")
    done = in_process("predict", "--test", "0", "--run", str(copy), "--quiet")
    assert (done.exit_code, "was stopped while it was saved; `" in done.stderr) == (3, True), done.stderr


def test_text_of_the_user_is_shown_as_it_is(in_process):
    done = in_process("train", "[red]x[/x].yaml")
    assert "[red]x[/x].yaml: no such file" in done.stderr
