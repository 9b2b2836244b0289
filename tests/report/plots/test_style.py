"""What all plots share."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import warnings

import matplotlib
import pytest
from PIL import Image

from nntrain.errors import NntrainError
from nntrain.report.plots.style import add_axes, new_figure, plot_style, save_figure, shorten, text_width


def figure(width=5.0, height=2.0, *, title="mlp-1", summary="2 epochs"):
    with plot_style([title]):
        return new_figure(width, height, title=title, summary=summary)


def test_the_style_of_all_plots_is_set_inside_and_nothing_is_left_behind():
    matplotlib.rcParams["lines.linewidth"] = 7.0  # a user's own setting
    before = dict(matplotlib.rcParams)
    with plot_style(["mlp-1"]):
        inside = dict(matplotlib.rcParams)
    assert dict(matplotlib.rcParams) == before
    matplotlib.rcdefaults()
    names = [name for name, value in inside.items() if value != matplotlib.rcParams[name]]
    assert {name: inside[name] for name in sorted(names)} == {
        "axes.axisbelow": True,
        "axes.edgecolor": "#b0b0b0",
        "axes.formatter.useoffset": False,
        "axes.labelcolor": "#6b6b6b",
        "axes.spines.right": False,
        "axes.spines.top": False,
        "font.family": ["DejaVu Sans"],
        "font.size": 9.0,
        "grid.color": "#e6e6e6",
        "text.color": "#222222",
        "text.parse_math": False,
        "xtick.color": "#b0b0b0",
        "xtick.labelcolor": "#6b6b6b",
        "ytick.color": "#b0b0b0",
        "ytick.labelcolor": "#6b6b6b",
    }
    assert (inside["axes.linewidth"], inside["grid.linewidth"]) == (0.8, 0.8)


def test_matplotlibs_messages_are_not_shown(caplog, recwarn):
    logger = logging.getLogger("matplotlib")
    level = logger.level
    with plot_style(["mlp-1"]):
        logger.error("findfont: not found")
        warnings.warn("Glyph 29483 missing", UserWarning, stacklevel=1)
    assert (caplog.records, len(recwarn)) == ([], 0)
    assert logger.level == level


def test_the_level_of_messages_is_restored_after_an_error():
    logger = logging.getLogger("matplotlib")
    level = logger.level
    with pytest.raises(ValueError, match="a bug"), plot_style(["mlp-1"]):
        raise ValueError("a bug")
    assert logger.level == level


@pytest.mark.parametrize(
    ("text", "families"), [("cat", ["DejaVu Sans"]), ("猫", ["DejaVu Sans", "PingFang SC", "Malgun Gothic"])]
)
def test_a_text_in_another_script_adds_the_installed_fonts_that_may_have_it(monkeypatch, text, families):
    installed = ["Malgun Gothic", "PingFang SC", "Comic Sans"]
    monkeypatch.setattr("matplotlib.font_manager.fontManager.get_font_names", lambda: installed)
    with plot_style(["mlp-1", text]):
        assert matplotlib.rcParams["font.family"] == families


@pytest.mark.parametrize(
    "font",
    ["Noto Sans CJK JP", "Noto Sans CJK SC", "Hiragino Sans", "PingFang SC", "Microsoft YaHei", "Malgun Gothic"],
)
def test_fonts_of_all_systems_are_looked_for(monkeypatch, font):
    monkeypatch.setattr("matplotlib.font_manager.fontManager.get_font_names", lambda: [font])
    with plot_style(["猫"]):
        assert matplotlib.rcParams["font.family"] == ["DejaVu Sans", font]


def test_a_figure_has_its_size_in_inches_and_a_white_ground():
    drawn = figure(5.0, 2.0)
    assert drawn.get_size_inches().tolist() == [5.0, 2.0]
    assert (drawn.dpi, drawn.get_facecolor()) == (110, (1.0, 1.0, 1.0, 1.0))


def test_a_figure_has_a_title_and_a_summary_below_it():
    title, summary = figure(5.0, 2.0).texts
    assert (title.get_text(), summary.get_text()) == ("mlp-1", "2 epochs")
    assert title.get_position() == pytest.approx((0.04, 0.935))
    assert summary.get_position() == pytest.approx((0.04, 0.815))
    assert (title.get_fontsize(), title.get_fontweight(), title.get_va()) == (12.0, "bold", "top")
    assert (summary.get_fontsize(), summary.get_color(), summary.get_va()) == (9.0, "#6b6b6b", "top")


@pytest.mark.parametrize(
    ("length", "size", "shown"),
    # 4.6 inches are 331 points: 36 letters of 12 points, 49 of 9.
    [(36, 12.0, 36), (40, 11.04, 40), (48, 9.2, 48), (49, 9.01, 49), (60, 9.0, 49)],
)
def test_a_long_title_is_set_smaller_and_then_cut(length, size, shown):
    title = figure(5.0, 2.0, title="m" * length).texts[0]
    assert title.get_fontsize() == pytest.approx(size, abs=0.005)
    assert len(title.get_text()) == shown


def test_an_empty_title_is_allowed():
    assert figure(title="").texts[0].get_text() == ""


def test_axes_are_placed_in_inches():
    drawn = figure(5.0, 2.0)
    assert add_axes(drawn, 1.0, 0.5, 2.0, 1.0).get_position().bounds == pytest.approx((0.2, 0.25, 0.4, 0.5))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("cat", "cat"),
        ("1234567890", "1234567890"),
        ("12345678901", "123456789…"),
        ("two\nlines", r"two\nlines"),
        ("\x9b31m", r"\x9b31m"),
        ("\udcff", r"\udcff"),
    ],
)
def test_a_text_is_shown_on_one_line_of_limited_length(text, shown):
    assert shorten(text, 10) == shown


def test_a_text_is_about_as_wide_as_its_letters():
    assert text_width("ab") == pytest.approx(1.2)
    assert text_width("AB") == pytest.approx(1.5)
    assert text_width("猫") == 1.0
    assert (text_width("\u2e80"), text_width("\u2e81")) == (0.6, 1.0)


def test_a_png_of_110_dots_per_inch_replaces_the_old_one(tmp_path):
    path = tmp_path / "plot.png"
    path.write_text("old")
    save_figure(figure(5.0, 2.0), path)
    with Image.open(path) as image:
        assert (image.format, image.size) == ("PNG", (550, 220))
    assert os.listdir(tmp_path) == ["plot.png"]


def test_a_plot_is_a_png_whatever_its_suffix(tmp_path):
    save_figure(figure(), tmp_path / "plot")
    with Image.open(tmp_path / "plot") as image:
        assert image.format == "PNG"


def test_a_plot_that_cannot_be_written_leaves_the_old_one(monkeypatch, tmp_path):
    def fail(source, target):
        raise OSError(28, "No space left on device")

    path = tmp_path / "training.png"
    path.write_text("old")
    monkeypatch.setattr("nntrain.system.files.replace_and_sync", fail)
    with pytest.raises(NntrainError, match=r"training\.png: cannot be written: No space left on device"):
        save_figure(figure(), path)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["training.png"]


def python(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


def test_matplotlib_is_loaded_only_when_something_is_drawn():
    code = "import sys, nntrain.report.plots; print('matplotlib' in sys.modules)"
    assert python(code).stdout == "False\n"


def test_drawing_is_silent_even_if_matplotlib_has_no_folder_to_write_to(tmp_path):
    (tmp_path / "file").touch()
    code = (
        "import sys\nfrom pathlib import Path\nfrom nntrain.report.plots import draw_training\n"
        f"draw_training([{{'epoch': 1, 'loss': 0.5}}], Path({str(tmp_path / 't.png')!r}), title='猫')\n"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    nowhere = str(tmp_path / "file" / "folder")
    process = python(code, MPLCONFIGDIR=nowhere, HOME=nowhere)
    assert process.stderr == ""
    assert (process.returncode, process.stdout) == (0, "False\n")


DRAWN = """
import os, sys
from pathlib import Path
from nntrain.report.plots.style import new_figure, plot_style, save_figure
with plot_style(["mlp-1"]):
    save_figure(new_figure(5, 2, title="mlp-1", summary=""), Path(sys.argv[1]))
import matplotlib
print(os.environ["MPLBACKEND"], matplotlib.get_backend() == "svg")
"""


@pytest.mark.parametrize("backend", ["module://no_such_notebook.inline", "no_such_backend", "svg"])
def test_plots_need_no_backend_and_a_users_own_stays_set(tmp_path, backend):
    command = [sys.executable, "-c", DRAWN, str(tmp_path / "plot.png")]
    done = subprocess.run(command, env={**os.environ, "MPLBACKEND": backend}, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == (f"{backend} {backend == 'svg'}\n", "")
    assert (tmp_path / "plot.png").exists()
