"""A trained run, ready to answer: its question, its data, its network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nntrain.errors import NntrainError, RunError
from nntrain.inference.calibration import calibrated
from nntrain.inference.litert import Classifier, LiteRTClassifier
from nntrain.inference.scoring import score
from nntrain.runs.folder import MAX_MODEL_BYTES, RunDir
from nntrain.runs.store import require_config
from nntrain.system.files import read_limited
from nntrain.system.hashing import fingerprint
from nntrain.task import TaskSpec

TASKS = ("classification", "binary", "regression")
DIGITS = tuple("0123456789")
# The fingerprints of their training images.
MNIST_IMAGES = {"mnist": "6510e85a72c3e9475c492d559d3770d2", "mnist_5k": "e4a629466b5f4c1b40c50c6433650dc0"}


@dataclass(frozen=True)
class TrainedModel:
    """A run that has a network."""

    run: RunDir
    info: dict[str, Any]
    task_spec: TaskSpec

    @property
    def dataset(self) -> str:
        """The data set that it was trained on, a name or an absolute path."""
        return str(self.info["data"]["name"])

    @property
    def reads_digits(self) -> bool:
        """Whether it was trained on MNIST, by name or from a path, so that pictures are prepared as MNIST's were."""
        prints = self.info["data"].get("fingerprints", {})
        mnist = self.dataset in MNIST_IMAGES or prints.get("x_train") in MNIST_IMAGES.values()
        return mnist and self.task_spec.classes == DIGITS

    @property
    def temperature(self) -> float | None:
        """The temperature that its confidence is calibrated by; None where the run has none."""
        found = self.info.get("temperature")
        return float(found) if isinstance(found, (int, float)) and 0 < found < 1000 else None

    def calibrated(self, outputs: np.ndarray) -> np.ndarray:
        """Return the network's outputs as probabilities that mean what they say; see nntrain.calibration."""
        return calibrated(outputs, self.temperature, self.task_spec)

    def test_score(self) -> dict[str, float] | None:
        """Return the figures that training ended with, or None where there are none."""
        if not self.run.metrics_path.exists():
            return None
        test = self.run.read_metrics()["test"]
        return {name: value for name, value in test.items() if name != "images"} if test else None

    def classifier(self) -> Classifier:
        """Return the network: LiteRT's where the run has a model.tflite, else Keras's.

        Raises RunError where the file is missing, damaged, or not the one that training wrote.
        """
        if not self.run.tflite_path.exists():
            return self._keras_classifier()
        try:
            content = read_limited(self.run.tflite_path, max_bytes=MAX_MODEL_BYTES)
        except (OSError, ValueError) as error:
            raise RunError(
                f"{self.run.tflite_path}: cannot be read: {getattr(error, 'strerror', None) or error}"
            ) from None
        if fingerprint(content) != self.info["fingerprints"].get("model.tflite"):
            self._check_was_saved()
            raise RunError(
                f"{self.run.tflite_path}: not the file that training wrote (its fingerprint is another); "
                "delete it to answer with model.keras"
            )
        return LiteRTClassifier(self.run.tflite_path, content)

    def _check_was_saved(self) -> None:
        if self.run.status() == "interrupted":
            raise RunError(f"{self.run.path} was stopped while it was saved; `nntrain resume {self.run.path}`")

    def _keras_classifier(self) -> Classifier:
        from nntrain.config.load import load_config
        from nntrain.engine.keras_classifier import load_classifier

        known = self.info["fingerprints"].get("weights")
        if known is None:
            self._check_was_saved()
        require_config(self.run)
        config = load_config(self.run.config_path, count_classes=lambda _: None).config
        return load_classifier(self.run, config, fingerprint=known)


def open_trained_model(run: RunDir) -> TrainedModel:
    """Read what a run was asked; raises RunError where it never came to a network, or run.json is damaged."""
    info = run.read_info()
    if not (run.tflite_path.exists() or run.model_path.exists()):
        raise RunError(f"{run.path}: has no network (status {run.status()}); train it again, or name another run")
    try:
        task_spec = _task_spec(info["question"])
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, NntrainError):
        raise RunError(f"{run.info_path}: damaged: it does not say what the network was asked") from None
    if info["data"] is None:
        raise RunError(f"{run.info_path}: damaged: it does not say what data the network was trained on")
    return TrainedModel(run, info, task_spec)


def _task_spec(document: Any) -> TaskSpec:
    """Read a question as run.json holds it; raises nearly anything for one that cannot be asked."""
    task_spec = TaskSpec(
        task=document["task"],
        loss=document["loss"],
        metrics=tuple((name, dict(rest)) for metric in document["metrics"] for name, rest in metric.items()),
        classes=tuple(map(str, document["classes"])),
        positive=tuple(map(int, document["positive"])),
    )
    if task_spec.task not in TASKS or not set(task_spec.positive) <= set(range(len(task_spec.classes))):
        raise ValueError
    # Asked once, of an answer made up, so that it does not fail when a network has answered.
    width = len(task_spec.classes) if task_spec.task == "classification" else 1
    score(np.full((1, width), 0.5, np.float32), np.zeros(1, np.int64), task_spec)
    return task_spec
