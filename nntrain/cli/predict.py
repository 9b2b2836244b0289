"""`nntrain predict`: what is in these pictures?"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nntrain.cli.options import Json, Quiet, RunsDir, chosen_runs_dir
from nntrain.errors import ImageError, UsageError
from nntrain.report import console
from nntrain.runs import find_run

if TYPE_CHECKING:
    import numpy as np

    from nntrain.answering import Trained
    from nntrain.results import Prediction

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif"}


@dataclass(frozen=True)
class Asked:
    """A picture to answer."""

    name: str  # as it was given
    pixels: np.ndarray  # uint8 (28, 28)
    truth: str | None = None


@dataclass(frozen=True)
class Failed:
    """A picture that could not be read."""

    name: str
    error: str


def predict(
    pictures: Annotated[
        list[str] | None,
        typer.Argument(metavar="PICTURE...", help="Files, folders, or - for stdin.", show_default=False),
    ] = None,
    test: Annotated[
        str | None,
        typer.Option(
            "--test", metavar="N or A-B", help="Answer test images instead, and show the truth.", show_default=False
        ),
    ] = None,
    run: Annotated[
        str | None,
        typer.Option("--run", metavar="RUN", help="A run's name or folder; else the latest.", show_default=False),
    ] = None,
    top: Annotated[int, typer.Option("--top", metavar="K", min=1, help="Show the K most probable classes.")] = 1,
    runs_dir: RunsDir = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Say what digit a picture shows: a photo, a scan, a drawing, dark on light or light on dark.

    Example: nntrain predict photo.jpg scans/ --top 3
    """
    if bool(pictures) == bool(test):
        raise UsageError("name pictures (`nntrain predict photo.png`) or test images (`nntrain predict --test 0-4`)")
    from nntrain.answering import open_trained
    from nntrain.evaluation import answer

    trained = open_trained(find_run(run, chosen_runs_dir(runs_dir)))
    found = list(_test_images(test, trained) if test else _pictures(pictures or [], trained))
    asked = [one for one in found if isinstance(one, Asked)]
    failed = [one for one in found if isinstance(one, Failed)]
    answers = answer(_outputs(trained, asked), trained.question) if asked else []
    if json:
        console.print_json(_document(trained, asked, answers, failed))
    else:
        _show(trained, asked, answers, top=top, quiet=quiet)
    for one in failed:
        console.show_error(ImageError(one.error))
    if failed:
        raise typer.Exit(ImageError.exit_code)


def _outputs(trained: Trained, asked: list[Asked]) -> np.ndarray:
    import numpy as np

    return trained.classifier().outputs(np.stack([one.pixels for one in asked]))


def _pictures(given: list[str], trained: Trained) -> Iterator[Asked | Failed]:
    from nntrain.pictures import read_picture, read_pixels

    for name in _files(given):
        try:
            source = sys.stdin.buffer.read() if name == "-" else Path(name)
            shown = "stdin" if name == "-" else name
            read = read_picture if trained.reads_digits else read_pixels
            yield Asked(name, read(source, name=shown).pixels)
        except ImageError as error:
            yield Failed(name, str(error))


def _files(given: list[str]) -> Iterator[str]:
    """Replace each folder by the pictures in it, by name."""
    for name in given:
        path = Path(name)
        if name == "-" or not path.is_dir():
            yield name
            continue
        inside = sorted(entry for entry in path.iterdir() if entry.suffix.lower() in SUFFIXES and entry.is_file())
        if not inside:
            raise UsageError(f"{name}: no pictures in this folder ({', '.join(sorted(SUFFIXES))})")
        yield from map(str, inside)


def _test_images(text: str, trained: Trained) -> Iterator[Asked]:
    from nntrain.data import load_dataset
    from nntrain.evaluation import YES_NO

    match = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", text)
    if match is None:
        raise UsageError(f"--test {text}: write a number or a range, for example --test 0-4")
    first, last = int(match[1]), int(match[2] or match[1])
    dataset = load_dataset(trained.dataset, parts=("test",), download=False)
    if last < first or last >= len(dataset.x_test):
        raise UsageError(f"--test {text}: there are test images 0 to {len(dataset.x_test) - 1}")
    question = trained.question
    for index in range(first, last + 1):
        label = int(dataset.y_test[index])
        truth = YES_NO[label in question.positive] if question.task == "binary" else dataset.classes[label]
        yield Asked(f"test image {index}", dataset.x_test[index], truth)


def _document(trained: Trained, asked: list[Asked], answers: list[Prediction], failed: list[Failed]) -> dict[str, Any]:
    return {
        "schema": 1,
        "run": str(trained.run.path),
        "test": trained.test_score(),
        "classes": list(trained.question.classes),
        "predictions": [_entry(trained, one, given) for one, given in zip(asked, answers, strict=True)],
        "errors": [{"image": one.name, "error": one.error} for one in failed],
    }


def _entry(trained: Trained, asked: Asked, given: Prediction) -> dict[str, Any]:
    task = trained.question.task
    entry: dict[str, Any] = {"image": asked.name}
    if task == "binary":
        entry.update(positive=given.label == "yes", confidence=given.confidence, probability=given.outputs[0])
    elif task == "regression":
        entry.update(value=given.outputs[0], digit=int(given.label))
    else:
        if given.label.isdigit():
            entry["digit"] = int(given.label)
        entry.update(label=given.label, confidence=given.confidence, probabilities=list(given.outputs))
    if asked.truth is not None:
        entry["truth"] = asked.truth
    return entry


def _show(trained: Trained, asked: list[Asked], answers: list[Prediction], *, top: int, quiet: bool) -> None:
    with_truth = any(one.truth is not None for one in asked)
    made = console.table("picture", "answer", "", *(["truth"] if with_truth else []))
    for one, given in zip(asked, answers, strict=True):
        wrong = one.truth is not None and given.label != one.truth
        row = [one.name, *_words(trained, given, top=top)]
        if with_truth:
            row.append(f"{one.truth}{'  wrong' if wrong else ''}")
        made.add_row(*console.cells(*row))
    if asked:
        console.show_table(made)
    if asked and not quiet:
        test = trained.test_score()
        scored = f", test {console.figures(test)}" if test else ""
        console.say(f"answered by {trained.run.path}{scored}", style="dim")


def _words(trained: Trained, given: Prediction, *, top: int) -> tuple[str, str]:
    """Say an answer in its task's terms, and how sure it is."""
    question = trained.question
    if question.task == "regression":
        return given.label, f"{given.outputs[0]:.2f}"
    if question.task == "binary":
        labels = ", ".join(question.classes[label] for label in question.positive)
        return f"{given.label} ({labels})", f"{100 * (given.confidence or 0):.1f} %"
    if top == 1:
        return given.label, f"{100 * (given.confidence or 0):.1f} %"
    ranked = sorted(zip(given.outputs, question.classes, strict=True), key=lambda pair: -pair[0])[:top]
    return given.label, "  ".join(f"{label} {100 * share:.1f} %" for share, label in ranked)
