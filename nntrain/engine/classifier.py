"""The trained network that Keras answers with, for runs that have no model.tflite."""

from __future__ import annotations

import zipfile
from typing import Any

import h5py
import numpy as np

from nntrain.config.schema import Config
from nntrain.engine.model import build_network
from nntrain.errors import RunError
from nntrain.runs import RunDir

WEIGHTS = "model.weights.h5"  # the file of the weights in a .keras archive


class KerasClassifier:
    """A keras.Sequential that takes pictures of shape (n, 28, 28), 0 to 255."""

    def __init__(self, network: Any) -> None:
        self._network = network

    def outputs(self, images: np.ndarray) -> np.ndarray:
        """Answer uint8 images (n, 28, 28); see nntrain.classifier.Classifier."""
        answers = self._network.predict(images.astype(np.float32), batch_size=1000, verbose=0)
        return np.asarray(answers, np.float32)


def load_classifier(run: RunDir, config: Config) -> KerasClassifier:
    """Rebuild a run's network from its config and load the weights into it; no code in the file is run.

    Raises RunError where model.keras is missing or damaged, or holds other weights than the config's network has.
    """
    network = build_network(config, dtype="float32")
    try:
        with zipfile.ZipFile(run.model) as archive, archive.open(WEIGHTS) as file, h5py.File(file, "r") as weights:
            stored = _arrays(weights)
        if stored != len(network.weights):
            raise RunError(
                f"{run.model}: holds {stored} arrays of weights, but its config's network has {len(network.weights)}"
            )
        network.load_weights(run.model)
    except FileNotFoundError:
        raise RunError(f"{run.model}: missing") from None
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        raise RunError(f"{run.model}: damaged, or not the network of {run.config}") from None
    return KerasClassifier(network)


def _arrays(weights: h5py.File) -> int:
    """Count the arrays of weights; dropout's random state, which is stored too, is none of the saved network's."""
    found: list[str] = []
    weights.visititems(lambda name, item: found.append(name) if isinstance(item, h5py.Dataset) else None)
    return sum("seed_generator" not in name for name in found)
