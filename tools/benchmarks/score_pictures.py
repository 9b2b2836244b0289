"""Score a run on handwriting, on MNIST's test images as they are and pasted onto larger ones, and on what is no digit.

    python tools/benchmarks/score_pictures.py [--run RUN] [--folder FOLDER] [--half build|aside|both] [--pasted N]
                                              [--others N] [--times N]

Handwriting is looked for in `--folder`, NNTRAIN_HANDWRITING_DIR, or `handwriting/` in NNTRAIN_DATA_DIR: a labels.csv
with the columns path, label, kind, source beside the pictures. It is not part of the project; without it, all else is
scored.

The sources are in two halves, by a rule that was fixed before any picture was looked at: sorted by the SHA-256 of
their names, the first, third, fifth and so on were there to build with ("build"), the others were kept aside and
scored when all was built ("aside"). Shares stand with their 95 % intervals (Wilson 1927).
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
from nntrain.inference.calibration import calibration_error
from nntrain.inference.litert import Classifier
from nntrain.inference.recognize import Reading, read
from nntrain.inference.trained_model import TrainedModel, open_trained_model
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
    right: bool
    unsure: bool  # or refused
    name: str = ""


def main() -> int:
    """Print all figures; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", help="a run's name or folder, or pretrained; else as `nntrain predict` chooses")
    parser.add_argument("--folder", type=Path, help="of the handwriting")
    parser.add_argument("--half", choices=("build", "aside", "both"), default="both")
    parser.add_argument("--pasted", type=int, default=2000, help="test images to paste; 0 for none")
    parser.add_argument("--others", type=int, default=200, help="of each kind that is no digit; 0 for none")
    parser.add_argument("--times", type=int, default=3, help="processes to time for each figure; 0 for none")
    arguments = parser.parse_args()
    try:
        trained = open_trained_model(find_trained_run(arguments.run, runs_dir()))
        classifier = trained.classifier(load_keras_classifier)
        print(f"network: {trained.run.display_name}")
        folder = handwriting(arguments.folder)
        if folder is None:
            print("\nno handwriting: name its folder with --folder or NNTRAIN_HANDWRITING_DIR")
        else:
            show(list(score_handwriting(folder, trained, classifier, arguments.half)))
        if arguments.pasted:
            score_mnist(arguments.pasted, trained, classifier)
        if arguments.others:
            score_others(arguments.others, trained, classifier)
        if arguments.times:
            print(f"\nwhole processes, {arguments.times} of each")
            show_times(trained.run.display_name, arguments.times)
    except NntrainError as error:
        print(f"Error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


# --- handwriting -----------------------------------------------------------------------------------------------------


def handwriting(given: Path | None) -> Path | None:
    """Return the folder of the handwriting, None where there is none; raises DataError where one was named in vain."""
    named = given or os.environ.get("NNTRAIN_HANDWRITING_DIR")
    folder = Path(named or Path(os.environ.get("NNTRAIN_DATA_DIR", "")) / "handwriting")
    if (folder / "labels.csv").is_file():
        return folder
    if named:
        raise DataError(f"{folder}: no handwriting there: it has no labels.csv; name another folder with --folder")
    return None


def halves(sources: Iterable[str]) -> dict[str, str]:
    """Return each source's half."""
    ordered = sorted(set(sources), key=lambda source: hashlib.sha256(source.encode()).hexdigest())
    return {source: ("build", "aside")[place % 2] for place, source in enumerate(ordered)}


def score_handwriting(folder: Path, trained: TrainedModel, classifier: Classifier, half: str) -> Iterable[Outcome]:
    """Answer every picture of the halves asked for."""
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    of = halves(row["source"] for row in rows)
    for row in rows:
        if half not in (of[row["source"]], "both"):
            continue
        reading = answered(folder / row["path"], trained, classifier)
        right = reading is not None and said(reading) == row["label"]
        unsure = reading is None or reading.unsure
        yield Outcome(row["kind"], row["source"], of[row["source"]], right, unsure, f"{row['path']}: {words(reading)}")


def answered(path: Path, trained: TrainedModel, classifier: Classifier) -> Reading | None:
    """Return what a picture is read as, or None where it is refused."""
    try:
        return read([read_picture(path)], trained, classifier)[0]
    except ImageError:
        return None


def said(reading: Reading) -> str:
    """Return the digits."""
    return "".join(one.prediction.label for one in reading.answers)


def words(reading: Reading | None) -> str:
    """Return an answer for a list."""
    return "refused" if reading is None else f"read as {said(reading)}{' (unsure)' if reading.unsure else ''}"


# --- MNIST's test images ---------------------------------------------------------------------------------------------


def score_mnist(count: int, trained: TrainedModel, classifier: Classifier) -> None:
    """Print how far confidence is off on all test images, and compare some as they are with the same pasted."""
    mnist = load_dataset("mnist", splits=("test",), download=False)
    if trained.task_spec.task != "regression":
        outputs = trained.calibrate(classifier.predict(mnist.x_test))
        error = calibration_error(outputs, mnist.y_test, trained.task_spec)
        print(f"\nMNIST test images, all {len(mnist.x_test):,}: calibration error {100 * error:.2f} % (15 bins)")
    rng = np.random.default_rng(SEED)
    numbers = rng.permutation(len(mnist.x_test))[:count]
    clean = read((unchanged(mnist.x_test[number]) for number in numbers), trained, classifier)
    kinds: dict[str, list[Reading | None]] = {"as they are": list(clean)}
    for name, draw, some in (
        ("pasted on 64 to 1024 pixels, scaled, shaded, with noise", pasted, numbers),
        ("on ruled and on squared paper", on_ruled_paper, numbers[: count // 4]),
        ("on a sheet before a desk, in a box, circle or border", enclosed, numbers[: count // 4]),
    ):
        larger = [ready(draw(mnist.x_test[number], rng)) for number in some]
        given = iter(read([one for one in larger if one is not None], trained, classifier))
        kinds[name] = [next(given) if one is not None else None for one in larger]
    print(f"\nMNIST test images, {count:,} of them (seed {SEED})")
    for name, readings in kinds.items():
        outcomes = [
            Outcome("", "", "", one is not None and said(one) == str(mnist.y_test[number]), one is None or one.unsure)
            for one, number in zip(readings, numbers, strict=False)
        ]
        print(f"  {name:56s} {line(outcomes)}")


# --- what is no digit ------------------------------------------------------------------------------------------------


def blank(rng: np.random.Generator) -> np.ndarray:
    """Paper of any brightness, half of it in uneven light, with a sensor's grain."""
    side = int(rng.integers(40, 300))
    paper = np.full((side, side), rng.uniform(10, 250))
    return grainy(shaded(paper, rng) if rng.random() < 0.5 else paper, rng, spread=rng.uniform(1, 10))


def noise(rng: np.random.Generator) -> np.ndarray:
    """Pixels of no order, or specks."""
    side = int(rng.integers(28, 200))
    if rng.random() < 0.5:
        return rng.integers(0, 256, (side, side))
    return np.where(rng.random((side, side)) < rng.uniform(0.005, 0.1), 30, 220)


def scribbled(rng: np.random.Generator) -> np.ndarray:
    """A pen's way, three kinds of it."""
    draw = (scribble, zigzag, loops)[int(rng.integers(3))]
    return np.asarray(drawn(draw(rng), stroke=rng.uniform(0.03, 0.06)))


def letter(rng: np.random.Generator) -> np.ndarray:
    """A capital that no digit resembles."""
    lines = LETTERS[str(rng.choice(list(LETTERS)))]
    return np.asarray(drawn(by_hand(lines, rng), stroke=rng.uniform(0.05, 0.14)))


def score_others(count: int, trained: TrainedModel, classifier: Classifier) -> None:
    """Print how many pictures of what is no digit are refused, and how many answered as unsure."""
    print(f"\nno digits, {count} drawn of each kind (seed {SEED})")
    for name, draw in {"blank": blank, "noise": noise, "scribbles": scribbled, "letters": letter}.items():
        rng = np.random.default_rng(SEED)
        pictures = [one for one in (ready(draw(rng)) for _ in range(count)) if one is not None]
        unsure = sum(one.unsure for one in read(pictures, trained, classifier))
        refused = count - len(pictures)
        low, high = wilson(refused + unsure, count)
        share = f"{100 * (refused + unsure) / count:6.2f} % ({100 * low:.1f}-{100 * high:.1f})"
        print(f"  {name:56s} {share:22s}  refused {refused}, unsure {unsure}")


def ready(levels: np.ndarray) -> PreparedPicture | None:
    """Prepare a picture; None where it is refused."""
    try:
        return prepare(levels.astype(np.float32))
    except ImageError:
        return None


# --- figures ---------------------------------------------------------------------------------------------------------


def wilson(right: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927)."""
    z = 1.959964
    share, scale = right / count, 1 + z * z / count
    middle = (share + z * z / (2 * count)) / scale
    spread = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / scale
    return middle - spread, middle + spread


def line(outcomes: Sequence[Outcome]) -> str:
    """Return the figures of some pictures."""
    count, right = len(outcomes), sum(one.right for one in outcomes)
    unsure = sum(one.unsure for one in outcomes)
    wrong = sum(not one.right and not one.unsure for one in outcomes)
    low, high = wilson(right, count)
    share = f"{100 * right / count:6.2f} % ({100 * low:.1f}-{100 * high:.1f})"
    return f"{right:5d} of {count:5d}  {share:22s}  unsure {100 * unsure / count:5.2f} %, wrong and sure {wrong}"


def show(outcomes: Sequence[Outcome]) -> None:
    """Print the figures of handwriting: all, by half, by kind, by source."""
    print(f"\nhandwriting, {len(outcomes)} pictures\n  {'all':56s} {line(outcomes)}")
    shares = {}
    for half, some in grouped(outcomes, "half").items():
        print(f"  {'half: ' + half:56s} {line(some)}")
        shares[half] = sum(one.right for one in some) / len(some)
    if len(shares) == 2:
        print(f"  the halves differ by {100 * abs(shares['build'] - shares['aside']):.2f} points")
    for kind, some in grouped(outcomes, "kind").items():
        print(f"  {'kind: ' + kind:56s} {line(some)}")
    for source, some in grouped(outcomes, "source").items():
        print(f"  {f'{source} ({some[0].half})':56s} {line(some)}")
    for one in outcomes:
        if one.half == "build" and (one.unsure or not one.right):
            print(f"    {one.name}")


def grouped(outcomes: Sequence[Outcome], field: str) -> dict[str, list[Outcome]]:
    """Return outcomes by one of their fields."""
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for one in outcomes:
        groups[str(getattr(one, field))].append(one)
    return dict(sorted(groups.items()))


if __name__ == "__main__":
    sys.exit(main())
