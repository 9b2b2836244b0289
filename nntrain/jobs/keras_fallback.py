"""Loads the Keras network of a run. This needs TensorFlow, which inference may not import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nntrain.config.schema import Config
    from nntrain.inference.litert import Classifier
    from nntrain.runs.folder import RunDir


def load_keras_classifier(run: RunDir) -> Classifier:
    """Load a run's model.keras for predictions, if it has no model.tflite.

    Raises RunError if it is missing, damaged or not the file that training wrote.
    """
    from nntrain.engine.keras_classifier import load_classifier

    return load_classifier(run, _config(run), fingerprint=_fingerprint(run))


def load_keras_network(run: RunDir) -> Any:
    """Return a run's network as a compiled keras.Sequential; errors as for `load_keras_classifier`."""
    from nntrain.engine.build import compile_plain_network
    from nntrain.engine.keras_classifier import load_network

    config = _config(run)
    network = load_network(run, config, fingerprint=_fingerprint(run))
    compile_plain_network(network, config)
    return network


def _config(run: RunDir) -> Config:
    from nntrain.runs.metadata import read_run_config

    return read_run_config(run).config


def _fingerprint(run: RunDir) -> str | None:
    fingerprint: str | None = run.read_info()["fingerprints"].get("weights")
    return fingerprint
