"""`key=value` arguments change a config like the same settings in its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from nntrain.config import schema
from nntrain.config.expand import expand
from nntrain.config.overrides import apply_overrides, is_override, read_overrides
from nntrain.config.yaml_tree import read_tree


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
def test_an_override_sets_a_value(read, argument, path, value, good):
    setting = read("metrics: [accuracy]\n" + good, argument)
    for step in path.split("."):
        setting = setting[int(step)] if step.isdigit() else getattr(setting, step)
    assert setting == value


def test_null_removes_a_section_or_a_layer_and_indices_refer_to_the_file(read, with_layers):
    text = with_layers("dense: 8", "dense: 9", "dropout: 0.3") + "early_stopping: {patience: 3}\n"
    config = read(text, "early_stopping=null", "model.0=null", "model.1.dense.units=11")
    assert config.early_stopping is None
    assert [getattr(layer, "units", None) for layer in config.model] == [11, None, 10]


def test_the_learning_rate_goes_to_the_optimizer_that_is_chosen(read, good):
    config = read(good, "learning_rate=0.5", "optimizer=sgd")
    assert (config.optimizer.key, config.optimizer.learning_rate) == ("sgd", 0.5)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("fit.epochs=x", "fit.epochs: must be a whole number of at least 1 and at most 100,000, got 'x'"),
        ("fit.epoch=3", "fit.epoch: unknown key; did you mean `fit.epochs=3`?"),
        ("model.7.dense.units=3", "model.7: model is a list with entries 0 to 1"),
        ("model.x=3", "model.x: model is a list with entries 0 to 1"),
        ("model.0.units=3", "model.0.units: unknown key; did you mean `model.0.dense.units=3`?"),
        (
            "optimizer.learning_rate=3",
            "optimizer.learning_rate: unknown key; did you mean `optimizer.adam.learning_rate=3`?",
        ),
        ("optimizer.adm.beta_1=0", "optimizer.adm: no such optimizer; did you mean 'adam'?"),
        ("seed.x=3", "seed is a single value and has no keys"),
        ("loss=mae2", "loss: no loss 'mae2'; did you mean 'mae'?"),
        ("seed={", "'{' is not valid YAML"),
        ("epochs=", "no value; `epochs=null` removes the setting"),
        ("lr=0.1", "lr: unknown key; did you mean `learning_rate=0.1`?"),
        ("model." + "9" * 5000 + "=3", f"model.{'9' * 5000}: model is a list with entries 0 to 1"),
        ("model.²=3", "model.²: model is a list with entries 0 to 1"),
        ("data.positive.0=7", "data.positive is a single value and has no keys"),
        ("optimizer=adam=3", "optimizer: no optimizer 'adam=3'; did you mean 'adam'?"),
        ("fit.epochs=1e400", "1e400 is outside the range of float32, in which the network computes"),
        (
            "seed=__import__('os')",
            "seed: must be a whole number of at least 0 and below 4,294,967,296, got \"__import__('os')\"",
        ),
        (
            "lr_schedule.reduce_lr_on_plateau.factor=0.5",
            "lr_schedule.reduce_lr_on_plateau.patience: missing; add for example `patience: 5`",
        ),
        ("model.0.dense.unit=3", "model.0.dense.unit: unknown key; did you mean `model.0.dense.units=3`?"),
        (
            "loss.x=3",
            f"loss.x: no such loss; choose from {', '.join(schema.Loss.members)}",
        ),
        ("metrics.1=mae", "metrics.1: metrics is an empty list"),
        ("metrics.x=mae", "metrics.x: metrics is an empty list"),
        ("optimizer.adam=5", "optimizer.adam: arguments must be named, as in adam: {learning_rate: 5}"),
        ("optimizer=!!foo x", "the tag tag:yaml.org,2002:foo is not supported; write the plain value"),
        ("model.0=!!foo x", "the tag tag:yaml.org,2002:foo is not supported; write the plain value"),
        ("fit.epochs=", "no value; `fit.epochs=null` removes the setting"),
        ("seed= ", "no value; `seed=null` removes the setting"),
    ],
)
def test_a_wrong_override_names_the_argument(problems, argument, message, good):
    assert problems(good, argument) == [f"argument {argument}: {message}"]


NETWORK = ("dense: {units: 8, activation: relu}", "dropout: 0.3", "dense: 9")


@pytest.mark.parametrize(
    ("argument", "meant"),
    [
        ("epoch=5", "epochs=5"),
        ("EPOCHS=3", "epochs=3"),
        ("n_epochs=3", "epochs=3"),
        ("epohcs=3", "epochs=3"),
        ("bs=32", "batch_size=32"),
        ("lr=0.01", "learning_rate=0.01"),
        ("optimizer.lr=0.01", "optimizer.adam.learning_rate=0.01"),
        ("fit.lr=0.01", "learning_rate=0.01"),
        ("beta_1=0.8", "optimizer.adam.beta_1=0.8"),
        ("momentum=0.9", "optimizer.sgd.momentum=0.9"),
        ("patience=3", "early_stopping.patience=3"),
        ("device=gpu", "runtime.device=gpu"),
        ("dataset=digits 1.npz", "'data.dataset=digits 1.npz'"),
        ("Seed=3", "seed=3"),
        ("model.0.activation=tanh", "model.0.dense.activation=tanh"),
        ("model.0.unit=64", "model.0.dense.units=64"),
        ("dropout=0.5", "model.1.dropout.rate=0.5"),
        ("rate=0.5", "model.1.dropout.rate=0.5"),
    ],
)
def test_an_override_with_an_unknown_key_is_told_the_words_to_type(problems, with_layers, argument, meant):
    (problem,) = problems(with_layers(*NETWORK), argument)
    assert problem.endswith(f": unknown key; did you mean `{meant}`?")


@pytest.mark.parametrize("argument", ["units=64", "model.units=64", "model.dense.units=64"])
def test_a_setting_of_several_layers_is_offered_for_each_hidden_one(problems, with_layers, argument):
    (problem,) = problems(with_layers(*NETWORK), argument)
    assert problem.endswith("did you mean `model.0.dense.units=64` or `model.2.dense.units=64`?")


def test_the_output_layer_is_offered_if_it_is_the_only_one(problems, with_layers):
    (problem,) = problems(with_layers(), "activation=tanh")
    assert problem.endswith("did you mean `model.0.dense.activation=tanh`?")


@pytest.mark.parametrize("argument", ["zzz=1", "mse=1", "spatial_dropout2d=0.5"])
def test_an_override_that_is_like_no_key_is_given_no_other(problems, with_layers, argument):
    assert "did you mean" not in problems(with_layers(*NETWORK), argument)[0]


@pytest.mark.parametrize(
    ("argument", "replacement"),
    [
        ("model.0.dropout.rate=0.2", "{dropout: 0.2}"),
        ("model.0.dropout=0.2", "{dropout: 0.2}"),
        ("model.0.conv2d.filters=8", "{conv2d: {filters: 8}}"),
        ("model.0.dropout={rate: 0.2}", "{dropout: {rate: 0.2}}"),
        ("model.0.max_pooling2d.pool_size=[2, 3]", "{max_pooling2d: {pool_size: [2, 3]}}"),
    ],
)
def test_a_layer_is_not_replaced_by_setting_an_argument_of_another(problems, good, argument, replacement):
    key = argument.partition("=")[0]
    assert problems(good, argument) == [
        f"argument {argument}: {key}: model.0 is a dense layer; to replace it, write 'model.0={replacement}'"
    ]


def test_a_layer_is_replaced_as_the_message_says(read, with_layers):
    assert read(with_layers("dense: 8", "dense: 9"), "model.1={dropout: 0.2}").model[1].key == "dropout"


@pytest.mark.parametrize(
    ("argument", "meant"),
    [
        ("data=mnist_5k", "data.dataset=mnist_5k"),
        ("fit=3", "fit.epochs=3"),
        ("early_stopping=3", "early_stopping.patience=3"),
    ],
)
def test_a_value_for_a_section_is_told_its_key(problems, good, argument, meant):
    assert problems(good, argument)[0].endswith(f"; did you mean `{meant}`?")


def test_removing_every_layer_is_a_network_without_layers(problems, good):
    assert problems(good, "model.0=null", "model.1=null") == ["bad.yaml:2:3: model has no layers; at least 1 is needed"]


def test_an_override_does_not_hide_a_mistake_of_the_file(problems, good):
    assert problems("fit: 3\nmetrics: accuracy\n" + good, "fit.epochs=3", "metrics.0=mae") == [
        "bad.yaml:1:6: fit must be a mapping of keys, got 3; write `fit: {epochs: 3}`",
        "bad.yaml:2:10: metrics must be a list of metrics, for example [accuracy]",
    ]
    assert problems("- a\n", "fit.epochs=3") == ["bad.yaml:1:1: a config must be a mapping of keys, got a list"]


def test_an_override_may_replace_a_mistake_in_the_file(read, good):
    assert read(good.replace("adam", "{adm: {lr: x}}"), "optimizer=sgd").optimizer.key == "sgd"
    assert read(good + "early_stopping: {patience: x}\n", "early_stopping=null").early_stopping is None


def test_later_overrides_win(read, good):
    assert read(good, "seed=1", "seed=2").seed == 2


def test_null_removes_a_setting_that_is_not_there(read, good):
    assert read(good, "fit.epochs=null", "lr_schedule=null", "seed=null") == read(good)


def test_an_entry_may_be_added_to_a_list(read, good):
    assert [metric.key for metric in read(good, "metrics.0=mse", "metrics.1=mae").metrics] == ["mse", "mae"]
    assert read(good, "model.2.dense=10", "model.2.dense.activation=softmax").model[2].units == 10


def test_an_entry_that_was_removed_may_be_set_again(read, good):
    assert read(good, "model.0=null", "model.0.dense=9").model[0].units == 9


def test_another_member_replaces_the_one_in_the_file_with_its_arguments(read, good):
    config = read(good.replace("adam", "{adam: {beta_1: 0.5, epsilon: 0.1}}"), "optimizer.sgd.momentum=0.9")
    assert config.optimizer == schema.optimizers.SGD(momentum=0.9)
    config = read(good.replace("adam", "{adam: {beta_1: 0.5, epsilon: 0.1}}"), "optimizer.adam.epsilon=0.2")
    assert config.optimizer == schema.optimizers.Adam(beta_1=0.5, epsilon=0.2)


def test_without_an_optimizer_the_learning_rate_is_adams(read, problems, good):
    without = good.replace("optimizer: adam\n", "")
    assert read(without, "learning_rate=0.5").optimizer == schema.optimizers.Adam(learning_rate=0.5)
    assert read(without + "optimizer: {}\n", "learning_rate=0.5").optimizer == schema.optimizers.Adam(learning_rate=0.5)
    assert read(without + "optimizer: [sgd]\n", "learning_rate=0.5").optimizer == schema.optimizers.Adam(
        learning_rate=0.5
    )
    assert problems(without + "optimizer: adm\n", "learning_rate=0.5") == [
        "bad.yaml:5:12: optimizer: no optimizer 'adm'; did you mean 'adam'?",
        "argument learning_rate=0.5: optimizer.adm: no such optimizer; did you mean 'adam'?",
    ]


def test_learning_rate_arguments_come_last_in_their_order(read, good):
    config = read(good, "learning_rate=0.5", "learning_rate=0.25", "optimizer=sgd")
    assert config.optimizer == schema.optimizers.SGD(learning_rate=0.25)


def test_an_argument_of_several_optimizers_needs_the_optimizers_name(problems, good):
    text = good.replace("adam", "{adagrad: {}}")
    assert problems(text, "optimizer.epsilon=1") == [
        "argument optimizer.epsilon=1: optimizer.epsilon: unknown key; did you mean `optimizer.adagrad.epsilon=1`?"
    ]
    assert problems(text, "epsilon=1") == [
        "argument epsilon=1: epsilon: unknown key; did you mean `optimizer.adagrad.epsilon=1`?"
    ]


@pytest.mark.parametrize("argument", ["a=", "seed=1", "_x.y_2.0=b", "fit.epochs=a=b", "größe=1"])
def test_an_argument_with_a_key_before_an_equals_sign_is_an_override(argument):
    assert is_override(argument)


@pytest.mark.parametrize("argument", ["mlp", "a/b=c", "=1", "1=2", "a..b=1", "a.=1", "-x=1", "a b=1", "my-run=1", ""])
def test_other_arguments_are_names_and_paths(argument):
    assert not is_override(argument)


@pytest.mark.parametrize("digits", [9, 10])
def test_an_index_has_at_most_nine_digits(problems, good, digits):
    index = "1" * digits
    assert problems(good, f"fit.{index}=3")[0].startswith(f"argument fit.{index}=3: fit.{index}: unknown key")
    assert problems(good, f"model.{index}=3") == [
        f"argument model.{index}=3: model.{index}: model is a list with entries 0 to 1"
    ]


def test_overrides_are_not_applied_to_a_file_that_is_not_a_mapping(problems):
    assert problems("3\n", "seed=1", "seed=[") == [
        "bad.yaml:1:1: a config must be a mapping of keys, got 3",
        "argument seed=[: '[' is not valid YAML",
    ]


def test_the_tree_of_the_file_is_not_changed(good):
    root = expand(read_tree("metrics: [mse]\n" + good, "a.yaml", base=Path())[0])
    before = root.plain()
    overrides = read_overrides(["metrics.0=null", "fit.epochs=3", "model.0.dense.units=3", "loss=null"])
    changed, problems = apply_overrides(root, overrides)
    assert (root.plain(), problems) == (before, [])
    assert (changed.plain()["metrics"], changed.plain()["fit"], "loss" in changed.plain()) == ([], {"epochs": 3}, False)


def test_overrides_may_be_python_values_by_dotted_key(read, good):
    values = {"fit.epochs": 3, "learning_rate": 0.5, "model.0.dense": {"units": 7}, "optimizer": "sgd", "loss": "mse"}
    config = read(good, values)
    assert (config.fit.epochs, config.model[0].units, config.optimizer.key) == (3, 7, "sgd")
    assert (config.optimizer.learning_rate, config.loss.key) == (0.5, "mse")


def test_a_python_none_removes_a_setting(read, good):
    assert read(good + "early_stopping: 3\n", {"early_stopping": None}).early_stopping is None


def test_an_override_in_python_is_named_by_its_key_and_value(problems, good):
    overrides = {"fit.epochs": "many", "fit.epoch": 3, "fit epochs": 3, None: 3, "model.0.dense.units": object}
    assert problems(good, overrides) == [
        "override fit.epochs='many': fit.epochs: must be a whole number of at least 1 and at most 100,000, got 'many'",
        "override fit.epoch=3: fit.epoch: unknown key; did you mean `fit.epochs`?",
        "override fit epochs=3: write the key with dots: `model.0.dense.units`",
        "override None=3: write the key with dots: `model.0.dense.units`",
        "override model.0.dense.units=<class 'object'>: a config cannot hold type; use strings, numbers, lists and dicts",
    ]


class Unprintable:
    """An object whose __repr__ fails."""

    def __repr__(self):
        raise ValueError


@pytest.mark.parametrize(("value", "shown"), [([0] * 99, f"[{'0, ' * 26}0..."), (Unprintable(), "Unprintable")])
def test_a_long_or_unprintable_value_is_shortened(problems, good, value, shown):
    assert problems(good, {"loss": value})[0].startswith(f"override loss={shown}: ")
