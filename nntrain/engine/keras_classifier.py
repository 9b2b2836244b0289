"""Predictions by Keras, for runs that have no model.tflite."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
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

BATCH_SIZE = 1000
WEIGHTS_FILE = "model.weights.h5"  # in a .keras archive
MAX_OTHER_BYTES = 10_000_000  # of the archive's other files
MAX_SEED_STATE = 16  # numbers of the state of a random generator; Keras has 2
MAX_LOADING_SECONDS = 60  # long enough for the weights of the largest network, 800 MB


class KerasClassifier:
    """A keras.Sequential that predicts; see nntrain.inference.litert.Classifier."""

    def __init__(self, network: Any) -> None:
        self._network = network

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Return the outputs, float32 (n, classes) or (n, 1), for uint8 images (n, 28, 28)."""
        # Keras's predict is not used: its thread for autotuning the data set may delay its end by seconds.
        batches = [images[start : start + BATCH_SIZE] for start in range(0, max(1, len(images)), BATCH_SIZE)]
        outputs = [self._network.predict_on_batch(batch.astype(np.float32)) for batch in batches]
        return np.concatenate(outputs).astype(np.float32)


def load_classifier(run: RunDir, config: Config, *, fingerprint: str | None) -> KerasClassifier:
    """Load a run's network for predictions; see `load_network`."""
    return KerasClassifier(load_network(run, config, fingerprint=fingerprint))


def load_network(run: RunDir, config: Config, *, fingerprint: str | None) -> Any:
    """Build a run's keras.Sequential from its config and load its weights; no code in model.keras is run.

    Raises RunError if model.keras is missing or damaged, or if its weights do not fit the config's network or do not
    have this fingerprint.
    """
    network = build_network(config, dtype="float32")
    too_slow = f"{run.model_path}: could not be read within {MAX_LOADING_SECONDS} s; train it again"
    try:
        with time_limit(MAX_LOADING_SECONDS, too_slow):
            _load_weights(network, run.model_path)
    except FileNotFoundError:
        raise RunError(f"{run.model_path}: missing") from None
    except RunError:
        raise
    except Exception:  # HDF5 and Keras raise nearly any error on a damaged file
        raise RunError(f"{run.model_path}: damaged, or not the network of {run.config_path}") from None
    if fingerprint_arrays(network.get_weights()) != fingerprint:
        raise RunError(
            f"{run.model_path}: these are not the weights of the finished training (their fingerprint differs)"
        )
    return network


def _load_weights(network: Any, path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        _check_archive(archive, max_bytes=4 * network.count_params() + MAX_OTHER_BYTES, path=path)
        # Reading the complete file verifies its checksum before HDF5 parses it.
        with h5py.File(io.BytesIO(archive.read(WEIGHTS_FILE)), "r") as weights:
            stored = _weight_shapes(weights)
    expected = Counter(tuple(variable.shape) for variable in network.weights)
    if stored.total() != expected.total():
        raise RunError(f"{path}: holds {stored.total()} weight arrays, but its config's network has {expected.total()}")
    if stored != expected:
        shape = " x ".join(map(str, next(iter(stored - expected))))
        raise RunError(f"{path}: holds a weight array of {shape} numbers, which its config's network does not have")
    network.load_weights(path)


def _check_archive(archive: zipfile.ZipFile, *, max_bytes: int, path: Path) -> None:
    """Raise RunError for an archive that unpacks to more bytes than the network needs, or outside its folder."""
    entries = archive.infolist()
    for entry in entries:
        if entry.file_size > max_bytes:
            raise RunError(
                f"{path}: {entry.filename} would unpack to {entry.file_size:,} bytes, more than {max_bytes:,}"
            )
        if entry.filename.startswith(("/", "\\")) or ".." in PurePosixPath(entry.filename).parts:
            raise RunError(f"{path}: {entry.filename!r} points outside of the archive; Keras writes no such file")
    if sum(entry.file_size for entry in entries) > 2 * max_bytes:
        raise RunError(f"{path}: would unpack to more than {2 * max_bytes:,} bytes")


def _weight_shapes(weights: h5py.File) -> Counter[tuple[int, ...]]:
    """Count the arrays of weights by shape, before memory is allocated for them: a tiny file may state any shape.

    The states of dropout layers and of the optimizer, also stored, are not counted; the latter is not read. Raises
    ValueError for an array whose content is in another file, or is not of plain numbers.
    """
    shapes: Counter[tuple[int, ...]] = Counter()

    def visit(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if not isinstance(item, h5py.Dataset):
            return
        if item.external or item.is_virtual:
            raise ValueError("the content is in another file")
        if name.startswith("optimizer/"):
            return
        if item.dtype.kind not in "fiu":
            raise ValueError("not numbers")
        if "seed_generator" not in name:
            shapes[item.shape] += 1
        elif item.size > MAX_SEED_STATE:
            raise ValueError("not the state of a random generator")

    weights.visititems(visit)
    return shapes
