"""What tests share: a tiny data set, configs written in a line, and full MNIST where it is at hand."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

SAMPLE = Path(__file__).parent.parent / "nntrain" / "data" / "mnist_5k.npz"

DENSE = """
model:
  - dense: {units: 16, activation: relu}
  - dense: {units: 10, activation: softmax}
optimizer: {adam: {learning_rate: 0.01}}
loss: categorical_crossentropy
fit: {epochs: 2, batch_size: 32, validation_split: 0.2}
"""


@pytest.fixture(autouse=True)
def _a_clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the user's settings out of the tests."""
    for name in ("NNTRAIN_RUNS_DIR", "NNTRAIN_DEBUG", "NNTRAIN_OFFLINE", "FORCE_COLOR", "KERAS_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an .npz with 250 training and 100 test images of the shipped sample."""
    with np.load(SAMPLE) as sample:
        arrays = {name: sample[name] for name in ("x_train", "y_train", "x_test", "y_test")}
    path = tmp_path_factory.mktemp("data") / "tiny.npz"
    counts = {"train": 250, "test": 100}
    np.savez(path, **{name: array[: counts[name[2:]]] for name, array in arrays.items()})
    return path


@pytest.fixture
def write_config(tmp_path: Path, tiny_data: Path) -> Callable[..., Path]:
    """Return a function that writes a config file for the tiny data; `also` is added to the text."""

    def write(text: str = DENSE, *, also: str = "", name: str = "tiny", data: str | None = None) -> Path:
        path = tmp_path / f"{name}.yaml"
        path.write_text(f"data: {{dataset: {data or tiny_data}}}\n{text.strip()}\n{also}\n", encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def full_mnist() -> Path:
    """Return the folder that holds all of MNIST, or skip."""
    folder = os.environ.get("NNTRAIN_DATA_DIR", "")
    if not folder or not (Path(folder) / "mnist.npz").is_file():
        pytest.skip("needs all of MNIST: set NNTRAIN_DATA_DIR to a folder with mnist.npz")
    return Path(folder).resolve()
