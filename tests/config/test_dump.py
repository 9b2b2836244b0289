"""A config that is written and loaded again is equal."""

from __future__ import annotations

import pytest
import yaml
from soak.configs import random_config, round_trip_problem

from nntrain.config import schema
from nntrain.config.dump import dump_config, to_plain
from nntrain.config.load import load_config, load_config_values
from nntrain.config.shipped import shipped_configs

EVERYTHING = """
seed: 7
task: binary
data: {dataset: fashion_mnist, positive: [1, 3]}
model:
  - conv2d: {filters: 4, kernel_size: [3, 5], kernel_initializer: {constant: {value: 0.5}}, kernel_regularizer: {l2: {l2: 1e-4}}}
  - batch_normalization: {momentum: 0.9, gamma_initializer: {random_normal: {stddev: 0.1}}}
  - leaky_re_lu: {negative_slope: 0.1}
  - zero_padding2d: {padding: [[1, 0], [2, 1]]}
  - global_max_pooling2d
  - dense: {units: 1, activation: sigmoid}
optimizer: {rmsprop: {learning_rate: 1e-4, centered: true, clipnorm: 1.0}}
loss: {binary_crossentropy: {label_smoothing: 0.1}}
metrics: [{binary_accuracy: {threshold: 0.4}}, precision]
fit: {epochs: 3, stratify: true}
lr_schedule: {reduce_lr_on_plateau: {monitor: val_precision, patience: 2, mode: max}}
early_stopping: {monitor: val_loss, patience: 4, baseline: 0.5}
augmentation: {rotation: 10, elastic: {alpha: 5}}
runtime: {device: cpu, threads: 1, jit_compile: false, dtype_policy: mixed_bfloat16}
"""


@pytest.mark.parametrize("path", [config.path for config in shipped_configs()], ids=lambda path: path.stem)
def test_a_written_config_reads_back_equal(path, tmp_path):
    config = load_config(path).config
    written = tmp_path / "config.yaml"
    written.write_text(dump_config(config))
    assert load_config(written).config == config
    assert dump_config(load_config(written).config) == dump_config(config)


def test_everything_at_once_reads_back_equal(read, tmp_path):
    config = read(EVERYTHING)
    (tmp_path / "again.yaml").write_text(dump_config(config))
    assert load_config(tmp_path / "again.yaml").config == config


def test_300_random_configs_read_back_equal():
    problems = {seed: round_trip_problem(load_config_values(random_config(seed, "mnist_5k"))) for seed in range(300)}
    assert {seed: problem for seed, problem in problems.items() if problem} == {}


@pytest.mark.parametrize(
    "name", ["x\x85y/", "x\u2028/", "x\n/", " x /", "é'\"/", "# x/", "a: b/", "null/", "\ufeff/", "😀/"]
)
def test_any_path_of_data_reads_back_equal(name, read, good):
    loaded = load_config_values({**yaml.safe_load(good), "data": {"dataset": name}})
    assert loaded.config.data.dataset.endswith(name.rstrip("/"))
    assert round_trip_problem(loaded) is None


def test_no_metrics_read_back_as_none(read, good, tmp_path):
    config = read("metrics: []\n" + good)
    (tmp_path / "again.yaml").write_text(dump_config(config))
    assert load_config(tmp_path / "again.yaml").config == config


def test_a_config_is_written_with_a_line_per_layer_and_setting(read):
    text = dump_config(
        read(
            "model: [dense: {units: 10, activation: softmax}]\noptimizer: adagrad\nloss: mse\ndata: {dataset: größe/}\n"
        )
    )
    lines = text.splitlines()
    assert lines[:3] == ["seed: 42", "task: classification", "data:"]
    assert lines[3].endswith("größe")
    assert lines[4:] == [
        "  positive: null",
        "model:",
        "  - {dense: {units: 10, activation: {softmax: {}}, use_bias: true, bias_initializer: {zeros: {}}, "
        "bias_regularizer: null, activity_regularizer: null, kernel_initializer: {glorot_uniform: {}}, "
        "kernel_regularizer: null}}",
        "optimizer: {adagrad: {learning_rate: 0.001, weight_decay: null, clipnorm: null, clipvalue: null, global_clipnorm: "
        "null, use_ema: false, ema_momentum: 0.99, ema_overwrite_frequency: null, loss_scale_factor: null, "
        "gradient_accumulation_steps: null, initial_accumulator_value: 0.1, epsilon: 1.0e-07}}",
        "loss: {mse: {}}",
        "metrics:",
        "  - {accuracy: {}}",
        "fit:",
        "  epochs: 10",
        "  batch_size: 128",
        "  validation_split: 0.2",
        "  stratify: false",
        "lr_schedule: null",
        "early_stopping: null",
        "augmentation: null",
        "runtime:",
        "  device: auto",
        "  jit_compile: auto",
        "  dtype_policy: float32",
        "  threads: auto",
    ]
    assert text.endswith("auto\n")


def test_plain_values_are_those_of_a_config_file_with_required_arguments_first():
    layer = schema.layers.Conv2D(filters=4, kernel_size=(3, 5), activation=schema.activations.Relu())
    plain = to_plain(layer)["conv2d"]
    assert list(plain)[:3] == ["filters", "kernel_size", "activation"]
    assert (plain["kernel_size"], plain["activation"], plain["padding"]) == ([3, 5], {"relu": {}}, "valid")
    assert to_plain(schema.Elastic()) == {"alpha": 8.0, "sigma": 4.0}
    assert to_plain(None) is None


@pytest.mark.parametrize("name", ["1e3", "0o7", "0x1F", "1.5", ".nan", "true", "null", "~", "off", "rust", "1_000"])
def test_a_class_that_is_named_like_a_number_reads_back_as_a_name(name):
    sigmoid = [{"dense": {"units": 1, "activation": "sigmoid"}}]
    values = {"task": "binary", "model": sigmoid, "optimizer": "adam", "loss": "binary_crossentropy"}
    loaded = load_config_values({**values, "data": {"dataset": "own.npz", "positive": [name]}})
    assert loaded.config.data.positive == (name,)
    assert round_trip_problem(loaded) is None
