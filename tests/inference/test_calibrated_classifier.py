"""A network and its temperature as one."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from nntrain.inference.calibrated_classifier import CalibratedClassifier


def test_outputs_are_calibrated():
    model = SimpleNamespace(task_spec="a task", calibrate=lambda outputs: outputs / 2)
    network = CalibratedClassifier(model, SimpleNamespace(predict=lambda images: images.sum(axis=(1, 2))))
    assert network.predict(np.ones((3, 28, 28))).tolist() == [392, 392, 392]
    assert network.task_spec == "a task"
