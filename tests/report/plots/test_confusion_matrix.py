"""The confusion matrix."""

from __future__ import annotations

import numpy as np
import pytest

from nntrain.report.plots import draw_confusion
from nntrain.results import ClassScore, Scores

INK, FAINT = "#222222", "#6b6b6b"


def scores(*names, right=90, wrong=10):
    """Return scores in which each class is taken for the next one `wrong` times."""
    size = len(names)
    confusion = right * np.eye(size, dtype=int) + wrong * np.roll(np.eye(size, dtype=int), 1, axis=1)
    return of_confusion(names, confusion)


def of_confusion(names, confusion):
    return Scores(
        images=int(np.sum(confusion)),
        metrics={"loss": 0.3},
        classes=tuple(ClassScore(name, 0.875, 0.75, 0.8, 100) for name in names),
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
    )


@pytest.fixture
def draw(figures, tmp_path):
    """Return a function that draws scores and returns the axes."""

    def draw(scores, title="pets-1"):
        draw_confusion(scores, tmp_path / "confusion.png", title=title)
        return figures[-1].axes[0]

    return draw


def texts(axes):
    return {text.get_text(): text for text in axes.texts}


def test_the_summary_counts_images_and_mistakes(draw):
    title, summary = draw(scores("cat", "dog", "owl", right=990)).figure.texts
    assert title.get_text() == "pets-1"
    assert summary.get_text() == "3,000 images, 99.00% correct, 30 mistakes"


def test_classes_are_named_above_the_columns_and_beside_the_rows(draw):
    axes = draw(scores("cat", "dog", "owl"))
    for axis in (axes.xaxis, axes.yaxis):
        labels = axis.get_ticklabels()
        assert [label.get_text() for label in labels] == ["cat", "dog", "owl"]
        assert [(label.get_fontsize(), label.get_rotation(), label.get_color()) for label in labels] == [
            (11.0, 0, INK)
        ] * 3
        assert list(axis.get_ticklocs()) == [0, 1, 2]
    parameters = axes.xaxis.get_tick_params()
    assert (parameters["labeltop"], parameters["labelbottom"]) == (True, False)
    tick = axes.xaxis.get_major_ticks()[0]
    assert (tick._size, tick.get_pad()) == (0, 4)


def test_columns_are_answers_and_rows_the_truth(draw):
    axes = draw(scores("cat", "dog"))
    answers, truth = axes.xaxis.label, axes.yaxis.label
    assert (answers.get_text(), answers.get_fontsize(), answers.get_ha()) == ("answered as", 9, "left")
    assert (truth.get_text(), truth.get_fontsize(), truth.get_ha()) == ("truth", 9, "right")
    assert (axes.xaxis.get_label_position(), axes.xaxis.labelpad, axes.yaxis.labelpad) == ("top", 5, 4)


def test_a_count_stands_in_the_row_of_its_truth_and_the_column_of_its_answer(draw):
    shown = texts(draw(of_confusion(["no", "yes"], [[0, 7], [1, 0]])))
    assert (shown["7"].get_position(), shown["1"].get_position()) == ((1, 0), (0, 1))
    assert (shown["7"].get_ha(), shown["7"].get_va()) == ("center", "center_baseline")
    assert "0" not in shown


def test_recall_stands_beside_each_row_and_precision_below_each_column(draw):
    axes = draw(scores("no", "yes"))
    ratios = [text for text in axes.texts if "%" in text.get_text()]
    assert [(text.get_text(), *text.get_position()) for text in ratios] == [
        ("75.0%", pytest.approx(1.58), 0),
        ("87.5%", 0, pytest.approx(1.58)),
        ("75.0%", pytest.approx(1.58), 1),
        ("87.5%", 1, pytest.approx(1.58)),
    ]
    recall, precision = ratios[:2]
    assert (recall.get_ha(), recall.get_va(), recall.get_rotation()) == ("left", "center_baseline", 0)
    assert (precision.get_ha(), precision.get_va(), precision.get_rotation()) == ("center", "top", 0)
    assert [text.get_fontsize() for text in ratios] == [pytest.approx(9.68)] * 4
    assert {text.get_color() for text in ratios} == {FAINT}


def test_recall_and_precision_are_named(draw):
    shown = texts(draw(scores("no", "yes")))
    recall, precision = shown["recall"], shown["precision"]
    assert recall.get_position() == pytest.approx((1.58, -0.58))
    assert (recall.get_ha(), recall.get_va()) == ("left", "bottom")
    assert precision.get_position() == pytest.approx((-0.58, 1.58))
    assert (precision.get_ha(), precision.get_va()) == ("right", "top")
    assert [text.get_fontsize() for text in (recall, precision)] == [pytest.approx(9.68)] * 2
    assert {text.get_color() for text in (recall, precision)} == {FAINT}


@pytest.mark.parametrize(("classes", "rotation"), [(12, 0), (13, 90)])
def test_precisions_of_many_classes_are_turned(draw, classes, rotation):
    axes = draw(scores(*map(str, range(classes))))
    assert {text.get_rotation() for text in axes.texts if text.get_text() == "87.5%"} == {rotation}


def layout(axes):
    """Return the size of the figure, and left, bottom and side of the cells, in inches."""
    width, height = axes.figure.get_size_inches()
    left, bottom, right, top = np.array(axes.get_position().extents) * [width, height, width, height]
    assert right - left == pytest.approx(top - bottom)
    return [float(value) for value in (width, height, left, bottom, right - left)]


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        (2, [5.2, 3.5, 1.275, 0.4, 2.0]),
        (3, [5.2, 4.5, 1.275, 0.4, 3.0]),
        (4, [5.2, 3.74, 1.125, 0.4, 2.24]),
        (10, [7.475, 7.1, 1.125, 0.4, 5.6]),
        (12, [8.595, 8.22, 1.125, 0.4, 6.72]),
        (13, [6.9625, 7.0, 1.0125, 0.7, 5.2]),
        (40, [17.7625, 17.8, 1.0125, 0.7, 16.0]),
        (50, [17.7625, 17.8, 1.0125, 0.7, 16.0]),
    ],
)
def test_the_plot_grows_with_the_classes_up_to_forty(draw, classes, expected):
    assert layout(draw(scores(*["0"] * classes))) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "rotation", "expected"),
    [
        # Five small letters are 0.375 inches wide at 9 points, seven are 0.525; a cell is 0.56.
        ("mouse", 0, [5.2, 3.74, 1.125, 0.4, 2.24]),
        ("hamster", 90, [5.2, 4.065, 1.125, 0.4, 2.24]),
        ("hippopotamus", 90, [5.2, 4.44, 1.35, 0.4, 2.24]),
    ],
)
def test_long_names_are_turned_and_get_room(draw, name, rotation, expected):
    axes = draw(scores(name, "b", "c", "d"))
    assert axes.get_xticklabels()[0].get_rotation() == rotation
    assert axes.get_yticklabels()[0].get_rotation() == 0
    assert layout(axes) == pytest.approx(expected)


@pytest.mark.parametrize(("classes", "size"), [(3, 11.0), (4, 9.0), (12, 9.0), (13, 7.5), (125, 7.3728)])
def test_names_get_smaller_with_the_classes(draw, classes, size):
    assert draw(scores(*["0"] * classes)).get_yticklabels()[0].get_fontsize() == pytest.approx(size)


@pytest.mark.parametrize(
    ("count", "size"), [(1, 11.0), (1_000_000, 11.0), (100_000_000, 10.968), (1_000_000_000, 9.871)]
)
def test_counts_fit_into_their_cells(draw, count, size):
    axes = draw(of_confusion(["no", "yes"], [[count, 0], [0, 1]]))
    assert axes.texts[0].get_fontsize() == pytest.approx(size, abs=1e-3)


@pytest.mark.parametrize(("classes", "numbers"), [(160, True), (161, False)])
def test_cells_of_less_than_a_tenth_of_an_inch_have_no_numbers(draw, classes, numbers):
    assert bool(draw(scores(*["0"] * classes)).texts) == numbers


def color(axes, row, column):
    return axes.images[0].get_array()[row, column].tolist()


WHITE = [1, 1, 1]
STRONG_BLUE = pytest.approx([0.1, 0.5024, 0.7282], abs=1e-4)  # 90 % of the palette's
STRONG_VERMILION = pytest.approx([0.86, 0.4633, 0.15], abs=1e-4)  # 85 % of the palette's


def test_right_answers_are_blue_and_mistakes_vermilion(draw):
    axes = draw(of_confusion(["no", "yes"], [[1, 0], [1, 0]]))
    assert [color(axes, 0, 0), color(axes, 0, 1)] == [STRONG_BLUE, WHITE]
    assert [color(axes, 1, 0), color(axes, 1, 1)] == [STRONG_VERMILION, WHITE]


def test_mistakes_are_seen_beside_a_strong_diagonal(draw):
    axes = draw(scores("0", "1", "2", right=9990, wrong=10))
    assert color(axes, 0, 0) == pytest.approx([0.1009, 0.5029, 0.7285], abs=1e-4)
    assert color(axes, 0, 1) == pytest.approx([0.9802, 0.9241, 0.8798], abs=1e-4)  # a tenth of a percent
    assert color(axes, 0, 2) == WHITE


def test_the_largest_share_of_mistakes_has_the_strongest_colour(draw):
    axes = draw(of_confusion(["0", "1", "2"], [[60, 40, 0], [1, 9, 0], [0, 0, 100]]))
    assert color(axes, 0, 1) == STRONG_VERMILION
    assert color(axes, 1, 0) == pytest.approx([0.93, 0.7317, 0.575], abs=1e-4)  # half as strong for a fourth


def test_five_percent_of_mistakes_have_the_strongest_colour_if_no_share_is_larger(draw):
    assert color(draw(of_confusion(["0", "1"], [[95, 5], [0, 100]])), 0, 1) == STRONG_VERMILION


def test_a_class_without_images_is_white(draw):
    axes = draw(of_confusion(["no", "yes"], [[5, 0], [0, 0]]))
    assert [color(axes, 1, 0), color(axes, 1, 1)] == [WHITE, WHITE]


def test_counts_are_white_on_dark_cells(draw):
    shown = texts(draw(of_confusion(["0", "1"], [[97, 3], [40, 60]])))
    assert {count: shown[count].get_color() for count in ("97", "3", "40", "60")} == {
        "97": "white",
        "3": INK,
        "40": INK,
        "60": INK,
    }


def test_cells_fill_the_axes_and_have_faint_borders(draw):
    axes = draw(scores("no", "yes"))
    assert (axes.get_xlim(), axes.get_ylim()) == ((-0.5, 1.5), (1.5, -0.5))
    horizontal, vertical = axes.collections
    assert [line.tolist() for line in horizontal.get_segments()] == [
        [[-0.5, edge], [1.5, edge]] for edge in (-0.5, 0.5, 1.5)
    ]
    assert [line.tolist() for line in vertical.get_segments()] == [
        [[edge, -0.5], [edge, 1.5]] for edge in (-0.5, 0.5, 1.5)
    ]
    for borders in (horizontal, vertical):
        assert borders.get_linewidth() == 0.8
        assert not borders.get_clip_on()
        assert borders.get_color().round(2).tolist() == [[0.9, 0.9, 0.9, 1.0]]
    assert not any(spine.get_visible() for spine in axes.spines.values())
    assert axes.images[0].get_interpolation() == "nearest"
    assert axes.get_aspect() == "auto"


def test_long_class_names_are_shortened_and_stay_within_the_plot(draw):
    axes = draw(scores(*(f"{index} is the name of a class" for index in range(30))), title="own-1" * 99)
    assert axes.get_yticklabels()[7].get_text() == "7 is the name of a cl…"
    renderer = axes.figure.canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in [*axes.figure.texts, *axes.get_yticklabels()]]
    assert min(box.x0 for box in boxes) > 0
    assert max(box.x1 for box in boxes) < axes.figure.bbox.width


@pytest.mark.parametrize("name", ["$x^2", "$5 and $6", r"\frac{", "猫", "two\nlines", "\udcff", "100%", "_a_"])
def test_any_class_name_is_drawn_and_never_read_as_a_formula(name, tmp_path):
    draw_confusion(scores(name, "dog"), tmp_path / "confusion.png", title=name)
