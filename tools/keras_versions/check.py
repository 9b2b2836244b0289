"""Load saved networks with the Keras that is installed, and use them. Imports nothing of nntrain.

    python check.py FOLDER

FOLDER holds a folder per network with model.keras and expected.npz, which run.py describes. Prints a line of JSON per
network: how far it got, the difference of its loss, Keras's warnings, and the error's first line, if there was one.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np

MAX_DIFFERENCE = 1e-5  # of an output


def steps(folder: Path, result: dict[str, Any]) -> Iterator[str]:
    """Use a network step by step, and yield the name of each that is done; the loss goes into `result`."""
    expected = np.load(folder / "expected.npz")
    images, targets, outputs = expected["images"], expected["targets"], expected["outputs"]
    network = keras.saving.load_model(folder / "model.keras")
    yield "loads"
    difference = np.abs(network.predict(images, verbose=0) - outputs).max()
    if not difference <= MAX_DIFFERENCE:
        raise ValueError(f"the outputs differ by {difference:.1e}")
    yield "predicts"
    scores = network.evaluate(images, targets, verbose=0, return_dict=True)
    result["loss"] = scores["loss"] - float(expected["loss"])
    yield "evaluates"
    history = network.fit(images, targets, verbose=0, epochs=1)
    if not np.isfinite(history.history["loss"]).all():
        raise ValueError(f"the loss is {history.history['loss']}")
    yield "fits"


def check(folder: Path) -> dict[str, Any]:
    """Return the last step that a network takes, its warnings and its error."""
    result: dict[str, Any] = {"keras": keras.__version__, "network": folder.name, "step": "fails", "error": None}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        try:
            for step in steps(folder, result):
                result["step"] = step
        except Exception as error:
            result["error"] = f"{type(error).__name__}: {_reason(str(error))}"
    messages = {str(warning.message) for warning in caught if issubclass(warning.category, UserWarning)}
    return {**result, "warnings": sorted(messages)}


def _reason(message: str) -> str:
    """Return an error's first line; Keras's errors of loading give their reason at the end."""
    return (message.rpartition("Exception encountered: ")[2].splitlines() or [""])[0][:300]


if __name__ == "__main__":
    for path in sorted(Path(sys.argv[1]).iterdir()):
        print(json.dumps(check(path)), flush=True)
