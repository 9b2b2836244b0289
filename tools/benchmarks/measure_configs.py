"""Train the shipped configs with several seeds, each run in its own process, and print what they reach.

    python tools/benchmarks/measure_configs.py [--seeds 5] [--write] [NAME ...]

Seconds are those of the whole process, start-up and saving included. `--write` puts the results into the second line of
each config. Needs all of MNIST (NNTRAIN_DATA_DIR). Nothing is selected by these scores.
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

from nntrain.report.tables import format_duration

CONFIGS = Path(__file__).parent.parent.parent / "configs"


def run(name: str, seed: int, folder: str) -> dict[str, float]:
    """Train a config once; returns its test metrics, its epochs and the seconds of the process."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "nntrain", "train", name, f"seed={seed}", "--json", "--runs-dir", folder]
    process = subprocess.run(command, capture_output=True, text=True, check=True)
    metrics = json.loads(process.stdout)
    return {**metrics["test"], "epochs": metrics["epochs"], "seconds": time.perf_counter() - start}


def machine() -> str:
    """Return a short description of the machine."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores}-core {platform.machine()}"


def line(results: list[dict[str, float]]) -> str:
    """Return the second line of a config: what it reached."""
    images = f"{results[0]['images']:,.0f}"
    seconds = statistics.median(result["seconds"] for result in results)
    taken = f"{seconds:.0f} s" if seconds < 60 else format_duration(seconds)
    epochs = spread([result["epochs"] for result in results], "{:.0f}")
    texts = []
    for name in results[0]:
        values = [result[name] for result in results]
        if "accuracy" in name or name in ("precision", "recall"):
            form = "{:.2f}" if min(values) >= 0.99 else "{:.1f}"  # near 100 %, a tenth of a point matters
            texts.append(f"{name} {spread([100 * value for value in values], form)} %")
        elif name in ("mae", "mse"):
            texts.append(f"{name} {spread(values, '{:.2f}')}")
    reached = ", ".join(texts)
    return f"Reaches {reached} on {images} test images (seeds 1-{len(results)}; {epochs} epochs, {taken}, {machine()})."


def spread(values: list[float], form: str) -> str:
    """Return the smallest and the largest value, or the single value if all are equal."""
    smallest, largest = form.format(min(values)), form.format(max(values))
    return smallest if smallest == largest else f"{smallest}-{largest}"


def write(name: str, text: str) -> None:
    """Write the second line of a config."""
    path = CONFIGS / f"{name}.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[1] = f"# {text}"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Measure the named configs, or all of them."""
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
