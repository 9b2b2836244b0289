"""Train the detector, the small network that tells digits from everything else: nntrain/assets/detector.tflite.

    python tools/train_detector.py [--folder FOLDER] [CONFIG] [KEY=VALUE ...]

It has eleven classes, ten digits and "no digit" (outlier exposure: Hendrycks, Mazeika, Dietterich 2019, Deep anomaly
detection with outlier exposure). Digits are MNIST's training images except the last 3,000, some of them pasted onto
larger pictures, and drawn and printed ones in styles that MNIST does not have. "No digit" are letters and symbols,
scribbles, random strokes, digits in rings and boxes, and images of MNIST rotated, mirrored, overlaid, and two in one.
It is tested on the last 3,000 training images and on other styles, letters, symbols and scribbles than it was trained
on. No test image and no handwriting is used. It needs the full MNIST; five minutes to draw, then the training.

The drawings and the run are kept in FOLDER if it is given.
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

from fit_confidence import HELD_OUT, by_pen, prepared
from synthetic import glyphs, shapes
from synthetic.pasting import pasted
from synthetic.shapes import Line, by_hand, flagged_one, strokes_at_random

from nntrain.data.load import load_dataset
from nntrain.inference.out_of_distribution import DETECTOR, NO_DIGIT
from nntrain.runs.store import latest_run

THICKEST = 0.2  # stroke, of a drawn digit's height
ROTATED = (2, 3, 4, 5, 6, 7, 9)  # are no digits on their side
MIRRORED = (3, 4, 6, 7, 9)  # are no digits in a mirror
MAX_SHIFT = 5  # pixels between a digit and the one that it is overlaid on
Drawing = tuple[np.ndarray, int]  # grey levels and the class


def main() -> int:
    """Draw, train, and copy the network into the package; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="where to keep the drawings and the run")
    parser.add_argument("config", nargs="?", default=str(Path(__file__).parent / "detector.yaml"))
    parser.add_argument("values", nargs="*", help="settings of the config, as for `nntrain train`")
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
        process = subprocess.run(command, check=False)
        run = latest_run(runs)
        if process.returncode or run is None:
            return process.returncode or 1
        shutil.copyfile(run.tflite_path, DETECTOR)
        print(f"{DETECTOR}: {DETECTOR.stat().st_size:,} bytes")
    return 0


def draw(path: Path) -> None:
    """Write all images, prepared, with their classes: training images in random order, and test images."""
    mnist = load_dataset("mnist", splits=("train",), download=False)
    images, labels = mnist.x_train, mnist.y_train.astype(np.uint8)
    rng = np.random.default_rng(30)
    train_images, train_labels = images[:-HELD_OUT], labels[:-HELD_OUT]
    transformed = _rotated_and_mirrored(train_images, train_labels, rng)
    drawings, classes = _prepared_images(training_drawings(train_images, train_labels, rng))
    x_train = np.concatenate([train_images, transformed, drawings])
    y_train = np.concatenate([train_labels, np.full(len(transformed), NO_DIGIT, np.uint8), classes])
    order = rng.permutation(len(x_train))
    drawings, classes = _prepared_images(test_drawings(rng))
    x_test, y_test = np.concatenate([images[-HELD_OUT:], drawings]), np.concatenate([labels[-HELD_OUT:], classes])
    np.savez(path, x_train=x_train[order], y_train=y_train[order], x_test=x_test, y_test=y_test)


def training_drawings(images: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> Iterator[Drawing]:
    """Yield what to train on besides the images of MNIST as they are."""
    for index in rng.integers(0, len(images), 3000):
        yield pasted(images[index], rng), int(labels[index])
    yield from _digits({name: [lines, *shapes.STYLES[name]] for name, lines in shapes.DIGITS.items()}, 160, rng)
    for _ in range(400):
        yield by_pen(flagged_one(rng), rng, thickest=THICKEST), 1
    for _ in range(150):
        for digit in glyphs.DIGITS:
            yield glyphs.printed(digit, rng), int(digit)
    yield from _no_digits([*shapes.LETTERS.values(), *shapes.SYMBOLS.values()], 300, rng)
    for _ in range(500):
        for scribble in shapes.SCRIBBLES:
            yield by_pen(scribble(rng), rng, thickest=0.08), NO_DIGIT
    for _ in range(15_000):
        yield by_pen(strokes_at_random(rng), rng, thickest=THICKEST), NO_DIGIT
    for _ in range(100):
        for character in glyphs.OTHERS:
            yield glyphs.printed(character, rng), NO_DIGIT
    for _ in range(400):
        for lines in shapes.DIGITS.values():
            yield by_pen(shapes.ringed(by_hand(lines, rng), rng), rng, thickest=0.1), NO_DIGIT
    for index, other in rng.integers(0, len(images), (4000, 2)):
        shifted = np.roll(images[other], rng.integers(-MAX_SHIFT, MAX_SHIFT + 1), axis=1)
        yield _enlarged(np.maximum(images[index], shifted)), NO_DIGIT
    for index, other in rng.integers(0, len(images), (5000, 2)):
        yield _enlarged(_more_than_one(images[index], images[other], rng)), NO_DIGIT


def test_drawings(rng: np.random.Generator) -> Iterator[Drawing]:
    """Yield what to test on besides the images of MNIST; none of it is trained on."""
    yield from _digits(shapes.HELD_OUT_STYLES, 40, rng)
    yield from _no_digits([*shapes.HELD_OUT_LETTERS.values(), *shapes.HELD_OUT_SYMBOLS.values()], 40, rng)
    for _ in range(100):
        for scribble in shapes.HELD_OUT_SCRIBBLES:
            yield by_pen(scribble(rng), rng, thickest=0.08), NO_DIGIT


def _digits(styles: dict[str, list[list[Line]]], each: int, rng: np.random.Generator) -> Iterator[Drawing]:
    for name, hands in styles.items():
        for lines in hands:
            for _ in range(each):
                yield by_pen(by_hand(lines, rng), rng, thickest=THICKEST), int(name)


def _no_digits(drawings: Sequence[list[Line]], each: int, rng: np.random.Generator) -> Iterator[Drawing]:
    for lines in drawings:
        for _ in range(each):
            yield by_pen(by_hand(lines, rng), rng, thickest=THICKEST), NO_DIGIT


def _more_than_one(first: np.ndarray, second: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return two digits that touch, or one and a part of the other: a row that was cut in the wrong place."""
    first, second = (image[:, np.flatnonzero(image.any(axis=0))] for image in (first, second))
    overlap = int(rng.integers(0, 4))  # columns; fewer than any digit has
    wide = first.shape[1] + second.shape[1] - overlap
    both = np.zeros((len(first), wide), np.uint8)
    both[:, : first.shape[1]] = first
    both[:, -second.shape[1] :] = np.maximum(both[:, -second.shape[1] :], second)
    part = round(rng.uniform(0.2, 0.7) * (min(first.shape[1], second.shape[1]) - overlap))
    return (both, both[:, part:], both[:, : wide - part])[int(rng.integers(3))]


def _enlarged(image: np.ndarray) -> np.ndarray:
    """Return dark ink on a light background, three times as large, with a margin."""
    return 255 - np.pad(image, 6).repeat(3, axis=0).repeat(3, axis=1)


def _rotated_and_mirrored(images: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return images that show no digit any more: rotated by 90 degrees either way, and mirrored."""
    sideways = rng.choice(np.flatnonzero(np.isin(labels, ROTATED)), 4000, replace=False)
    mirrored = rng.choice(np.flatnonzero(np.isin(labels, MIRRORED)), 3000, replace=False)
    return np.concatenate(
        [
            np.rot90(images[sideways[:2000]], 1, axes=(1, 2)),
            np.rot90(images[sideways[2000:]], -1, axes=(1, 2)),
            images[mirrored, :, ::-1],
        ]
    )


def _prepared_images(drawings: Iterable[Drawing]) -> tuple[np.ndarray, np.ndarray]:
    """Return drawings as images, uint8 (n, 28, 28), and their classes."""
    images, classes = zip(*((picture.whole.image, label) for picture, label in prepared(drawings)), strict=True)
    return np.stack(images), np.array(classes, np.uint8)


if __name__ == "__main__":
    sys.exit(main())
