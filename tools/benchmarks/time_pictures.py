"""Time `nntrain predict` as whole processes: a 12-megapixel photo, and 1,000 small pictures in one call.

    python tools/benchmarks/time_pictures.py [--run RUN] [--times 5]

The network that ships is timed, and a run of one's own, whose answers it is compared with, beside it. None of the
pictures is laid out as MNIST's images are, so that each is prepared.
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
    """Write a JPEG of 4000x3000 pixels: a digit on paper, in uneven light, with a sensor's grain."""
    small = drawn(by_hand(DIGITS["5"], rng), size=(1000, 750), stroke=0.05)
    levels = np.asarray(small.resize((4000, 3000), Image.Resampling.BICUBIC), dtype=np.float32)
    grey = grainy(shaded(levels, rng), rng, spread=4).astype(np.uint8)
    Image.merge("RGB", [Image.fromarray(grey)] * 3).save(path, quality=90)


def small_pictures(folder: Path, rng: np.random.Generator, count: int) -> None:
    """Write PNGs of 28 to 100 pixels a side, dark ink on light ground."""
    folder.mkdir()
    for number in range(count):
        side = int(rng.integers(28, 101))
        lines = by_hand(DIGITS[str(number % 10)], rng)
        drawn(lines, size=(side, side), stroke=0.1).save(folder / f"{number:04d}.png")


def seconds(times: int, *words: str) -> list[float]:
    """Return the seconds of whole processes."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-m", "nntrain", "predict", *words, "--json"], check=True, capture_output=True)
        taken.append(time.perf_counter() - begun)
    return taken


def show_times(run: str, times: int) -> None:
    """Print medians and the least, for the network that ships and, where it is another, for a run."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        photo(folder / "photo.jpg", rng)
        small_pictures(folder / "small", rng, 1000)
        for name, picture in (("a 12-megapixel JPEG", "photo.jpg"), ("1,000 small PNGs", "small")):
            for by in dict.fromkeys((PRETRAINED, run)):
                taken = seconds(times, str(folder / picture), "--run", by)
                print(f"  {f'{name}, {by}':56s} median {statistics.median(taken):.2f} s, least {min(taken):.2f} s")


def main() -> None:
    """Print all times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", default=PRETRAINED, help="a run's name or folder to time beside the shipped network")
    parser.add_argument("--times", type=int, default=5)
    arguments = parser.parse_args()
    show_times(arguments.run, arguments.times)


if __name__ == "__main__":
    main()
