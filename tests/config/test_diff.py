"""The settings in which two configs differ."""

from __future__ import annotations

import pytest

from nntrain.config.diff import changed_settings
from nntrain.config.load import load_config

LAST = "dense: {units: 10, activation: softmax}"


@pytest.fixture
def path(tmp_path, good):
    """Return the path of a config."""
    path = tmp_path / "a.yaml"
    path.write_text(good)
    return path


def test_a_config_without_overrides_differs_in_nothing_from_its_file(path):
    assert changed_settings(load_config(path), previous=None) == {}


CHANGES = [
    (["model.0.dense.units=9"], {"model.0.dense.units": 9}),
    (["model.0.dense.activation=sigmoid"], {"model.0.dense.activation": "sigmoid"}),
    (["model.0.dense.activation=null"], {"model.0.dense.activation": None}),
    (["early_stopping.patience=5"], {"early_stopping.patience": 5}),
    (["optimizer.sgd.momentum=0.9"], {"optimizer.sgd.momentum": 0.9}),
    (["optimizer=rmsprop"], {"optimizer": "rmsprop"}),
    (["lr_schedule={step_decay: {every: 2}}"], {"lr_schedule.step_decay.every": 2}),
    (["metrics=[accuracy, mse]"], {"metrics": ["accuracy", "mse"]}),
    (["metrics=[mse]"], {"metrics": ["mse"]}),
    (["metrics=[]"], {"metrics": []}),
    (["model.0=null"], {"model.0": None}),
    (["model.0={conv2d: {filters: 4, kernel_size: [3, 5]}}", "model.1=flatten", f"model.2={{{LAST}}}"],
     {"model.0": {"conv2d": {"filters": 4, "kernel_size": [3, 5]}}, "model.1": "flatten",
      "model.2.dense.units": 10, "model.2.dense.activation": "softmax"}),
]  # fmt: skip


@pytest.mark.parametrize(("overrides", "settings"), CHANGES)
def test_what_differs_is_what_a_person_would_type(path, overrides, settings):
    assert changed_settings(load_config(path, overrides), previous=None) == settings


@pytest.mark.parametrize(("overrides", "settings"), CHANGES)
def test_as_overrides_the_differences_give_the_changed_config(path, overrides, settings):
    changed = load_config(path, overrides)
    assert load_config(path, changed_settings(changed, previous=None)).config == changed.config


def test_a_setting_that_only_the_earlier_config_has_is_none_now(path, tmp_path):
    earlier = tmp_path / "earlier.yaml"
    earlier.write_text(
        path.read_text().replace("relu}", "relu, use_bias: false}") + "early_stopping: {patience: 3, min_delta: 1}\n"
    )
    assert changed_settings(load_config(path), previous=earlier) == {
        "model.0.dense.use_bias": True,
        "early_stopping": None,
    }


def test_layers_that_were_left_out_are_none_by_their_earlier_place(path, tmp_path):
    earlier = tmp_path / "earlier.yaml"
    earlier.write_text(path.read_text().replace("model:\n", "model:\n  - dropout: 0.2\n  - flatten\n"))
    assert changed_settings(load_config(path), previous=earlier) == {"model.0": None, "model.1": None}


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
