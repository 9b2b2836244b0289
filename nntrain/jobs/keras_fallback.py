"""Loads the Keras network of a run without model.tflite. This needs TensorFlow, which inference may not import."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nntrain.inference.litert import Classifier
    from nntrain.runs.folder import RunDir


def load_keras_classifier(run: RunDir) -> Classifier:
    """Load a run's model.keras; raises RunError if it is missing, damaged or not the file that training wrote."""
    from nntrain.config.load import load_config
    from nntrain.engine.keras_classifier import load_classifier
    from nntrain.runs.store import require_config

    require_config(run)
    config = load_config(run.config_path, count_classes=lambda _: None).config
    return load_classifier(run, config, fingerprint=run.read_info()["fingerprints"].get("weights"))
