"""Trainings inside the test's process, on a few images."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from nntrain.config.load import load_config
from nntrain.data.dataset import Dataset
from nntrain.data.load import load_dataset
from nntrain.results import EpochResult
from nntrain.runs.folder import RunDir
from nntrain.training.listener import TrainingListener


@dataclass
class Learnt:
    """A network after `fit`, with what was seen on the way."""

    network: Any
    history: list[EpochResult]
    notes: list[str]
    record: Any
    guard: Any
    keeper: Any

    @property
    def weights(self) -> list[Any]:
        """The network's weights."""
        return list(self.network.get_weights())

    def last(self, name: str) -> float:
        """Return a figure of the last epoch."""
        return self.history[-1].metrics[name]


@pytest.fixture(scope="session")
def tiny(tiny_data: Path) -> Dataset:
    """Return the tiny data set."""
    return load_dataset(str(tiny_data))


@pytest.fixture(scope="session")
def learnt() -> dict[tuple[str | None, str, tuple[str, ...]], Learnt]:
    """Return what was trained before: the same config gives the same network, so it is trained once."""
    return {}


@pytest.fixture
def learn_config(tiny: Dataset, tmp_path: Path) -> Callable[..., Learnt]:
    """Return a function that trains a config without saving the network, from an earlier state where there is one."""
    from nntrain.engine import device
    from nntrain.engine.train import compiled_network, fit, placed_examples
    from nntrain.runs.metadata import make_task_spec
    from nntrain.training.auto import choose_xla, resolve_auto

    def run(config: Any, *, resumed: Any = None, folder: Path = tmp_path, **listener: Any) -> Learnt:
        chosen = device.set_up(config.runtime, seed=config.seed)
        task_spec = make_task_spec(config, tiny.classes)
        examples, training, validation = placed_examples(config, tiny, task_spec)
        xla, _ = choose_xla(config, device=chosen.kind, training_images=len(training))
        config = resolve_auto(config, device=chosen.kind, threads=chosen.threads, jit_compile=xla)
        network = compiled_network(config, examples)
        notes: list[str] = []
        watched = TrainingListener(on_note=notes.append, **listener)
        record, guard, keeper = fit(config, network, training, validation, RunDir(folder), watched, resumed)
        return Learnt(network, record.history, notes, record, guard, keeper)

    return run


@pytest.fixture
def learn_anew(write_config: Callable[..., Path], learn_config: Callable[..., Learnt]) -> Callable[..., Learnt]:
    """Return a function that trains a config, written as text and overrides."""

    def run(*overrides: str, text: str | None = None, also: str = "") -> Learnt:
        path = write_config(text, also=also) if text else write_config(also=also)
        return learn_config(load_config(path, overrides).config)

    return run


@pytest.fixture
def learn_in_parts(
    write_config: Callable[..., Path], learn_config: Callable[..., Learnt], tmp_path: Path
) -> Callable[..., Learnt]:
    """Return a function that trains a config, stopped after these epochs (2.5: in the third) and taken up again."""
    from nntrain.runs.checkpoint import TrainingState, read_checkpoint

    def run(text: str, overrides: Sequence[str], stops: Sequence[float], *, anew: bool = True) -> Learnt:
        config = load_config(write_config(text), overrides).config
        if anew:
            shutil.rmtree(tmp_path / "checkpoint", ignore_errors=True)
        for stop in (*stops, math.inf):
            place = [0.0]
            state, _ = read_checkpoint(tmp_path / "checkpoint")
            learnt = learn_config(
                config,
                resumed=state or TrainingState(epoch=0, seconds=0.0, history=()),
                on_progress=lambda epoch, share, _, place=place: place.__setitem__(0, epoch - 1 + share),
                should_stop=lambda stop=stop, place=place: place[0] >= stop,
            )
            learnt.keeper.write()
        return learnt

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
