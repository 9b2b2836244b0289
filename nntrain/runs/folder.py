"""A run's folder: the names of its files, and what its JSON files must hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Any

from nntrain.errors import RunError
from nntrain.runs.json_files import _NUMBER, _is_a, read_json, to_json
from nntrain.system.files import write_atomically
from nntrain.system.locks import FileLock

PRETRAINED = "pretrained"  # the name of the run that ships with nntrain


PRETRAINED_DIR = Path(__file__).parent.parent / "assets" / PRETRAINED


STATUSES = ("running", "complete", "interrupted", "diverged", "failed")


MAX_MODEL_BYTES = 4_000_000_000  # of model.tflite, twice what the largest network takes


_INFO: dict[str, tuple[type, ...]] = {
    "status": (str,),
    "config": (str,),
    "started": (str,),
    "finished": (str, NoneType),
    "seconds": (*_NUMBER, NoneType),
    "parameters": (int,),
    "differs": (dict,),
    "versions": (dict,),
    "environment": (dict,),
    "device": (dict, NoneType),
    "data": (dict, NoneType),
    "data.name": (str,),
    "data.fingerprints": (dict,),
    "fingerprints": (dict,),
    "resumed": (list, NoneType),
}


_METRICS: dict[str, tuple[type, ...]] = {
    "config": (str,),
    "epochs": (int,),
    "seconds": (*_NUMBER, NoneType),
    "test": (dict, NoneType),
}


@dataclass(frozen=True)
class RunDir:
    """A run's folder. Names of files are properties here and nowhere else."""

    path: Path

    @property
    def name(self) -> str:
        """The folder's name, `mlp-1`."""
        return self.path.resolve().name

    @property
    def is_pretrained(self) -> bool:
        """Whether it is the one that ships with nntrain, which is never written to."""
        return self.path == PRETRAINED_DIR

    @property
    def display_name(self) -> str:
        """How it is named to people: by its path, the shipped one by its name."""
        return PRETRAINED if self.is_pretrained else str(self.path)

    @property
    def config_path(self) -> Path:
        """The config with every default filled in."""
        return self.path / "config.yaml"

    @property
    def model_path(self) -> Path:
        """The network as Keras saves it."""
        return self.path / "model.keras"

    @property
    def tflite_path(self) -> Path:
        """The network for LiteRT."""
        return self.path / "model.tflite"

    @property
    def history_path(self) -> Path:
        """A row an epoch."""
        return self.path / "history.csv"

    @property
    def metrics_path(self) -> Path:
        """The result."""
        return self.path / "metrics.json"

    @property
    def info_path(self) -> Path:
        """Status, times, versions, fingerprints."""
        return self.path / "run.json"

    @property
    def checkpoint_dir(self) -> Path:
        """The whole state after the last epoch and one before."""
        return self.path / "checkpoint"

    @property
    def training_plot(self) -> Path:
        """Loss and metrics by epoch."""
        return self.path / "training.png"

    @property
    def lock_path(self) -> Path:
        """Held by the operating system while the run is trained."""
        return self.path / ".lock"

    def plot(self, kind: str, dataset: str = "") -> Path:
        """Return where an evaluation's picture goes; named by data set where it is not the run's own."""
        word = re.sub(r"[^A-Za-z0-9_.-]+", "_", Path(dataset).name).strip("._")
        return self.path / (f"{kind}-{word}.png" if word else f"{kind}.png")

    def read_info(self) -> dict[str, Any]:
        """Read run.json; raises RunError where it is missing, damaged or of another schema."""
        info = read_json(self.info_path, _INFO)
        if info["status"] not in STATUSES:
            raise RunError(f"{self.info_path}: damaged: no run has the status {info['status']!r}; restore the file")
        return info

    def read_metrics(self) -> dict[str, Any]:
        """Read metrics.json; the same errors."""
        metrics = read_json(self.metrics_path, _METRICS)
        if not all(_is_a(value, _NUMBER) for value in (metrics["test"] or {}).values()):
            raise RunError(f"{self.metrics_path}: damaged: test holds what is no number; restore the file")
        return metrics

    def write_info(self, info: Mapping[str, Any]) -> None:
        """Write run.json."""
        write_atomically(self.info_path, to_json(info))

    def status(self) -> str:
        """Return the run's status; one that is `running` though no process holds it was interrupted."""
        status: str = self.read_info()["status"]
        if status == "running" and not FileLock(self.lock_path).is_held():
            status = self.read_info()["status"]  # it may have ended between the two looks
            return "interrupted" if status == "running" else status
        return status
