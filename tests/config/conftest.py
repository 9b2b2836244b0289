"""Configs as texts, and what is reported about them."""

from __future__ import annotations

from pathlib import Path

import pytest

from nntrain.config.load import load_config
from nntrain.errors import ConfigError


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Return a function that reads a text as bad.yaml."""
    monkeypatch.chdir(tmp_path)

    def reading(text, *overrides):
        Path("bad.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_config(Path("bad.yaml"), overrides).config

    return reading


@pytest.fixture
def problems(read):
    """Return a function that reads a text and gives its problems, a line each."""

    def reading(text, *overrides):
        with pytest.raises(ConfigError) as caught:
            read(text, *overrides)
        return str(caught.value).splitlines()

    return reading


SOFTMAX = "dense: {units: 10, activation: softmax}"


@pytest.fixture
def check(tmp_path):
    """Return a function that checks a config made of parts; gives problems and hints, without the path before them."""

    def checking(*layers, loss="categorical_crossentropy", optimizer="adam", also=""):
        path = tmp_path / "bad.yaml"
        model = "".join(f"  - {layer}\n" for layer in layers or (SOFTMAX,))
        path.write_text(f"model:\n{model}optimizer: {optimizer}\nloss: {loss}\n{also}\n")
        try:
            loaded = load_config(path)
        except ConfigError as error:
            return [str(problem).removeprefix(f"{path}:") for problem in error.problems], []
        return [], [str(hint).removeprefix(f"{path}:") for hint in loaded.hints]

    return checking
