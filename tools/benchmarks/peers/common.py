"""What the peers' scripts share: arguments, the MNIST arrays, and the line of JSON with the result."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

BATCH = 128


def arguments() -> argparse.Namespace:
    """Parse the command line: network, epochs, the .npz file, and a folder to save to."""
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
    """Print the result: seconds per epoch, seconds of the whole fit, and test accuracy."""
    print(json.dumps({"epochs": epochs, "fit": fit, "accuracy": accuracy}))
