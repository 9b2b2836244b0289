"""Advice is a hint and never an error."""

from __future__ import annotations

import pytest

SOFTMAX = "dense: {units: 10, activation: softmax}"
SMALL = "in a hidden layer makes gradients small; relu is more common"
COMPETE = "softmax in a hidden layer makes its neurons compete; relu is more common"
LINEAR = "no activation between it and model.{}, so both compute no more than one layer; relu is common"
LATE = "batch normalization usually comes before the activation, not after it"
HINTS = [
    (["dense: {units: 8, activation: softmax}", SOFTMAX], "", f"2:35: model.0: {COMPETE}"),
    (["dense: {units: 8, activation: sigmoid}", SOFTMAX], "", f"2:35: model.0: sigmoid {SMALL}"),
    (["dense: {units: 8, activation: hard_sigmoid}", SOFTMAX], "", f"2:35: model.0: hard_sigmoid {SMALL}"),
    (["dense: 8", "activation: tanh", SOFTMAX], "", f"3:17: model.1: tanh {SMALL}"),
    (["dense: {units: 10, activation: softmax}", "dense: {units: 5, activation: relu}", SOFTMAX], "", f"2:36: model.0: {COMPETE}"),
    (["dense: 8", SOFTMAX], "", f"2:5: model.0: {LINEAR.format(1)}"),
    (["dense: {units: 8, activation: linear}", "dropout: 0.5", SOFTMAX], "", f"2:5: model.0: {LINEAR.format(2)}"),
    (["dense: 8", "batch_normalization", SOFTMAX], "", f"2:5: model.0: {LINEAR.format(2)}"),
    ([SOFTMAX], "augmentation: {rotation: 0.1}", "5:26: augmentation.rotation: 0.1 degrees; Keras's 0.1 is a fraction of a turn, and 36 here"),
    ([SOFTMAX], "augmentation: {translation: 0.1}", "5:29: augmentation.translation: 0.1 pixels; Keras's 0.1 is a fraction of the size, and 2.8 here"),
    ([SOFTMAX], "fit: {batch_size: 48000}", "5:19: fit.batch_size: all 48,000 training images fit into one batch, so an epoch is one step; 32 to 512 is common"),
    (["dropout: 0.1", "flatten", SOFTMAX], "", "2:14: model.0: a dropout rate of 0.1 is unusual; 0.2 to 0.5 is common"),
    (["spatial_dropout2d: 0.6", "flatten", SOFTMAX], "", "2:24: model.0: a dropout rate of 0.6 is unusual; 0.2 to 0.5 is common"),
    (["dropout: 0.6", "flatten", SOFTMAX], "", "2:14: model.0: a dropout rate of 0.6 is unusual; 0.2 to 0.5 is common"),
    (["dense: {units: 8, activation: relu}", "batch_normalization", SOFTMAX], "", f"3:5: model.1: {LATE}"),
    (["dense: {units: 8, use_bias: false}", "leaky_re_lu", "batch_normalization", SOFTMAX], "", f"4:5: model.2: {LATE}"),
    (["dropout: 0.3", "flatten", "activation: relu", "batch_normalization", SOFTMAX], "", f"5:5: model.3: {LATE}"),
    ([SOFTMAX], "lr_schedule: {step_decay: {every: 10}}", "5:35: lr_schedule.step_decay: has no effect: the first step would come after epoch 10, and the run has 10"),
    ([SOFTMAX], "lr_schedule: {polynomial_decay: {cycle: true}}", "5:41: lr_schedule.polynomial_decay: cycle has no effect: the first decay takes 10 epochs, and the run has 10"),
    ([SOFTMAX], "lr_schedule: {polynomial_decay: {cycle: true, decay_epochs: 9}}", "5:41: lr_schedule.polynomial_decay: cycle has no effect: the first decay takes 9 epochs, and the run has 10"),
]  # fmt: skip


@pytest.mark.parametrize(("layers", "extra", "hint"), HINTS, ids=[hint for _, _, hint in HINTS])
def test_advice_is_a_hint_and_not_an_error(check, layers, extra, hint):
    assert check(*layers, extra=extra) == ([], [hint])


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop"])
@pytest.mark.parametrize("momentum", ["0.5", "0.995", "0.89"])
def test_a_momentum_outside_0_9_to_0_99_is_unusual(check, optimizer, momentum):
    place = len(f"optimizer: {{{optimizer}: {{momentum: ") + 1
    assert check(optimizer=f"{{{optimizer}: {{momentum: {momentum}}}}}")[1] == [
        f"3:{place}: optimizer.{optimizer}: a momentum of {momentum} is unusual; 0.9 to 0.99 is common"
    ]


@pytest.mark.parametrize("momentum", [0.9, 0.99, 0.0])
def test_a_momentum_of_0_9_to_0_99_or_none_gives_no_hint(check, momentum):
    assert check(optimizer=f"{{sgd: {{momentum: {momentum}}}}}") == ([], [])


@pytest.mark.parametrize(
    "layers",
    [
        ["dense: {units: 8, use_bias: false}", "batch_normalization", "activation: relu", "dropout: 0.5", SOFTMAX],
        ["dense: 8", "batch_normalization", "activation: relu", SOFTMAX],
        ["dense: {units: 8, activation: linear}", "batch_normalization", "activation: relu", SOFTMAX],
        ["dense: 8", "leaky_re_lu", "dropout: 0.5", SOFTMAX],
        ["dense: 8", "layer_normalization", SOFTMAX],
        ["dropout: 0.0", "flatten", SOFTMAX],
        ["dropout: 0.2", "flatten", "batch_normalization", SOFTMAX],
        ["conv2d: {filters: 10, kernel_size: 28, activation: softmax}", "global_average_pooling2d", "flatten"],
        ["batch_normalization", "flatten", "dense: 10", "activation: softmax"],
        ["gaussian_noise: 0.1", "flatten", "dense: {units: 8, activation: mish}", "layer_normalization", SOFTMAX],
    ],
)
def test_the_usual_order_and_rates_give_no_hint(check, layers):
    assert check(*layers, extra="lr_schedule: {step_decay: {every: 9}}") == ([], [])
    assert check(*layers, extra="lr_schedule: {polynomial_decay: {cycle: true, decay_epochs: 8}}") == ([], [])


def test_several_hints_come_together(check):
    layers = ["dropout: 0.1", "flatten", "dense: {units: 8, activation: tanh}", "batch_normalization", "dropout: 0.9"]
    assert [hint.partition(" ")[0] for hint in check(*layers, SOFTMAX)[1]] == ["4:35:", "2:14:", "6:14:", "5:5:"]


def test_layers_that_an_alias_repeats_share_a_hint(check):
    layers = ["&hidden {dense: {units: 8, activation: tanh}}", "*hidden", "dense: {units: 8, activation: tanh}"]
    assert check(*layers, SOFTMAX)[1] == [
        f"2:44: model.0, model.1: tanh {SMALL}",
        f"4:35: model.2: tanh {SMALL}",
    ]


@pytest.mark.parametrize(
    ("optimizer", "rate", "hint"),
    [
        ("adam", "1.0", "a learning rate of 1 is likely to diverge; 0.001 is Keras's default"),
        ("lion", "0.2", "a learning rate of 0.2 is likely to diverge; 0.001 is Keras's default"),
        ("sgd", "20", "a learning rate of 20 is likely to diverge; 0.01 is Keras's default"),
        ("adam", "1e-7", "a learning rate of 1e-07 learns next to nothing; 0.001 is Keras's default"),
    ],
)
def test_a_learning_rate_far_from_the_usual_ones_gets_a_hint(check, optimizer, rate, hint):
    hints = check(optimizer=f"{{{optimizer}: {{learning_rate: {rate}}}}}")[1]
    assert [text.partition(": ")[2] for text in hints] == [f"optimizer.{optimizer}: {hint}"]


@pytest.mark.parametrize(
    ("optimizer", "rate"), [("adam", "0.1"), ("adam", "1e-6"), ("sgd", "1.0"), ("adadelta", "1.0"), ("adagrad", "0.5")]
)
def test_a_learning_rate_that_can_work_gets_none(check, optimizer, rate):
    assert check(optimizer=f"{{{optimizer}: {{learning_rate: {rate}}}}}") == ([], [])


@pytest.mark.parametrize("loss", ["mse", "mae"])
def test_the_error_of_probabilities_gets_a_hint(check, loss):
    assert check(loss=loss)[1] == [
        f"4:7: loss: {loss} learns slowly from probabilities; categorical_crossentropy is more common"
    ]


def test_the_error_of_values_and_small_batches_get_none(check):
    assert check("dense: 1", loss="mse", extra="task: regression") == ([], [])
    assert check(extra="fit: {batch_size: 47999}") == ([], [])
    assert check(extra="augmentation: {rotation: 1, translation: 1}") == ([], [])
