"""How probable it is that an image shows a digit at all, regardless of a network's answer.

A network answers for any image: shown a letter, it names the closest digit, often with confidence. The detector is a
second, small network that was also trained on images of other things: letters, scribbles, random strokes, rotated and
mirrored digits (outlier exposure: Hendrycks, Mazeika and Dietterich 2019). tools/train_detector.py trains it.
"""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np

from nntrain.inference.litert import Classifier, LiteRTClassifier
from nntrain.preprocessing.filters import Floats, Pixels

DETECTOR = Path(__file__).parent.parent / "assets" / "detector.tflite"
NO_DIGIT = 10  # the class of images without a digit; the classes before it are the digits


def class_probabilities(images: Pixels) -> Floats:
    """Return the probabilities, (n, 11), of each digit and of NO_DIGIT for MNIST-like uint8 images (n, 28, 28).

    Raises RunError if detector.tflite is missing or damaged.
    """
    return np.asarray(_detector().predict(images), np.float32)


@functools.cache
def _detector() -> Classifier:
    return LiteRTClassifier(DETECTOR)
