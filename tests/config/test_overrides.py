"""`key=value` arguments change a config as if the file said so."""

from __future__ import annotations

import pytest

GOOD = """model:
  - dense: {units: 8, activation: relu}
  - dense: {units: 10, activation: softmax}
optimizer: adam
loss: categorical_crossentropy
"""


def with_model(*layers):
    """Return a config with these hidden layers."""
    lines = "".join(f"  - {layer}\n" for layer in layers)
    return f"model:\n{lines}  - dense: {{units: 10, activation: softmax}}\noptimizer: adam\nloss: categorical_crossentropy\n"


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
        ("model.7.dense.units=3", "model.7: model is a list with entries 0 to 1"),
        ("model.x=3", "model.x: model is a list with entries 0 to 1"),
        ("model.0.units=3", "model.0.units: include the layer's name: model.0.dense.units=..."),
        (
            "optimizer.learning_rate=3",
            "optimizer.learning_rate: include the optimizer's name: optimizer.adam.learning_rate=...",
        ),
        ("optimizer.adm.beta_1=0", "optimizer.adm: no such optimizer; did you mean 'adam'?"),
        ("seed.x=3", "seed is a single value; nothing is below it"),
        ("loss=mae2", "loss: no loss 'mae2'; did you mean 'mae'?"),
        ("seed={", "'{' is not valid YAML"),
        ("epochs=", "no value; `epochs=null` removes the setting"),
        (
            "lr=0.1",
            "lr: unknown key; learning_rate belongs under optimizer, as in `optimizer: {adam: {learning_rate: 0.1}}`",
        ),
        ("model." + "9" * 5000 + "=3", f"model.{'9' * 5000}: model is a list with entries 0 to 1"),
        ("model.²=3", "model.²: model is a list with entries 0 to 1"),
        ("data.positive.0=7", "data.positive is a single value; nothing is below it"),
        ("optimizer=adam=3", "optimizer: no optimizer 'adam=3'; did you mean 'adam'?"),
        ("fit.epochs=1e400", "1e400 is outside the range of float32, in which the network computes"),
        ("seed=__import__('os')", "seed: must be a whole number"),
        ("lr_schedule.reduce_lr_on_plateau.factor=0.5", "lr_schedule.reduce_lr_on_plateau.patience: missing"),
    ],
)
def test_a_wrong_override_names_the_argument(problems, argument, words):
    assert any(line.startswith(f"argument {argument}: {words}") for line in problems(GOOD, argument))


def test_removing_every_layer_is_a_network_without_layers(problems):
    assert problems(GOOD, "model.0=null", "model.1=null") == ["bad.yaml:2:3: model has no layers; at least 1 is needed"]


def test_an_override_does_not_hide_a_mistake_of_the_file(problems):
    assert problems("fit: 3\nmetrics: accuracy\n" + GOOD, "fit.epochs=3", "metrics.0=mae") == [
        "bad.yaml:1:6: fit must be a mapping of keys, got 3; write `fit: {epochs: 3}`",
        "bad.yaml:2:10: metrics must be a list of metrics: [accuracy]",
    ]
    assert problems("- a\n", "fit.epochs=3") == ["bad.yaml:1:1: a config must be a mapping of keys, got a list"]


def test_an_override_may_mend_the_file(read):
    assert read(GOOD.replace("adam", "{adm: {lr: x}}"), "optimizer=sgd").optimizer.key == "sgd"
    assert read(GOOD + "early_stopping: {patience: x}\n", "early_stopping=null").early_stopping is None


def test_later_overrides_win(read):
    assert read(GOOD, "seed=1", "seed=2").seed == 2
