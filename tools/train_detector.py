"""Train the detector, the small network by which nntrain tells digits from all else: nntrain/pictures/detector.tflite.

    python tools/train_detector.py [--folder FOLDER] [CONFIG] [KEY=VALUE ...]

It learns eleven classes, ten digits and "none" (outlier exposure: Hendrycks, Mazeika, Dietterich 2019, Deep anomaly
detection with outlier exposure). Digits are MNIST's training images but for the last 3,000, some of them pasted onto
larger pictures, and drawn and printed ones in styles that MNIST has not. "None" are letters and symbols, scribbles,
strokes at random, digits in rings and boxes, and MNIST's own turned, mirrored, one upon another, and two in one. It is
tested on what it was not shown: the last 3,000 training images, other styles, letters, symbols and scribbles. No test
image and no handwriting takes part. Full MNIST has to be at hand; five minutes to draw, and the training.

The drawings and the run are left in FOLDER, else nowhere.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from benchmarks.fit_judging import HELD_OUT, by_pen, prepared
from synthetic import glyphs, shapes
from synthetic.pasting import pasted
from synthetic.shapes import Line, by_hand, flagged_one, strokes_at_random

from nntrain.data.load import load_dataset
from nntrain.inference.out_of_distribution import DETECTOR, NONE
from nntrain.runs.store import latest_run

THICKEST = 0.2  # stroke, of a drawn digit's height
TURNED = (2, 3, 4, 5, 6, 7, 9)  # no digits once they lie on a side
MIRRORED = (3, 4, 6, 7, 9)
MOST_ASIDE = 5  # pixels of MNIST's by which one digit lies beside the one that it is written upon
Drawing = tuple[np.ndarray, int]  # grey levels and the class


def main() -> int:
    """Draw, train, and put the network in its place; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="where the drawings and the run are to stay")
    parser.add_argument("config", nargs="?", default=str(Path(__file__).parent / "detector.yaml"))
    parser.add_argument("values", nargs="*", help="of the config, as `nntrain train` takes them")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        drawings = folder / "drawings.npz"
        if not drawings.exists():
            folder.mkdir(parents=True, exist_ok=True)
            draw(drawings)
        values = [f"data.dataset={drawings.absolute()}", *arguments.values]
        runs = folder / "runs"
        command = [sys.executable, "-m", "nntrain", "train", arguments.config, *values, "--runs-dir", str(runs)]
        done = subprocess.run(command, check=False)
        run = latest_run(runs)
        if done.returncode or run is None:
            return done.returncode or 1
        shutil.copyfile(run.tflite_path, DETECTOR)
        print(f"{DETECTOR}: {DETECTOR.stat().st_size:,} bytes")
    return 0


def draw(path: Path) -> None:
    """Write all pictures, prepared, and their classes: in random order what is learnt from, then what is tested on."""
    mnist = load_dataset("mnist", splits=("train",), download=False)
    images, labels = mnist.x_train, mnist.y_train.astype(np.uint8)
    rng = np.random.default_rng(30)
    known, names = images[:-HELD_OUT], labels[:-HELD_OUT]
    turned = _turned(known, names, rng)
    drawings, classes = _seen(to_learn(known, names, rng))
    x_train = np.concatenate([known, turned, drawings])
    y_train = np.concatenate([names, np.full(len(turned), NONE, np.uint8), classes])
    order = rng.permutation(len(x_train))
    drawings, classes = _seen(to_test(rng))
    x_test, y_test = np.concatenate([images[-HELD_OUT:], drawings]), np.concatenate([labels[-HELD_OUT:], classes])
    np.savez(path, x_train=x_train[order], y_train=y_train[order], x_test=x_test, y_test=y_test)


def to_learn(images: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> Iterator[Drawing]:
    """Draw what is learnt from beside MNIST's images as they are."""
    for place in rng.integers(0, len(images), 3000):
        yield pasted(images[place], rng), int(labels[place])
    yield from _digits({name: [lines, *shapes.STYLES[name]] for name, lines in shapes.DIGITS.items()}, 160, rng)
    for _ in range(400):
        yield by_pen(flagged_one(rng), rng, thickest=THICKEST), 1
    for _ in range(150):
        for digit in glyphs.DIGITS:
            yield glyphs.printed(digit, rng), int(digit)
    yield from _none([*shapes.LETTERS.values(), *shapes.SYMBOLS.values()], 300, rng)
    for _ in range(500):
        for scribble in shapes.SCRIBBLES:
            yield by_pen(scribble(rng), rng, thickest=0.08), NONE
    for _ in range(15_000):
        yield by_pen(strokes_at_random(rng), rng, thickest=THICKEST), NONE
    for _ in range(100):
        for character in glyphs.OTHERS:
            yield glyphs.printed(character, rng), NONE
    for _ in range(400):
        for lines in shapes.DIGITS.values():
            yield by_pen(shapes.ringed(by_hand(lines, rng), rng), rng, thickest=0.1), NONE
    for place, other in rng.integers(0, len(images), (4000, 2)):
        aside = np.roll(images[other], rng.integers(-MOST_ASIDE, MOST_ASIDE + 1), axis=1)
        yield _enlarged(np.maximum(images[place], aside)), NONE
    for place, other in rng.integers(0, len(images), (5000, 2)):
        yield _enlarged(_more_than_one(images[place], images[other], rng)), NONE


def to_test(rng: np.random.Generator) -> Iterator[Drawing]:
    """Draw what is tested on beside MNIST's images: nothing of it was learnt from."""
    yield from _digits(shapes.HELD_OUT_STYLES, 40, rng)
    yield from _none([*shapes.HELD_OUT_LETTERS.values(), *shapes.HELD_OUT_SYMBOLS.values()], 40, rng)
    for _ in range(100):
        for scribble in shapes.HELD_OUT_SCRIBBLES:
            yield by_pen(scribble(rng), rng, thickest=0.08), NONE


def _digits(styles: dict[str, list[list[Line]]], each: int, rng: np.random.Generator) -> Iterator[Drawing]:
    for name, hands in styles.items():
        for lines in hands:
            for _ in range(each):
                yield by_pen(by_hand(lines, rng), rng, thickest=THICKEST), int(name)


def _none(some: Sequence[list[Line]], each: int, rng: np.random.Generator) -> Iterator[Drawing]:
    for lines in some:
        for _ in range(each):
            yield by_pen(by_hand(lines, rng), rng, thickest=THICKEST), NONE


def _more_than_one(first: np.ndarray, second: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return two images side by side that touch, or one and a part of the other: a row parted in the wrong place."""
    first, second = (image[:, np.flatnonzero(image.any(axis=0))] for image in (first, second))
    upon = int(rng.integers(0, 4))  # columns; fewer than any digit has
    wide = first.shape[1] + second.shape[1] - upon
    both = np.zeros((len(first), wide), np.uint8)
    both[:, : first.shape[1]] = first
    both[:, -second.shape[1] :] = np.maximum(both[:, -second.shape[1] :], second)
    part = round(rng.uniform(0.2, 0.7) * (min(first.shape[1], second.shape[1]) - upon))
    return (both, both[:, part:], both[:, : wide - part])[int(rng.integers(3))]


def _enlarged(image: np.ndarray) -> np.ndarray:
    """Return dark ink on light ground, three times as large, with a margin."""
    return 255 - np.pad(image, 6).repeat(3, axis=0).repeat(3, axis=1)


def _turned(images: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return images of digits that are none any more: turned a quarter either way, and mirrored."""
    sideways = rng.choice(np.flatnonzero(np.isin(labels, TURNED)), 4000, replace=False)
    mirrored = rng.choice(np.flatnonzero(np.isin(labels, MIRRORED)), 3000, replace=False)
    return np.concatenate(
        [
            np.rot90(images[sideways[:2000]], 1, axes=(1, 2)),
            np.rot90(images[sideways[2000:]], -1, axes=(1, 2)),
            images[mirrored, :, ::-1],
        ]
    )


def _seen(drawings: Iterable[Drawing]) -> tuple[np.ndarray, np.ndarray]:
    """Return drawings as a network sees them, uint8 (n, 28, 28), and their classes."""
    pixels, classes = zip(*((picture.whole.image, label) for picture, label in prepared(drawings)), strict=True)
    return np.stack(pixels), np.array(classes, np.uint8)


if __name__ == "__main__":
    sys.exit(main())
