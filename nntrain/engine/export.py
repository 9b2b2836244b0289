"""What a trained network is saved as: model.keras for any Keras, model.tflite for LiteRT, which have to agree."""

from __future__ import annotations

import contextlib
import io
import warnings
from typing import Any

import numpy as np

from nntrain.config import schema
from nntrain.engine.build import build_network
from nntrain.errors import NntrainError, RunError
from nntrain.inference.litert import LiteRTClassifier
from nntrain.runs.folder import RunDir
from nntrain.system.files import temporary_sibling

# The two formats' outputs may differ by so much (FlatBuffer and Keras round sums in another order).
AGREEMENT = 1e-5


def plain_network(config: schema.Config, trained: Any) -> Any:
    """Return a plain float32 keras.Sequential with a trained network's weights, whatever precision those have."""
    network = build_network(config, dtype="float32")
    network.set_weights(trained.get_weights())
    return network


def save_keras(network: Any, run: RunDir) -> None:
    """Write model.keras."""
    with temporary_sibling(run.model_path) as beside, _silence():
        network.save(beside)


def save_tflite(network: Any, run: RunDir, samples: np.ndarray) -> str | None:
    """Write model.tflite if its answers to some pictures are the network's own; returns why not, or None.

    `samples` are uint8 pictures (n, 28, 28).
    """
    try:
        with temporary_sibling(run.tflite_path) as beside, _silence():
            network.export(str(beside), format="litert", verbose=False)
            answers = LiteRTClassifier(beside).predict(samples)
            expected = np.asarray(network(samples.astype(np.float32), training=False))
            apart = float(np.max(np.abs(answers - expected) / np.maximum(1.0, np.abs(expected))))
            if not apart <= AGREEMENT:
                raise ValueError(f"its answers differ from Keras's by {apart:.1e}")
    except NntrainError as error:
        if not isinstance(error, RunError):
            raise  # the disk's fault
        return str(error)
    except Exception as error:
        # Whatever the converter cannot do, the run is whole without it: Keras answers instead.
        return str(error).splitlines()[0] if str(error) else type(error).__name__
    return None


@contextlib.contextmanager
def _silence() -> Any:
    """Keep the converter's own words off the terminal."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield
