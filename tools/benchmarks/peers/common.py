"""What every peer's script needs: arguments, MNIST split as all contenders split it, one line of JSON at the end."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

BEGUN = time.perf_counter()
BATCH = 128


def arguments() -> argparse.Namespace:
    """Read: network, epochs, the .npz, and a folder to save into."""
    parser = argparse.ArgumentParser()
    parser.add_argument("network", choices=["mlp", "mlp_complete", "cnn"])
    parser.add_argument("epochs", type=int)
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--batch", type=int, default=BATCH)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def mnist(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays as they are stored."""
    with np.load(path) as data:
        return {name: data[name] for name in data.files}


def report(epochs: list[float], fit: float, accuracy: float) -> None:
    """Print the result: seconds of each epoch, of the whole fit, and the fraction of test images that is right."""
    print(json.dumps({"epochs": epochs, "fit": fit, "accuracy": accuracy}))
