"""A trained run, ready to answer: its question, its data, its network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nntrain.calibration import calibrated
from nntrain.classifier import Classifier, LiteRTClassifier
from nntrain.errors import RunError
from nntrain.evaluation import Question
from nntrain.fingerprints import fingerprint
from nntrain.runs import RunDir, read_json


@dataclass(frozen=True)
class Trained:
    """A run that has a network."""

    run: RunDir
    info: dict[str, Any]
    question: Question

    @property
    def dataset(self) -> str:
        """The data set that it was trained on, a name or an absolute path."""
        return str(self.info["data"]["name"])

    @property
    def reads_digits(self) -> bool:
        """Whether it was trained on MNIST, so that pictures are prepared as MNIST's were."""
        return self.dataset in ("mnist", "mnist_5k")

    @property
    def temperature(self) -> float | None:
        """The temperature that its confidence is calibrated by; None where the run has none."""
        found = self.info.get("temperature")
        return float(found) if isinstance(found, (int, float)) and 0 < found < 1000 else None

    def calibrated(self, outputs: np.ndarray) -> np.ndarray:
        """Return the network's outputs as probabilities that mean what they say; see nntrain.calibration."""
        return calibrated(outputs, self.temperature, self.question)

    def test_score(self) -> dict[str, float] | None:
        """Return the figures that training ended with, or None where there are none."""
        if not self.run.metrics.exists():
            return None
        test = read_json(self.run.metrics).get("test")
        return {name: value for name, value in test.items() if name != "images"} if test else None

    def classifier(self) -> Classifier:
        """Return the network: LiteRT's where the run has a model.tflite, else Keras's.

        Raises RunError where the file is missing, damaged, or not the one that training wrote.
        """
        expected = self.info.get("fingerprints", {}).get("model.tflite")
        if expected is None and not self.run.tflite.exists():
            return self._keras_classifier()
        if not self.run.tflite.exists():
            if self.run.model.exists():
                return self._keras_classifier()
            raise RunError(f"{self.run.path}: holds neither model.tflite nor model.keras; train it again")
        if fingerprint(self.run.tflite.read_bytes()) != expected:
            raise RunError(
                f"{self.run.tflite}: not the file that training wrote (its fingerprint is another); "
                "delete it to answer with model.keras"
            )
        return LiteRTClassifier(self.run.tflite)

    def _keras_classifier(self) -> Classifier:
        from nntrain.config.loading import load_config
        from nntrain.engine.classifier import load_classifier

        config = load_config(self.run.config, count_classes=lambda _: None).config
        return load_classifier(self.run, config, fingerprint=self.info.get("fingerprints", {}).get("weights"))


def open_trained(run: RunDir) -> Trained:
    """Read what a run was asked; raises RunError where it never came to a network, or run.json is damaged."""
    info = run.read_info()
    if not (run.tflite.exists() or run.model.exists()):
        raise RunError(f"{run.path}: has no network (status {run.status()}); train it again, or name another run")
    try:
        question = info["question"]
        return Trained(
            run,
            info,
            Question(
                task=question["task"],
                loss=question["loss"],
                metrics=tuple((name, dict(rest)) for metric in question["metrics"] for name, rest in metric.items()),
                classes=tuple(map(str, question["classes"])),
                positive=tuple(map(int, question["positive"])),
            ),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise RunError(f"{run.info}: damaged: it does not say what the network was asked") from None
