"""What a config file may say, and what is said of one that is wrong: place, what was found, what is accepted."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from nntrain.config.loading import dump_config, load_config
from nntrain.config.shipped import shipped_config, shipped_configs
from nntrain.errors import ConfigError, UsageError

GOOD = """model:
  - dense: {units: 8, activation: relu}
  - dense: {units: 10, activation: softmax}
optimizer: adam
loss: categorical_crossentropy
"""


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Return a function that reads a text as bad.yaml."""
    monkeypatch.chdir(tmp_path)

    def reading(text, *overrides):
        Path("bad.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_config(Path("bad.yaml"), overrides).config

    return reading


@pytest.fixture
def problems(read):
    """Return a function that reads a text and gives its problems, a line each."""

    def reading(text, *overrides):
        with pytest.raises(ConfigError) as caught:
            read(text, *overrides)
        return str(caught.value).splitlines()

    return reading


def with_model(*layers):
    """Return a config with these hidden layers."""
    lines = "".join(f"  - {layer}\n" for layer in layers)
    return f"model:\n{lines}  - dense: {{units: 10, activation: softmax}}\noptimizer: adam\nloss: categorical_crossentropy\n"


# --- values and keys ---


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("seed: x", "1:7: seed: must be a whole number of at least 0 and below 4,294,967,296, got 'x'"),
        ("seed: true", "1:7: seed: must be a whole number of at least 0 and below 4,294,967,296, got true"),
        ("seed: 1.5", "1:7: seed: must be a whole number of at least 0 and below 4,294,967,296, got 1.5"),
        ("fit: {epochs: 0}", "1:15: fit.epochs: must be a whole number of at least 1 and at most 100,000, got 0"),
        ("fit: {epochs: yes}", "1:15: fit.epochs: must be a whole number of at least 1 and at most 100,000, got 'yes'"),
        (
            "fit: {validation_split: .nan}",
            "1:25: fit.validation_split: must be a number of at least 0 and below 1, got .nan",
        ),
        (
            "fit: {validation_split: .inf}",
            "1:25: fit.validation_split: must be a number of at least 0 and below 1, got .inf",
        ),
        ("fit: {validation_split: 1}", "1:25: fit.validation_split: must be a number of at least 0 and below 1, got 1"),
        (
            "fit: {epochs: 10.0}",
            "1:15: fit.epochs: must be a whole number of at least 1 and at most 100,000, got 10.0; write 10",
        ),
        (
            "fit: {epochs: '3'}",
            "1:15: fit.epochs: must be a whole number of at least 1 and at most 100,000, got '3'; write it without quotes",
        ),
        (
            "fit: {epochs: 1_000}",
            "1:15: fit.epochs: must be a whole number of at least 1 and at most 100,000, got '1_000'; write it with digits and a point alone",
        ),
        ("fit: {epochs: true}", "1:15: fit.epochs: must be a whole number of at least 1 and at most 100,000, got true"),
        (
            "fit: {epochs: -.inf}",
            "1:15: fit.epochs: must be a whole number of at least 1 and at most 100,000, got -.inf",
        ),
        ("fit: {epochs:}", "1:14: fit.epochs: must be a whole number of at least 1 and at most 100,000, got nothing"),
        (
            "seed: 2026-01-01",
            "1:7: seed: must be a whole number of at least 0 and below 4,294,967,296, got '2026-01-01'",
        ),
        ("augmentation: {zoom: 1e39}", "1:22: 1e39 is beyond the numbers that a network computes with (float32)"),
        (
            "data: {dataset: on}",
            "1:17: data.dataset: no data set 'on'; there are mnist, fashion_mnist, mnist_5k (a path has a suffix or a slash)",
        ),
        (
            "data: {dataset: minst}",
            "1:17: data.dataset: no data set 'minst'; did you mean 'mnist'? (a path has a suffix or a slash)",
        ),
        ("data: mnist", "1:7: data has to be a mapping of keys, got 'mnist'; write `data: {dataset: mnist}`"),
        (
            "<<: {seed: 1}",
            "1:1: <<: unknown key; known are seed, task, data, model, optimizer, loss, metrics, fit, lr_schedule, early_stopping, augmentation, runtime",
        ),
        ("fit: {stratify: on}", "1:17: fit.stratify: must be true or false, got 'on'; write true"),
        ("fit: {stratify: no}", "1:17: fit.stratify: must be true or false, got 'no'; write false"),
        ("fit: {stratify: 1}", "1:17: fit.stratify: must be true or false, got 1"),
        ("task: binry", "1:7: task: must be classification, binary or regression, got 'binry'; did you mean 'binary'?"),
        ("task: no", "1:7: task: must be classification, binary or regression, got 'no'"),
        ("runtime: {device: cuda}", "1:19: runtime.device: must be auto, cpu or gpu, got 'cuda'; did you mean 'gpu'?"),
        (
            "runtime: {threads: 0}",
            "1:20: runtime.threads: must be auto or a whole number of at least 1 and at most 1,024, got 0",
        ),
        ("runtime: {jit_compile: 1}", "1:24: runtime.jit_compile: must be auto or true or false, got 1"),
        ("data: {dataset: 5}", "1:17: data.dataset: must be a word, got 5"),
        ("fit: 3", "1:6: fit has to be a mapping of keys, got 3; write `fit: {epochs: 3}`"),
        ("metrics: accuracy", "1:10: metrics has to be a list of metrics: [accuracy]"),
        ("metrics: [" + "x," * 51 + "]", "1:10: metrics has 51 metrics; at most 50 work"),
        ("metrics: [acuracy]", "1:11: metrics.0: no metric 'acuracy'; did you mean 'accuracy'?"),
        (
            "early_stopping: {monitor: val_loss}",
            "1:17: early_stopping.patience: missing; add for example `patience: 5`",
        ),
        ("sead: 1", "1:1: sead: unknown key; did you mean 'seed'?"),
        ("fit: {epoch: 3}", "1:7: fit.epoch: unknown key; did you mean 'epochs'?"),
        ("? [a]\n: 1", "1:3: a key has to be a word"),
    ],
)
def test_a_wrong_value_or_key_is_one_line_with_its_place(problems, line, words):
    assert f"bad.yaml:{words}" in problems(f"{line}\n{GOOD}")


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        ("dense: 0", "2:12: model.0.dense.units: must be a whole number of at least 1 and at most 65,536, got 0"),
        ("dense: 8.0", "2:12: model.0.dense.units: must be a whole number of at least 1 and at most 65,536, got 8.0"),
        ("dense: {activation: relu}", "2:12: model.0.dense.units: missing; add `units: ...`"),
        ("dense: {unitz: 8}", "2:13: model.0.dense.unitz: unknown key; did you mean 'units'?"),
        ("dense: {units: 8, input_shape: 784}", "2:23: model.0.dense.input_shape: not used: the input is added for you; leave it out"),
        ("dense", "2:5: model.0.dense.units: missing; add `units: ...`"),
        ("Dense: 8", "2:5: model.0.Dense: no such layer; did you mean 'dense'?"),
        ("maxpool2d", "2:5: model.0: no layer 'maxpool2d'; did you mean 'max_pooling2d'?"),
        ("dropout: 1.0", "2:14: model.0.dropout.rate: must be a number of at least 0 and below 1, got 1.0"),
        ("conv2d: 32", "2:13: model.0.conv2d: arguments are named here, as in conv2d: {filters: 32, kernel_size: ...}"),
        ("max_pooling2d: 2", "2:20: model.0.max_pooling2d: arguments are named here, as in max_pooling2d: {pool_size: 2}"),
        ("{dense: 8, activation: relu}", "2:5: model.0: dense and activation stand side by side; arguments go inside: dense: {units: 8, activation: relu}"),
        ("flatten:", "2:5: model.0.flatten: nothing follows the name; write flatten alone"),
        ("dense: {units: 8, use_bias: yes}", "2:33: model.0.dense.use_bias: must be true or false, got 'yes'; write true"),
        ("dense: {units: 8, activation: {relu: {alpha: 1}}}", "2:43: model.0.dense.activation.relu.alpha: unknown key; it takes no arguments"),
        ("dense: {units: 8, kernel_regularizer: {l1: 0.1, l2: 0.2}}", "2:43: model.0.dense.kernel_regularizer: l1 and l2 stand side by side; write l1_l2: {l1: 0.1, l2: 0.2}"),
        ("flatten: 3", "2:14: model.0.flatten: it takes no arguments; write flatten alone"),
        ("{type: dense, units: 3}", "2:5: model.0: a layer is its name with its arguments: dense: {units: 3}"),
        ("{dense: 8, dropout: 0.3}", "2:5: model.0: dense and dropout stand side by side; each is an entry of its own, behind '- '"),
        ("8", "2:5: model.0: expected the name of a layer, got 8"),
        ("activation: ReLUU", "2:17: model.0.activation.activation: no activation 'ReLUU'; did you mean 'relu'?"),
        ("dense: {units: 8, kernel_initializer: he_norm}", "2:43: model.0.dense.kernel_initializer: no initializer 'he_norm'; did you mean 'he_normal'?"),
        ("conv2d: {filters: 8, kernel_size: [3]}", "2:39: model.0.conv2d.kernel_size: must be a whole number of at least 1 and at most 1,024 or a list of 2 whole numbers of at least 1 and at most 1,024, got a list"),
        ("conv2d: {filters: 8, kernel_size: 3, padding: some}", "2:51: model.0.conv2d.padding: must be valid or same, got 'some'; did you mean 'same'?"),
    ],
)  # fmt: skip
def test_a_wrong_layer_is_one_line_with_its_place(problems, layer, words):
    assert any(line.startswith(f"bad.yaml:{words}") for line in problems(with_model(layer))), problems(
        with_model(layer)
    )


def test_all_problems_come_at_once_in_order_of_place(problems):
    text = (
        "fit: {epochs: x}\nmodel:\n  - dropout: 2\n  - dense: {units: 10, activation: softmax}\noptimizer: adm\n"
        "loss: categorical_crossentropy\nearly_stopping: {patience: 2}\n"
        "lr_schedule: {reduce_lr_on_plateau: {patience: 3}}\n"
    )
    assert [line.split(" ")[0] for line in problems(text)] == [
        "bad.yaml:1:15:",
        "bad.yaml:3:14:",
        "bad.yaml:5:12:",
        "bad.yaml:7:28:",
    ]


def test_what_has_to_be_there_is_missed(problems):
    assert problems("seed: 1\n") == [
        "bad.yaml:1:1: model: missing; add the layers: `model: [dense: 128, ...]`",
        "bad.yaml:1:1: optimizer: missing; add for example `optimizer: adam`",
        "bad.yaml:1:1: loss: missing; add for example `loss: categorical_crossentropy`",
    ]


def test_logits_are_refused_with_the_reason(problems):
    text = GOOD.replace("categorical_crossentropy", "{categorical_crossentropy: {from_logits: true}}")
    assert problems(text) == [
        "bad.yaml:5:35: loss.categorical_crossentropy.from_logits: not used: the last layer gives probabilities here; "
        "leave it out"
    ]


# --- the form of the file ---


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "1:1: the file is empty; it has to describe a run (try `nntrain configs`)"),
        ("# nothing\n", "1:1: the file is empty; it has to describe a run (try `nntrain configs`)"),
        ("- a\n- b\n", "1:1: a config has to be a mapping of keys, got a list"),
        ("mlp\n", "1:1: a config has to be a mapping of keys, got 'mlp'"),
        ("seed: 1\nseed: 2\n" + GOOD, "2:1: seed is written twice, first in line 1; keep one"),
        ("fit:\n\tepochs: 3\n" + GOOD, "2:1: not valid YAML: a tab cannot indent YAML; use spaces"),
        ("a: {b\n", "2:1: not valid YAML: "),
        ("a: b: c\n", "1:5: not valid YAML: mapping values are not allowed here"),
        ("seed: *x\n", "1:7: not valid YAML: a word cannot begin with '*'; put it in quotes"),
        ("fit: &a [*a]\n" + GOOD, "1:6: an alias cannot stand inside what it names"),
        ("seed: 1\n---\nseed: 2\n", "2:1: not valid YAML: a config is one document; a second begins here"),
        ("model:mlp\n", "1:1: a config has to be a mapping of keys, got 'model:mlp'; put a space after each colon"),
        ("model: []\n", "1:8: model has no layer; it needs at least 1"),
        ("seed: !!int x\n" + GOOD, "1:7: 'x' is not what its tag says"),
        ("fit: !!python/object/apply:os.system [ls]\n" + GOOD, "1:6: the tag tag:yaml.org,2002:python/object/apply:os.system is not supported"),
        ("a: " + "[" * 60 + "]" * 60, "1:1: nested more than 40 deep; no config is"),
        ("".join(f"k{i}: 1\n" for i in range(2_000)), "1:1: 2,000 unknown keys; known are seed, "),
        ("seed: !!python/object:os.system x\n" + GOOD, "1:7: the tag tag:yaml.org,2002:python/object:os.system is not supported"),
        ("seed: " + "9" * 5000 + "\n" + GOOD, "1:7: a number of 5,000 characters"),
        ("[" + "a," * 400_000 + "]", "1:1: more than 50,000 values, those that aliases repeat included"),
        ("[" * 20_000, "1:1: nested more than 40 deep; no config is"),
        (b"seed: 1\x00\n", "1:8: not valid YAML: character #x0000 is not allowed in a text file"),
        (b"seed: \xff\n", "1:7: not UTF-8 text; save the file as UTF-8"),
    ],
)  # fmt: skip
def test_a_file_of_the_wrong_form_is_told_so(problems, text, words):
    assert any(line.startswith(f"bad.yaml:{words}") for line in problems(text)), problems(text)


def test_a_bomb_of_aliases_is_refused_before_it_unfolds(problems):
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert problems(bomb) == [
        "bad.yaml:1:1: more than 50,000 values, those that aliases repeat included; no config is that large"
    ]


def test_a_file_of_a_megabyte_is_refused(read):
    with pytest.raises(UsageError, match="larger than 1,000,000 bytes"):
        read("# " + "x" * 1_000_001)


def test_a_byte_order_mark_and_windows_line_ends_are_read(read):
    assert read(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()).seed == 42


def test_1e_minus_3_is_a_number(read):
    assert read(GOOD.replace("adam", "{adam: {learning_rate: 1e-3}}")).optimizer.learning_rate == 0.001


def test_an_alias_repeats_what_it_names(read):
    text = "model:\n  - &d {dense: 8}\n  - *d\n" + GOOD.partition("relu}\n")[2]
    assert [layer.units for layer in read(text).model] == [8, 8, 10]


def test_an_empty_section_is_its_defaults(read):
    assert read("fit:\nruntime:\n" + GOOD) == read(GOOD)


def test_a_bare_value_is_the_one_argument_that_keras_requires(read):
    config = read(with_model("dense: 8", "dropout: 0.3", "activation: relu"))
    assert (config.model[0].units, config.model[1].rate, config.model[2].activation.key) == (8, 0.3, "relu")


def test_one_number_stands_for_both_directions(read):
    layer = read(with_model("conv2d: {filters: 2, kernel_size: 3, strides: [1, 2]}", "flatten")).model[0]
    assert (layer.kernel_size, layer.strides) == ((3, 3), (1, 2))


def test_metrics_are_the_tasks_usual_ones_where_none_are_named(read):
    assert [metric.key for metric in read(GOOD).metrics] == ["accuracy"]
    text = "task: regression\nmodel: [dense: 1]\noptimizer: adam\nloss: mse\n"
    assert [metric.key for metric in read(text).metrics] == ["mae"]


def test_a_data_sets_path_is_relative_to_the_file(read, tmp_path):
    assert read("data: {dataset: mine/}\n" + GOOD).data.dataset == str(tmp_path / "mine")
    assert read("data: {dataset: mnist_5k}\n" + GOOD).data.dataset == "mnist_5k"


def test_an_arguments_path_is_relative_to_here(tmp_path, monkeypatch):
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "a.yaml").write_text(GOOD)
    monkeypatch.chdir(tmp_path)
    loaded = load_config(Path("configs/a.yaml"), ["data.dataset=mine.npz"])
    assert loaded.config.data.dataset == str(tmp_path / "mine.npz")


# --- overrides ---


@pytest.mark.parametrize(
    ("argument", "path", "value"),
    [
        ("fit.epochs=3", "fit.epochs", 3),
        ("epochs=3", "fit.epochs", 3),
        ("batch_size=7", "fit.batch_size", 7),
        ("learning_rate=1e-2", "optimizer.learning_rate", 0.01),
        ("seed=7", "seed", 7),
        ("optimizer.adam.beta_1=0.5", "optimizer.beta_1", 0.5),
        ("optimizer=sgd", "optimizer.key", "sgd"),
        ("optimizer.sgd.momentum=0.9", "optimizer.momentum", 0.9),
        ("optimizer={sgd: {nesterov: false}}", "optimizer.nesterov", False),
        ("early_stopping.patience=4", "early_stopping.patience", 4),
        ("lr_schedule.step_decay.every=2", "lr_schedule.every", 2),
        ("lr_schedule=exponential_decay", "lr_schedule.rate", 0.95),
        ("augmentation.elastic.alpha=3", "augmentation.elastic.alpha", 3.0),
        ("model.0.dense.units=64", "model.0.units", 64),
        ("model.0.dense=64", "model.0.units", 64),
        ("model.0.dense.activation=tanh", "model.0.activation.key", "tanh"),
        ("metrics.1=mae", "metrics.1.key", "mae"),
        ("runtime.jit_compile=true", "runtime.jit_compile", True),
    ],
)
def test_an_override_is_read_as_the_file_is(read, argument, path, value):
    found = read("metrics: [accuracy]\n" + GOOD, argument)
    for step in path.split("."):
        found = found[int(step)] if step.isdigit() else getattr(found, step)
    assert found == value


def test_null_removes_a_section_or_a_layer_and_indices_are_the_files(read):
    text = with_model("dense: 8", "dense: 9", "dropout: 0.3") + "early_stopping: {patience: 3}\n"
    config = read(text, "early_stopping=null", "model.0=null", "model.1.dense.units=11")
    assert config.early_stopping is None
    assert [getattr(layer, "units", None) for layer in config.model] == [11, None, 10]


def test_the_learning_rate_goes_to_the_optimizer_that_is_chosen(read):
    config = read(GOOD, "learning_rate=0.5", "optimizer=sgd")
    assert (config.optimizer.key, config.optimizer.learning_rate) == ("sgd", 0.5)


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("fit.epochs=x", "fit.epochs: must be a whole number of at least 1 and at most 100,000, got 'x'"),
        ("fit.epoch=3", "fit.epoch: unknown key; did you mean 'epochs'?"),
        ("model.7.dense.units=3", "model.7: model is a list; it has 2, from 0 to 1"),
        ("model.x=3", "model.x: model is a list; it has 2, from 0 to 1"),
        ("model.0.units=3", "model.0.units: name the layer too: model.0.dense.units=..."),
        (
            "optimizer.learning_rate=3",
            "optimizer.learning_rate: name the optimizer too: optimizer.adam.learning_rate=...",
        ),
        ("optimizer.adm.beta_1=0", "optimizer.adm: no such optimizer; did you mean 'adam'?"),
        ("seed.x=3", "seed has nothing below it"),
        ("loss=mae2", "loss: no loss 'mae2'; did you mean 'mae'?"),
        ("seed={", "'{' is not valid YAML"),
        ("epochs=", "no value; epochs=null removes what the file says"),
        (
            "lr=0.1",
            "lr: unknown key; learning_rate belongs under optimizer, as in `optimizer: {adam: {learning_rate: 0.1}}`",
        ),
        ("model." + "9" * 5000 + "=3", f"model.{'9' * 5000}: model is a list; it has 2, from 0 to 1"),
        ("model.²=3", "model.²: model is a list; it has 2, from 0 to 1"),
        ("data.positive.0=7", "data.positive has nothing below it"),
        ("optimizer=adam=3", "optimizer: no optimizer 'adam=3'; did you mean 'adam'?"),
        ("fit.epochs=1e400", "1e400 is beyond the numbers that a network computes with (float32)"),
        ("seed=__import__('os')", "seed: must be a whole number"),
        ("lr_schedule.reduce_lr_on_plateau.factor=0.5", "lr_schedule.reduce_lr_on_plateau.patience: missing"),
    ],
)
def test_a_wrong_override_names_the_argument(problems, argument, words):
    assert any(line.startswith(f"argument {argument}: {words}") for line in problems(GOOD, argument))


def test_an_unreadable_value_is_one_problem_and_not_also_a_missing_one(problems):
    assert problems("seed: !!foo 1\nfit: !!foo 2\n" + GOOD.replace("adam", "!!foo adam")) == [
        "bad.yaml:1:7: the tag tag:yaml.org,2002:foo is not supported; write the plain value",
        "bad.yaml:2:6: the tag tag:yaml.org,2002:foo is not supported; write the plain value",
        "bad.yaml:6:12: the tag tag:yaml.org,2002:foo is not supported; write the plain value",
    ]


def test_removing_every_layer_is_a_network_without_layers(problems):
    assert problems(GOOD, "model.0=null", "model.1=null") == ["bad.yaml:2:3: model has no layer; it needs at least 1"]


def test_an_override_does_not_hide_a_mistake_of_the_file(problems):
    assert problems("fit: 3\nmetrics: accuracy\n" + GOOD, "fit.epochs=3", "metrics.0=mae") == [
        "bad.yaml:1:6: fit has to be a mapping of keys, got 3; write `fit: {epochs: 3}`",
        "bad.yaml:2:10: metrics has to be a list of metrics: [accuracy]",
    ]
    assert problems("- a\n", "fit.epochs=3") == ["bad.yaml:1:1: a config has to be a mapping of keys, got a list"]


def test_an_override_may_mend_the_file(read):
    assert read(GOOD.replace("adam", "{adm: {lr: x}}"), "optimizer=sgd").optimizer.key == "sgd"
    assert read(GOOD + "early_stopping: {patience: x}\n", "early_stopping=null").early_stopping is None


def test_later_overrides_win(read):
    assert read(GOOD, "seed=1", "seed=2").seed == 2


def test_a_problem_of_the_file_comes_before_those_of_arguments(problems):
    assert [line.partition(": ")[0] for line in problems("sead: 1\n" + GOOD, "fit.epochs=x", "task=y")] == [
        "bad.yaml:1:1",
        "argument fit.epochs=x",
        "argument task=y",
    ]


# --- writing ---


@pytest.mark.parametrize("path", [config.path for config in shipped_configs()], ids=lambda path: path.stem)
def test_a_written_config_reads_back_equal(path, tmp_path):
    config = load_config(path).config
    written = tmp_path / "config.yaml"
    written.write_text(dump_config(config))
    assert load_config(written).config == config
    assert dump_config(load_config(written).config) == dump_config(config)


def test_everything_at_once_reads_back_equal(read, tmp_path):
    text = """
seed: 7
task: binary
data: {dataset: fashion_mnist, positive: [1, 3]}
model:
  - conv2d: {filters: 4, kernel_size: [3, 5], kernel_initializer: {constant: {value: 0.5}}, kernel_regularizer: {l2: {l2: 1e-4}}}
  - batch_normalization: {momentum: 0.9, gamma_initializer: {random_normal: {stddev: 0.1}}}
  - leaky_re_lu: {negative_slope: 0.1}
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
    config = read(text)
    (tmp_path / "again.yaml").write_text(dump_config(config))
    assert load_config(tmp_path / "again.yaml").config == config


# --- whatever is written ---

PIECES = [
    "null",
    "[]",
    "{}",
    "-1",
    "1e400",
    "''",
    "*a",
    "&a x",
    "!!int",
    "!!set",
    ".nan",
    "\n",
    "\t",
    "%",
    "[",
    "}",
    "?",
]


@pytest.mark.parametrize("seed", range(4))
def test_a_file_with_pieces_replaced_by_others_is_read_or_refused_and_never_a_crash(read, seed):
    draw = random.Random(seed)
    words = re.findall(r"\w+|\W", shipped_config("mlp_complete").path.read_text(encoding="utf-8"))
    places = []
    for _ in range(60):
        text = list(words)
        for _ in range(draw.randint(1, 4)):
            text[draw.randrange(len(text))] = draw.choice([*PIECES, draw.choice(words)])
        override = f"{draw.choice(['fit', 'model.0', 'metrics.1', 'optimizer.sgd'])}={draw.choice(PIECES)}"
        try:
            read("".join(text), override)
        except ConfigError as error:
            places += [problem.place for problem in error.problems]
    assert len(places) > 60
    assert all(place.startswith(("bad.yaml:", "argument ")) for place in places)
