"""How arguments are told apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from nntrain.cli.options import chosen_runs_dir, split_config, split_run
from nntrain.errors import UsageError


def test_a_config_and_its_overrides_come_in_any_order():
    assert split_config(["epochs=3", "mlp", "model.0.dense.units=64"]) == (
        "mlp",
        ["epochs=3", "model.0.dense.units=64"],
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no config given; name a shipped config (`nntrain configs` lists them) or a YAML file"),
        (["epochs=3"], "no config given; name a shipped config (`nntrain configs` lists them) or a YAML file"),
        (["mlp", "cnn"], "give one config, not 2: mlp and cnn"),
        (["mlp", "cnn", "x"], "give one config, not 3: mlp and cnn and x"),
        (["mlp", "epochs:3"], "give one config, not 2: mlp and epochs:3; write settings as key=value: `epochs=3`"),
        (["mlp", "=3"], "give one config, not 2: mlp and =3; write a setting as key=value"),
        (["a:b", "mlp"], "give one config, not 2: a:b and mlp"),
    ],
)
def test_none_or_several_configs_are_refused(arguments, message):
    with pytest.raises(UsageError) as error:
        split_config(arguments)
    assert str(error.value) == message


def test_a_run_may_be_left_out():
    assert split_run(["epochs=3"]) == (None, ["epochs=3"])
    assert split_run(["mlp-1", "epochs=3"]) == ("mlp-1", ["epochs=3"])
    with pytest.raises(UsageError, match=r"^give one run, not 2: mlp-1 and mlp-2$"):
        split_run(["mlp-1", "mlp-2"])


def test_the_folder_of_runs_is_the_options_then_the_environments_then_runs(monkeypatch):
    assert chosen_runs_dir(None) == Path("runs")
    monkeypatch.setenv("NNTRAIN_RUNS_DIR", "elsewhere")
    assert chosen_runs_dir(None) == Path("elsewhere")
    assert chosen_runs_dir(Path("here")) == Path("here")
