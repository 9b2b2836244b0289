"""What beginners write who know Keras scripts, other libraries, or half of the format, and the problems."""

from __future__ import annotations

import pytest

GOOD = """model:
  - dense: {units: 8, activation: relu}
  - dense: {units: 10, activation: softmax}
optimizer: adam
loss: categorical_crossentropy
"""


NETWORK = "model: [dense: {units: 10, activation: softmax}]\n"


REST = "optimizer: adam\nloss: categorical_crossentropy\n"


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("epochs: 10", "1:1: epochs: unknown key; epochs belongs under fit, as in `fit: {epochs: 10}`"),
        ("batch_size: 64", "1:1: batch_size: unknown key; batch_size belongs under fit, as in `fit: {batch_size: 64}`"),
        ("fit.epochs: 10", "1:1: fit.epochs: unknown key; epochs belongs under fit, as in `fit: {epochs: 10}`"),
        ("lr: 0.01", "1:1: lr: unknown key; learning_rate belongs under optimizer, as in `optimizer: {adam: {learning_rate: 0.01}}`"),
        ("momentum: 0.9", "1:1: momentum: unknown key; momentum belongs under optimizer, as in `optimizer: {sgd: {momentum: 0.9}}`"),
        ("dataset: mnist", "1:1: dataset: unknown key; dataset belongs under data, as in `data: {dataset: mnist}`"),
        ("device: gpu", "1:1: device: unknown key; device belongs under runtime, as in `runtime: {device: gpu}`"),
        ("patience: 5", "1:1: patience: unknown key; patience belongs under early_stopping, as in `early_stopping: {patience: 5}`"),
        ("fit: {patience: 5}", "1:7: fit.patience: unknown key; patience belongs under early_stopping, as in `early_stopping: {patience: 5}`"),
        ("step_decay: {every: 5}", "1:1: step_decay: unknown key; step_decay belongs under lr_schedule, as in `lr_schedule: {step_decay: ...}`"),
        ("dropout: 0.3", "1:1: dropout: unknown key; dropout belongs under model, as in `- dropout: 0.3`"),
        ("callbacks: [early_stopping]", "1:1: callbacks: not supported: write reduce_lr_on_plateau under lr_schedule, and early_stopping, as keys of the file"),
        ("fit: {verbose: 1}", "1:7: fit.verbose: not supported: use --quiet on the command line"),
        ("metrics: accuracy", "1:10: metrics must be a list of metrics: [accuracy]"),
        ("metrics: [acc]", "1:11: metrics.0: no metric 'acc'; did you mean 'accuracy'?"),
        ("early_stopping: 5", "1:17: early_stopping must be a mapping of keys, got 5; write `early_stopping: {patience: 5}`"),
        ("early_stopping: true", "1:17: early_stopping must be a mapping of keys, got true; write `early_stopping: {patience: ...}`"),
        ("lr_schedule: {step_decay: 0.5}", "1:27: lr_schedule.step_decay: arguments must be named, as in step_decay: {factor: 0.5}"),
        ("lr_schedule: {step_decay: {}, exponential_decay: {}}", "1:14: lr_schedule: step_decay and exponential_decay are at the same level; keep one"),
        ("runtime: gpu", "1:10: runtime must be a mapping of keys, got 'gpu'; write `runtime: {device: gpu}`"),
    ],
)  # fmt: skip
def test_a_key_in_the_wrong_place_is_shown_the_right_one(problems, line, answer):
    assert problems(f"{line}\n{NETWORK}{REST}") == [f"bad.yaml:{answer}"]


@pytest.mark.parametrize(
    ("layer", "answer"),
    [
        ("Dense: 128", "model.0.Dense: no such layer; did you mean 'dense'?"),
        ("Dense(128)", "model.0: no layer 'Dense(128)'; did you mean 'dense'? Arguments follow a colon: dense: {units: 128}"),
        ("dense:128", "model.0: no layer 'dense:128'; put a space after the colon"),
        ("relu", "model.0: no layer 'relu'; an activation is written `activation: relu`"),
        ("batch_norm", "model.0: no layer 'batch_norm'; did you mean 'batch_normalization'?"),
        ("input: [28, 28]", "model.0.input: no such layer; the input, its shape and scaling are added for you: leave it out"),
    ],
)  # fmt: skip
def test_a_layer_as_other_libraries_write_it_is_shown_in_ours(problems, layer, answer):
    text = f"model:\n  - {layer}\n  - dense: {{units: 10, activation: softmax}}\n{REST}"
    assert problems(text) == [f"bad.yaml:2:5: {answer}"]


@pytest.mark.parametrize(
    ("argument", "answer"),
    [
        ("input_shape: [784]", "model.0.dense.input_shape: not supported: the input is added for you; leave it out"),
        ("dropout: 0.3", "model.0.dense.dropout: unknown key; dropout is a layer of its own: `- dropout: 0.3` on a line below"),
        ("neurons: 3", "model.0.dense.neurons: unknown key; did you mean 'units'?"),
        ("dtype: float16", "model.0.dense.dtype: not supported: use runtime.dtype_policy"),
    ],
)  # fmt: skip
def test_an_argument_that_a_layer_has_not_is_answered(problems, argument, answer):
    text = f"model:\n  - dense: {{units: 3, {argument}}}\n  - dense: {{units: 10, activation: softmax}}\n{REST}"
    assert problems(text) == [f"bad.yaml:2:23: {answer}"]


@pytest.mark.parametrize(
    ("optimizer", "answer"),
    [
        ("Adam(0.01)", "2:12: optimizer: no optimizer 'Adam(0.01)'; did you mean 'adam'? Arguments follow a colon: adam: {learning_rate: 0.01}"),
        ("{adam: 0.01}", "2:19: optimizer.adam: arguments must be named, as in adam: {learning_rate: 0.01}"),
        ("{adam: {lr: 0.01}}", "2:20: optimizer.adam.lr: unknown key; did you mean 'learning_rate'?"),
        ("{name: adam, learning_rate: 0.1}", "2:12: optimizer: an optimizer is written as its name with its arguments: adam: {learning_rate: 0.1}"),
        ("[adam]", "2:12: optimizer: expected the name of an optimizer, got a list"),
        ("\n  adam:\n  learning_rate: 0.01", "3:3: optimizer: adam and learning_rate are at the same level; arguments go inside: adam: {learning_rate: 0.01}"),
    ],
)  # fmt: skip
def test_an_optimizer_as_a_script_writes_it_is_shown_in_ours(problems, optimizer, answer):
    assert problems(f"{NETWORK}optimizer: {optimizer}\nloss: categorical_crossentropy\n") == [f"bad.yaml:{answer}"]


@pytest.mark.parametrize(
    ("loss", "meant"),
    [
        ("cross_entropy", "categorical_crossentropy"),
        ("mean_squared_error", "mse"),
        ("MSE", "mse"),
        ("sparse_crossentropy", "sparse_categorical_crossentropy"),
    ],
)
def test_a_loss_by_another_name_is_recognised(problems, loss, meant):
    assert problems(f"{NETWORK}optimizer: adam\nloss: {loss}\n") == [
        f"bad.yaml:3:7: loss: no loss '{loss}'; did you mean '{meant}'?"
    ]


@pytest.mark.parametrize("key", ["layers", "network", "modle"])
def test_the_layers_under_another_key_are_not_also_missing(problems, key):
    assert problems(f"{key}:\n  - dense: 3\n{REST}") == [f"bad.yaml:1:1: {key}: unknown key; did you mean 'model'?"]


def test_two_names_side_by_side_are_shown_as_one_with_its_argument(problems):
    text = f"model:\n  - dense: 128\n    activation: relu\n  - dense: {{units: 10, activation: softmax}}\n{REST}"
    assert problems(text) == [
        "bad.yaml:2:5: model.0: dense and activation are at the same level; arguments go inside: "
        "dense: {units: 128, activation: relu}"
    ]


def test_logits_are_refused_with_the_reason(problems):
    text = GOOD.replace("categorical_crossentropy", "{categorical_crossentropy: {from_logits: true}}")
    assert problems(text) == [
        "bad.yaml:5:35: loss.categorical_crossentropy.from_logits: not supported: the last layer gives probabilities here; "
        "leave it out"
    ]
