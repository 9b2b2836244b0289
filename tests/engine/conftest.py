"""Trainings inside the test's process, on a few images."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nntrain.config.load import load_config
from nntrain.data.dataset import Dataset
from nntrain.data.load import load_dataset
from nntrain.results import EpochResult
from nntrain.runs.folder import RunDir
from nntrain.training.listener import TrainingListener

# Without a remainder: a step for a shorter batch takes as long to trace as the one for a full batch.
DENSE = """
model:
  - dense: {units: 8, activation: relu}
  - dense: {units: 10, activation: softmax}
optimizer: {adam: {learning_rate: 0.01}}
loss: categorical_crossentropy
fit: {epochs: 2, batch_size: 50, validation_split: 0.2}
"""


@pytest.fixture(autouse=True)
def _full_precision() -> Iterator[None]:
    """Undo the precision policy that a training has set, which Keras keeps for the whole process."""
    yield
    if "keras" in sys.modules:
        sys.modules["keras"].config.set_dtype_policy("float32")


@dataclass(frozen=True)
class Training:
    """A network after `fit`, and what was reported on the way."""

    setup: Any
    callbacks: Any
    initial_weights: list[np.ndarray]
    notes: list[str]

    @property
    def network(self) -> Any:
        """The trained network."""
        return self.setup.network

    @property
    def weights(self) -> list[np.ndarray]:
        """The network's weights."""
        return list(self.network.get_weights())

    @property
    def history(self) -> list[EpochResult]:
        """The finished epochs."""
        return list(self.callbacks.recorder.history)

    def first(self, metric: str) -> float:
        """Return a metric of the first epoch."""
        return self.history[0].metrics[metric]

    def last(self, metric: str) -> float:
        """Return a metric of the last epoch."""
        return self.history[-1].metrics[metric]


@pytest.fixture(scope="session")
def tiny(tiny_data: Path) -> Dataset:
    """Return the tiny data set: 250 training and 100 test images."""
    return load_dataset(str(tiny_data))


@pytest.fixture(scope="session")
def load_text(tiny_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Return a function that turns a config's text and overrides into a Config for the tiny data."""
    path = tmp_path_factory.mktemp("configs") / "tiny.yaml"

    def load(*overrides: str, text: str = DENSE) -> Any:
        path.write_text(f"data: {{dataset: {tiny_data}}}\n{text}", encoding="utf-8")
        return load_config(path, overrides).config

    return load


@pytest.fixture(scope="session")
def fit_config(tiny: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Training]:
    """Return a function that trains a Config without saving its network, from an earlier state if there is one."""
    from nntrain.engine.setup import prepare_training
    from nntrain.engine.train import fit

    def run(config: Any, *, resumed: Any = None, folder: Path | None = None, **listener: Any) -> Training:
        setup, notes = prepare_training(config, tiny), []
        initial_weights = setup.network.get_weights()
        listener = TrainingListener(on_note=notes.append, **listener)
        callbacks = fit(setup, RunDir(folder or tmp_path_factory.mktemp("run")), listener, resumed)
        return Training(setup, callbacks, initial_weights, notes)

    return run


@pytest.fixture(scope="session")
def train_anew(load_text: Callable[..., Any], fit_config: Callable[..., Training]) -> Callable[..., Training]:
    """Return a function that trains a config, given by text and overrides."""
    return lambda *overrides, text=DENSE: fit_config(load_text(*overrides, text=text))


@pytest.fixture(scope="session")
def train(train_anew: Callable[..., Training]) -> Callable[..., Training]:
    """Return the same function with a cache: the same config trains the same network, so it is trained once."""
    cache: dict[tuple[str, ...], Training] = {}

    def run(*overrides: str, text: str = DENSE) -> Training:
        key = (text, *overrides)
        if key not in cache:
            cache[key] = train_anew(*overrides, text=text)
        return cache[key]

    return run


@pytest.fixture
def train_in_parts(
    load_text: Callable[..., Any], fit_config: Callable[..., Training], tmp_path: Path
) -> Callable[..., Training]:
    """Return a function that trains a config, stopped after these epochs (2.5: in the third) and resumed each time."""
    from nntrain.runs.checkpoint import TrainingState, read_checkpoint

    def run(text: str, overrides: Sequence[str], stops: Sequence[float]) -> Training:
        config = load_text(*overrides, text=text)
        for stop in (*stops, math.inf):
            progress = [0.0]
            state, _ = read_checkpoint(tmp_path / "checkpoint")
            training = fit_config(
                config,
                resumed=state or TrainingState(epoch=0, seconds=0.0, history=()),
                folder=tmp_path,
                on_progress=lambda epoch, fraction, _, progress=progress: progress.append(epoch - 1 + fraction),
                should_stop=lambda stop=stop, progress=progress: progress[-1] >= stop,
            )
            training.callbacks.checkpoint.write()
        return training

    return run
