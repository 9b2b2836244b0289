"""The pictures of a run: its training, its confusion matrix, its worst mistakes.

Matplotlib is loaded when the first one is drawn. Its figure objects are used directly, never `pyplot`, which keeps
global state, and everything is placed by hand: the automatic layouts double the time a picture takes. The user's own
matplotlibrc is left out of it, so that a run's pictures look the same everywhere.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nntrain.results import Mistake, Scores
from nntrain.system.files import temporary_sibling

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 110
INK, FAINT, GRID = "#222222", "#6b6b6b", "#e6e6e6"
# Blue and vermilion of Okabe and Ito's palette, which colour-blind readers can tell apart.
BLUE, VERMILION = "#0072b2", "#d55e00"
STYLE: dict[str, Any] = {
    "font.size": 9.0,
    "text.color": INK,
    # A class named "$5" is a name, not a formula.
    "text.parse_math": False,
    "axes.edgecolor": "#b0b0b0",
    "axes.labelcolor": FAINT,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.formatter.useoffset": False,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": "#b0b0b0",
    "ytick.color": "#b0b0b0",
    "xtick.labelcolor": FAINT,
    "ytick.labelcolor": FAINT,
}
# For names in scripts that Matplotlib's own font lacks, where one of these is installed.
WIDE_FONTS = (
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Hiragino Sans",
    "PingFang SC",
    "Microsoft YaHei",
    "Malgun Gothic",
)


# --- training --------------------------------------------------------------------------------------------------------

PANEL_WIDTH, PANEL_HEIGHT = 3.3, 2.3  # inches, as all sizes here
PANEL_LEFT, PANEL_RIGHT, PANEL_TOP, PANEL_BOTTOM = 0.65, 0.75, 0.4, 0.45


def draw_training(history: Sequence[Mapping[str, float]], path: Path, *, title: str) -> None:
    """Draw loss, metrics and learning rate by epoch to a PNG file.

    A row has what history.csv has: epoch, learning_rate, loss, the metrics, and val_ twins where there was validation.
    Values that are not finite are gaps. The epoch with the lowest validation loss is marked in every panel.
    """
    columns = list(history[0]) if history else ["loss"]
    metrics = [name for name in columns if name not in ("epoch", "seconds", "learning_rate", "loss")]
    panels = ["loss", *(name for name in metrics if not name.startswith("val_"))]
    panels += ["learning_rate"] if "learning_rate" in columns else []
    # Four panels stand better as two by two than as three and one.
    across = len(panels) if len(panels) <= 3 else 2 if len(panels) == 4 else 3
    down = math.ceil(len(panels) / across)
    cell_width = PANEL_LEFT + PANEL_WIDTH + PANEL_RIGHT
    cell_height = PANEL_TOP + PANEL_HEIGHT + PANEL_BOTTOM
    with _drawing([title]):
        figure = _figure(across * cell_width, down * cell_height + 0.5)
        epochs = _column(history, "epoch")
        best = _best_row(_column(history, "val_loss"))
        mark = "" if best is None else f"; rings mark epoch {epochs[best]:.0f}, which has the lowest validation loss"
        _headline(figure, title, f"{len(epochs)} epoch{'' if len(epochs) == 1 else 's'}{mark}")
        for place, name in enumerate(panels):
            row, column = divmod(place, across)
            left = column * cell_width + PANEL_LEFT
            bottom = (down - 1 - row) * cell_height + PANEL_BOTTOM
            axes = _axes(figure, left, bottom, PANEL_WIDTH, PANEL_HEIGHT)
            _draw_panel(axes, name, epochs, history, best)
        _save(figure, path)


def _draw_panel(
    axes: Axes, name: str, epochs: np.ndarray, history: Sequence[Mapping[str, float]], best: int | None
) -> None:
    curves = [("train", BLUE, _column(history, name)), ("validation", VERMILION, _column(history, f"val_{name}"))]
    curves = [curve for curve in curves if np.isfinite(curve[2]).any()]
    axes.set_title(name.replace("_", " "), loc="left", fontsize=10, fontweight="bold", pad=8)
    axes.set_xlabel("epoch", fontsize=8.5, loc="right", labelpad=1)
    axes.tick_params(labelsize=8.5, length=3)
    axes.grid(visible=True)
    if not curves:
        axes.set(xticks=[], yticks=[])
        axes.text(0.5, 0.5, "no values to draw", transform=axes.transAxes, ha="center", va="center", color=FAINT)
        return
    _scale(axes, epochs, name, np.concatenate([values for *_, values in curves]))
    if best is not None:
        axes.axvline(epochs[best], color="#9a9a9a", linewidth=1, linestyle=(0, (2, 2)), zorder=1)
    # A point that stands alone between gaps is seen only by its marker.
    markers: dict[str, Any] = {"marker": "o", "markersize": 3.5 if len(epochs) <= 30 else 1.5}
    if name == "learning_rate":
        axes.plot(epochs, curves[0][2], color=INK, linewidth=1.6, drawstyle="steps-mid", **markers)
        return
    for label, color, values in curves:
        axes.plot(epochs, values, color=color, linewidth=1.6, zorder=2, **markers)
        if label == "validation" and best is not None:
            axes.plot(epochs[best], values[best], marker="o", markersize=7, color=color, fillstyle="none", zorder=3)
            axes.set_title(f"{values[best]:.4g}", loc="right", fontsize=9, color=color, pad=8)
    _name_curves(axes, curves)


def _scale(axes: Axes, epochs: np.ndarray, name: str, values: np.ndarray) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullLocator

    first, last = epochs[0], epochs[-1]
    margin = max(0.5 if len(epochs) < 10 else 0.0, 0.03 * (last - first))
    axes.set_xlim(first - margin, last + margin)
    ticks = MaxNLocator(nbins=7, integer=True, steps=[1, 2, 5, 10]).tick_values(first, last)
    axes.set_xticks([tick for tick in ticks if first <= tick <= last and tick == int(tick)])
    finite = values[np.isfinite(values)]
    low, high = float(finite.min()), float(finite.max())
    spread = high / low if low > 0 else 1.0
    # A rate falls by factors; so does a loss that shoots up on its way to infinity.
    if spread > (1 if name == "learning_rate" else 1e4):
        axes.set_yscale("log")
        axes.set_ylim(low / spread**0.06, high * spread**0.06)
        subs = tuple(range(1, 10)) if spread <= 5 else (1, 2, 5) if spread < 300 else (1,)
        axes.yaxis.set_major_locator(LogLocator(subs=subs, numticks=8))
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        margin = 0.06 * (high - low) or 0.1 * abs(high) or 0.1
        axes.set_ylim(low - margin, high + margin)
        axes.yaxis.set_major_locator(MaxNLocator(nbins=6) if low < high else FixedLocator([low]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.6g}"))


def _name_curves(axes: Axes, curves: list[tuple[str, str, np.ndarray]]) -> None:
    """Write each curve's name at its right end, moved apart where two ends are close."""
    to_share = axes.transData + axes.transAxes.inverted()
    ends = [(label, color, values[np.isfinite(values)][-1]) for label, color, values in curves]
    heights = np.array([to_share.transform((0, last))[1] for *_, last in ends])
    line = 0.16 / PANEL_HEIGHT
    if len(heights) == 2 and abs(heights[1] - heights[0]) < line:
        upper = np.array([1, -1] if heights[0] > heights[1] else [-1, 1])
        heights = heights.mean() + upper * line / 2
    for (label, color, _), height in zip(ends, heights, strict=True):
        axes.text(1.02, height, label, transform=axes.transAxes, color=color, fontsize=8.5, va="center")


def _column(history: Sequence[Mapping[str, float]], name: str) -> np.ndarray:
    values = np.array([row.get(name, math.nan) for row in history], np.float64)
    return np.where(np.isfinite(values), values, math.nan)


def _best_row(losses: np.ndarray) -> int | None:
    return int(np.nanargmin(losses)) if np.isfinite(losses).any() else None


# --- confusion matrix ------------------------------------------------------------------------------------------------


def draw_confusion(scores: Scores, path: Path, *, title: str) -> None:
    """Draw the confusion matrix to a PNG file: truth in rows, answers in columns, counts in the cells.

    Colours go by the share of the row. Right answers and mistakes have a colour each, and the mistakes' begins at far
    smaller shares, or nobody would see them beside a diagonal of 98 %. Takes the scores of a task that has classes.
    """
    confusion = np.array(scores.confusion)
    count = len(confusion)
    names = [_short(row.label, 22) for row in scores.classes]
    # From 40 classes on the picture stops growing.
    cell = min(1.0 if count <= 3 else 0.56 if count <= 12 else 0.4, 16 / count)
    size = min(11.0 if count <= 3 else 9.0 if count <= 12 else 7.5, cell * 72 * 0.8)
    longest = max(map(_ems, names)) * size / 72
    upright = longest > cell * 0.9
    left, top = 0.45 + max(longest, _ems("precision") * size / 72), 0.9 + (longest if upright else 0.2)
    bottom = 0.2 + (0.5 if count > 12 else 0.2)
    side = count * cell
    right = int(confusion.trace())
    summary = f"{scores.images:,} images, {right / scores.images:.2%} right, {scores.images - right:,} mistakes"
    with _drawing([title, *names]):
        figure = _figure(max(left + side + 0.75, 5.2), top + side + bottom)
        _headline(figure, title, summary)
        axes = _axes(figure, left, bottom, side, side)
        axes.imshow(_colors(confusion), interpolation="nearest", aspect="auto")
        _draw_names(axes, names, size, upright=upright)
        if cell >= 0.1:  # below that nobody can read them
            _draw_counts(axes, confusion, min(size, cell * 72 * 0.85 / (0.62 * len(str(confusion.max())))))
            _draw_ratios(axes, scores, size * 0.88, gap=0.08 / cell)
        _save(figure, path)


def _colors(confusion: np.ndarray) -> np.ndarray:
    """Return RGB in [0, 1], shape (classes, classes, 3)."""
    from matplotlib.colors import to_rgb

    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    right = np.eye(len(confusion), dtype=bool)
    # The strongest colour is for the largest share of mistakes, or 5 % where all are below: a nearly faultless network
    # should not look alarming. The root lifts single mistakes off the white.
    largest = max(0.05, float(shares[~right].max(initial=0)))
    strength = np.where(right, 0.9 * shares, 0.85 * np.sqrt(shares / largest))
    hues = np.where(right[..., None], to_rgb(BLUE), to_rgb(VERMILION))
    return np.asarray(1 - strength[..., None] * (1 - hues))


def _draw_counts(axes: Axes, confusion: np.ndarray, size: float) -> None:
    dark = _colors(confusion) @ (0.299, 0.587, 0.114) < 0.52  # what a colour weighs on a screen (Rec. 601)
    for row, column in zip(*np.nonzero(confusion), strict=True):
        color = "white" if dark[row, column] else INK
        text = str(confusion[row, column])
        axes.text(column, row, text, color=color, fontsize=size, ha="center", va="center_baseline")


def _draw_names(axes: Axes, names: list[str], size: float, *, upright: bool) -> None:
    places = range(len(names))
    axes.set_xticks(places, names, fontsize=size, rotation=90 if upright else 0)
    axes.set_yticks(places, names, fontsize=size)
    axes.tick_params(length=0, labelcolor=INK, labeltop=True, labelbottom=False, pad=4)
    axes.set_xlabel("answered as", loc="left", labelpad=5, fontsize=9)
    axes.xaxis.set_label_position("top")
    axes.set_ylabel("truth", loc="top", labelpad=4, fontsize=9)
    for spine in axes.spines.values():
        spine.set_visible(False)
    # A cell that nobody fell into is white, so all get a faint frame.
    edges, end = np.arange(len(names) + 1) - 0.5, len(names) - 0.5
    axes.hlines(edges, -0.5, end, color=GRID, linewidth=0.8, clip_on=False)
    axes.vlines(edges, -0.5, end, color=GRID, linewidth=0.8, clip_on=False)
    axes.set(xlim=(-0.5, end), ylim=(end, -0.5))


def _draw_ratios(axes: Axes, scores: Scores, size: float, *, gap: float) -> None:
    """Write each class's recall at the end of its row and its precision at the foot of its column."""
    edge = len(scores.classes) - 0.5
    turn = 90 if len(scores.classes) > 12 else 0
    style: dict[str, Any] = {"color": FAINT, "fontsize": size}
    for place, row in enumerate(scores.classes):
        axes.text(edge + gap, place, f"{row.recall:.1%}", va="center_baseline", **style)
        axes.text(place, edge + gap, f"{row.precision:.1%}", va="top", ha="center", rotation=turn, **style)
    axes.text(edge + gap, -0.5 - gap, "recall", va="bottom", **style)
    axes.text(-0.5 - gap, edge + gap, "precision", va="top", ha="right", **style)


# --- the worst mistakes ----------------------------------------------------------------------------------------------


def draw_worst(images: np.ndarray, mistakes: Sequence[Mistake], path: Path, *, title: str) -> None:
    """Draw the pictures of mistakes in a grid to a PNG file, each with truth, answer and confidence.

    Takes the whole part of the data set that the mistakes' indices point into: pixels of 0 to 255, shape (n, 28, 28).
    """
    across = min(5, max(3, len(mistakes)))
    down = max(1, math.ceil(len(mistakes) / across))
    picture = 112 / DPI  # whole screen pixels for each of the 28
    cell_width, cell_height = 1.6, picture + 0.68
    with _drawing([title, *(text for mistake in mistakes for text in (mistake.truth, mistake.prediction.label))]):
        width, height = across * cell_width + 0.2, down * cell_height + 0.65
        figure = _figure(width, height)
        _headline(figure, title, _order(mistakes))
        # One pair of axes under everything, in inches from the top left: a pair for each picture would take far longer.
        axes = _axes(figure, 0, 0, width, height)
        axes.set_axis_off()
        if not mistakes:
            axes.text(width / 2, height / 2, "no mistakes", ha="center", va="center", fontsize=13, color=FAINT)
        for place, mistake in enumerate(mistakes):
            row, column = divmod(place, across)
            left, top = 0.2 + column * cell_width, 0.65 + row * cell_height
            box = (left, left + picture, top + picture, top)
            axes.imshow(images[mistake.index], cmap="gray", vmin=0, vmax=255, extent=box, interpolation="nearest")
            for line, (text, color, weight) in enumerate(_caption(mistake)):
                bottom = top + picture + 0.16 + 0.155 * line
                axes.text(left, bottom, text, color=color, fontsize=8.5, fontweight=weight, va="baseline")
        axes.set(xlim=(0, width), ylim=(height, 0), aspect="auto")
        _save(figure, path)


def _order(mistakes: Sequence[Mistake]) -> str:
    if len(mistakes) < 2:
        return ""
    confident = mistakes[0].prediction.confidence is not None
    return f"{len(mistakes)} mistakes, the {'most confident' if confident else 'largest error'} first"


def _caption(mistake: Mistake) -> list[tuple[str, str, str]]:
    """Return text, colour and weight of each line under a picture."""
    prediction = mistake.prediction
    if prediction.confidence is None:
        answer, sure = f"{prediction.outputs[0]:.2f}", ""
    else:
        answer, sure = prediction.label, f"{prediction.confidence:.1%} sure, "
    return [
        (f"is {_short(mistake.truth, 17)}", INK, "bold"),
        (f"answered {_short(answer, 14)}", VERMILION, "normal"),
        (f"{sure}no. {mistake.index}", FAINT, "normal"),
    ]


# --- what all three need ---------------------------------------------------------------------------------------------


@contextmanager
def _drawing(texts: Iterable[str]) -> Iterator[None]:
    """Set our style, and keep Matplotlib's remarks off stderr.

    It has some about folders that it cannot write to, a font cache that it builds, and letters that its fonts lack.
    """
    logger = logging.getLogger("matplotlib")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import matplotlib

            with matplotlib.rc_context():
                matplotlib.rcdefaults()
                style: Any = {**STYLE, "font.family": _fonts(texts)}
                matplotlib.rcParams.update(style)
                yield
    finally:
        logger.setLevel(level)


def _fonts(texts: Iterable[str]) -> list[str]:
    fonts = ["DejaVu Sans"]
    if not all(text.isascii() for text in texts):
        from matplotlib.font_manager import fontManager

        installed = set(fontManager.get_font_names())
        fonts += [name for name in WIDE_FONTS if name in installed]
    return fonts


def _figure(width: float, height: float) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Add axes at a place given in inches."""
    across, up = figure.get_size_inches()
    return figure.add_axes((left / across, bottom / up, width / across, height / up))


def _headline(figure: Figure, title: str, summary: str) -> None:
    width, height = figure.get_size_inches()
    left, top = 0.2 / width, 1 - 0.13 / height
    # A bold letter is about three quarters as wide as its font is high: a long title is set smaller, then cut.
    room = (width - 0.4) * 72 / 0.75
    size = min(12.0, max(9.0, room / max(len(title), 1)))
    figure.text(left, top, _short(title, int(room / size)), fontsize=size, fontweight="bold", va="top")
    figure.text(left, top - 0.24 / height, summary, fontsize=9, color=FAINT, va="top")


def _short(text: str, most: int) -> str:
    """Return a text on one line and of at most `most` characters; bytes of a file name that are no text become '?'."""
    line = " ".join(text.encode("utf-8", "replace").decode().split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _ems(text: str) -> float:
    """Return about how wide a text is, in units of its font size."""
    return sum(1.0 if ord(letter) > 0x2E80 else 0.75 if letter.isupper() else 0.6 for letter in text)


def _save(figure: Figure, path: Path) -> None:
    """Write the picture beside its name, then move it into place; raises NntrainError where that cannot be."""
    with temporary_sibling(path) as beside:
        figure.savefig(beside, format="png", dpi=DPI)
