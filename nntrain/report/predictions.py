"""What `nntrain predict` says: its JSON document, its table, what the network saw, and the steps drawn."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from nntrain.errors import UsageError
from nntrain.inference.recognize import Answer, Reading
from nntrain.inference.trained_model import TrainedModel
from nntrain.preprocessing.decisions import DecisionKind
from nntrain.report import console, tables
from nntrain.report.terminal_image import colours_wanted, draw_pixels
from nntrain.runs.folder import PRETRAINED

if TYPE_CHECKING:
    from nntrain.cli.predict import Recognition
    from nntrain.preprocessing.parallel import PictureFailure

MOST_NAMED = 5  # pictures in a note
MOST_STEPS = 200  # rows of a strip; more make a picture that nothing opens


# --- JSON ------------------------------------------------------------------------------------------------------------


def document(
    trained: TrainedModel, answered: Sequence[Recognition], failed: Sequence[PictureFailure]
) -> dict[str, Any]:
    """Return the document of `--json`, as the README describes it."""
    return {
        "schema": 1,
        "run": trained.run.display_name,
        "test": trained.test_metrics(),
        "classes": list(trained.task_spec.classes),
        "predictions": [_entry(trained, one) for one in answered],
        "errors": [{"image": one.name, "error": one.error} for one in failed],
    }


def _entry(trained: TrainedModel, one: Recognition) -> dict[str, Any]:
    reading = one.reading
    entry: dict[str, Any] = {"image": one.name}
    if len(reading.answers) == 1:
        entry.update(_part(trained, reading.answers[0]))
    else:
        if trained.task_spec.task != "binary":
            entry["digits"] = _joined(reading)
        entry.update(unsure=reading.unsure, parts=[_part(trained, part) for part in reading.answers])
        confidences = [part.prediction.confidence for part in reading.answers]
        if None not in confidences:
            entry["confidence"] = min(confidence for confidence in confidences if confidence is not None)
    entry["decisions"] = [str(decision) for decision in reading.decisions]
    if one.otherwise is not None:
        entry["pretrained"] = {"digits": _joined(one.otherwise), "confidence": _least_confidence(one.otherwise)}
    if one.truth is not None:
        entry["truth"] = one.truth
    return entry


def _part(trained: TrainedModel, one: Answer) -> dict[str, Any]:
    """Return the entries of one digit."""
    task, given = trained.task_spec.task, one.prediction
    entry: dict[str, Any] = {}
    if task == "binary":
        entry.update(positive=given.label == "yes", confidence=given.confidence, probability=given.outputs[0])
    elif task == "regression":
        entry.update(value=given.outputs[0], digit=int(given.label))
    else:
        if given.label.isdecimal():  # a class may be called ²
            entry["digit"] = int(given.label)
        entry.update(label=given.label, confidence=given.confidence, probabilities=list(given.outputs))
    entry["unsure"] = one.unsure
    if one.unsure:
        entry["why"] = one.why
        if task == "classification":
            entry["best_two"] = list(one.best_two)
    return entry


def _joined(reading: Reading) -> str:
    return "".join(part.prediction.label for part in reading.answers)


def _least_confidence(reading: Reading) -> float:
    return min(part.prediction.confidence or 0.0 for part in reading.answers)


def _ranked(trained: TrainedModel, one: Answer, *, top: int) -> list[tuple[str, float]]:
    """Return classes with their probabilities: the most probable, or the two between which an answer is unsure."""
    pairs = list(zip(trained.task_spec.classes, one.prediction.outputs, strict=True))
    if one.unsure and top <= 2:
        return [(label, dict(pairs)[label]) for label in one.best_two]
    return sorted(pairs, key=lambda pair: -pair[1])[:top]


# --- the table -------------------------------------------------------------------------------------------------------


def show(trained: TrainedModel, answered: Sequence[Recognition], *, top: int, pixels: bool, quiet: bool) -> None:
    """Print a row a picture, and below what the network saw where that is asked for."""
    with_truth = any(one.truth is not None for one in answered)
    made = tables.new_table("picture", "answer", "", *(["truth"] if with_truth else []))
    for one in answered:
        wrong = one.truth is not None and (len(one.reading.answers) > 1 or _joined(one.reading) != one.truth)
        row: list[object] = [one.name, *_words(trained, one.reading, top=top)]
        if with_truth:
            row.append(f"{one.truth}{'  wrong' if wrong else ''}")
        made.add_row(*tables.cells(*row))
    if answered:
        tables.print_table(made)
    if pixels:
        for one in answered:
            _show_pixels(one)
    if answered and not quiet:
        test = trained.test_metrics()
        scored = f", test {tables.format_metrics(test)}" if test else ""
        console.print_message(f"answered by {trained.run.display_name}{scored}", style="dim")
        _say_otherwise(answered)
        _say_mislabelled(answered)


def _say_mislabelled(answered: Sequence[Recognition]) -> None:
    """Say in one line which files hold another format than their names say."""
    found = [
        f"{one.name}: {decision}"
        for one in answered
        for decision in one.reading.decisions
        if decision.kind is DecisionKind.MISLABELLED
    ]
    if found:
        console.print_warning("; ".join(found[:MOST_NAMED]) + _more(found))


def _more(found: Sequence[object]) -> str:
    return f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""


def _say_otherwise(answered: Sequence[Recognition]) -> None:
    """Say in one line which pictures the shipped network reads differently and more surely."""
    others = [(one.name, one.otherwise) for one in answered if one.otherwise is not None]
    if not others:
        return
    words = [f"{name} as {_joined(other)} ({100 * _least_confidence(other):.1f} %)" for name, other in others]
    listed = ", ".join(words[:MOST_NAMED]) + _more(words)
    console.print_warning(f"{PRETRAINED}, the network that ships, is surer and reads {listed}")


def _words(trained: TrainedModel, reading: Reading, *, top: int) -> tuple[Text, Text]:
    """Say an answer in its task's terms, and how sure it is."""
    labels, details = zip(*(_part_words(trained, one, top=top) for one in reading.answers), strict=True)
    joined = (" " if trained.task_spec.task == "binary" else "").join(labels)
    answer = Text(joined, style="yellow" if reading.unsure else "bold")
    detail = Text("  ".join(details) if len(details) == 1 else " | ".join(details))
    reasons = {one.why for one in reading.answers}
    doubts = [f"{one.prediction.label}: {one.why}" for one in reading.answers if one.why]
    if len(reasons) == 1:  # the same for all parts, or none
        doubts = [reason for reason in reasons if reason]
    if doubts:
        detail.append(f"  unsure: {'; '.join(doubts)}", style="yellow")
    return answer, detail


def _part_words(trained: TrainedModel, one: Answer, *, top: int) -> tuple[str, str]:
    task_spec, given = trained.task_spec, one.prediction
    if task_spec.task == "regression":
        return given.label, f"{given.outputs[0]:.2f}"
    if task_spec.task == "binary":
        labels = ", ".join(task_spec.classes[label] for label in task_spec.positive)
        return f"{given.label} ({labels})", f"{100 * (given.confidence or 0):.1f} %"
    if top == 1 and not one.unsure:
        return given.label, f"{100 * (given.confidence or 0):.1f} %"
    ranked = _ranked(trained, one, top=top)
    return given.label, "  ".join(f"{label} {100 * share:.1f} %" for label, share in ranked)


def _show_pixels(one: Recognition) -> None:
    console.print_result("")
    console.print_result(console.emphasized(one.name, f"  {_joined(one.reading)}"))
    colours = colours_wanted(sys.stdout.isatty())
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else 80
    for part in one.reading.answers:
        for line in draw_pixels(part.digit.image, colours=colours, columns=columns):
            console.print_result(line)


# --- steps -----------------------------------------------------------------------------------------------------------


def check_steps(path: Path) -> None:
    """Raise UsageError where a strip cannot be written: not every format that Pillow knows can be."""
    from PIL import Image

    try:
        Image.new("RGB", (8, 8)).save(io.BytesIO(), Image.registered_extensions()[path.suffix.lower()])
    except (LookupError, OSError, ValueError):
        raise UsageError(f"--steps {path}: no picture can be written with that suffix; use .png") from None
    if not path.parent.is_dir():
        raise UsageError(f"--steps {path}: there is no folder {path.parent}")


def draw(trained: TrainedModel, answered: Sequence[Recognition], path: Path) -> None:
    """Draw a strip of how each picture was read."""
    from nntrain.report.recognition_strip import draw_steps

    rows = [row for one in answered for row in _rows(trained, one)][:MOST_STEPS]
    digits = sum(len(one.reading.answers) for one in answered)
    if digits > len(rows):
        console.print_warning(f"{path} shows the first {len(rows)} of {digits} digits")
    draw_steps(rows, path)


def _rows(trained: TrainedModel, one: Recognition) -> list[Any]:
    from nntrain.report.recognition_strip import Row

    picture = one.picture
    if picture is None:
        return []
    rows = []
    of_digits = {decision for part in one.reading.answers for decision in part.digit.decisions}
    for part in one.reading.answers:
        label, detail = _part_words(trained, part, top=1)
        said = [f"unsure: {part.why}"] if part.unsure else []
        digit, shared = part.digit, [decision for decision in one.reading.decisions if decision not in of_digits]
        lines = [*said, detail, *map(str, shared), *map(str, digit.decisions)]
        levels, mask = picture.levels, digit.mask(picture.levels.shape)
        rows.append(Row(levels, mask, digit.bbox_in_picture, digit.image, label, lines, part.unsure, one.name))
    return rows
