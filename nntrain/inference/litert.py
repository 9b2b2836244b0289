"""The interface of a trained network, and its implementation by LiteRT, which needs no TensorFlow."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import numpy as np

from nntrain.errors import NntrainError, RunError
from nntrain.system.signals import time_limit
from nntrain.task import PIXELS

# Small enough that activations stay in the processor's cache, large enough that the calls cost little.
BATCH_SIZE = 256
# A damaged file can keep LiteRT busy forever. No batch of an intact network takes this long: each weight, 4 bytes, is
# used at most once per pixel of an image, in a multiplication and an addition; a slow core does 5e9 of them per second.
BASE_SECONDS = 5
SECONDS_PER_BYTE = BATCH_SIZE * PIXELS * 2 / 4 / 5e9


class Classifier(Protocol):
    """A trained network."""

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Return the outputs, float32 (n, classes) or (n, 1), for uint8 images (n, 28, 28)."""
        ...


class LiteRTClassifier:
    """A model.tflite, run by LiteRT, which loads in a tenth of a second.

    `content` is the content of the file, if it has already been read. Raises RunError if the file is missing or
    damaged, and NntrainError if LiteRT cannot be loaded; ends the process if LiteRT takes longer than the time limit.
    """

    def __init__(self, path: Path, content: bytes | None = None) -> None:
        try:
            from ai_edge_litert.interpreter import Interpreter
        except (ImportError, OSError) as error:  # OSError: there is not enough memory for it
            raise NntrainError(
                f"LiteRT cannot be loaded: {error}; close other programs, or reinstall ai-edge-litert"
            ) from None

        self._path = path
        try:
            content = path.read_bytes() if content is None else content
            self._seconds = BASE_SECONDS + SECONDS_PER_BYTE * len(content)
            with self._time_limit():
                self._interpreter = Interpreter(model_content=content)
            self._input = self._interpreter.get_input_details()[0]["index"]
            output = self._interpreter.get_output_details()[0]
            self._output, self._outputs = output["index"], int(output["shape"][-1])
        except FileNotFoundError:
            raise RunError(f"{path}: missing") from None
        except (OSError, ValueError, RuntimeError, IndexError):
            raise RunError(f"{path}: damaged: LiteRT cannot read it; train again or restore the file") from None
        self._allocated = 0  # images that the interpreter has memory for
        self._lock = threading.Lock()  # an interpreter serves one thread at a time

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Return the outputs for images; see Classifier. Raises RunError if the network cannot be run."""
        if not len(images):
            return np.zeros((0, self._outputs), np.float32)
        batches = (images[start : start + BATCH_SIZE] for start in range(0, len(images), BATCH_SIZE))
        return np.concatenate([self._predict_batch(batch) for batch in batches])

    def _predict_batch(self, images: np.ndarray) -> np.ndarray:
        try:
            with self._lock, self._time_limit():
                outputs = self._run(images)
        except MemoryError:
            raise RunError(
                f"{self._path}: needs more memory than there is, or is damaged; close other programs, or train again"
            ) from None
        except (ValueError, RuntimeError, TypeError):
            raise RunError(f"{self._path}: damaged: LiteRT cannot run it; train again or restore the file") from None
        if outputs.ndim != 2 or len(outputs) != len(images):
            raise RunError(f"{self._path}: not a network that answers pictures; train again or restore the file")
        return outputs

    def _run(self, images: np.ndarray) -> np.ndarray:
        if len(images) != self._allocated:
            self._interpreter.resize_tensor_input(self._input, images.shape)
            self._interpreter.allocate_tensors()
            self._allocated = len(images)
        self._interpreter.set_tensor(self._input, images.astype(np.float32))
        self._interpreter.invoke()
        # A copy, because the interpreter's memory changes with the next batch.
        return np.array(self._interpreter.get_tensor(self._output), np.float32)

    def _time_limit(self) -> AbstractContextManager[None]:
        return time_limit(self._seconds, f"{self._path}: no answer within {self._seconds:.0f} s; train it again")
