"""Fit the weights by which nntrain/recognize.py tells a digit that was read rightly from anything else, and write them.

    python tools/fit_confidence.py [RUN ...]

Without a RUN it is the network that ships; of several, the first sets how many answers are unsure. What is to be
trusted: training images of MNIST that the runs did not learn from (the last 3,000), as they are and pasted onto larger
pictures, and drawn digits, where they are answered rightly. What is not: letters and symbols that no digit resembles,
scribbles, and wrong answers. No test image and no handwriting takes part. Full MNIST has to be at hand.

Then it says how many of each kind are unsure, of shapes that did not take part as well. The last 600 images of MNIST
did not either.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from synthetic import shapes
from synthetic.paper import drawn
from synthetic.pasting import pasted
from synthetic.shapes import Line, by_hand, flagged_one

from nntrain.data.load import load_dataset
from nntrain.errors import ImageError
from nntrain.inference import recognize
from nntrain.inference.litert import Classifier
from nntrain.inference.scoring import to_predictions
from nntrain.inference.trained_model import TrainedModel, open_trained_model
from nntrain.jobs.keras_fallback import load_keras_classifier
from nntrain.preprocessing.prepare import PreparedPicture, prepare, unchanged
from nntrain.runs.folder import RunDir
from nntrain.runs.store import pretrained_run

# How much each kind counts, so that none outweighs the others by its number.
SHARES = {"mnist": 1.0, "pasted": 1.5, "digits": 1.5, "ones": 1.0, "letters": 1.0, "symbols": 0.7, "scribbles": 1.0}
# Of MNIST's images, as they are, under the first run: about the fewest with which 19 of 20 letters and scribbles are
# unsure too, of those that took part in the fit and of those that did not.
UNSURE = 0.003
RIDGE = 100.0  # keeps the weights of so few shapes small; chosen by leaving letters, symbols and scribbles out in turn
HELD_OUT = 3000  # of MNIST's training images, the last
SIZE = (120, 120)  # pixels of a drawn picture

Name = TypeVar("Name")
Truth = tuple[PreparedPicture, str]  # a picture and its digit, or "" for none


def to_fit(rng: np.random.Generator) -> dict[str, list[Truth]]:
    """Return pictures by kind."""
    images, labels = _held_out()
    return {
        "mnist": [(unchanged(image), label) for image, label in _some(images, labels, 0, 2000)],
        "pasted": list(prepared((pasted(image, rng), label) for image, label in _some(images, labels, 2000, 2400))),
        "digits": _shapes(shapes.DIGITS, 40, rng, digits=True),
        "ones": list(prepared((_drawn(flagged_one(rng), rng), "1") for _ in range(120))),
        "letters": _shapes(shapes.LETTERS, 40, rng),
        "symbols": _shapes(shapes.SYMBOLS, 40, rng),
        "scribbles": _scribbles(shapes.SCRIBBLES, 100, rng),
    }


def to_test(rng: np.random.Generator) -> dict[str, list[Truth]]:
    """Return other pictures by kind."""
    images, labels = _held_out()
    return {
        "mnist": [(unchanged(image), label) for image, label in _some(images, labels, 2400, HELD_OUT)],
        "pasted": list(prepared((pasted(image, rng), label) for image, label in _some(images, labels, 2400, 2700))),
        "digits": _shapes(shapes.DIGITS, 20, rng, digits=True),
        "ones": list(prepared((_drawn(flagged_one(rng), rng), "1") for _ in range(80))),
        "letters, fitted": _shapes(shapes.LETTERS, 20, rng),
        "letters, held out": _shapes(shapes.HELD_OUT_LETTERS, 20, rng),
        "symbols, fitted": _shapes(shapes.SYMBOLS, 20, rng),
        "symbols, held out": _shapes(shapes.HELD_OUT_SYMBOLS, 20, rng),
        "scribbles, fitted": _scribbles(shapes.SCRIBBLES, 40, rng),
        "scribbles, held out": _scribbles(shapes.HELD_OUT_SCRIBBLES, 40, rng),
    }


def _held_out() -> tuple[np.ndarray, list[str]]:
    mnist = load_dataset("mnist", splits=("train",), download=False)
    return mnist.x_train[-HELD_OUT:], [str(int(label)) for label in mnist.y_train[-HELD_OUT:]]


def _some(images: np.ndarray, labels: list[str], first: int, last: int) -> Iterable[tuple[np.ndarray, str]]:
    return zip(images[first:last], labels[first:last], strict=True)


def _shapes(some: dict[str, list[Line]], each: int, rng: np.random.Generator, *, digits: bool = False) -> list[Truth]:
    return list(
        prepared((_drawn(lines, rng), name if digits else "") for _ in range(each) for name, lines in some.items())
    )


def _scribbles(kinds: tuple, each: int, rng: np.random.Generator) -> list[Truth]:
    return list(prepared((by_pen(kind(rng), rng, thickest=0.08), "") for _ in range(each) for kind in kinds))


def _drawn(lines: list[Line], rng: np.random.Generator) -> np.ndarray:
    return by_pen(by_hand(lines, rng), rng, thickest=0.16)


def by_pen(lines: list[Line], rng: np.random.Generator, *, thickest: float) -> np.ndarray:
    """Return lines drawn with strokes of 3 % of their height up to the thickest, a share of it: grey levels of SIZE."""
    return np.asarray(drawn(lines, size=SIZE, stroke=rng.uniform(0.03, thickest)))


def prepared(some: Iterable[tuple[np.ndarray, Name]]) -> Iterator[tuple[PreparedPicture, Name]]:
    """Prepare pictures, grey levels, and hand on what they show; those that nntrain refuses are left out."""
    for levels, name in some:
        with suppress(ImageError):
            yield prepare(levels.astype(np.float32)), name


def examples(
    trained: TrainedModel, classifier: Classifier, made: dict[str, list[Truth]]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return marks, whether each is to be trusted, its weight, and whether it is MNIST's as it is, for one run."""
    all_marks, right, weights, clean = [], [], [], []
    for kind, some in made.items():
        digits = [picture.whole for picture, _ in some]
        pixels = np.stack([digit.image for digit in digits])
        outputs = trained.calibrate(classifier.predict(pixels))
        given = to_predictions(outputs, trained.task_spec)
        shares, seen = recognize.test_time_augmentation(digits, trained, classifier)
        confidence = np.take_along_axis(shares, outputs.argmax(axis=1)[:, None], axis=1)[:, 0]
        borne_out = recognize.digit_probability(seen, recognize.allowed_digits(given, trained.task_spec))
        all_marks.append(recognize.features(confidence, borne_out))
        right.append(np.array([one.label == digit for one, (_, digit) in zip(given, some, strict=True)]))
        weights.append(np.full(len(some), SHARES[kind] / len(some)))
        clean.append(np.full(len(some), kind == "mnist"))
    return np.concatenate(all_marks), np.concatenate(right), np.concatenate(weights), np.concatenate(clean)


def fit(marks: np.ndarray, right: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return logistic regression's weights (Newton's method); the ridge spares the last, the bias."""
    found = np.zeros(marks.shape[1])
    weights = weights / weights.sum() * len(weights)
    ridge = np.append(np.full(len(found) - 1, RIDGE), 0.1)
    for _ in range(60):
        likely = 1 / (1 + np.exp(-marks @ found))
        curvature = (marks * (weights * likely * (1 - likely) + 1e-9)[:, None]).T @ marks + np.diag(ridge)
        found += np.linalg.solve(curvature, marks.T @ (weights * (right - likely)) - ridge * found)
    return found


def report(trained: TrainedModel, classifier: Classifier, made: dict[str, list[Truth]]) -> None:
    """Print how many of each kind are unsure, and how many are wrong and sure."""
    print(trained.run.display_name)
    for kind, some in made.items():
        given = recognize.read([picture for picture, _ in some], trained, classifier)
        unsure = sum(one.unsure for one in given)
        wrong = [
            "".join(part.prediction.label for part in one.answers) != digit and not one.unsure
            for one, (_, digit) in zip(given, some, strict=True)
        ]
        print(f"  {kind:20s} {len(some):4d}: unsure {100 * unsure / len(some):5.1f} %, wrong and sure {sum(wrong)}")


def main() -> None:
    """Fit, write, and report."""
    runs = [open_trained_model(RunDir(Path(run))) for run in sys.argv[1:]] or [open_trained_model(pretrained_run())]
    for run in runs:
        if run.info["data"]["validation"] < HELD_OUT:
            sys.exit(f"{run.run.path}: learnt from some of MNIST's last {HELD_OUT:,} training images; name another run")
    asked = [(run, run.classifier(load_keras_classifier)) for run in runs]
    made = to_fit(np.random.default_rng(20))
    parts = [examples(run, classifier, made) for run, classifier in asked]
    weights = fit(*(np.concatenate([part[index] for part in parts]) for index in range(3)))
    first, _, _, clean = parts[0]
    weights[-1] -= np.quantile(first[clean] @ weights, UNSURE)
    recognize.COEFFICIENTS = np.round(weights, 2)
    write(recognize.COEFFICIENTS)
    other = to_test(np.random.default_rng(21))
    for run, classifier in asked:
        report(run, classifier, other)


def write(weights: np.ndarray) -> None:
    """Put the weights into nntrain/recognize.py."""
    path = Path(recognize.__file__)
    line = f"COEFFICIENTS = np.array({weights.tolist()})"
    text, places = re.subn(r"^COEFFICIENTS = .*$", line, path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    if places != 1:
        sys.exit(f"{path}: {places} lines begin with WEIGHTS; put there: {line}")
    path.write_text(text, encoding="utf-8")
    print(f"{path}: {line}")


if __name__ == "__main__":
    main()
