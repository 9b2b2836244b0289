"""`nntrain check`."""

from __future__ import annotations

import json

from PIL import Image


def test_check_prints_layers_parameters_data_and_training(in_process):
    lines = in_process("check", "mlp").output.splitlines()
    assert [line.split() for line in lines[1:6]] == [
        ["Rescaling", "pixels", "/", "255", "28", "x", "28"],
        ["Flatten", "784"],
        ["Dense", "128,", "relu", "128", "100,480"],
        ["Dense", "128,", "relu", "128", "16,512"],
        ["Dense", "10,", "softmax", "10", "1,290"],
    ]
    assert lines[6:] == [
        "118,282 parameters, all trainable",
        "data      mnist: 48,000 training, 12,000 validation, 10,000 test images",
        "training  10 epochs, batch size 128; about 9 s",
        "no problems",
    ]


def test_checks_json_is_one_document(in_process):
    document = json.loads(in_process("check", "mlp_complete", "--json").stdout)
    assert list(document) == ["schema", "config", "parameters", "trainable", "gflops", "layers", "hints"]
    assert (document["schema"], document["config"]) == (1, "mlp_complete")
    assert (document["parameters"], document["trainable"]) == (271_370, 270_346)
    assert round(document["gflops"]) == 3871
    assert document["layers"][-1] == {"layer": "Dense", "output": [10], "parameters": 2570}


def test_of_data_at_a_path_json_has_no_operations(in_process, write_config):
    assert json.loads(in_process("check", str(write_config()), "--json").stdout)["gflops"] is None


def test_advice_goes_to_stderr_and_into_json(in_process):
    done = in_process("check", "mlp", "fit.epochs=1000", "--json")
    hints = json.loads(done.stdout)["hints"]
    assert done.stderr.splitlines() == [f"{hint['place']}: hint: {hint['hint']}" for hint in hints]


def test_hints_are_counted_and_are_no_problems(in_process):
    done = in_process("check", "mlp", "learning_rate=1", "batch_size=60000")
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "no problems, 2 hints")


def test_a_run_of_two_classes_may_name_the_one_that_counts(in_process, tmp_path):
    for part in ("train/good", "train/rust", "test/good", "test/rust"):
        (tmp_path / "parts" / part).mkdir(parents=True)
        Image.new("L", (28, 28)).save(tmp_path / "parts" / part / "a.png")
    text = "task: binary\ndata: {dataset: parts/, positive: [rust]}\nloss: binary_crossentropy\noptimizer: adam\n"
    (tmp_path / "my.yaml").write_text(f"{text}model: [dense: {{units: 1, activation: sigmoid}}]\n")
    assert in_process("check", "my.yaml").exit_code == 0
    done = in_process("check", "my.yaml", "data.positive=[moss]")
    assert done.stderr.splitlines()[0].endswith("data.positive: no class 'moss'; classes are good, rust")


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
    assert done.stderr.splitlines() == [
        "my.yaml:2:37: model.0.dense.activation: no activation 'rellu'; did you mean 'relu'?",
        "my.yaml:3:14: model.1.dropout.rate: must be a number of at least 0 and below 1, got 2.0",
        "my.yaml:5:20: optimizer.adam.learnig_rate: unknown key; did you mean 'learning_rate'?",
        "3 problems; nothing was run",
    ]
    assert (done.exit_code, done.stdout) == (2, "")
    assert not (tmp_path / "runs").exists()
