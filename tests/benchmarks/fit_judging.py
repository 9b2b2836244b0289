"""Fit the weights by which nntrain/judging.py tells a digit that was read rightly from anything else, and print them.

    python tests/benchmarks/fit_judging.py RUN [RUN ...]

What is to be trusted: training images of MNIST that the runs did not learn from (the last 3,000), as they are and
pasted onto larger pictures, and drawn digits, where they are answered rightly. What is not: letters that no digit
resembles, scribbles, and wrong answers. No test image and no handwriting takes part. Full MNIST has to be at hand.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from drawing.paper import drawn
from drawing.pasting import pasted
from drawing.shapes import DIGITS, LETTERS, by_hand, loops, scribble, zigzag

from nntrain import judging
from nntrain.answering import open_trained
from nntrain.data import load_dataset
from nntrain.errors import ImageError
from nntrain.evaluation import answer
from nntrain.pictures import Picture, prepare
from nntrain.pictures.resemblance import looks
from nntrain.runs import RunDir

# How much each kind counts, so that none outweighs the others by its number.
SHARES = {"mnist": 1.0, "pasted": 1.5, "digits": 1.5, "letters": 1.0, "scribbles": 1.0}
HELD_OUT = 3000


def pictures(rng: np.random.Generator) -> dict[str, list[tuple[Picture, int]]]:
    """Return pictures by kind, each with its digit, or -1 for none."""
    mnist = load_dataset("mnist", parts=("train",), download=False)
    images, labels = mnist.x_train[-HELD_OUT:], mnist.y_train[-HELD_OUT:]
    made = {
        "mnist": [(image, int(label)) for image, label in zip(images[:1500], labels[:1500], strict=True)],
        "pasted": [
            (pasted(image, rng), int(label)) for image, label in zip(images[1500:2300], labels[1500:2300], strict=True)
        ],
        "digits": [(_drawn(DIGITS[str(k % 10)], rng), k % 10) for k in range(600)],
        "letters": [(_drawn(list(LETTERS.values())[k % len(LETTERS)], rng), -1) for k in range(600)],
        "scribbles": [(_drawn((scribble, zigzag, loops)[k % 3](rng), rng, bent=False), -1) for k in range(600)],
    }
    return {kind: list(_prepared(some)) for kind, some in made.items()}


def _drawn(lines: list, rng: np.random.Generator, *, bent: bool = True) -> np.ndarray:
    return np.asarray(drawn(by_hand(lines, rng) if bent else lines, stroke=rng.uniform(0.03, 0.16 if bent else 0.08)))


def _prepared(some: list[tuple[np.ndarray, int]]):
    for levels, label in some:
        try:
            yield prepare(levels.astype(np.float32)), label
        except ImageError:
            continue


def examples(
    run: Path, made: dict[str, list[tuple[Picture, int]]]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Return marks, whether each is to be trusted, its weight and kind, for one run."""
    trained = open_trained(RunDir(run))
    classifier = trained.classifier()
    all_marks, right, weights, kinds = [], [], [], []
    for kind, some in made.items():
        digits = [picture.whole for picture, _ in some]
        pixels = np.stack([one.pixels for one in digits])
        outputs = trained.calibrated(classifier.outputs(pixels))
        given = answer(outputs, trained.question)
        again = judging._asked_again(digits, trained, classifier)
        confidence = np.array([shares[row.argmax()] for shares, row in zip(again, outputs, strict=True)])
        all_marks.append(judging.marks(confidence, judging._allowed(given, trained.question), looks(pixels)))
        right.append(np.array([int(one.label) == label for one, (_, label) in zip(given, some, strict=True)]))
        weights.append(np.full(len(some), SHARES[kind] / len(some)))
        kinds += [kind] * len(some)
    return np.concatenate(all_marks), np.concatenate(right), np.concatenate(weights), kinds


def fit(marks: np.ndarray, right: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return logistic regression's weights (Newton's method, a little ridge)."""
    found = np.zeros(marks.shape[1])
    weights = weights / weights.sum() * len(weights)
    for _ in range(60):
        likely = 1 / (1 + np.exp(-marks @ found))
        curvature = (marks * (weights * likely * (1 - likely) + 1e-9)[:, None]).T @ marks + 0.1 * np.eye(len(found))
        found += np.linalg.solve(curvature, marks.T @ (weights * (right - likely)) - 0.1 * found)
    return found


def main() -> None:
    """Fit, and print how many of each kind would be answered for certain."""
    made = pictures(np.random.default_rng(20))
    parts = [examples(Path(run), made) for run in sys.argv[1:]]
    weights = fit(*(np.concatenate([part[index] for part in parts]) for index in range(3)))
    print("WEIGHTS =", np.round(weights, 2).tolist())
    for run, (marks, right, _, kinds) in zip(sys.argv[1:], parts, strict=True):
        odds = marks @ weights
        for kind in SHARES:
            mine = np.array(kinds) == kind
            for bound in (-1.0, -0.5, 0.0, 0.5, 1.0):
                unsure = (odds < bound) & mine
                wrong = (odds >= bound) & mine & ~right
                shares = f"unsure {100 * unsure.sum() / mine.sum():5.1f} %, wrong {wrong.sum()}"
                print(f"{Path(run).name:14s} {kind:10s} at {bound:4.1f}: {shares}")


if __name__ == "__main__":
    main()
