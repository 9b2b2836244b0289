"""The common parts of all plots: style, fonts, and figures that are laid out in inches.

Matplotlib is loaded when the first plot is drawn. The plots use its figures directly and not `pyplot`, which keeps
global state. All positions are computed here, because the automatic layouts double the time that a plot takes. The
user's matplotlibrc is ignored, so that plots look the same everywhere.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from nntrain.report.plots.fonts import DEFAULT, escape_letters_without_font, fonts_for
from nntrain.system.control_characters import escape_controls
from nntrain.system.files import temporary_sibling

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 110
INK, FAINT, GRID = "#222222", "#6b6b6b", "#e6e6e6"
# Blue and vermilion of Okabe and Ito's palette, which colour-blind readers can distinguish.
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
# Fonts for names in East Asian scripts, which Matplotlib's default font lacks; the installed ones come before others.
WIDE_FONTS = (
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Hiragino Sans",
    "PingFang SC",
    "Microsoft YaHei",
    "Malgun Gothic",
)


@contextmanager
def plot_style(texts: Iterable[str]) -> Iterator[None]:
    """Set the style of all plots, with fonts for these texts, and keep Matplotlib's messages off stderr.

    The messages are about folders that it cannot write to, its font cache, and glyphs that its fonts lack.
    """
    logger = logging.getLogger("matplotlib")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            matplotlib = load_matplotlib()
            with matplotlib.rc_context():
                matplotlib.rcdefaults()
                style: Any = {**STYLE, "font.family": _fonts(texts)}
                matplotlib.rcParams.update(style)
                yield
    finally:
        logger.setLevel(level)


def load_matplotlib() -> ModuleType:
    """Import Matplotlib even if MPLBACKEND names a backend that is not installed, as one inherited from a notebook.

    Plots are drawn with Agg, whatever the backend is.
    """
    backend = os.environ.pop("MPLBACKEND", None)  # Matplotlib reads it once, in its import
    matplotlib = import_module("matplotlib")
    import_module("matplotlib.figure")
    if backend is not None:
        os.environ["MPLBACKEND"] = backend
        with suppress(ValueError):
            matplotlib.rcParams["backend"] = backend
    return matplotlib


def _fonts(texts: Iterable[str]) -> list[str]:
    fonts, texts = [DEFAULT], [escape_controls(text) for text in texts]
    if not all(text.isascii() for text in texts):
        from matplotlib.font_manager import fontManager

        installed = set(fontManager.get_font_names())
        fonts += [name for name in WIDE_FONTS if name in installed]
    return list(dict.fromkeys([*fonts, *fonts_for(texts)]))


def new_figure(width: float, height: float, *, title: str, summary: str) -> Figure:
    """Return a white figure with a size in inches, a title, and a summary line below the title."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    left, top = 0.2 / width, 1 - 0.13 / height
    # A bold letter is about 0.75 times as wide as its font is high. A long title gets a smaller font, then is cut.
    room = (width - 0.4) * 72 / 0.75
    size = min(12.0, max(9.0, room / max(len(title), 1)))
    figure.text(left, top, shorten(title, int(room / size)), fontsize=size, fontweight="bold", va="top")
    figure.text(left, top - 0.24 / height, summary, fontsize=9, color=FAINT, va="top")
    return figure


def add_axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Add axes with a position and size in inches, measured from the lower left corner of the figure."""
    figure_width, figure_height = figure.get_size_inches()
    return figure.add_axes((left / figure_width, bottom / figure_height, width / figure_width, height / figure_height))


def shorten(text: str, length: int) -> str:
    """Return a text on one line, cut to a length; control characters and letters without a font are escapes."""
    line = escape_letters_without_font(escape_controls(text))
    return line if len(line) <= length else f"{line[: length - 1]}…"


def text_width(text: str) -> float:
    """Return the approximate width of a text in units of its font size."""
    return sum(1.0 if ord(letter) > 0x2E80 else 0.75 if letter.isupper() else 0.6 for letter in text)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a PNG file atomically; raises NntrainError if it cannot be written."""
    with temporary_sibling(path) as temporary:
        figure.savefig(temporary, format="png", dpi=DPI)
