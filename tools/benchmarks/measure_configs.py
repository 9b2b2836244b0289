"""Train shipped configs over several seeds, each as its own process, and print what they reach.

    python tools/benchmarks/measure_configs.py [--seeds 5] [--write] [NAME ...]

Seconds are those of the whole process, start and saving included. `--write` puts the figures into the configs' second
line. Full MNIST has to be at hand (NNTRAIN_DATA_DIR); nothing is chosen by these scores.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CONFIGS = Path(__file__).parent.parent.parent / "configs"


def run(name: str, seed: int, folder: str) -> dict[str, float]:
    """Train a config once; returns its test figures, the epochs and the process's seconds."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", "nntrain", "train", name, f"seed={seed}", "--json", "--runs-dir", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    metrics = json.loads(done.stdout)
    return {**metrics["test"], "epochs": metrics["epochs"], "seconds": time.perf_counter() - begun}


def machine() -> str:
    """Return the machine in a few words."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores}-core {platform.machine()}"


def line(results: list[dict[str, float]]) -> str:
    """Return a config's second line: what it reached."""
    images = f"{results[0]['images']:,.0f}"
    seconds = f"{statistics.median(result['seconds'] for result in results):.0f} s"
    epochs = spread([result["epochs"] for result in results], "{:.0f}")
    figures = []
    for name in results[0]:
        values = [result[name] for result in results]
        if "accuracy" in name or name in ("precision", "recall"):
            form = "{:.2f}" if min(values) >= 0.99 else "{:.1f}"  # up there a tenth of a point is much
            figures.append(f"{name} {spread([100 * value for value in values], form)} %")
        elif name in ("mae", "mse"):
            figures.append(f"{name} {spread(values, '{:.2f}')}")
    reached = ", ".join(figures)
    return (
        f"Reaches {reached} on {images} test images (seeds 1-{len(results)}; {epochs} epochs, {seconds}, {machine()})."
    )


def spread(values: list[float], form: str) -> str:
    """Return the least and the largest value, or the one that all are."""
    least, most = form.format(min(values)), form.format(max(values))
    return least if least == most else f"{least}-{most}"


def write(name: str, text: str) -> None:
    """Put a line into a config's head."""
    path = CONFIGS / f"{name}.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[1] = f"# {text}"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Measure the configs named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=sorted(path.stem for path in CONFIGS.glob("*.yaml")))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.names:
            results = [run(name, seed, folder) for seed in range(1, arguments.seeds + 1)]
            text = line(results)
            print(f"{name}: {text}", flush=True)
            print(json.dumps({"config": name, "machine": machine(), "results": results}), flush=True)
            if arguments.write:
                write(name, text)


if __name__ == "__main__":
    main()
