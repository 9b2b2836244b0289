"""How much a picture looks like a digit at all, whatever a network says of it.

A network answers for anything: shown a letter, it names the nearest digit, and often with confidence. The detector is a
second, small one that was shown what is no digit as well: letters, scribbles, strokes at random, digits turned and
mirrored (outlier exposure: Hendrycks, Mazeika and Dietterich 2019). tools/train_detector.py trains it.
"""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np

from nntrain.inference.litert import Classifier, LiteRTClassifier
from nntrain.preprocessing.filters import Floats, Pixels

DETECTOR = Path(__file__).parent.parent / "assets" / "detector.tflite"
NONE = 10  # the class of what is no digit; the others are the digits


def class_probabilities(pixels: Pixels) -> Floats:
    """Return how likely images laid out as MNIST's, uint8 (n, 28, 28), are each digit, and none: (n, 11), of sum 1.

    Raises RunError where detector.tflite is missing or damaged.
    """
    return np.asarray(_detector().predict(pixels), np.float32)


@functools.cache
def _detector() -> Classifier:
    return LiteRTClassifier(DETECTOR)
