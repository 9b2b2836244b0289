"""Saves a trained network as model.keras, for Keras, and as model.tflite, for LiteRT, and checks that both agree."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np

from nntrain.config import schema
from nntrain.engine.build import build_network, compile_plain_network
from nntrain.engine.keras_classifier import WEIGHTS_FILE
from nntrain.errors import NntrainError, RunError
from nntrain.inference.litert import LiteRTClassifier
from nntrain.runs.folder import RunDir
from nntrain.runs.keras_config import for_older_keras
from nntrain.system.files import temporary_sibling

# How much the two formats' outputs may differ, relative to outputs above 1: their sums are rounded differently.
MAX_DIFFERENCE = 1e-5
CONFIG_FILE = "config.json"  # in a .keras archive


def plain_network(config: schema.Config, trained: Any) -> Any:
    """Return a plain float32 keras.Sequential with a trained network's weights, regardless of their precision.

    It is compiled with the config's optimizer, loss and metrics. The optimizer starts afresh.
    """
    network = build_network(config, dtype="float32")
    network.set_weights(trained.get_weights())
    compile_plain_network(network, config)
    return network


def save_keras(network: Any, run: RunDir) -> None:
    """Write model.keras with a compiled network, in a form that older versions of Keras 3 read, too.

    Raises NntrainError if the disk fails.
    """
    with temporary_sibling(run.model_path) as sibling, _silence():
        network.save(sibling)
        with zipfile.ZipFile(sibling) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        members[CONFIG_FILE] = json.dumps(for_older_keras(json.loads(members[CONFIG_FILE]))).encode()
        members[WEIGHTS_FILE] = _with_optimizer_state(members[WEIGHTS_FILE], network)
        with zipfile.ZipFile(sibling, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)


def _with_optimizer_state(weights: bytes, network: Any) -> bytes:
    """Add the optimizer's state before its first step, such as Adam's moments, to the weights file.

    Keras expects it there, and warns if it is missing. It takes no space: of an array of equal values, which all of
    them are, HDF5 stores the shape and one value. Nadam's is left out: Keras 3.10 changed its order, and a version with
    the other order does not load the network.
    """
    file, optimizer = io.BytesIO(weights), network.optimizer
    if isinstance(optimizer, keras.optimizers.Nadam):
        return weights
    optimizer.build(network.trainable_variables)
    with h5py.File(file, "r+") as stored:
        state = stored["optimizer/vars"]
        for index, variable in enumerate(optimizer.variables[len(state) :], start=len(state)):
            array = np.asarray(variable)
            value = array.flat[0]
            data = None if np.all(array == value) else array
            state.create_dataset(str(index), array.shape, array.dtype, data=data, fillvalue=value)
    return file.getvalue()


def save_tflite(network: Any, run: RunDir, images: np.ndarray) -> str | None:
    """Write model.tflite if its outputs for some images, uint8 (n, 28, 28), equal the network's.

    Returns None, or the reason if it was not written. Raises NntrainError if the disk fails.
    """
    try:
        with temporary_sibling(run.tflite_path) as sibling, _silence():
            network.export(str(sibling), format="litert", verbose=False)
            _compare_outputs(network, sibling, images)
    except RunError as error:
        return str(error)
    except NntrainError:
        raise  # the disk failed
    except Exception as error:
        # Whatever the converter's error is, the run is complete without model.tflite: Keras predicts instead.
        return str(error).splitlines()[0] if str(error) else type(error).__name__
    return None


def _compare_outputs(network: Any, tflite_path: Path, images: np.ndarray) -> None:
    """Raise ValueError if the two formats' outputs differ."""
    outputs = LiteRTClassifier(tflite_path).predict(images)
    expected = np.asarray(network(images.astype(np.float32), training=False))
    difference = float(np.max(np.abs(outputs - expected) / np.maximum(1.0, np.abs(expected))))
    if not difference <= MAX_DIFFERENCE:  # also if it is NaN
        raise ValueError(f"its outputs differ from Keras's by {difference:.1e}")


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep the converter's output off the terminal."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
        _kept_root_logger(),
    ):
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def _kept_root_logger() -> Iterator[None]:
    """Keep the converter from setting up the root logger: the caller's logging.basicConfig would do nothing then."""
    handler = logging.NullHandler()
    logging.root.addHandler(handler)
    try:
        yield
    finally:
        logging.root.removeHandler(handler)
