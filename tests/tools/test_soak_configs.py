"""Random configs: trained in two parts, and trained again. `make soak` tries 300 with TensorFlow."""

from __future__ import annotations

import pytest
from soak.configs import random_config, trial_problem

from nntrain.config.load import load_config_values
from nntrain.errors import DataError


def test_a_random_config_depends_on_its_seed_alone():
    assert random_config(7, "mnist_5k") == random_config(7, "mnist_5k") != random_config(8, "mnist_5k")


def test_random_configs_have_empty_metrics_and_every_kind_of_key():
    configs = [random_config(seed, "mnist_5k") for seed in range(100)]
    assert any(values.get("metrics") == [] for values in configs)
    loaded = [load_config_values(values).config for values in configs]
    for name in ("lr_schedule", "early_stopping", "augmentation"):
        assert {getattr(config, name) is None for config in loaded} == {True, False}
    assert {config.task for config in loaded} == {"classification", "binary", "regression"}


@pytest.mark.parametrize("seed", range(15))
def test_a_random_config_is_resumed_and_reproduced(seed, fake_engine, tiny_data, tmp_path):
    assert trial_problem(seed, str(tiny_data), tmp_path / "runs") is None
    assert fake_engine.calls == 3


@pytest.mark.parametrize(("refused_in", "problem"), [(1, None), (2, "DataError: no images of class 1")])
def test_a_config_that_does_not_fit_the_data_is_refused_before_it_trains_or_never(
    refused_in, problem, fake_engine, tiny_data, tmp_path
):
    fake_engine.fails_in = (refused_in, DataError("no images of class 1"))
    told = trial_problem(0, str(tiny_data), tmp_path / "runs")
    assert told is None if problem is None else told.startswith(problem)


def test_what_goes_wrong_is_told(fake_engine, tiny_data, tmp_path, monkeypatch):
    monkeypatch.setattr("nntrain.runs.metadata._config_is_unchanged", lambda *_: False)
    assert "config.yaml: was changed since" in trial_problem(0, str(tiny_data), tmp_path / "runs")
    monkeypatch.setattr("soak.configs.round_trip_problem", lambda loaded: "it differs")
    assert trial_problem(0, str(tiny_data), tmp_path / "runs") == "it differs"


@pytest.mark.tensorflow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_random_config_is_trained_by_tensorflow(seed, tiny_data, tmp_path):
    assert trial_problem(seed, str(tiny_data), tmp_path / "runs") is None
