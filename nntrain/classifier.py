"""What a trained network that answers looks like, and the one that needs no TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np

from nntrain.errors import RunError
from nntrain.interrupts import time_limit

# Few enough that activations stay in the processor's cache, many enough that calls do not cost.
BATCH = 256
# A damaged file can keep LiteRT busy for ever; the largest network that a config may ask for takes a tenth of this.
SECONDS_A_BATCH = 60


class Classifier(Protocol):
    """A trained network."""

    def outputs(self, images: np.ndarray) -> np.ndarray:
        """Answer uint8 images (n, 28, 28); returns float32 (n, classes) probabilities, or (n, 1)."""
        ...


class LiteRTClassifier:
    """A model.tflite, run by LiteRT: in memory in a tenth of a second."""

    def __init__(self, path: Path, *, threads: int | None = None) -> None:
        from ai_edge_litert.interpreter import Interpreter

        try:
            self._interpreter = Interpreter(model_content=path.read_bytes(), num_threads=threads)
            self._input = self._interpreter.get_input_details()[0]
            self._output = self._interpreter.get_output_details()[0]
        except FileNotFoundError:
            raise RunError(f"{path}: missing") from None
        except (OSError, ValueError, RuntimeError, IndexError):
            raise RunError(f"{path}: damaged: LiteRT cannot read it; train again or restore the file") from None
        self._path, self._size = path, 0

    def outputs(self, images: np.ndarray) -> np.ndarray:
        """Answer uint8 images (n, 28, 28); see Classifier."""
        answers = []
        for begin in range(0, len(images), BATCH):
            with time_limit(SECONDS_A_BATCH, f"{self._path}: no answer within {SECONDS_A_BATCH} s; train it again"):
                answers.append(self._batch(images[begin : begin + BATCH]))
        return np.concatenate(answers) if answers else np.zeros((0, 1), np.float32)

    def _batch(self, images: np.ndarray) -> np.ndarray:
        if len(images) != self._size:
            self._interpreter.resize_tensor_input(self._input["index"], [len(images), *images.shape[1:]])
            self._interpreter.allocate_tensors()
            self._size = len(images)
        self._interpreter.set_tensor(self._input["index"], images.astype(np.float32))
        self._interpreter.invoke()
        return np.array(self._interpreter.get_tensor(self._output["index"]), np.float32)
