"""The images that a network classified wrongly, worst first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nntrain.report.plots.style import (
    DPI,
    FAINT,
    INK,
    VERMILION,
    add_axes,
    new_figure,
    plot_style,
    save_figure,
    shorten,
)
from nntrain.results import Mistake
from nntrain.task import IMAGE_SIZE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_COLUMNS = 5
MARGIN, HEADLINE_HEIGHT = 0.2, 0.65  # inches, as all sizes here
IMAGE_SIDE = 4 * IMAGE_SIZE / DPI  # four screen pixels per image pixel
CELL_WIDTH, CELL_HEIGHT = 1.6, IMAGE_SIDE + 0.68
FIRST_LINE, LINE_HEIGHT = 0.16, 0.155  # of the caption below an image


def draw_worst(images: np.ndarray, mistakes: Sequence[Mistake], path: Path, *, title: str) -> None:
    """Draw the images of mistakes in a grid to a PNG file, each with its truth, answer and confidence.

    `images` are all images of the split, uint8 (n, 28, 28); the mistakes' indices refer to them. Raises NntrainError if
    the file cannot be written.
    """
    columns = min(MAX_COLUMNS, max(3, len(mistakes)))
    rows = max(1, math.ceil(len(mistakes) / columns))
    width, height = columns * CELL_WIDTH + MARGIN, rows * CELL_HEIGHT + HEADLINE_HEIGHT
    with plot_style([title, *(text for mistake in mistakes for text in (mistake.truth, mistake.prediction.label))]):
        figure = new_figure(width, height, title=title, summary=_summary(mistakes))
        # One pair of axes for the whole figure, in inches from the top left: a pair per image takes much longer.
        axes = add_axes(figure, 0, 0, width, height)
        axes.set_axis_off()
        if not mistakes:
            axes.text(width / 2, height / 2, "no mistakes", ha="center", va="center", fontsize=13, color=FAINT)
        for index, mistake in enumerate(mistakes):
            row, column = divmod(index, columns)
            left, top = MARGIN + column * CELL_WIDTH, HEADLINE_HEIGHT + row * CELL_HEIGHT
            _draw_mistake(axes, images[mistake.index], mistake, left, top)
        axes.set(xlim=(0, width), ylim=(height, 0), aspect="auto")
        save_figure(figure, path)


def _summary(mistakes: Sequence[Mistake]) -> str:
    if len(mistakes) < 2:
        return ""
    if mistakes[0].prediction.confidence is None:
        return f"{len(mistakes)} mistakes, the largest error first"
    return f"{len(mistakes)} mistakes with their confidence, the most confident first"


def _draw_mistake(axes: Axes, image: np.ndarray, mistake: Mistake, left: float, top: float) -> None:
    bottom = top + IMAGE_SIDE
    extent = (left, left + IMAGE_SIDE, bottom, top)
    axes.imshow(image, cmap="gray", vmin=0, vmax=255, extent=extent, interpolation="nearest")
    for line, (text, color, weight) in enumerate(_caption(mistake)):
        baseline = bottom + FIRST_LINE + LINE_HEIGHT * line
        axes.text(left, baseline, text, color=color, fontsize=8.5, fontweight=weight, va="baseline")


def _caption(mistake: Mistake) -> list[tuple[str, str, str]]:
    """Return the text, colour and weight of each line below an image."""
    prediction = mistake.prediction
    if prediction.confidence is None:
        answer, confidence = f"{prediction.outputs[0]:.2f}", ""
    else:
        answer, confidence = prediction.label, f"{prediction.confidence:.1%}, "
    return [
        (f"is {shorten(mistake.truth, 17)}", INK, "bold"),
        (f"answered {shorten(answer, 14)}", VERMILION, "normal"),
        (f"{confidence}image {mistake.index}", FAINT, "normal"),
    ]
