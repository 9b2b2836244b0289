"""The confusion matrix of a network's answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nntrain.report.plots.style import (
    BLUE,
    FAINT,
    GRID,
    INK,
    VERMILION,
    add_axes,
    new_figure,
    plot_style,
    save_figure,
    shorten,
    text_width,
)
from nntrain.results import Scores

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_NAME_LENGTH = 22
MAX_SIDE = 16.0  # inches, of all cells; beyond 40 classes the plot stops growing
MIN_CELL = 0.1  # inches; numbers in smaller cells are not readable
MIN_WIDTH = 5.2  # inches, for the headline


@dataclass(frozen=True)
class _Layout:
    """Sizes in inches; the font size in points."""

    cell: float  # side of a cell
    side: float  # of all cells
    font_size: float
    vertical_names: bool  # whether the names above the columns are rotated
    left: float  # space left of the cells, for the names of the rows
    bottom: float  # space below the cells, for the precisions
    width: float  # of the figure
    height: float


def draw_confusion(scores: Scores, path: Path, *, title: str) -> None:
    """Draw the confusion matrix to a PNG file: truth in rows, answers in columns, counts in the cells.

    `scores` are those of a task with classes. A cell's colour shows its share of the row. Correct answers and mistakes
    have different colours. The colour of mistakes is visible at much smaller shares, as a diagonal of 98 % would
    otherwise hide them. Raises NntrainError if the file cannot be written.
    """
    confusion = np.array(scores.confusion)
    with plot_style([title, *(row.label for row in scores.classes)]):
        names = [shorten(row.label, MAX_NAME_LENGTH) for row in scores.classes]
        layout = _layout(names)
        figure = new_figure(layout.width, layout.height, title=title, summary=_summary(scores, confusion))
        axes = add_axes(figure, layout.left, layout.bottom, layout.side, layout.side)
        axes.imshow(_colors(confusion), interpolation="nearest", aspect="auto")
        _draw_names(axes, names, layout)
        _draw_cell_borders(axes, len(names))
        if layout.cell >= MIN_CELL:
            _draw_counts(axes, confusion, layout)
            _draw_ratios(axes, scores, layout)
        save_figure(figure, path)


def _summary(scores: Scores, confusion: np.ndarray) -> str:
    correct = int(confusion.trace())
    return f"{scores.images:,} images, {correct / scores.images:.2%} correct, {scores.images - correct:,} mistakes"


def _layout(names: list[str]) -> _Layout:
    count = len(names)
    cell = min(1.0 if count <= 3 else 0.56 if count <= 12 else 0.4, MAX_SIDE / count)
    font_size = min(11.0 if count <= 3 else 9.0 if count <= 12 else 7.5, cell * 72 * 0.8)
    longest = max(map(text_width, names)) * font_size / 72
    vertical = longest > cell * 0.9
    side = count * cell
    left = 0.45 + max(longest, text_width("precision") * font_size / 72)
    top, bottom = 0.9 + (longest if vertical else 0.2), 0.2 + (0.5 if count > 12 else 0.2)
    width, height = max(left + side + 0.75, MIN_WIDTH), top + side + bottom
    return _Layout(cell, side, font_size, vertical, left, bottom, width, height)


def _colors(confusion: np.ndarray) -> np.ndarray:
    """Return RGB colours in [0, 1], shape (classes, classes, 3)."""
    from matplotlib.colors import to_rgb

    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    diagonal = np.eye(len(confusion), dtype=bool)
    # The largest share of mistakes has the strongest colour, but only from 5 % on: a nearly perfect network should not
    # look alarming. The square root keeps single mistakes visible on white.
    largest = max(0.05, float(shares[~diagonal].max(initial=0)))
    strength = np.where(diagonal, 0.9 * shares, 0.85 * np.sqrt(shares / largest))
    hues = np.where(diagonal[..., None], to_rgb(BLUE), to_rgb(VERMILION))
    return np.asarray(1 - strength[..., None] * (1 - hues))


def _draw_names(axes: Axes, names: list[str], layout: _Layout) -> None:
    positions = range(len(names))
    axes.set_xticks(positions, names, fontsize=layout.font_size, rotation=90 if layout.vertical_names else 0)
    axes.set_yticks(positions, names, fontsize=layout.font_size)
    axes.tick_params(length=0, labelcolor=INK, labeltop=True, labelbottom=False, pad=4)
    axes.set_xlabel("answered as", loc="left", labelpad=5, fontsize=9)
    axes.xaxis.set_label_position("top")
    axes.set_ylabel("truth", loc="top", labelpad=4, fontsize=9)


def _draw_cell_borders(axes: Axes, count: int) -> None:
    """Give each cell a faint border, because a cell with a count of 0 is white."""
    for spine in axes.spines.values():
        spine.set_visible(False)
    edges, end = np.arange(count + 1) - 0.5, count - 0.5
    axes.hlines(edges, -0.5, end, color=GRID, linewidth=0.8, clip_on=False)
    axes.vlines(edges, -0.5, end, color=GRID, linewidth=0.8, clip_on=False)


def _draw_counts(axes: Axes, confusion: np.ndarray, layout: _Layout) -> None:
    # A digit is about 0.62 times as wide as its font is high.
    size = min(layout.font_size, layout.cell * 72 * 0.85 / (0.62 * len(str(confusion.max()))))
    dark = _colors(confusion) @ (0.299, 0.587, 0.114) < 0.52  # luminance (Rec. 601)
    for row, column in zip(*np.nonzero(confusion), strict=True):
        color = "white" if dark[row, column] else INK
        text = str(confusion[row, column])
        axes.text(column, row, text, color=color, fontsize=size, ha="center", va="center_baseline")


def _draw_ratios(axes: Axes, scores: Scores, layout: _Layout) -> None:
    """Write each class's recall at the end of its row and its precision below its column."""
    edge, gap = len(scores.classes) - 0.5, 0.08 / layout.cell
    rotation = 90 if len(scores.classes) > 12 else 0
    style: dict[str, Any] = {"color": FAINT, "fontsize": layout.font_size * 0.88}
    for index, (precision, recall, _) in enumerate(scores.class_ratios()):
        axes.text(edge + gap, index, _percentage(recall), va="center_baseline", **style)
        axes.text(index, edge + gap, _percentage(precision), va="top", ha="center", rotation=rotation, **style)
    axes.text(edge + gap, -0.5 - gap, "recall", va="bottom", **style)
    axes.text(-0.5 - gap, edge + gap, "precision", va="top", ha="right", **style)


def _percentage(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.1%}"
