"""A trained network whose probabilities are calibrated."""

from __future__ import annotations

import numpy as np

from nntrain.inference.litert import Classifier
from nntrain.inference.trained_model import TrainedModel
from nntrain.task import TaskSpec


class CalibratedClassifier:
    """A run's network together with the temperature that calibrates it."""

    def __init__(self, model: TrainedModel, classifier: Classifier) -> None:
        self.model, self._classifier = model, classifier

    @property
    def task_spec(self) -> TaskSpec:
        """The task that the network was trained for."""
        return self.model.task_spec

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Return calibrated probabilities, (n, classes) or (n, 1), for uint8 images (n, 28, 28).

        A regression's values are returned unchanged.
        """
        return self.model.calibrate(self._classifier.predict(images))
