"""A trained run, ready for predictions: its task, its data, and its network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nntrain.data.catalog import DIGITS, has_mnist_digits
from nntrain.data.dataset import MAX_CLASSES
from nntrain.errors import NntrainError, RunError
from nntrain.inference.calibration import calibrate
from nntrain.inference.litert import Classifier, LiteRTClassifier
from nntrain.inference.scoring import score
from nntrain.runs.folder import MAX_MODEL_BYTES, RunDir
from nntrain.system.files import read_limited
from nntrain.system.hashing import fingerprint
from nntrain.task import TaskSpec

# In run.json, which may come from an untrusted source:
MAX_TEMPERATURE = 1000
MAX_METRICS = 100
MAX_CLASS_NAME = 255  # characters; no file system allows more in a folder's name


@dataclass(frozen=True)
class TrainedModel:
    """A run that has a trained network."""

    run: RunDir
    info: dict[str, Any]  # run.json
    task_spec: TaskSpec

    @property
    def dataset(self) -> str:
        """The data set that the run was trained on, a name or an absolute path."""
        return str(self.info["data"]["name"])

    @property
    def reads_digits(self) -> bool:
        """Whether the run was trained on MNIST, by name or path; if so, pictures are prepared as MNIST's were."""
        images = self.info["data"]["fingerprints"].get("x_train")
        return has_mnist_digits(self.dataset, images) and self.task_spec.classes == DIGITS

    @property
    def temperature(self) -> float | None:
        """The temperature that calibrates the probabilities, or None if the run has none."""
        temperature = self.info.get("temperature")
        if isinstance(temperature, (int, float)) and 0 < temperature < MAX_TEMPERATURE:
            return float(temperature)
        return None

    def calibrate(self, outputs: np.ndarray) -> np.ndarray:
        """Return the network's outputs as calibrated probabilities; see nntrain.inference.calibration."""
        return calibrate(outputs, self.temperature, self.task_spec)

    def test_metrics(self) -> dict[str, float] | None:
        """Return the final loss and metrics on the test images, or None if there are none."""
        if not self.run.metrics_path.exists():
            return None
        test = self.run.read_metrics()["test"]
        return {name: value for name, value in test.items() if name != "images"} if test else None

    def classifier(self, load_keras: Callable[[RunDir], Classifier]) -> Classifier:
        """Return the network: LiteRT's if the run has a model.tflite, or else model.keras, loaded by `load_keras`.

        Raises RunError if the file is missing, damaged, or not the one that training wrote.
        """
        if not self.run.tflite_path.exists():
            if self.info["fingerprints"].get("weights") is None:
                self._check_was_saved()
            return load_keras(self.run)
        content = self._read_tflite()
        if fingerprint(content) != self.info["fingerprints"].get("model.tflite"):
            self._check_was_saved()
            raise RunError(
                f"{self.run.tflite_path}: not the file that training wrote (its fingerprint is different); "
                "delete it to answer with model.keras"
            )
        return LiteRTClassifier(self.run.tflite_path, content)

    def _read_tflite(self) -> bytes:
        try:
            return read_limited(self.run.tflite_path, max_bytes=MAX_MODEL_BYTES)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise RunError(f"{self.run.tflite_path}: cannot be read: {reason}") from None

    def _check_was_saved(self) -> None:
        if self.run.status() == "interrupted":
            raise RunError(f"{self.run.path} was stopped while it was saved; `nntrain resume {self.run.path}`")


def open_trained_model(run: RunDir) -> TrainedModel:
    """Read a run's task and data; raises RunError if it has no network, or run.json is damaged."""
    info = run.read_info()
    if not (run.tflite_path.exists() or run.model_path.exists()):
        raise RunError(f"{run.path}: has no network (status {run.status()}); {_way_to_a_network(run)}")
    try:
        task_spec = _read_task_spec(info["question"])
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, NntrainError):
        raise RunError(f"{run.info_path}: damaged: it does not state the network's task") from None
    if info["data"] is None:
        raise RunError(f"{run.info_path}: damaged: it does not state the network's training data")
    return TrainedModel(run, info, task_spec)


def _way_to_a_network(run: RunDir) -> str:
    match run.status():
        case "interrupted" | "failed":
            return f"to train it to its end: `nntrain resume {run.path}`"
        case "running":
            return "wait until it is trained, or choose another run"
    return "train it again, or choose another run"


def _read_task_spec(document: Any) -> TaskSpec:
    """Read the entry `question` of run.json; raises nearly any exception if it is damaged."""
    if len(document["classes"]) > MAX_CLASSES or len(document["metrics"]) > MAX_METRICS:
        raise ValueError("more classes or metrics than a run can have")
    if any(len(str(name)) > MAX_CLASS_NAME for name in document["classes"]):
        raise ValueError("a class with a name that no folder can have")
    task_spec = TaskSpec(
        task=document["task"],
        loss=document["loss"],
        metrics=tuple((name, dict(arguments)) for metric in document["metrics"] for name, arguments in metric.items()),
        classes=tuple(map(str, document["classes"])),
        positive=tuple(map(int, document["positive"])),
        loss_arguments=dict(document.get("loss_arguments", {})),  # runs of nntrain 0.1 have none
    )
    # Fails here if the loss or a metric is unknown or has wrong arguments, and not after the predictions.
    score(np.full((1, task_spec.output_units), 0.5, np.float32), np.zeros(1, np.int64), task_spec)
    return task_spec
