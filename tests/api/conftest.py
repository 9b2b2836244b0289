"""What tests of the Python API share: a run that was trained without TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fake_engine import FakeEngine

import nntrain


@pytest.fixture
def config(write_config: Callable[..., Path]) -> Path:
    """Return the path of a tiny config."""
    return write_config()


@pytest.fixture
def run(fake_engine: FakeEngine, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> nntrain.Run:
    """Return a finished run of two epochs, in the current folder's runs."""
    monkeypatch.chdir(tmp_path)
    return nntrain.train(config)
