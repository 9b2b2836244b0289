"""Fit the coefficients by which nntrain estimates whether a digit was recognized correctly, and write them.

    python tools/fit_confidence.py [RUN ...]

Without a RUN it is the network that ships; of several, the first determines how many answers are unsure. Positive
examples: training images of MNIST that the runs were not trained on (the last 3,000), as they are and pasted onto
larger pictures, and drawn digits, if they are recognized correctly. Negative examples: letters and symbols that no
digit resembles, scribbles, and wrong answers. No test image and no handwriting is used. It needs the full MNIST.

Then it reports how many of each kind are unsure, also of shapes and of MNIST images (the last 600) that were not used
for the fit.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
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
from nntrain.inference import confidence
from nntrain.inference.calibrated_classifier import CalibratedClassifier
from nntrain.inference.pipeline import recognize_all
from nntrain.inference.trained_model import open_trained_model
from nntrain.jobs.keras_fallback import load_keras_classifier
from nntrain.preprocessing.prepare import PreparedPicture, prepare, unchanged
from nntrain.runs.folder import RunDir
from nntrain.runs.store import pretrained_run

# The weight of each kind, so that none outweighs the others by its number.
WEIGHTS = {"mnist": 1.0, "pasted": 1.5, "digits": 1.5, "ones": 1.0, "letters": 1.0, "symbols": 0.7, "scribbles": 1.0}
# The fraction of MNIST's images that the first run is to be unsure about: about the least with which 19 of 20 letters
# and scribbles are unsure too, used for the fit or not.
UNSURE_FRACTION = 0.003
RIDGE = 100.0  # keeps the coefficients small, as there are few shapes; by cross-validation over the kinds of shapes
HELD_OUT = 3000  # the last of MNIST's training images
SIZE = (120, 120)  # pixels of a drawn picture

Label = TypeVar("Label")
LabelledPicture = tuple[PreparedPicture, str]  # a picture and its digit, or "" if it shows none


@dataclass(frozen=True)
class Examples:
    """What the regression is fitted on."""

    features: np.ndarray  # (n, 3)
    correct: np.ndarray  # (n,), bool: a digit that was recognized correctly
    weights: np.ndarray  # (n,)
    from_mnist: np.ndarray  # (n,), bool: an image of MNIST as it is


def fit_pictures(rng: np.random.Generator) -> dict[str, list[LabelledPicture]]:
    """Return the pictures to fit on, by kind."""
    images, labels = _held_out_images()
    return {
        "mnist": [(unchanged(image), label) for image, label in _slice(images, labels, 0, 2000)],
        "pasted": list(prepared((pasted(image, rng), label) for image, label in _slice(images, labels, 2000, 2400))),
        "digits": _shapes(shapes.DIGITS, 40, rng, digits=True),
        "ones": list(prepared((_drawn(flagged_one(rng), rng), "1") for _ in range(120))),
        "letters": _shapes(shapes.LETTERS, 40, rng),
        "symbols": _shapes(shapes.SYMBOLS, 40, rng),
        "scribbles": _scribbles(shapes.SCRIBBLES, 100, rng),
    }


def test_pictures(rng: np.random.Generator) -> dict[str, list[LabelledPicture]]:
    """Return other pictures, by kind."""
    images, labels = _held_out_images()
    return {
        "mnist": [(unchanged(image), label) for image, label in _slice(images, labels, 2400, HELD_OUT)],
        "pasted": list(prepared((pasted(image, rng), label) for image, label in _slice(images, labels, 2400, 2700))),
        "digits": _shapes(shapes.DIGITS, 20, rng, digits=True),
        "ones": list(prepared((_drawn(flagged_one(rng), rng), "1") for _ in range(80))),
        "letters, fitted": _shapes(shapes.LETTERS, 20, rng),
        "letters, held out": _shapes(shapes.HELD_OUT_LETTERS, 20, rng),
        "symbols, fitted": _shapes(shapes.SYMBOLS, 20, rng),
        "symbols, held out": _shapes(shapes.HELD_OUT_SYMBOLS, 20, rng),
        "scribbles, fitted": _scribbles(shapes.SCRIBBLES, 40, rng),
        "scribbles, held out": _scribbles(shapes.HELD_OUT_SCRIBBLES, 40, rng),
    }


def _held_out_images() -> tuple[np.ndarray, list[str]]:
    mnist = load_dataset("mnist", splits=("train",), download=False)
    return mnist.x_train[-HELD_OUT:], [str(int(label)) for label in mnist.y_train[-HELD_OUT:]]


def _slice(images: np.ndarray, labels: list[str], start: int, stop: int) -> Iterable[tuple[np.ndarray, str]]:
    return zip(images[start:stop], labels[start:stop], strict=True)


def _shapes(
    lines_by_name: dict[str, list[Line]], each: int, rng: np.random.Generator, *, digits: bool = False
) -> list[LabelledPicture]:
    return list(
        prepared(
            (_drawn(lines, rng), name if digits else "") for _ in range(each) for name, lines in lines_by_name.items()
        )
    )


def _scribbles(
    kinds: Sequence[Callable[[np.random.Generator], list[Line]]], each: int, rng: np.random.Generator
) -> list[LabelledPicture]:
    return list(prepared((by_pen(kind(rng), rng, thickest=0.08), "") for _ in range(each) for kind in kinds))


def _drawn(lines: list[Line], rng: np.random.Generator) -> np.ndarray:
    return by_pen(by_hand(lines, rng), rng, thickest=0.16)


def by_pen(lines: list[Line], rng: np.random.Generator, *, thickest: float) -> np.ndarray:
    """Return grey levels of SIZE: lines drawn with strokes of 3 % of their height up to the fraction `thickest`."""
    return np.asarray(drawn(lines, size=SIZE, stroke=rng.uniform(0.03, thickest)))


def prepared(pictures: Iterable[tuple[np.ndarray, Label]]) -> Iterator[tuple[PreparedPicture, Label]]:
    """Prepare grey levels and yield them with their labels; leave out those that nntrain rejects."""
    for levels, label in pictures:
        with suppress(ImageError):
            yield prepare(levels.astype(np.float32)), label


def extract_examples(network: CalibratedClassifier, pictures: dict[str, list[LabelledPicture]]) -> Examples:
    """Return the features of pictures, by kind, and whether a network recognizes them correctly."""
    features, correct, weights, from_mnist = [], [], [], []
    for kind, labelled in pictures.items():
        digits = [picture.whole for picture, _ in labelled]
        estimates = confidence.estimate(digits, network)
        estimates = confidence.augment(estimates, range(len(digits)), network)
        features.append(estimates.features)
        labels = [label for _, label in labelled]
        correct.append([answer.label == label for answer, label in zip(estimates.predictions, labels, strict=True)])
        weights.append(np.full(len(labelled), WEIGHTS[kind] / len(labelled)))
        from_mnist.append(np.full(len(labelled), kind == "mnist"))
    return Examples(*(np.concatenate(columns) for columns in (features, correct, weights, from_mnist)))


def fit(features: np.ndarray, correct: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the coefficients of a logistic regression (Newton's method); the ridge spares the last, the bias."""
    coefficients = np.zeros(features.shape[1])
    weights = weights / weights.sum() * len(weights)
    ridge = np.append(np.full(len(coefficients) - 1, RIDGE), 0.1)
    for _ in range(60):
        probabilities = 1 / (1 + np.exp(-features @ coefficients))
        curvature = features.T * (weights * probabilities * (1 - probabilities) + 1e-9) @ features + np.diag(ridge)
        gradient = features.T @ (weights * (correct - probabilities)) - ridge * coefficients
        coefficients += np.linalg.solve(curvature, gradient)
    return coefficients


def report(network: CalibratedClassifier, pictures: dict[str, list[LabelledPicture]]) -> None:
    """Print how many of each kind are unsure, and how many are wrong and confident."""
    print(network.model.run.display_name)
    for kind, labelled in pictures.items():
        readings = recognize_all((picture for picture, _ in labelled), network)
        unsure = sum(not reading.confident for reading in readings)
        wrong = sum(
            reading.confident and reading.text != label for reading, (_, label) in zip(readings, labelled, strict=True)
        )
        print(
            f"  {kind:20s} {len(labelled):4d}: "
            f"unsure {100 * unsure / len(labelled):5.1f} %, wrong and confident {wrong}"
        )


def main() -> None:
    """Fit, write, and report."""
    models = [open_trained_model(RunDir(Path(run))) for run in sys.argv[1:]] or [open_trained_model(pretrained_run())]
    for model in models:
        if model.info["data"]["validation"] < HELD_OUT:
            sys.exit(
                f"{model.run.path}: trained on some of the last {HELD_OUT:,} training images of MNIST; name another run"
            )
    networks = [CalibratedClassifier(model, model.classifier(load_keras_classifier)) for model in models]
    pictures = fit_pictures(np.random.default_rng(20))
    examples = [extract_examples(network, pictures) for network in networks]
    coefficients = fit(
        np.concatenate([part.features for part in examples]),
        np.concatenate([part.correct for part in examples]),
        np.concatenate([part.weights for part in examples]),
    )
    on_mnist = examples[0].features[examples[0].from_mnist]
    coefficients[-1] -= np.quantile(on_mnist @ coefficients, UNSURE_FRACTION)
    confidence.COEFFICIENTS = np.round(coefficients, 2)
    write(confidence.COEFFICIENTS, Path(confidence.__file__))
    other_pictures = test_pictures(np.random.default_rng(21))
    for network in networks:
        report(network, other_pictures)


def write(coefficients: np.ndarray, path: Path) -> None:
    """Replace the line of COEFFICIENTS in nntrain/inference/confidence.py, whose path is given."""
    line = f"COEFFICIENTS = np.array({coefficients.tolist()})"
    text, count = re.subn(r"^COEFFICIENTS = .*$", line, path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    if count != 1:
        sys.exit(f"{path}: {count} lines begin with COEFFICIENTS; write there: {line}")
    path.write_text(text, encoding="utf-8")
    print(f"{path}: {line}")


if __name__ == "__main__":
    main()
