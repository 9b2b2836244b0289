"""The training curves."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nntrain.report.plots import draw_training

BLUE, VERMILION = "#0072b2", "#d55e00"
TWO_EPOCHS = [
    {"epoch": 1.0, "seconds": 9, "learning_rate": 0.001, "loss": 0.5, "val_loss": 0.3, "top_k": 0.8, "val_top_k": 0.9},
    {"epoch": 2.0, "seconds": 9, "learning_rate": 0.001, "loss": 0.2, "val_loss": 0.4, "top_k": 0.9, "val_top_k": 0.8},
]


@pytest.fixture
def draw(figures, tmp_path):
    """Return a function that draws a history and returns the figure."""

    def draw(history, kept_epoch=1):
        draw_training(history, tmp_path / "training.png", title="mlp-1", kept_epoch=kept_epoch)
        return figures[-1]

    return draw


@pytest.fixture
def draw_losses(draw):
    """Return a function that draws these losses by epoch and returns the axes."""

    def draw_losses(*losses, name="loss", **validation):
        rows = [{"epoch": epoch, name: loss} for epoch, loss in enumerate(losses, 1)]
        for row, loss in zip(rows, validation.get("val", [None] * len(rows)), strict=True):
            row.update({} if loss is None else {f"val_{name}": loss})
        return draw(rows).axes[0 if name == "loss" else 1]

    return draw_losses


def panel(figure, title):
    return next(axes for axes in figure.axes if axes.get_title(loc="left") == title)


def lines(axes):
    return [(line.get_color(), list(line.get_xdata()), list(line.get_ydata())) for line in axes.lines]


def test_there_is_a_panel_for_loss_each_metric_and_the_learning_rate(draw):
    figure = draw(TWO_EPOCHS)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["loss", "top k", "learning rate"]
    assert [text.get_text() for text in figure.texts] == [
        "mlp-1",
        "2 epochs; circles mark epoch 1, whose network is kept; it has the lowest validation loss",
    ]


def test_circles_mark_the_epoch_that_is_kept_and_the_line_the_lowest_validation_loss(draw):
    figure = draw(TWO_EPOCHS, kept_epoch=2)
    vertical, _, _, circle = panel(figure, "loss").lines
    assert (list(vertical.get_xdata()), list(circle.get_xdata()), list(circle.get_ydata())) == ([1, 1], [2], [0.4])
    assert figure.texts[1].get_text() == (
        "2 epochs; circles mark epoch 2, whose network is kept; epoch 1 (dashed line) has the lowest validation loss"
    )


def test_without_an_epoch_to_keep_the_last_is_marked(draw):
    assert draw(TWO_EPOCHS, kept_epoch=None).axes[0].get_title(loc="right") == "0.4"


def test_a_value_that_is_missing_in_the_epoch_that_is_kept_is_not_marked(draw_losses):
    assert draw_losses(1.0, 0.5, val=[math.nan, 0.25]).get_title(loc="right") == ""


def test_a_panel_has_the_curves_of_training_and_validation_and_the_best_epoch(draw):
    assert lines(panel(draw(TWO_EPOCHS), "loss")) == [
        ("#9a9a9a", [1.0, 1.0], [0, 1]),
        (BLUE, [1.0, 2.0], [0.5, 0.2]),
        (VERMILION, [1.0, 2.0], [0.3, 0.4]),
        (VERMILION, [1.0], [0.3]),
    ]


def test_the_learning_rate_is_one_curve_of_steps(draw):
    axes = panel(draw(TWO_EPOCHS), "learning rate")
    assert lines(axes) == [("#9a9a9a", [1.0, 1.0], [0, 1]), ("#222222", [1.0, 2.0], [0.001, 0.001])]
    curve = axes.lines[1]
    assert (curve.get_drawstyle(), curve.get_linewidth(), curve.get_marker()) == ("steps-mid", 1.6, "o")
    assert [text.get_text() for text in axes.texts] == []


def test_curves_circle_and_line_of_the_best_epoch_are_drawn_in_order(draw):
    vertical, train, validation, circle = panel(draw(TWO_EPOCHS), "loss").lines
    assert (vertical.get_linewidth(), vertical.get_zorder(), vertical.get_linestyle()) == (1, 1, "--")
    assert vertical._unscaled_dash_pattern == (0, (2, 2))
    for curve in (train, validation):
        assert (curve.get_linewidth(), curve.get_zorder()) == (1.6, 2)
        assert (curve.get_marker(), curve.get_markersize()) == ("o", 3.5)
    assert (circle.get_marker(), circle.get_markersize(), circle.get_zorder()) == ("o", 7, 3)
    assert circle.get_fillstyle() == "none"


def test_the_values_at_the_best_epoch_stand_above_each_panel(draw):
    figure = draw(TWO_EPOCHS)
    assert [axes.get_title(loc="right") for axes in figure.axes] == ["0.3", "0.9", ""]
    title = figure.axes[0]._right_title
    assert (title.get_fontsize(), title.get_color()) == (9, VERMILION)


def test_a_value_at_the_best_epoch_has_four_digits(draw_losses):
    assert draw_losses(1.0, val=[0.123456]).get_title(loc="right") == "0.1235"


def test_a_panel_has_its_title_label_and_grid(draw):
    axes = draw(TWO_EPOCHS).axes[0]
    title, label = axes._left_title, axes.xaxis.label
    assert (title.get_fontsize(), title.get_fontweight()) == (10, "bold")
    assert (label.get_text(), label.get_fontsize(), label.get_ha()) == ("epoch", 8.5, "right")
    assert axes.xaxis.labelpad == 1
    assert axes.xaxis.get_tick_params()["gridOn"]
    tick = axes.xaxis.get_major_ticks()[0]
    assert (tick._size, tick.label1.get_fontsize()) == (3, 8.5)


def test_titles_stand_8_points_above_the_panel(draw):
    axes = draw(TWO_EPOCHS).axes[0]
    offset = axes.titleOffsetTrans.transform((0, 0))[1]
    assert offset == pytest.approx(8 / 72 * 110)


@pytest.mark.parametrize(
    ("metrics", "size", "positions"),
    [
        (0, (4.7, 3.65), [(0.65, 0.45)]),
        (1, (9.4, 3.65), [(0.65, 0.45), (5.35, 0.45)]),
        (2, (14.1, 3.65), [(0.65, 0.45), (5.35, 0.45), (10.05, 0.45)]),
        (3, (9.4, 6.8), [(0.65, 3.6), (5.35, 3.6), (0.65, 0.45), (5.35, 0.45)]),
        (4, (14.1, 6.8), [(0.65, 3.6), (5.35, 3.6), (10.05, 3.6), (0.65, 0.45), (5.35, 0.45)]),
    ],
)
def test_panels_are_laid_out_in_rows_of_three_and_four_as_two_by_two(draw, metrics, size, positions):
    figure = draw([{"epoch": 1.0, "loss": 0.5, **{f"metric {index}": 0.5 for index in range(metrics)}}])
    assert figure.get_size_inches().tolist() == pytest.approx(size)
    bounds = [np.array(axes.get_position().bounds) * np.tile(size, 2) for axes in figure.axes]
    assert [tuple(bound[:2]) for bound in bounds] == [pytest.approx(position) for position in positions]
    assert [tuple(bound[2:]) for bound in bounds] == [pytest.approx((3.3, 2.3))] * len(positions)


def test_training_without_validation_marks_nothing(draw_losses):
    axes = draw_losses(0.5, 0.2)
    assert lines(axes) == [(BLUE, [1.0, 2.0], [0.5, 0.2])]
    assert [text.get_text() for text in axes.texts] == ["train"]
    assert axes.figure.texts[1].get_text() == "2 epochs; the network is that of epoch 1"


def test_one_epoch_is_drawn(draw_losses):
    axes = draw_losses(0.5, val=[0.3])
    assert (
        axes.figure.texts[1].get_text()
        == "1 epoch; circles mark epoch 1, whose network is kept; it has the lowest validation loss"
    )
    assert list(axes.get_xticks()) == [1]


def test_a_training_without_a_finished_epoch_is_an_empty_panel(draw):
    (axes,) = draw([]).axes
    assert axes.figure.texts[1].get_text() == "0 epochs"
    (text,) = axes.texts
    assert (text.get_text(), text.get_position()) == ("no values", (0.5, 0.5))
    assert (text.get_ha(), text.get_va(), text.get_color()) == ("center", "center", "#6b6b6b")
    assert text.get_transform() == axes.transAxes
    assert (list(axes.get_xticks()), list(axes.get_yticks())) == ([], [])


def test_values_that_are_not_finite_are_gaps(draw_losses):
    axes = draw_losses(0.5, math.inf, math.nan, 0.25, val=[math.nan] * 4)
    ((_, _, values),) = lines(axes)
    assert [value if math.isfinite(value) else None for value in values] == [0.5, None, None, 0.25]


@pytest.mark.parametrize(("epochs", "size"), [(30, 3.5), (31, 1.5)])
def test_markers_of_a_long_training_are_small(draw_losses, epochs, size):
    assert draw_losses(*range(epochs)).lines[0].get_markersize() == size


@pytest.mark.parametrize(
    ("epochs", "limits", "ticks"),
    [
        (1, (0.5, 1.5), [1]),
        (2, (0.5, 2.5), [1, 2]),
        (9, (0.5, 9.5), [2, 4, 6, 8]),
        (10, (0.73, 10.27), [2, 4, 6, 8, 10]),
        (101, (-2.0, 104.0), [20, 40, 60, 80, 100]),
    ],
)
def test_epochs_have_whole_numbers_and_a_small_margin(draw_losses, epochs, limits, ticks):
    axes = draw_losses(*range(epochs))
    assert axes.get_xlim() == pytest.approx(limits)
    assert list(axes.get_xticks()) == ticks


def test_a_resumed_history_begins_at_its_first_epoch(draw):
    axes = draw([{"epoch": epoch, "loss": 0.5} for epoch in range(100, 130)]).axes[0]
    assert axes.get_xlim() == pytest.approx((99.13, 129.87))
    assert list(axes.get_xticks()) == [100, 105, 110, 115, 120, 125]


@pytest.mark.parametrize(
    ("losses", "limits", "ticks"),
    [
        ((0.0, 10.0), (-0.6, 10.6), [-2, 0, 2, 4, 6, 8, 10, 12]),
        ((2.0, 3.0), (1.94, 3.06), [1.8, 2.0, 2.2, 2.4, 2.6, 2.8, 3.0, 3.2]),
        ((2.0, 2.0), (1.8, 2.2), [2.0]),
        ((-2.0, -2.0), (-2.2, -1.8), [-2.0]),
        ((0.0, 0.0), (-0.1, 0.1), [0.0]),
        ((1.0, 10_000.0), (-598.94, 10_599.94), [-2000, 0, 2000, 4000, 6000, 8000, 10000, 12000]),
    ],
)
def test_losses_have_a_linear_axis_with_a_small_margin(draw_losses, losses, limits, ticks):
    axes = draw_losses(*losses)
    assert axes.get_yscale() == "linear"
    assert axes.get_ylim() == pytest.approx(limits)
    assert list(axes.get_yticks()) == pytest.approx(ticks)


def test_a_loss_that_shoots_up_has_a_logarithmic_axis(draw_losses):
    axes = draw_losses(1.0, 1e5)
    assert axes.get_yscale() == "log"
    assert axes.get_ylim() == pytest.approx((0.501187, 199526.23), rel=1e-5)


@pytest.mark.parametrize(
    ("rates", "limits", "ticks"),
    [
        ((0.001, 0.0005), (0.00047963, 0.00104247), [0.0005, 0.0006, 0.0007, 0.0008, 0.0009, 0.001]),
        ((0.005, 0.001), (0.00090795, 0.00550691), [0.001, 0.002, 0.003, 0.004, 0.005]),
        ((0.01, 0.001), (0.00087096, 0.01148154), [0.001, 0.002, 0.005, 0.01]),
        ((0.299, 0.001), (0.00071026, 0.42096965), [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2]),
        ((0.3, 0.001), (0.00071012, 0.42246), [0.001, 0.01, 0.1]),
    ],
)
def test_a_learning_rate_that_changes_has_a_logarithmic_axis(draw, rates, limits, ticks):
    rows = [{"epoch": epoch, "learning_rate": rate, "loss": 1.0} for epoch, rate in enumerate(rates, 1)]
    axes = panel(draw(rows), "learning rate")
    assert axes.get_yscale() == "log"
    assert axes.get_ylim() == pytest.approx(limits, rel=1e-4)
    shown = [tick for tick in axes.get_yticks() if limits[0] <= tick <= limits[1]]
    assert shown == pytest.approx(ticks)
    assert list(axes.get_yticks(minor=True)) == []


@pytest.mark.parametrize("rates", [(0.001, 0.001), (0.001, 0.0)])
def test_a_learning_rate_that_stays_or_ends_at_0_has_a_linear_axis(draw, rates):
    rows = [{"epoch": epoch, "learning_rate": rate, "loss": 1.0} for epoch, rate in enumerate(rates, 1)]
    assert panel(draw(rows), "learning rate").get_yscale() == "linear"


def test_values_are_written_with_up_to_six_digits(draw_losses):
    axes = draw_losses(0.0, 1.0)
    write = axes.yaxis.get_major_formatter()
    assert [write(0.12345678), write(1e-7), write(2.0)] == ["0.123457", "1e-07", "2"]


def test_the_axis_holds_the_values_of_both_curves(draw_losses):
    assert draw_losses(1.0, 2.0, val=[3.0, 4.0]).get_ylim() == pytest.approx((0.82, 4.18))


def names(axes):
    return {text.get_text(): text for text in axes.texts}


def test_a_curves_name_stands_at_its_right_end_in_its_colour(draw_losses):
    axes = draw_losses(0.0, 10.0, val=[10.0, 0.0])
    train, validation = names(axes)["train"], names(axes)["validation"]
    # The axis is from -0.6 to 10.6.
    assert train.get_position() == pytest.approx((1.02, 10.6 / 11.2))
    assert validation.get_position() == pytest.approx((1.02, 0.6 / 11.2))
    assert (train.get_color(), validation.get_color()) == (BLUE, VERMILION)
    assert (train.get_fontsize(), train.get_va()) == (8.5, "center")
    assert train.get_transform() == axes.transAxes


def test_a_curves_name_stands_at_its_last_finite_value(draw_losses):
    axes = draw_losses(0.0, 10.0, math.nan)
    assert names(axes)["train"].get_position() == pytest.approx((1.02, 10.6 / 11.2))


@pytest.mark.parametrize(
    ("train", "validation", "heights"),
    [
        # The ends are at a height of 0.5 on an axis from -0.6 to 10.6; a line of 0.16 inches is 0.0696 of a panel.
        (5.0, 5.0, (0.4652, 0.5348)),
        (5.1, 5.0, (0.5392, 0.4697)),
        (5.0, 5.1, (0.4697, 0.5392)),
        (5.8, 5.0, (0.5714, 0.5)),
    ],
)
def test_names_of_curves_that_end_close_together_are_moved_apart(draw_losses, train, validation, heights):
    texts = names(draw_losses(0.0, 10.0, train, val=[0.0, 10.0, validation]))
    assert [texts[name].get_position()[1] for name in ("train", "validation")] == pytest.approx(heights, abs=1e-4)


def test_a_metric_without_any_value_says_so(draw_losses):
    axes = draw_losses(math.nan, math.nan, name="accuracy")
    assert [text.get_text() for text in axes.texts] == ["no values"]
