"""Which override was meant, without a config at hand."""

from __future__ import annotations

import pytest

from nntrain.config.override_hints import did_you_mean, intended_keys, is_setting


@pytest.mark.parametrize(
    ("word", "key"),
    [
        ("epochs", "epochs"),
        ("lr", "learning_rate"),
        ("batch_size", "batch_size"),
        ("seed", "seed"),
    ],
)
def test_a_word_has_a_key_without_a_config(word, key):
    assert intended_keys(word) == [key]


def test_without_a_config_layers_are_examples():
    assert did_you_mean("units", "=64") == "did you mean `model.0.dense.units=64`?"


@pytest.mark.parametrize("word", ["epoch", "fit.epochs", "units", "optimizer.adam.beta_1", "Patience"])
def test_a_setting_is_told_from_a_name(word):
    assert is_setting(word)
    assert not is_setting(word + "zzzz")
