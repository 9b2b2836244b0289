"""Time `nntrain predict` as whole processes: a 12-megapixel photo, and 1,000 small pictures in one call.

    python tools/benchmarks/time_pictures.py [--run RUN] [--times 5]

It times the network that ships and, with RUN, another run, whose answers are compared with those of the network that
ships. No picture is laid out as MNIST's images are, so that each has to be prepared.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent.parent))

from synthetic.paper import drawn, grainy, shaded
from synthetic.shapes import DIGITS, by_hand

from nntrain.runs.folder import PRETRAINED


def photo(path: Path, rng: np.random.Generator) -> None:
    """Write a JPEG of 4000x3000 pixels: a digit on paper, in uneven light, with sensor noise."""
    small = drawn(by_hand(DIGITS["5"], rng), size=(1000, 750), stroke=0.05)
    levels = np.asarray(small.resize((4000, 3000), Image.Resampling.BICUBIC), dtype=np.float32)
    grey = grainy(shaded(levels, rng), rng, spread=4).astype(np.uint8)
    Image.merge("RGB", [Image.fromarray(grey)] * 3).save(path, quality=90)


def small_pictures(folder: Path, rng: np.random.Generator, count: int) -> None:
    """Write PNGs of 28 to 100 pixels a side, dark ink on a light background."""
    folder.mkdir()
    for number in range(count):
        side = int(rng.integers(28, 101))
        lines = by_hand(DIGITS[str(number % 10)], rng)
        drawn(lines, size=(side, side), stroke=0.1).save(folder / f"{number:04d}.png")


def measure_seconds(times: int, *arguments: str) -> list[float]:
    """Return the wall times of `nntrain predict` with these arguments, in whole processes."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        command = [sys.executable, "-m", "nntrain", "predict", *arguments, "--json"]
        subprocess.run(command, check=True, capture_output=True)
        seconds.append(time.perf_counter() - start)
    return seconds


def show_times(run: str, times: int) -> None:
    """Print the median and the minimum for the network that ships and, if it is a different one, for a run."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        photo(folder / "photo.jpg", rng)
        small_pictures(folder / "small", rng, 1000)
        for description, picture in (("a 12-megapixel JPEG", "photo.jpg"), ("1,000 small PNGs", "small")):
            for network in dict.fromkeys((PRETRAINED, run)):
                seconds = measure_seconds(times, str(folder / picture), "--run", network)
                results = f"median {statistics.median(seconds):.2f} s, minimum {min(seconds):.2f} s"
                print(f"  {f'{description}, {network}':56s} {results}")


def main() -> None:
    """Print all times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--run", default=PRETRAINED, help="a run's name or folder to time besides the network that ships"
    )
    parser.add_argument("--times", type=int, default=5)
    arguments = parser.parse_args()
    show_times(arguments.run, arguments.times)


if __name__ == "__main__":
    main()
