"""The network of a run that has no model.tflite. It needs TensorFlow, which inference is not allowed to import."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nntrain.inference.litert import Classifier
    from nntrain.runs.folder import RunDir


def load_keras_classifier(run: RunDir) -> Classifier:
    """Return a run's model.keras; raises RunError if it is missing, damaged, or not the one that training wrote."""
    from nntrain.config.load import load_config
    from nntrain.engine.keras_classifier import load_classifier
    from nntrain.runs.store import require_config

    require_config(run)
    config = load_config(run.config_path, count_classes=lambda _: None).config
    return load_classifier(run, config, fingerprint=run.read_info()["fingerprints"].get("weights"))
