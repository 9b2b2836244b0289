"""A run's folder: the names of its files, and the types of the values in its JSON files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Any

from nntrain.errors import RunError
from nntrain.runs.json_files import NUMBER, has_type, read_json, to_json
from nntrain.system.files import write_atomically
from nntrain.system.locks import is_locked

PRETRAINED = "pretrained"  # the name of the run that ships with nntrain
PRETRAINED_DIR = Path(__file__).parent.parent / "assets" / PRETRAINED
STATUSES = ("running", "complete", "interrupted", "diverged", "failed")
MAX_MODEL_BYTES = 4_000_000_000  # of model.tflite: twice the size of the largest network

# The keys of run.json and metrics.json that other modules rely on; others are not checked.
_INFO_TYPES: dict[str, tuple[type, ...]] = {
    "status": (str,),
    "config": (str,),
    "started": (str,),
    "finished": (str, NoneType),
    "seconds": (*NUMBER, NoneType),
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
_METRICS_TYPES: dict[str, tuple[type, ...]] = {
    "config": (str,),
    "epochs": (int,),
    "kept_epoch": (int, NoneType),  # missing in runs of nntrain 0.1
    "seconds": (*NUMBER, NoneType),
    "test": (dict, NoneType),
}


@dataclass(frozen=True)
class RunDir:
    """The folder of a run. Only this class knows the names of the files in it."""

    path: Path

    @property
    def name(self) -> str:
        """The name of the folder, for example `mlp-1`."""
        return self.path.resolve().name

    @property
    def is_pretrained(self) -> bool:
        """Whether this is the run that ships with nntrain, which never changes."""
        return self.path == PRETRAINED_DIR

    @property
    def display_name(self) -> str:
        """The run's name in messages: its path, or `pretrained`."""
        return PRETRAINED if self.is_pretrained else str(self.path)

    @property
    def config_path(self) -> Path:
        """The config with all defaults and, once training has started, with the values that were chosen for `auto`."""
        return self.path / "config.yaml"

    @property
    def source_path(self) -> Path:
        """The config as its author wrote it, before the overrides; missing if it was a dict in Python."""
        return self.path / "source.yaml"

    @property
    def model_path(self) -> Path:
        """The network in Keras's format."""
        return self.path / "model.keras"

    @property
    def tflite_path(self) -> Path:
        """The network in LiteRT's format."""
        return self.path / "model.tflite"

    @property
    def history_path(self) -> Path:
        """The metrics, learning rate and time, one row per epoch."""
        return self.path / "history.csv"

    @property
    def metrics_path(self) -> Path:
        """The final metrics, on training, validation and test images."""
        return self.path / "metrics.json"

    @property
    def info_path(self) -> Path:
        """The run's status, times, versions, environment, device, data and fingerprints."""
        return self.path / "run.json"

    @property
    def checkpoint_dir(self) -> Path:
        """The checkpoints of the last epoch and of an earlier one, for `nntrain resume`."""
        return self.path / "checkpoint"

    @property
    def training_plot(self) -> Path:
        """The plot of loss and metrics by epoch."""
        return self.path / "training.png"

    @property
    def lock_path(self) -> Path:
        """The file that is locked while the run is trained."""
        return self.path / ".lock"

    def plot(self, kind: str, dataset: str = "") -> Path:
        """Return the path of an evaluation's plot: `worst-mnist_5k.png`, or `worst.png` for the run's own data set."""
        suffix = re.sub(r"[^A-Za-z0-9_.-]+", "_", Path(dataset).name).strip("._")
        return self.path / (f"{kind}-{suffix}.png" if suffix else f"{kind}.png")

    def read_info(self) -> dict[str, Any]:
        """Read run.json; raises RunError if it is missing, damaged or of another schema."""
        self._reject_symlink(self.info_path)
        info = read_json(self.info_path, _INFO_TYPES)
        if info["status"] not in STATUSES:
            raise RunError(f"{self.info_path}: damaged: unknown status {info['status']!r}; restore the file")
        return info

    def read_metrics(self) -> dict[str, Any]:
        """Read metrics.json; raises RunError if it is missing, damaged or of another schema."""
        self._reject_symlink(self.metrics_path)
        metrics = read_json(self.metrics_path, _METRICS_TYPES)
        if not all(has_type(value, NUMBER) for value in (metrics["test"] or {}).values()):
            raise RunError(f"{self.metrics_path}: damaged: test must contain numbers only; restore the file")
        return metrics

    def _reject_symlink(self, path: Path) -> None:
        """Raise RunError for a link, except in this package, whose files an installer may have linked."""
        if path.is_symlink() and not self.is_pretrained:
            raise RunError(f"{path}: is a link; replace it with the file that it points to")

    def write_info(self, info: Mapping[str, Any]) -> None:
        """Write run.json."""
        write_atomically(self.info_path, to_json(info))

    def status(self) -> str:
        """Return the run's status; a run that is `running` without a process that holds its lock was interrupted."""
        status: str = self.read_info()["status"]
        if status == "running" and not is_locked(self.lock_path):
            status = self.read_info()["status"]  # the run may have ended before the lock was tested
            return "interrupted" if status == "running" else status
        return status
