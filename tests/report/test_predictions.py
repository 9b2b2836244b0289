"""What `nntrain predict` reports: the JSON document, the table and its notes, images and strips."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from synthetic.paper import drawn
from synthetic.shapes import DIGITS

from nntrain.inference.pipeline import Recognition
from nntrain.inference.reading import Answer, Reading
from nntrain.inference.uncertainty import UncertaintyKind, UncertaintyReason
from nntrain.preprocessing.decisions import Decision, DecisionKind
from nntrain.preprocessing.parallel import PictureFailure
from nntrain.preprocessing.prepare import prepare
from nntrain.preprocessing.segment import Digit
from nntrain.report import predictions, recognition_strip
from nntrain.report.predictions import draw_steps, json_document, show
from nntrain.results import Prediction
from nntrain.task import TaskSpec

SPECKS, MISLABELLED = (
    Decision(DecisionKind.SPECKS),
    Decision.of(DecisionKind.MISLABELLED, suffix=".png", format="JPEG"),
)
TOUCHING = UncertaintyReason(UncertaintyKind.TOUCHING_DIGITS)
BETWEEN = UncertaintyReason(UncertaintyKind.TWO_CLASSES, ("3", "5"))


def model_of(task="classification", classes="0123456789", metrics=None):
    """Return a trained model, as far as reports need it."""
    task_spec = TaskSpec(task, "mse", (), tuple(classes), positive=(7, 9) if task == "binary" else ())
    run = SimpleNamespace(display_name="runs/mine-1")
    return SimpleNamespace(run=run, task_spec=task_spec, test_metrics=lambda: metrics)


def answer(label="3", confidence=0.9, reason=None, outputs=None, best_two=("3", "5")):
    """Return an answer."""
    outputs = (0.0, 0.01, 0.02, 0.9, 0.0, 0.05, 0.0, 0.02, 0.0, 0.0) if outputs is None else outputs
    return Answer(Prediction(label, confidence, outputs), Digit(np.zeros((28, 28), np.uint8)), 0.5, reason, best_two)


def recognition(*answers, name="a.png", decisions=(), **fields):
    """Return a recognition."""
    return Recognition(name, Reading(answers or (answer(),), tuple(decisions)), **fields)


BINARY = answer("yes", 0.8, outputs=(0.8,), best_two=())
VALUE = answer("3", None, outputs=(2.75,), best_two=())

# --- JSON ------------------------------------------------------------------------------------------------------------


def entry_of(recognized, model=None):
    """Return the entry of a picture in the JSON document."""
    (entry,) = json_document(model or model_of(), [recognized], [])["predictions"]
    return entry


def test_the_document_names_run_score_classes_and_errors():
    document = json_document(model_of(metrics={"accuracy": 0.9}), [], [PictureFailure("b.png", "b.png: damaged")])
    assert document == {
        "schema": 1,
        "run": "runs/mine-1",
        "test": {"accuracy": 0.9},
        "classes": list("0123456789"),
        "predictions": [],
        "errors": [{"image": "b.png", "error": "b.png: damaged"}],
    }


def test_a_confident_digit():
    assert entry_of(recognition(decisions=[SPECKS])) == {
        "image": "a.png",
        "digit": 3,
        "label": "3",
        "confidence": 0.9,
        "probabilities": [0.0, 0.01, 0.02, 0.9, 0.0, 0.05, 0.0, 0.02, 0.0, 0.0],
        "unsure": False,
        "decisions": ["specks: removed"],
    }


def test_an_unsure_digit_has_a_reason_and_two_classes():
    entry = entry_of(recognition(answer(reason=BETWEEN)))
    assert (entry["unsure"], entry["why"], entry["best_two"]) == (True, "between 3 and 5", ["3", "5"])


@pytest.mark.parametrize("label", ["cat", "²"])
def test_a_class_that_is_no_number_is_no_digit(label):
    entry = entry_of(recognition(answer(label)))
    assert "digit" not in entry
    assert entry["label"] == label


def test_a_row_has_a_part_per_digit_and_the_least_confidence():
    entry = entry_of(recognition(answer("4", 0.9), answer("2", 0.7, TOUCHING), answer("1", 0.8)))
    assert list(entry) == ["image", "digits", "unsure", "parts", "confidence", "decisions"]
    assert (entry["digits"], entry["unsure"], entry["confidence"]) == ("421", True, 0.7)
    assert [part["label"] for part in entry["parts"]] == ["4", "2", "1"]
    assert [part["unsure"] for part in entry["parts"]] == [False, True, False]
    assert not entry_of(recognition(answer(), answer()))["unsure"]


def test_binary_answers():
    entry = entry_of(recognition(BINARY), model_of("binary"))
    assert entry == {
        "image": "a.png",
        "positive": True,
        "confidence": 0.8,
        "probability": 0.8,
        "unsure": False,
        "decisions": [],
    }
    no = answer("no", 0.7, UncertaintyReason(UncertaintyKind.NO_DIGIT), outputs=(0.3,), best_two=())
    row = entry_of(recognition(BINARY, no), model_of("binary"))
    assert list(row) == ["image", "unsure", "parts", "confidence", "decisions"]
    assert row["confidence"] == 0.7
    assert row["parts"][1] == {
        "positive": False,
        "confidence": 0.7,
        "probability": 0.3,
        "unsure": True,
        "why": "may not be a digit",
    }


def test_values_of_a_regression():
    entry = entry_of(recognition(VALUE), model_of("regression"))
    assert entry == {"image": "a.png", "value": 2.75, "digit": 3, "unsure": False, "decisions": []}
    row = entry_of(recognition(VALUE, VALUE), model_of("regression"))
    assert list(row) == ["image", "digits", "unsure", "parts", "decisions"]
    assert row["digits"] == "33"


def test_second_opinion_and_truth_are_added():
    second = Reading((answer("4", 0.99), answer("5", 0.95)), ())
    entry = entry_of(recognition(second_opinion=second, truth="7"))
    assert entry["pretrained"] == {"digits": "45", "confidence": 0.95}
    assert entry["truth"] == "7"


# --- the table -------------------------------------------------------------------------------------------------------


@pytest.fixture
def shown(capsys):
    """Return a function that shows recognitions; it returns the lines of stdout and stderr, without trailing spaces."""

    def run(*recognitions, model=None, top=1, show_images=False, quiet=True):
        show(model or model_of(), recognitions, top=top, show_images=show_images, quiet=quiet)
        output = capsys.readouterr()
        return [[line.rstrip() for line in stream.splitlines()] for stream in (output.out, output.err)]

    return run


def cells_of(shown, *answers, **options):
    """Return the cells of the only row."""
    (_, line), _ = shown(recognition(*answers), **options)
    return [cell.strip() for cell in line.split("  ") if cell]


def test_a_row_per_picture(shown):
    lines, errors = shown(recognition(), recognition(answer("5", 1.0), name="b.png"))
    assert lines == ["picture  answer", "a.png    3       90.0 %", "b.png    5       100.0 %"]
    assert errors == []


def test_no_pictures_print_nothing(shown):
    assert shown(quiet=False) == [[], []]


def test_a_wrong_answer_is_marked_beside_the_truth(shown):
    lines, _ = shown(recognition(truth="3"), recognition(name="b.png", truth="5"), recognition(name="c.png", truth="3"))
    assert lines == [
        "picture  answer          truth",
        "a.png    3       90.0 %  3",
        "b.png    3       90.0 %  5  wrong",
        "c.png    3       90.0 %  3",
    ]


def test_a_row_of_digits_has_a_probability_each(shown):
    assert cells_of(shown, answer("4", 0.9), answer("2", 0.75)) == ["a.png", "42", "90.0 % | 75.0 %"]


def test_an_unsure_answer_shows_the_two_best_classes_and_the_reason(shown):
    assert cells_of(shown, answer(reason=BETWEEN)) == ["a.png", "3", "3 90.0 %", "5 5.0 %", "unsure: between 3 and 5"]


@pytest.mark.parametrize(
    ("top", "classes"),
    [
        (2, ["3 90.0 %", "5 5.0 %"]),
        (3, ["3 90.0 %", "5 5.0 %", "2 2.0 %"]),
        (5, ["3 90.0 %", "5 5.0 %", "2 2.0 %", "7 2.0 %", "1 1.0 %"]),
    ],
)
def test_top_shows_the_most_probable_classes(shown, top, classes):
    assert cells_of(shown, answer(), top=top) == ["a.png", "3", *classes]


def test_an_unsure_answer_shows_more_than_two_classes_if_asked_for(shown):
    (*_, third, reason) = cells_of(shown, answer(reason=BETWEEN, best_two=("3", "7")), top=3)
    assert (third, reason) == ("2 2.0 %", "unsure: between 3 and 5")
    (*_, second, _) = cells_of(shown, answer(reason=BETWEEN, best_two=("3", "7")), top=2)
    assert second == "7 2.0 %"


def test_the_reason_names_the_digit_if_the_others_are_confident(shown):
    *_, doubts = cells_of(shown, answer("4"), answer("9", reason=TOUCHING))
    assert doubts == "unsure about the 9: may be two touching digits"


def test_different_reasons_are_listed(shown):
    *_, doubts = cells_of(shown, answer("4", reason=BETWEEN), answer("1"), answer("9", reason=TOUCHING))
    assert doubts == "unsure about the 4: between 3 and 5; about the 9: may be two touching digits"


def test_a_shared_reason_is_named_once(shown):
    *_, doubts = cells_of(shown, answer("4", reason=TOUCHING), answer("9", reason=TOUCHING))
    assert doubts == "unsure: may be two touching digits"


def test_binary_answers_name_the_digits_that_count(shown):
    assert cells_of(shown, BINARY, model=model_of("binary")) == ["a.png", "yes (7, 9)", "80.0 %"]
    assert cells_of(shown, BINARY, BINARY, model=model_of("binary"))[1] == "yes (7, 9) yes (7, 9)"


def test_a_regressions_answer_shows_its_value(shown):
    assert cells_of(shown, VALUE, model=model_of("regression")) == ["a.png", "3", "2.75"]


def test_an_unsure_answer_is_yellow_and_a_confident_one_bold():
    confident, detail = predictions._answer_cells(model_of(), recognition().reading, top=1)
    assert (confident.style, detail.spans) == ("bold", [])
    unsure, detail = predictions._answer_cells(model_of(), recognition(answer(reason=TOUCHING)).reading, top=1)
    assert unsure.style == "yellow"
    (span,) = detail.spans
    assert (detail.plain[span.start : span.end], span.style) == ("  unsure: may be two touching digits", "yellow")


@pytest.mark.parametrize(
    ("metrics", "line"),
    [
        ({"accuracy": 0.99, "loss": 0.1}, "answered by runs/mine-1, test accuracy 99.00 %, loss 0.1"),
        (None, "answered by runs/mine-1"),
    ],
)
def test_the_run_and_its_score_are_named(shown, metrics, line):
    assert shown(recognition(), model=model_of(metrics=metrics), quiet=False)[1] == [line]


SECOND = Reading((answer("4", 0.999), answer("5", 0.995)), ())


def test_the_network_that_ships_disagrees(shown):
    _, (_, note) = shown(recognition(second_opinion=SECOND), quiet=False)
    assert note == "pretrained disagrees: 45 (99.5 %); try `--run pretrained`"


def test_of_several_pictures_those_it_disagrees_about_are_named(shown):
    pictures = [recognition(name=f"{index}.png", second_opinion=SECOND if index else None) for index in range(3)]
    _, (_, note) = shown(*pictures, quiet=False)
    assert note == "pretrained disagrees: 1.png is 45 (99.5 %), 2.png is 45 (99.5 %); try `--run pretrained`"


@pytest.mark.parametrize(("count", "end"), [(5, "4.png is 45 (99.5 %)"), (7, "4.png is 45 (99.5 %) and 2 more")])
def test_at_most_five_pictures_are_named(shown, count, end):
    _, (_, note) = shown(*(recognition(name=f"{i}.png", second_opinion=SECOND) for i in range(count)), quiet=False)
    assert note.endswith(f"{end}; try `--run pretrained`")


def test_mislabelled_files_are_noted(shown):
    _, (_, note) = shown(recognition(decisions=[SPECKS, MISLABELLED]), recognition(name="b.png"), quiet=False)
    assert note == "a.png: named .png, but the file is JPEG: read as JPEG"


def test_quiet_notes_nothing(shown):
    assert shown(recognition(decisions=[MISLABELLED], second_opinion=SECOND), quiet=True)[1] == []


def test_images_are_shown_below_the_table(shown):
    lines, _ = shown(recognition(answer("4"), answer("2")), recognition(name="b.png"), show_images=True)
    assert lines[3:5] == ["", "a.png  42"]
    assert lines[5 + 2 * 28 :][:2] == ["", "b.png  3"]
    assert len(lines) == 3 + 2 + 2 * 28 + 2 + 28


def test_images_are_as_wide_as_the_terminal(shown, monkeypatch):
    sizes = []
    monkeypatch.setattr(predictions, "render_image", lambda image, *, colours, columns: sizes.append(columns) or [])
    shown(recognition(), show_images=True)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr("shutil.get_terminal_size", lambda: SimpleNamespace(columns=33))
    shown(recognition(), show_images=True)
    assert sizes == [80, 33]


# --- the strip -------------------------------------------------------------------------------------------------------


@pytest.fixture
def strip_rows(monkeypatch):
    """Return a function that draws recognitions; it returns the rows of the strip."""

    def run(*recognitions):
        drawn_rows = []
        monkeypatch.setattr(recognition_strip, "draw_strip", lambda rows, path: drawn_rows.extend(rows))
        draw_steps(model_of(), recognitions, "how.png")
        return drawn_rows

    return run


@pytest.fixture
def three():
    """Return a prepared picture, and the answer to its digit."""
    picture = prepare(np.asarray(drawn(DIGITS["3"]), np.float32))
    return picture, replace(answer(), digit=picture.whole)


def test_a_row_shows_the_digit_where_it_was_found(strip_rows, three):
    picture, confident = three
    (row,) = strip_rows(recognition(confident, picture=picture, decisions=picture.decisions))
    assert (row.name, row.answer, row.confident, row.bbox) == ("a.png", "3", True, picture.whole.bbox_in_picture)
    assert row.details == ["90.0 %", *map(str, picture.decisions)]
    assert row.picture is picture.levels
    assert row.mask.shape == picture.levels.shape
    assert row.image is picture.image


def test_a_row_of_an_unsure_answer_begins_with_the_reason(strip_rows, three):
    picture, confident = three
    (row,) = strip_rows(recognition(replace(confident, reason=TOUCHING), picture=picture))
    assert row.details[:2] == ["unsure: may be two touching digits", "3 90.0 %  5 5.0 %"]
    assert not row.confident


def test_each_digit_shows_what_was_done_to_the_picture_and_to_itself(strip_rows, three):
    picture, confident = three
    joined = replace(confident, digit=replace(confident.digit, decisions=(Decision(DecisionKind.THINNED),)))
    plain = replace(confident, digit=replace(confident.digit, decisions=()))
    decisions = (SPECKS, Decision(DecisionKind.THINNED))
    first, second = strip_rows(recognition(joined, plain, picture=picture, decisions=decisions))
    assert first.details == ["90.0 %", "specks: removed", "thick strokes: thinned"]
    assert second.details == ["90.0 %", "specks: removed"]


def test_pictures_that_were_not_kept_are_counted_only(strip_rows, three, capsys):
    picture, confident = three
    rows = strip_rows(recognition(confident, picture=picture), recognition(confident, confident, name="b.png"))
    assert [row.name for row in rows] == ["a.png"]
    assert capsys.readouterr().err == "how.png shows the first 1 of 3 digits\n"


def test_a_strip_has_a_bounded_number_of_rows(strip_rows, three, capsys, monkeypatch):
    monkeypatch.setattr(recognition_strip, "MAX_ROWS", 2)
    picture, confident = three
    assert len(strip_rows(recognition(confident, confident, picture=picture))) == 2
    assert capsys.readouterr().err == ""
    assert len(strip_rows(recognition(confident, confident, confident, picture=picture))) == 2
    assert capsys.readouterr().err == "how.png shows the first 2 of 3 digits\n"
