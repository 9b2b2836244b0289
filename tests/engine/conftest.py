"""Trainings inside the test's process, on a few images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from nntrain.config.loading import load_config
from nntrain.data import Dataset, load_dataset
from nntrain.results import EpochResult, Watch
from nntrain.runs import RunDir


@dataclass
class Learnt:
    """A network after `fit`, with what was seen on the way."""

    network: Any
    history: list[EpochResult]
    notes: list[str]
    record: Any
    guard: Any

    @property
    def weights(self) -> list[Any]:
        """The network's weights."""
        return list(self.network.get_weights())

    def last(self, name: str) -> float:
        """Return a figure of the last epoch."""
        return self.history[-1].values[name]


@pytest.fixture(scope="session")
def tiny(tiny_data: Path) -> Dataset:
    """Return the tiny data set."""
    return load_dataset(str(tiny_data))


@pytest.fixture(scope="session")
def learnt() -> dict[tuple[str | None, str, tuple[str, ...]], Learnt]:
    """Return what was trained before: the same config gives the same network, so it is trained once."""
    return {}


@pytest.fixture
def learn_anew(write_config: Callable[..., Path], tiny: Dataset, tmp_path: Path) -> Callable[..., Learnt]:
    """Return a function that trains a config, written as text and overrides, without saving the network."""
    from nntrain.engine import device
    from nntrain.engine.train import compiled_network, fit, split_examples
    from nntrain.policy import resolved, use_xla
    from nntrain.records import question_of

    def run(*overrides: str, text: str | None = None, also: str = "") -> Learnt:
        path = write_config(text, also=also) if text else write_config(also=also)
        config = load_config(path, overrides).config
        chosen = device.set_up(config.runtime, seed=config.seed)
        question = question_of(config, tiny.classes)
        training, validation = split_examples(config, tiny, question)
        xla, _ = use_xla(config, device=chosen.kind, training_images=len(training))
        config = resolved(config, device=chosen.kind, threads=chosen.threads, jit_compile=xla)
        network = compiled_network(config, training, validation, question)
        notes: list[str] = []
        record, guard, history = fit(
            config, network, training, validation, RunDir(tmp_path), Watch(on_note=notes.append)
        )
        return Learnt(network, history, notes, record, guard)

    return run


@pytest.fixture
def learn(
    learn_anew: Callable[..., Learnt], learnt: dict[tuple[str | None, str, tuple[str, ...]], Learnt]
) -> Callable[..., Learnt]:
    """Return the same function, which trains a config once in all tests."""

    def run(*overrides: str, text: str | None = None, also: str = "") -> Learnt:
        key = (text, also, overrides)
        if key not in learnt:
            learnt[key] = learn_anew(*overrides, text=text, also=also)
        return learnt[key]

    return run
