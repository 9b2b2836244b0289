"""The training curves: loss, metrics and learning rate by epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nntrain.report.plots.style import BLUE, FAINT, INK, VERMILION, add_axes, new_figure, plot_style, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Rows = Sequence[Mapping[str, float]]

PANEL_WIDTH, PANEL_HEIGHT = 3.3, 2.3  # inches, as all sizes here
MARGIN_LEFT, MARGIN_RIGHT, MARGIN_TOP, MARGIN_BOTTOM = 0.65, 0.75, 0.4, 0.45
HEADLINE_HEIGHT = 0.5
LINE_HEIGHT = 0.16  # of the names next to the curves
LOG_LOSS_SPREAD = 1e4  # a loss whose largest value is this many times its smallest gets a logarithmic axis


@dataclass(frozen=True)
class _Curve:
    name: str  # train or validation
    color: str
    values: np.ndarray  # values that are not finite are NaN


def draw_training(history: Rows, path: Path, *, title: str, kept_epoch: int | None = None) -> None:
    """Draw loss, metrics and learning rate by epoch to a PNG file.

    A row has the columns of history.csv: epoch, learning_rate, loss, the metrics, and their val_ columns if there is
    validation data. Values that are not finite leave gaps. Circles mark `kept_epoch`, whose weights were saved, by
    default the last, and a dashed line the epoch with the lowest validation loss.
    Raises NntrainError if the file cannot be written.
    """
    panels = _panel_names(history)
    # Four panels look better as two rows of two than as three and one.
    columns = 2 if len(panels) == 4 else min(len(panels), 3)
    rows = math.ceil(len(panels) / columns)
    cell_width = MARGIN_LEFT + PANEL_WIDTH + MARGIN_RIGHT
    cell_height = MARGIN_TOP + PANEL_HEIGHT + MARGIN_BOTTOM
    epochs, best = _column(history, "epoch"), _best_row(_column(history, "val_loss"))
    kept = len(epochs) - 1 if kept_epoch is None else min(kept_epoch, len(epochs)) - 1
    with plot_style([title]):
        figure = new_figure(
            columns * cell_width,
            rows * cell_height + HEADLINE_HEIGHT,
            title=title,
            summary=_summary(epochs, best, kept),
        )
        for index, name in enumerate(panels):
            row, column = divmod(index, columns)
            left = column * cell_width + MARGIN_LEFT
            bottom = (rows - 1 - row) * cell_height + MARGIN_BOTTOM
            _draw_panel(add_axes(figure, left, bottom, PANEL_WIDTH, PANEL_HEIGHT), name, epochs, history, best, kept)
        save_figure(figure, path)


def _panel_names(history: Rows) -> list[str]:
    columns = list(history[0]) if history else ["loss"]
    metrics = [name for name in columns if name not in ("epoch", "seconds", "learning_rate", "loss")]
    learning_rate = ["learning_rate"] if "learning_rate" in columns else []
    return ["loss", *(name for name in metrics if not name.startswith("val_")), *learning_rate]


def _column(history: Rows, name: str) -> np.ndarray:
    values = np.array([row.get(name, math.nan) for row in history], np.float64)
    return np.where(np.isfinite(values), values, math.nan)


def _best_row(losses: np.ndarray) -> int | None:
    return int(np.nanargmin(losses)) if np.isfinite(losses).any() else None


def _summary(epochs: np.ndarray, best: int | None, kept: int) -> str:
    """Return the line below the title: which epoch's network was saved, and which has the lowest validation loss."""
    count = f"{len(epochs)} epoch{'' if len(epochs) == 1 else 's'}"
    if not len(epochs):
        return count
    if best is None:
        return f"{count}; the network is that of epoch {epochs[kept]:.0f}"
    circles = f"{count}; circles mark epoch {epochs[kept]:.0f}, whose network is kept"
    lowest = "it has the lowest" if best == kept else f"epoch {epochs[best]:.0f} (dashed line) has the lowest"
    return f"{circles}; {lowest} validation loss"


def _draw_panel(axes: Axes, name: str, epochs: np.ndarray, history: Rows, best: int | None, kept: int) -> None:
    axes.set_title(name.replace("_", " "), loc="left", fontsize=10, fontweight="bold", pad=8)
    axes.set_xlabel("epoch", fontsize=8.5, loc="right", labelpad=1)
    axes.tick_params(labelsize=8.5, length=3)
    axes.grid(visible=True)
    curves = [
        _Curve("train", BLUE, _column(history, name)),
        _Curve("validation", VERMILION, _column(history, f"val_{name}")),
    ]
    curves = [curve for curve in curves if np.isfinite(curve.values).any()]
    if not curves:
        axes.set(xticks=[], yticks=[])
        axes.text(0.5, 0.5, "no values", transform=axes.transAxes, ha="center", va="center", color=FAINT)
        return
    _set_epoch_axis(axes, epochs)
    _set_value_axis(axes, name, np.concatenate([curve.values for curve in curves]))
    if best is not None:
        axes.axvline(epochs[best], color="#9a9a9a", linewidth=1, linestyle=(0, (2, 2)), zorder=1)
    # A single point between two gaps is visible only by its marker.
    markers: dict[str, Any] = {"marker": "o", "markersize": 3.5 if len(epochs) <= 30 else 1.5}
    if name == "learning_rate":
        axes.plot(epochs, curves[0].values, color=INK, linewidth=1.6, drawstyle="steps-mid", **markers)
        return
    for curve in curves:
        axes.plot(epochs, curve.values, color=curve.color, linewidth=1.6, zorder=2, **markers)
        if curve.name == "validation" and best is not None and np.isfinite(curve.values[kept]):
            _mark_kept(axes, epochs[kept], curve.values[kept], curve.color)
    _name_curves(axes, curves)


def _mark_kept(axes: Axes, epoch: float, value: float, color: str) -> None:
    axes.plot(epoch, value, marker="o", markersize=7, color=color, fillstyle="none", zorder=3)
    axes.set_title(f"{value:.4g}", loc="right", fontsize=9, color=color, pad=8)


def _set_epoch_axis(axes: Axes, epochs: np.ndarray) -> None:
    from matplotlib.ticker import MaxNLocator

    first, last = epochs[0], epochs[-1]
    margin = max(0.5 if len(epochs) < 10 else 0.0, 0.03 * (last - first))
    axes.set_xlim(first - margin, last + margin)
    ticks = MaxNLocator(nbins=7, integer=True, steps=[1, 2, 5, 10]).tick_values(first, last)
    axes.set_xticks([tick for tick in ticks if first <= tick <= last and tick == int(tick)])


def _set_value_axis(axes: Axes, name: str, values: np.ndarray) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    spread = high / low if low > 0 else 1.0
    # A learning rate falls by factors, and a loss that diverges grows by factors.
    if spread > (1 if name == "learning_rate" else LOG_LOSS_SPREAD):
        _set_logarithmic_axis(axes, low, high)
    else:
        margin = 0.06 * (high - low) or 0.1 * abs(high) or 0.1
        axes.set_ylim(low - margin, high + margin)
        axes.yaxis.set_major_locator(MaxNLocator(nbins=6) if low < high else FixedLocator([low]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.6g}"))


def _set_logarithmic_axis(axes: Axes, low: float, high: float) -> None:
    from matplotlib.ticker import LogLocator, NullLocator

    spread = high / low
    axes.set_yscale("log")
    axes.set_ylim(low / spread**0.06, high * spread**0.06)
    digits = tuple(range(1, 10)) if spread <= 5 else (1, 2, 5) if spread < 300 else (1,)
    axes.yaxis.set_major_locator(LogLocator(subs=digits, numticks=8))
    axes.yaxis.set_minor_locator(NullLocator())


def _name_curves(axes: Axes, curves: list[_Curve]) -> None:
    """Write each curve's name at its right end, moved apart if two ends are close."""
    to_axes = axes.transData + axes.transAxes.inverted()
    ends = [curve.values[np.isfinite(curve.values)][-1] for curve in curves]
    heights = np.array([to_axes.transform((0, end))[1] for end in ends])
    line = LINE_HEIGHT / PANEL_HEIGHT
    if len(heights) == 2 and abs(heights[1] - heights[0]) < line:
        direction = np.array([1, -1] if heights[0] > heights[1] else [-1, 1])
        heights = heights.mean() + direction * line / 2
    for curve, height in zip(curves, heights, strict=True):
        axes.text(1.02, height, curve.name, transform=axes.transAxes, color=curve.color, fontsize=8.5, va="center")
