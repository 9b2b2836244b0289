"""Configs as texts, and what is reported about them."""

from __future__ import annotations

from pathlib import Path

import pytest

from nntrain.config.load import load_config
from nntrain.errors import ConfigError

SOFTMAX = "dense: {units: 10, activation: softmax}"
TRAINING = "optimizer: adam\nloss: categorical_crossentropy\n"


@pytest.fixture(scope="session")
def good():
    """Return the text of a config without mistakes."""
    return f"model:\n  - dense: {{units: 8, activation: relu}}\n  - {SOFTMAX}\n{TRAINING}"


@pytest.fixture(scope="session")
def with_layers():
    """Return a function that returns the text of a config with these layers before the last one."""
    return lambda *layers: "model:\n" + "".join(f"  - {layer}\n" for layer in (*layers, SOFTMAX)) + TRAINING


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Return a function that loads a text as bad.yaml."""
    monkeypatch.chdir(tmp_path)

    def read(text, *overrides):
        Path("bad.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
        if overrides and isinstance(overrides[0], dict):  # Python values by key
            (overrides,) = overrides
        return load_config(Path("bad.yaml"), overrides).config

    return read


@pytest.fixture
def problems(read):
    """Return a function that loads a text with mistakes and returns the list of its problems."""

    def problems(text, *overrides):
        with pytest.raises(ConfigError) as caught:
            read(text, *overrides)
        return str(caught.value).splitlines()

    return problems


@pytest.fixture
def check(tmp_path):
    """Return a function that loads a config with these settings and returns its problems and hints, without the path."""

    def check(*layers, loss="categorical_crossentropy", optimizer="adam", extra=""):
        path = tmp_path / "bad.yaml"
        model = "".join(f"  - {layer}\n" for layer in layers or (SOFTMAX,))
        path.write_text(f"model:\n{model}optimizer: {optimizer}\nloss: {loss}\n{extra}\n")
        try:
            loaded = load_config(path)
        except ConfigError as error:
            return [str(problem).removeprefix(f"{path}:") for problem in error.problems], []
        return [], [str(hint).removeprefix(f"{path}:") for hint in loaded.hints]

    return check
