"""The trained network that Keras answers with, for runs that have no model.tflite."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

import h5py
import numpy as np

from nntrain.config.schema import Config
from nntrain.engine.build import build_network
from nntrain.errors import RunError
from nntrain.runs.folder import RunDir
from nntrain.system.hashing import fingerprint_arrays
from nntrain.system.signals import time_limit

BATCH = 1000  # pictures answered at once
WEIGHTS = "model.weights.h5"  # the file of the weights in a .keras archive
ROOM = 10_000_000  # bytes for what stands beside the weights
SECONDS = 60  # that reading them may take: the largest network's are 800 MB


class KerasClassifier:
    """A keras.Sequential that takes pictures of shape (n, 28, 28), 0 to 255."""

    def __init__(self, network: Any) -> None:
        self._network = network

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Answer uint8 images (n, 28, 28); see nntrain.classifier.Classifier."""
        # Not Keras's predict: the thread that tunes its data set may hold its end up for seconds.
        batches = (images[begin : begin + BATCH] for begin in range(0, max(1, len(images)), BATCH))
        answers = [self._network.predict_on_batch(batch.astype(np.float32)) for batch in batches]
        return np.concatenate(answers).astype(np.float32)


def load_classifier(run: RunDir, config: Config, *, fingerprint: str | None) -> KerasClassifier:
    """Rebuild a run's network from its config and load the weights into it; no code in the file is run.

    Raises RunError where model.keras is missing or damaged, holds other weights than the config's network has, or not
    those of the fingerprint.
    """
    network = build_network(config, dtype="float32")
    try:
        with time_limit(SECONDS, f"{run.model_path}: not read within {SECONDS} s; train it again"):
            _load(network, run.model_path)
    except FileNotFoundError:
        raise RunError(f"{run.model_path}: missing") from None
    except RunError:
        raise
    except Exception:  # HDF5 and Keras answer a damaged file with nearly any error
        raise RunError(f"{run.model_path}: damaged, or not the network of {run.config_path}") from None
    if fingerprint_arrays(network.get_weights()) != fingerprint:
        raise RunError(f"{run.model_path}: not the weights that training ended with (their fingerprint is another)")
    return KerasClassifier(network)


def _load(network: Any, path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        _refuse_strange(archive, most=4 * network.count_params() + ROOM, path=path)
        # Whole, so that its checksum is compared before the library that reads it has a look.
        with h5py.File(io.BytesIO(archive.read(WEIGHTS)), "r") as weights:
            stored = _arrays(weights)
    if stored != len(network.weights):
        raise RunError(f"{path}: holds {stored} arrays of weights, but its config's network has {len(network.weights)}")
    network.load_weights(path)


def _refuse_strange(archive: zipfile.ZipFile, *, most: int, path: Path) -> None:
    """Raise RunError for an archive that unfolds to more bytes than the network needs, or out of its folder."""
    for entry in archive.infolist():
        if entry.file_size > most:
            raise RunError(f"{path}: {entry.filename} would unfold to {entry.file_size:,} bytes, more than {most:,}")
        if entry.filename.startswith(("/", "\\")) or ".." in PurePosixPath(entry.filename).parts:
            raise RunError(f"{path}: {entry.filename!r} leads out of the archive; it is not a file of Keras's")
    if sum(entry.file_size for entry in archive.infolist()) > 2 * most:
        raise RunError(f"{path}: would unfold to more than {2 * most:,} bytes")


def _arrays(weights: h5py.File) -> int:
    """Count the arrays of weights; dropout's random state, which is stored too, is none of the saved network's.

    Raises ValueError for an array whose content lies in another file.
    """
    found: list[str] = []

    def look(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if isinstance(item, h5py.Dataset):
            if item.external or item.is_virtual:
                raise ValueError("the content lies elsewhere")
            found.append(name)

    weights.visititems(look)
    return sum("seed_generator" not in name for name in found)
