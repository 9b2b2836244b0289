"""Settings that cannot work together are reported, also in a config with other mistakes."""

from __future__ import annotations

import inspect

from nntrain.config.rules import CROSS_FIELD_RULES, data, loss_and_metrics, network, training

SOFTMAX = "dense: {units: 10, activation: softmax}"
PLATEAU = "lr_schedule: {reduce_lr_on_plateau: {patience: 5}}"


def test_a_misspelt_key_does_not_hide_findings_about_other_keys(check):
    problems, _ = check("dense: {units: 10, activation: relu}", extra="sead: 3\nepoch: 5")
    assert [line.split(": ")[1] for line in problems] == ["model.0", "sead", "epoch"]


def test_a_rule_is_checked_despite_other_mistakes_if_its_values_are_valid(check):
    problems, _ = check(
        "dropout: 7", SOFTMAX, extra=f"{PLATEAU}\nearly_stopping: {{patience: 2, monitr: loss}}\nseed: x"
    )
    assert [line.split(": ")[1] for line in problems] == [
        "model.0.dropout.rate",
        "early_stopping.patience",
        "early_stopping.monitr",
        "seed",
    ]


def test_a_rule_is_not_checked_if_one_of_its_values_is_wrong(check):
    problems, _ = check(extra=f"{PLATEAU}\nearly_stopping: {{patience: x}}")
    assert [line.split(": ")[1] for line in problems] == ["early_stopping.patience"]


def test_a_rule_does_not_assume_the_default_of_a_setting_whose_key_is_misspelt(check):
    assert [line.split(": ")[1] for line in check(extra="tsk: binary\ndata: {positive: [7]}")[0]] == ["tsk"]


def test_every_rule_is_listed_once():
    rules = [
        value
        for module in (network, loss_and_metrics, data, training)
        for name, value in vars(module).items()
        if inspect.isgeneratorfunction(value) and not name.startswith(("_", "enumerate_", "iterate_"))
    ]
    assert sorted(CROSS_FIELD_RULES, key=str) == sorted(rules, key=str)
