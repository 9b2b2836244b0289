"""What tests of jobs share: a config, a folder of runs, and an engine without TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fake_engine import FakeEngine
from recorder import Recorder

from nntrain.config.load import LoadedConfig
from nntrain.jobs.plan import open_config
from nntrain.jobs.train import TrainedRun, train


@pytest.fixture
def recorder() -> Recorder:
    """Return a listener's memory."""
    return Recorder()


@dataclass
class Workshop:
    """A folder of runs, and the tiny config to train in it."""

    engine: FakeEngine
    runs: Path | None
    open_config: Callable[..., LoadedConfig]

    def train(self, *overrides: str, also: str = "", **options: Any) -> TrainedRun:
        """Train the tiny config, with overrides and what is `also` in the file."""
        return train(self.open_config(*overrides, also=also), runs_dir=self.runs, **options)


@pytest.fixture
def workshop(fake_engine: FakeEngine, tmp_path: Path, write_config: Callable[..., Path]) -> Workshop:
    """Return a place to train in without TensorFlow."""

    def open_tiny(*overrides: str, also: str = "") -> LoadedConfig:
        return open_config(str(write_config(also=also)), overrides)

    return Workshop(fake_engine, tmp_path / "runs", open_tiny)
