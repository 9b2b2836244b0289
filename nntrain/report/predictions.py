"""The output of `nntrain predict`: the JSON document, the table, and the images and strip if requested."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from nntrain.inference.pipeline import Recognition
from nntrain.inference.reading import Answer, Reading
from nntrain.inference.trained_model import TrainedModel
from nntrain.preprocessing.decisions import DecisionKind
from nntrain.preprocessing.parallel import PictureFailure
from nntrain.report import console, tables
from nntrain.report.terminal_image import render_image, wants_colours
from nntrain.runs.folder import PRETRAINED

if TYPE_CHECKING:
    from nntrain.report.recognition_strip import Row

MAX_NAMED = 5  # pictures that a note names


# --- JSON ------------------------------------------------------------------------------------------------------------


def json_document(
    model: TrainedModel, recognitions: Sequence[Recognition], failures: Sequence[PictureFailure]
) -> dict[str, Any]:
    """Return the document for `--json`, which docs/json.md describes."""
    return {
        "schema": 1,
        "run": model.run.display_name,
        "test": model.test_metrics(),
        "classes": list(model.task_spec.classes),
        "predictions": [json_prediction(model, recognition) for recognition in recognitions],
        "errors": [{"image": failure.name, "error": failure.error} for failure in failures],
    }


def json_prediction(model: TrainedModel, recognition: Recognition) -> dict[str, Any]:
    reading = recognition.reading
    entry: dict[str, Any] = {"image": recognition.name}
    if len(reading.answers) == 1:
        entry.update(_json_answer(model, reading.answers[0]))
    else:
        if model.task_spec.task != "binary":
            entry["digits"] = reading.text
        entry.update(unsure=not reading.confident, parts=[_json_answer(model, answer) for answer in reading.answers])
        if model.task_spec.task != "regression":
            entry["confidence"] = _least_confidence(reading)
    entry["decisions"] = [str(decision) for decision in reading.decisions]
    second = recognition.second_opinion
    if second is not None:
        entry["pretrained"] = {"digits": second.text, "confidence": _least_confidence(second)}
    if recognition.truth is not None:
        entry["truth"] = recognition.truth
    return entry


def _json_answer(model: TrainedModel, answer: Answer) -> dict[str, Any]:
    """Return the entries of a single answer."""
    task, prediction = model.task_spec.task, answer.prediction
    entry: dict[str, Any] = {}
    if task == "binary":
        entry.update(
            positive=prediction.label == "yes", confidence=prediction.confidence, probability=prediction.outputs[0]
        )
    elif task == "regression":
        entry.update(value=prediction.outputs[0], digit=int(prediction.label))
    else:
        if prediction.label.isdecimal():  # not isdigit: a class may be called ²
            entry["digit"] = int(prediction.label)
        entry.update(label=prediction.label, confidence=prediction.confidence, probabilities=list(prediction.outputs))
    entry["unsure"] = not answer.confident
    if not answer.confident:
        entry["why"] = str(answer.reason)
        if task == "classification":
            entry["best_two"] = list(answer.best_two)
    return entry


def _least_confidence(reading: Reading) -> float:
    return min(answer.prediction.confidence or 0.0 for answer in reading.answers)


# --- the table -------------------------------------------------------------------------------------------------------


def show(model: TrainedModel, recognitions: Sequence[Recognition], *, top: int, show_images: bool, quiet: bool) -> None:
    """Print a row per picture, then the network's input images if `show_images` is set."""
    if not recognitions:
        return
    with_truth = any(recognition.truth is not None for recognition in recognitions)
    table = tables.new_table("picture", "answer", "", *(["truth"] if with_truth else []))
    for recognition in recognitions:
        row = [recognition.name, *_answer_cells(model, recognition.reading, top=top)]
        if with_truth:
            wrong = recognition.reading.text != recognition.truth
            row.append(f"{recognition.truth}{'  wrong' if wrong else ''}")
        table.add_row(*tables.cells(*row))
    tables.print_table(table)
    if show_images:
        for recognition in recognitions:
            _show_images(recognition)
    if not quiet:
        test = model.test_metrics()
        score = f", test {tables.format_metrics(test)}" if test else ""
        console.print_message(f"answered by {model.run.display_name}{score}", style="dim")
        _note_second_opinions(recognitions)
        _note_mislabelled_files(recognitions)


def _answer_cells(model: TrainedModel, reading: Reading, *, top: int) -> tuple[Text, Text]:
    """Return two cells: the answer, and its probabilities with the reasons for doubt."""
    labels, details = zip(*(_format_answer(model, answer, top=top) for answer in reading.answers), strict=True)
    separator = " " if model.task_spec.task == "binary" else ""
    detail = console.to_text(" | ".join(details))
    if not reading.confident:
        detail.append_text(console.to_text(f"  {_doubts(reading)}", "yellow"))
    return console.to_text(separator.join(labels), "bold" if reading.confident else "yellow"), detail


def _doubts(reading: Reading) -> str:
    """Return why a reading is unsure; a reason that all its digits share is given once."""
    if len({answer.reason for answer in reading.answers}) == 1:
        return f"unsure: {reading.answers[0].reason}"
    doubts = [f"about the {answer.prediction.label}: {answer.reason}" for answer in reading.answers if answer.reason]
    return f"unsure {'; '.join(doubts)}"


def _format_answer(model: TrainedModel, answer: Answer, *, top: int) -> tuple[str, str]:
    """Return an answer's label, and its value or probabilities."""
    task_spec, prediction = model.task_spec, answer.prediction
    if task_spec.task == "regression":
        return prediction.label, f"{prediction.outputs[0]:.2f}"
    confidence = f"{100 * (prediction.confidence or 0):.1f} %"
    if task_spec.task == "binary":
        positive = ", ".join(task_spec.classes[label] for label in task_spec.positive)
        return f"{prediction.label} ({positive})", confidence
    if top == 1 and answer.confident:
        return prediction.label, confidence
    probabilities = _top_probabilities(model, answer, top=top)
    return prediction.label, "  ".join(f"{label} {100 * probability:.1f} %" for label, probability in probabilities)


def _top_probabilities(model: TrainedModel, answer: Answer, *, top: int) -> list[tuple[str, float]]:
    """Return the most probable classes; for an unsure answer, at least the best two."""
    probabilities = dict(zip(model.task_spec.classes, answer.prediction.outputs, strict=True))
    if not answer.confident and top <= 2:
        return [(label, probabilities[label]) for label in answer.best_two]
    return sorted(probabilities.items(), key=lambda item: -item[1])[:top]


def _show_images(recognition: Recognition) -> None:
    is_terminal = sys.stdout.isatty()
    columns = shutil.get_terminal_size().columns if is_terminal else 80
    console.print_result("")
    console.print_result(console.emphasized(recognition.name, f"  {recognition.reading.text}"))
    for answer in recognition.reading.answers:
        for line in render_image(answer.digit.image, colours=wants_colours(is_terminal), columns=columns):
            console.print_result(line)


def _note_second_opinions(recognitions: Sequence[Recognition]) -> None:
    """Warn, in one line, about pictures that the pretrained network reads differently and more confidently."""
    notes = []
    for recognition in recognitions:
        second = recognition.second_opinion
        if second is not None:
            name = f"{recognition.name} is " if len(recognitions) > 1 else ""
            notes.append(f"{name}{second.text} ({100 * _least_confidence(second):.1f} %)")
    if notes:
        console.print_warning(f"{PRETRAINED} disagrees: {_listed(notes, ', ')}; try `--run {PRETRAINED}`")


def _note_mislabelled_files(recognitions: Sequence[Recognition]) -> None:
    """Warn, in one line, about files whose format does not match their suffix."""
    notes = [
        f"{recognition.name}: {decision}"
        for recognition in recognitions
        for decision in recognition.reading.decisions
        if decision.kind is DecisionKind.MISLABELLED
    ]
    if notes:
        console.print_warning(_listed(notes, "; "))


def _listed(notes: Sequence[str], separator: str) -> str:
    more = f" and {len(notes) - MAX_NAMED} more" if len(notes) > MAX_NAMED else ""
    return separator.join(notes[:MAX_NAMED]) + more


# --- the strip -------------------------------------------------------------------------------------------------------


def draw_steps(model: TrainedModel, recognitions: Sequence[Recognition], path: Path) -> None:
    """Draw the recognition of the pictures that were kept, at most MAX_ROWS digits."""
    from nntrain.report.recognition_strip import MAX_ROWS, draw_strip

    rows = [row for recognition in recognitions for row in _strip_rows(model, recognition)][:MAX_ROWS]
    digits = sum(len(recognition.reading.answers) for recognition in recognitions)
    if digits > len(rows):
        console.print_warning(f"{path} shows the first {len(rows)} of {digits} digits")
    draw_strip(rows, path)


def _strip_rows(model: TrainedModel, recognition: Recognition) -> list[Row]:
    from nntrain.report.recognition_strip import Row

    picture = recognition.picture
    if picture is None:
        return []
    answers = recognition.reading.answers
    of_digits = {decision for answer in answers for decision in answer.digit.decisions}
    shared = [decision for decision in recognition.reading.decisions if decision not in of_digits]
    rows = []
    for answer in answers:
        digit = answer.digit
        label, detail = _format_answer(model, answer, top=1)
        doubts = [] if answer.confident else [f"unsure: {answer.reason}"]
        rows.append(
            Row(
                name=recognition.name,
                picture=picture.levels,
                mask=digit.mask(picture.levels.shape),
                bbox=digit.bbox_in_picture,
                image=digit.image,
                answer=label,
                details=[*doubts, detail, *map(str, [*shared, *digit.decisions])],
                confident=answer.confident,
            )
        )
    return rows
