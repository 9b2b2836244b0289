"""The article's advice is a hint and never an error."""

from __future__ import annotations

import pytest

SOFTMAX = "dense: {units: 10, activation: softmax}"


HINTS = [
    (["dense: {units: 8, activation: softmax}", SOFTMAX], "", "2:35: model.0: softmax in a hidden layer"),
    (["dense: {units: 8, activation: sigmoid}", SOFTMAX], "", "2:35: model.0: sigmoid in a hidden layer lets gradients vanish"),
    (["dense: 8", "activation: tanh", SOFTMAX], "", "3:17: model.1: tanh in a hidden layer lets gradients vanish"),
    (["dropout: 0.1", "flatten", SOFTMAX], "", "2:14: model.0: a dropout rate of 0.1 is unusual; 0.2 to 0.5 is common"),
    (["dropout: 0.6", "flatten", SOFTMAX], "", "2:14: model.0: a dropout rate of 0.6 is unusual; 0.2 to 0.5 is common"),
    (["dense: {units: 8, activation: relu}", "batch_normalization", SOFTMAX], "", "3:5: model.1: batch normalization after the activation"),
    (["dense: 8", "batch_normalization", "activation: relu", SOFTMAX], "", "2:5: model.0: the batch normalization after it cancels the bias"),
    (["dense: 8", "batch_normalization: {center: false}", "activation: relu", SOFTMAX], "", "2:5: model.0: the batch normalization after it cancels the bias"),
    ([SOFTMAX], "lr_schedule: {step_decay: {every: 10}}", "5:35: lr_schedule.step_decay: a step every 10 epochs never happens in a run of 10"),
]  # fmt: skip


@pytest.mark.parametrize(("layers", "also", "words"), HINTS, ids=[words for _, _, words in HINTS])
def test_the_articles_advice_is_a_hint_and_no_error(check, layers, also, words):
    problems, hints = check(*layers, also=also)
    assert problems == []
    assert len(hints) == 1
    assert hints[0].startswith(words)


@pytest.mark.parametrize(("momentum", "count"), [(0.5, 1), (0.995, 1), (0.9, 0), (0.99, 0), (0.0, 0)])
def test_momentum_is_commonly_from_0_9_to_0_99(check, momentum, count):
    assert len(check(optimizer=f"{{sgd: {{momentum: {momentum}}}}}")[1]) == count


def test_the_articles_standard_places_give_no_hint(check):
    layers = ["dense: {units: 8, use_bias: false}", "batch_normalization", "activation: relu", "dropout: 0.5", SOFTMAX]
    assert check(*layers, also="lr_schedule: {step_decay: {every: 9}}") == ([], [])
