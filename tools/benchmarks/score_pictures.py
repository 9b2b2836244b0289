"""Score a run on handwriting, on MNIST's test images as they are and pasted onto larger ones, and on other pictures.

    python tools/benchmarks/score_pictures.py [--run RUN] [--folder FOLDER] [--half build|aside|both] [--pasted N]
                                              [--others N] [--times N]

Handwriting is looked for in `--folder`, NNTRAIN_HANDWRITING_DIR, or `handwriting/` in NNTRAIN_DATA_DIR: a labels.csv
with the columns path, label, kind, source beside the pictures. It is not part of the project; without it, everything
else is scored.

The sources are in two halves, by a rule that was fixed before any picture was looked at: sorted by the SHA-256 of
their names, the first, third, fifth and so on were used for development ("build"), the others were set aside as a test
set ("aside"). Fractions are reported with their 95 % intervals (Wilson 1927).
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import math
import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.time_pictures import show_times
from synthetic.paper import drawn, grainy, shaded
from synthetic.pasting import enclosed, on_ruled_paper, pasted
from synthetic.shapes import LETTERS, by_hand, loops, scribble, zigzag

from nntrain.data.load import load_dataset
from nntrain.errors import DataError, ImageError, NntrainError
from nntrain.inference.calibrated_classifier import CalibratedClassifier
from nntrain.inference.calibration import calibration_error
from nntrain.inference.pipeline import recognize_all
from nntrain.inference.reading import Reading
from nntrain.inference.recognize import recognize
from nntrain.inference.trained_model import open_trained_model
from nntrain.jobs.keras_fallback import load_keras_classifier
from nntrain.preprocessing.prepare import PreparedPicture, prepare, read_picture, unchanged
from nntrain.runs.store import find_trained_run, runs_dir

SEED = 2026  # of the pasted pictures


@dataclass(frozen=True)
class Outcome:
    """How one picture was answered."""

    kind: str
    source: str
    half: str
    correct: bool
    unsure: bool  # or rejected
    description: str = ""


def main() -> int:
    """Print all results; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", help="a run's name or folder, or pretrained; by default as in `nntrain predict`")
    parser.add_argument("--folder", type=Path, help="of the handwriting")
    parser.add_argument("--half", choices=("build", "aside", "both"), default="both")
    parser.add_argument("--pasted", type=int, default=2000, help="test images to paste; 0 for none")
    parser.add_argument("--others", type=int, default=200, help="pictures of each kind without digits; 0 for none")
    parser.add_argument("--times", type=int, default=3, help="processes to time for each result; 0 for none")
    arguments = parser.parse_args()
    try:
        model = open_trained_model(find_trained_run(arguments.run, runs_dir()))
        network = CalibratedClassifier(model, model.classifier(load_keras_classifier))
        print(f"network: {model.run.display_name}")
        folder = handwriting(arguments.folder)
        if folder is None:
            print("\nno handwriting: give its folder with --folder or NNTRAIN_HANDWRITING_DIR")
        else:
            show(list(score_handwriting(folder, network, arguments.half)))
        if arguments.pasted:
            score_mnist(arguments.pasted, network)
        if arguments.others:
            score_others(arguments.others, network)
        if arguments.times:
            print(f"\nwhole processes, {arguments.times} of each")
            show_times(model.run.display_name, arguments.times)
    except NntrainError as error:
        print(f"Error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


# --- handwriting -----------------------------------------------------------------------------------------------------


def handwriting(option: Path | None) -> Path | None:
    """Return the folder of the handwriting, or None if there is none; raises DataError if a given folder has none."""
    given = option or os.environ.get("NNTRAIN_HANDWRITING_DIR")
    folder = Path(given or Path(os.environ.get("NNTRAIN_DATA_DIR", "")) / "handwriting")
    if (folder / "labels.csv").is_file():
        return folder
    if given:
        raise DataError(f"{folder}: no handwriting there: it has no labels.csv; give another folder with --folder")
    return None


def halves(sources: Iterable[str]) -> dict[str, str]:
    """Return the half of each source."""
    ordered = sorted(set(sources), key=lambda source: hashlib.sha256(source.encode()).hexdigest())
    return {source: ("build", "aside")[index % 2] for index, source in enumerate(ordered)}


def score_handwriting(folder: Path, network: CalibratedClassifier, half: str) -> Iterable[Outcome]:
    """Recognize every picture of the halves that are asked for."""
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    half_of = halves(row["source"] for row in rows)
    for row in rows:
        if half not in (half_of[row["source"]], "both"):
            continue
        reading = read(folder / row["path"], network)
        yield Outcome(
            row["kind"],
            row["source"],
            half_of[row["source"]],
            correct=reading is not None and reading.text == row["label"],
            unsure=reading is None or not reading.confident,
            description=f"{row['path']}: {describe(reading)}",
        )


def read(path: Path, network: CalibratedClassifier) -> Reading | None:
    """Return what a picture is read as, or None if it is rejected."""
    try:
        return recognize([read_picture(path)], network)[0]
    except ImageError:
        return None


def describe(reading: Reading | None) -> str:
    """Return a reading in words."""
    return "rejected" if reading is None else f"read as {reading.text}{'' if reading.confident else ' (unsure)'}"


# --- MNIST's test images ---------------------------------------------------------------------------------------------


def score_mnist(count: int, network: CalibratedClassifier) -> None:
    """Print the calibration error on all test images, and compare some as they are with the same images pasted."""
    mnist = load_dataset("mnist", splits=("test",), download=False)
    if network.task_spec.task != "regression":
        error = calibration_error(network.predict(mnist.x_test), mnist.y_test, network.task_spec)
        print(f"\nMNIST test images, all {len(mnist.x_test):,}: calibration error {100 * error:.2f} % (15 bins)")
    rng = np.random.default_rng(SEED)
    indices = rng.permutation(len(mnist.x_test))[:count]
    unchanged_readings = recognize_all((unchanged(mnist.x_test[index]) for index in indices), network)
    readings_by_kind: dict[str, list[Reading | None]] = {"as they are": list(unchanged_readings)}
    for kind, draw, drawn_indices in (
        ("pasted on 64 to 1024 pixels, scaled, shaded, with noise", pasted, indices),
        ("on ruled and on squared paper", on_ruled_paper, indices[: count // 4]),
        ("on a sheet before a desk, in a box, circle or border", enclosed, indices[: count // 4]),
    ):
        pictures = [prepare_or_none(draw(mnist.x_test[index], rng)) for index in drawn_indices]
        readings = iter(recognize_all((picture for picture in pictures if picture is not None), network))
        readings_by_kind[kind] = [None if picture is None else next(readings) for picture in pictures]
    print(f"\nMNIST test images, {count:,} of them (seed {SEED})")
    for kind, kind_readings in readings_by_kind.items():
        outcomes = [
            Outcome(
                kind="",
                source="",
                half="",
                correct=reading is not None and reading.text == str(mnist.y_test[index]),
                unsure=reading is None or not reading.confident,
            )
            for reading, index in zip(kind_readings, indices, strict=False)
        ]
        print(f"  {kind:56s} {line(outcomes)}")


# --- other pictures --------------------------------------------------------------------------------------------------


def blank(rng: np.random.Generator) -> np.ndarray:
    """Return blank paper of any brightness, half of it in uneven light, with sensor noise."""
    side = int(rng.integers(40, 300))
    paper = np.full((side, side), rng.uniform(10, 250))
    return grainy(shaded(paper, rng) if rng.random() < 0.5 else paper, rng, spread=rng.uniform(1, 10))


def noise(rng: np.random.Generator) -> np.ndarray:
    """Return white noise, or specks."""
    side = int(rng.integers(28, 200))
    if rng.random() < 0.5:
        return rng.integers(0, 256, (side, side))
    return np.where(rng.random((side, side)) < rng.uniform(0.005, 0.1), 30, 220)


def scribbled(rng: np.random.Generator) -> np.ndarray:
    """Return a scribble of one of three kinds."""
    draw = (scribble, zigzag, loops)[int(rng.integers(3))]
    return np.asarray(drawn(draw(rng), stroke=rng.uniform(0.03, 0.06)))


def letter(rng: np.random.Generator) -> np.ndarray:
    """Return a capital letter that no digit resembles."""
    lines = LETTERS[str(rng.choice(list(LETTERS)))]
    return np.asarray(drawn(by_hand(lines, rng), stroke=rng.uniform(0.05, 0.14)))


def score_others(count: int, network: CalibratedClassifier) -> None:
    """Print how many pictures without digits are rejected, and how many are answered as unsure."""
    print(f"\nno digits, {count} drawn of each kind (seed {SEED})")
    for kind, draw in {"blank": blank, "noise": noise, "scribbles": scribbled, "letters": letter}.items():
        rng = np.random.default_rng(SEED)
        pictures = [picture for picture in (prepare_or_none(draw(rng)) for _ in range(count)) if picture is not None]
        unsure = sum(not reading.confident for reading in recognize_all(pictures, network))
        rejected = count - len(pictures)
        print(f"  {kind:56s} {percentage(rejected + unsure, count)}  rejected {rejected}, unsure {unsure}")


def prepare_or_none(levels: np.ndarray) -> PreparedPicture | None:
    """Prepare a picture, or return None if it is rejected."""
    try:
        return prepare(levels.astype(np.float32))
    except ImageError:
        return None


# --- results ---------------------------------------------------------------------------------------------------------


def wilson(successes: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a fraction (Wilson 1927)."""
    z = 1.959964
    fraction, scale = successes / count, 1 + z * z / count
    middle = (fraction + z * z / (2 * count)) / scale
    spread = z * math.sqrt(fraction * (1 - fraction) / count + z * z / (4 * count * count)) / scale
    return middle - spread, middle + spread


def percentage(successes: int, count: int) -> str:
    """Return a fraction in percent with its interval."""
    low, high = wilson(successes, count)
    return f"{f'{100 * successes / count:6.2f} % ({100 * low:.1f}-{100 * high:.1f})':22s}"


def line(outcomes: Sequence[Outcome]) -> str:
    """Return the results of some pictures in one line."""
    count, correct = len(outcomes), sum(outcome.correct for outcome in outcomes)
    unsure = sum(outcome.unsure for outcome in outcomes)
    wrong = sum(not outcome.correct and not outcome.unsure for outcome in outcomes)
    results = f"unsure {100 * unsure / count:5.2f} %, wrong and confident {wrong}"
    return f"{correct:5d} of {count:5d}  {percentage(correct, count)}  {results}"


def show(outcomes: Sequence[Outcome]) -> None:
    """Print the results of handwriting: all, by half, by kind, by source."""
    print(f"\nhandwriting, {len(outcomes)} pictures\n  {'all':56s} {line(outcomes)}")
    accuracies = {}
    for half, group in grouped(outcomes, "half").items():
        print(f"  {'half: ' + half:56s} {line(group)}")
        accuracies[half] = sum(outcome.correct for outcome in group) / len(group)
    if len(accuracies) == 2:
        print(f"  the halves differ by {100 * abs(accuracies['build'] - accuracies['aside']):.2f} points")
    for kind, group in grouped(outcomes, "kind").items():
        print(f"  {'kind: ' + kind:56s} {line(group)}")
    for source, group in grouped(outcomes, "source").items():
        print(f"  {f'{source} ({group[0].half})':56s} {line(group)}")
    for outcome in outcomes:
        if outcome.half == "build" and (outcome.unsure or not outcome.correct):
            print(f"    {outcome.description}")


def grouped(outcomes: Sequence[Outcome], field: str) -> dict[str, list[Outcome]]:
    """Return outcomes by one of their fields."""
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[str(getattr(outcome, field))].append(outcome)
    return dict(sorted(groups.items()))


if __name__ == "__main__":
    sys.exit(main())
