"""Tables and numbers as text."""

from __future__ import annotations

import pytest

from nntrain.report.tables import (
    cells,
    class_table,
    confusion_table,
    format_count,
    format_duration,
    format_estimate,
    format_metric,
    format_metrics,
    is_fraction,
    layer_table,
    new_table,
    print_table,
)
from nntrain.results import ClassScore, LayerRow, Scores


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (10, "10 s"),
        (59.4, "59 s"),
        (59.5, "1 min 0 s"),
        (125, "2 min 5 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 0 min"),
        (4825, "1 h 20 min"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds, words):
    assert format_duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 s"),
        (4.5, "4 s"),
        (89, "89 s"),
        (90, "2 min"),
        (1020, "17 min"),
        (5399, "90 min"),
        (5400, "2 h"),
        (9_000_000, "2,500 h"),
    ],
)
def test_an_estimate_has_one_unit(seconds, words):
    assert format_estimate(seconds) == words


def test_one_thing_has_no_s():
    assert [format_count(count, "epoch") for count in (0, 1, 2, 1000)] == [
        "0 epochs",
        "1 epoch",
        "2 epochs",
        "1,000 epochs",
    ]


def test_accuracy_comes_first_and_the_loss_last_but_for_other_metrics_order():
    metrics = {"loss": 0.0843, "mae": 12.3456, "accuracy": 0.97624}
    assert format_metrics(metrics) == "accuracy 97.62 %, mae 12.35, loss 0.0843"


@pytest.mark.parametrize(
    "name", ["accuracy", "val_accuracy", "top_k_categorical_accuracy", "precision", "val_recall", "f1", "val_f1_score"]
)
def test_fractions_are_percentages(name):
    assert is_fraction(name)
    assert format_metric(name, 0.98765) == "98.77 %"


@pytest.mark.parametrize("name", ["loss", "val_loss", "mae", "mse", "auc", "images"])
def test_other_metrics_have_four_digits(name):
    assert not is_fraction(name)
    assert format_metric(name, 0.0123456) == "0.01235"


def lines(table, capsys):
    """Return a table's lines as they are printed."""
    print_table(table)
    return capsys.readouterr().out.splitlines()


def test_numbers_are_aligned_on_the_right_and_words_on_the_left(capsys):
    table = new_table("name", "count", right=["count"])
    table.add_row(*cells("a", 5))
    table.add_row(*cells("longer", "1,000"))
    assert lines(table, capsys) == ["name    count  ", "a           5  ", "longer  1,000  "]


def test_a_cell_is_not_read_as_markup(capsys):
    table = new_table("name")
    table.add_row(*cells("[red]x[/]"))
    assert lines(table, capsys)[1].rstrip() == "[red]x[/]"


def test_a_table_is_wider_than_the_terminal(capsys):
    table = new_table("name")
    table.add_row(*cells("x" * 500))
    assert lines(table, capsys)[1].rstrip() == "x" * 500


def test_a_table_can_go_to_stderr(capsys):
    print_table(new_table("name"), stderr=True)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("name")


def test_a_layer_without_parameters_has_an_empty_cell(capsys):
    rows = [LayerRow("Flatten", "", (784,), 0, 0), LayerRow("Conv2D", "8 of 3x3", (26, 26, 8), 1234, 1234)]
    header, flatten, convolution = lines(layer_table(rows), capsys)
    assert header.split() == ["layer", "output", "parameters"]
    assert flatten.split() == ["Flatten", "784"]
    assert convolution.split() == ["Conv2D", "8", "of", "3x3", "26", "x", "26", "x", "8", "1,234"]


SCORES = Scores(
    images=1112,
    metrics={},
    classes=(ClassScore("no", 0.5, 0.25, 1 / 3, 1100), ClassScore("yes", 1.0, 0.75, 0.875, 12)),
    confusion=((1100, 0), (3, 9)),
)


def test_the_confusion_table_has_a_row_per_true_class(capsys):
    table = confusion_table(SCORES)
    assert [line.split() for line in lines(table, capsys)] == [
        ["true", "\\", "answer", "no", "yes"],
        ["no", "1,100", "."],
        ["yes", "3", "9"],
    ]
    styles = [[cell.style for cell in column.cells] for column in table.columns[1:]]
    assert styles == [["bold", "red"], ["dim", "bold"]]


def test_the_class_table_has_ratios_and_images(capsys):
    assert [line.split() for line in lines(class_table(SCORES), capsys)] == [
        ["class", "precision", "recall", "f1", "images"],
        ["no", "50.00", "%", "25.00", "%", "33.33", "%", "1,100"],
        ["yes", "100.00", "%", "75.00", "%", "87.50", "%", "12"],
    ]


def test_nothing_of_nothing_is_a_dash(capsys):
    scores = Scores(0, {}, (ClassScore("no", 0.0, 0.0, 0.0, 0),), confusion=((0,),))
    assert lines(class_table(scores), capsys)[1].split() == ["no", "-", "-", "-", "0"]


def test_control_characters_in_a_table_are_shown_as_escapes(capsys):
    table = new_table("class\x1b[31m", "[red]")
    table.add_row(*cells("two\nlines", "\u202e"))
    print_table(table)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [["class\\x1b[31m", "[red]"], ["two\\nlines", "\\u202e"]]
