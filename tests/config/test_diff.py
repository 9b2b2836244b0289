"""The settings in which two configs differ."""

from __future__ import annotations

import pytest

from nntrain.config.diff import changed_settings
from nntrain.config.load import load_config


@pytest.fixture
def path(tmp_path, good):
    """Return the path of a config."""
    path = tmp_path / "a.yaml"
    path.write_text(good)
    return path


def test_a_config_without_overrides_differs_in_nothing_from_its_file(path):
    assert changed_settings(load_config(path), previous=None) == {}


def test_settings_that_differ_from_the_file_are_named_by_their_keys(path):
    overrides = [
        "model.0.dense.units=9",
        "optimizer.adam.beta_1=0.5",
        "metrics=[accuracy, mse]",
        "early_stopping.patience=3",
    ]
    changed = changed_settings(load_config(path, overrides), previous=None)
    assert list(changed)[:2] == ["model.0.dense.units", "optimizer.adam.beta_1"]
    assert {
        key: changed[key] for key in ("model.0.dense.units", "optimizer.adam.beta_1", "early_stopping.patience")
    } == {
        "model.0.dense.units": 9,
        "optimizer.adam.beta_1": 0.5,
        "early_stopping.patience": 3,
    }


def test_a_setting_that_only_the_earlier_config_has_is_none_now(path, tmp_path):
    (tmp_path / "earlier.yaml").write_text(
        path.read_text().replace("activation: relu}", "activation: relu, use_bias: false}")
    )
    loaded = load_config(path, ["metrics=[]", "model.0.dense.activation=null"])
    assert changed_settings(loaded, previous=tmp_path / "earlier.yaml") == {
        "model.0.dense.activation.relu": None,
        "model.0.dense.use_bias": True,
        "metrics": [],
        "metrics.0.accuracy": None,
    }


def test_auto_is_no_change_from_what_was_chosen_in_the_earlier_run(path, tmp_path):
    earlier = tmp_path / "earlier.yaml"
    earlier.write_text(path.read_text() + "runtime: {device: cpu, threads: 2, jit_compile: false}\nseed: 7\n")
    loaded = load_config(path, ["runtime.jit_compile=true"])
    assert changed_settings(loaded, previous=earlier) == {"seed": 42, "runtime.jit_compile": True}
    assert changed_settings(loaded, previous=earlier, include_auto=True) == {
        "seed": 42,
        "runtime.device": "auto",
        "runtime.jit_compile": True,
        "runtime.threads": "auto",
    }


def test_auto_is_a_change_from_the_file(path):
    path.write_text(path.read_text() + "runtime: {device: cpu}\n")
    assert changed_settings(load_config(path, ["runtime.device=auto"]), previous=None) == {"runtime.device": "auto"}


def test_nothing_differs_from_a_config_that_cannot_be_read(path, tmp_path):
    loaded = load_config(path, ["seed=7"])
    (tmp_path / "wrong.yaml").write_text("seed: x")
    assert changed_settings(loaded, previous=tmp_path / "missing.yaml") == {}
    assert changed_settings(loaded, previous=tmp_path / "wrong.yaml") == {}
