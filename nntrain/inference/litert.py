"""What a trained network that answers looks like, and the one that needs no TensorFlow."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import numpy as np

from nntrain.errors import RunError
from nntrain.system.signals import time_limit

# Few enough that activations stay in the processor's cache, many enough that calls do not cost.
BATCH = 256
# A damaged file can keep LiteRT busy for ever. No batch of an honest one takes so long: each of its weights, 4 bytes,
# is used at most once a place of an image (BATCH * 784 multiplications and additions); a slow core does 5e9 a second.
SECONDS = 5
SECONDS_A_BYTE = BATCH * 784 * 2 / 4 / 5e9


class Classifier(Protocol):
    """A trained network."""

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Answer uint8 images (n, 28, 28); returns float32 (n, classes) probabilities, or (n, 1)."""
        ...


class LiteRTClassifier:
    """A model.tflite, run by LiteRT: in memory in a tenth of a second.

    `content` is what was read of the file, where it was looked at already.
    """

    def __init__(self, path: Path, content: bytes | None = None, *, threads: int | None = None) -> None:
        from ai_edge_litert.interpreter import Interpreter

        try:
            content = path.read_bytes() if content is None else content
            self._seconds = SECONDS + SECONDS_A_BYTE * len(content)
            with self._limit(path):
                self._interpreter = Interpreter(model_content=content, num_threads=threads)
            self._input = self._interpreter.get_input_details()[0]
            self._output = self._interpreter.get_output_details()[0]
        except FileNotFoundError:
            raise RunError(f"{path}: missing") from None
        except (OSError, ValueError, RuntimeError, IndexError):
            raise RunError(f"{path}: damaged: LiteRT cannot read it; train again or restore the file") from None
        self._path, self._size = path, 0

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Answer uint8 images (n, 28, 28); see Classifier."""
        answers = []
        for begin in range(0, len(images), BATCH):
            answers.append(self._batch(images[begin : begin + BATCH]))
        return np.concatenate(answers) if answers else np.zeros((0, 1), np.float32)

    def _batch(self, images: np.ndarray) -> np.ndarray:
        try:
            with self._limit(self._path):
                if len(images) != self._size:
                    self._interpreter.resize_tensor_input(self._input["index"], [len(images), *images.shape[1:]])
                    self._interpreter.allocate_tensors()
                    self._size = len(images)
                self._interpreter.set_tensor(self._input["index"], images.astype(np.float32))
                self._interpreter.invoke()
                answers = np.array(self._interpreter.get_tensor(self._output["index"]), np.float32)
        except (ValueError, RuntimeError, TypeError, MemoryError):
            raise RunError(f"{self._path}: damaged: LiteRT cannot run it; train again or restore the file") from None
        if answers.ndim != 2 or len(answers) != len(images):
            raise RunError(f"{self._path}: not a network that answers pictures; train again or restore the file")
        return answers

    def _limit(self, path: Path) -> AbstractContextManager[None]:
        return time_limit(self._seconds, f"{path}: no answer within {self._seconds:.0f} s; train it again")
