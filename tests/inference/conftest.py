"""What these tests share: the network that ships, and networks that answer what a test wants."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

from nntrain.inference.calibrated_classifier import CalibratedClassifier
from nntrain.inference.trained_model import open_trained_model
from nntrain.jobs.keras_fallback import load_keras_classifier
from nntrain.runs.store import pretrained_run
from nntrain.task import TaskSpec

TASKS = {
    "classification": TaskSpec("classification", "categorical_crossentropy", (), tuple("0123456789")),
    "binary": TaskSpec("binary", "binary_crossentropy", (), tuple("0123456789"), positive=(7, 9)),
    "regression": TaskSpec("regression", "mse", (), tuple("0123456789")),
}


@pytest.fixture(scope="session")
def network() -> CalibratedClassifier:
    """Return the network that ships."""
    run = pretrained_run()
    assert run is not None
    model = open_trained_model(run)
    return CalibratedClassifier(model, model.classifier(load_keras_classifier))


class FakeClassifier:
    """Answers each call by the next of some functions, from images to outputs, and the last one from then on."""

    def __init__(self, functions: tuple[Callable[[np.ndarray], object], ...]) -> None:
        self.functions = functions
        self.calls: list[np.ndarray] = []

    def predict(self, images: np.ndarray) -> np.ndarray:
        function = self.functions[min(len(self.calls), len(self.functions) - 1)]
        self.calls.append(images)
        return np.asarray(function(images), np.float32)


@pytest.fixture
def fake_network() -> Callable[..., CalibratedClassifier]:
    """Return a function that makes a network of functions from images to outputs."""

    def make(*functions: Callable[[np.ndarray], object], task: str = "classification", reads_digits: bool = True):
        model = SimpleNamespace(task_spec=TASKS[task], reads_digits=reads_digits, calibrate=lambda outputs: outputs)
        classifier = FakeClassifier(functions)
        network = CalibratedClassifier(model, classifier)
        network.calls = classifier.calls
        return network

    return make
