"""The progress of a training, on a terminal and elsewhere."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from nntrain.report.progress import TrainingProgress, download_bar
from nntrain.results import EpochResult

METRICS = {"accuracy": 0.5, "val_accuracy": 0.25, "loss": 1.5, "val_loss": 2.0}


def epoch(number, epochs=3, seconds=2.0, metrics=METRICS):
    """Return a finished epoch."""
    return EpochResult(number, epochs, seconds, 0.00123, metrics)


@pytest.fixture
def shown():
    """Return a progress that writes to a text, and the text, for a terminal or not."""

    def make(*, terminal, quiet=False):
        text = io.StringIO()
        console = Console(file=text, force_terminal=terminal, width=120, highlight=False, soft_wrap=True, no_color=True)
        return TrainingProgress(quiet=quiet, console=console), text

    return make


def test_an_epoch_is_a_line_with_the_loss_first_and_validation_last(shown):
    progress, text = shown(terminal=False)
    progress.epoch(epoch(1))
    assert text.getvalue() == (
        "epoch 1/3: loss 1.5000, accuracy 0.5000, val_loss 2.0000, val_accuracy 0.2500, learning_rate 0.00123, "
        "2.0 s, 4.0 s left\n"
    )


def test_the_time_left_is_that_of_the_median_epoch_but_for_the_first(shown):
    progress, text = shown(terminal=False)
    for number, seconds in enumerate((9.0, 1.0, 3.0, 2.0), 1):
        progress.epoch(epoch(number, 5, seconds))
    left = [line.rpartition(", ")[2] for line in text.getvalue().splitlines()]
    assert left == ["36 s left", "3.0 s left", "6.0 s left", "2.0 s left"]


def test_after_the_last_epoch_no_time_is_left(shown):
    progress, text = shown(terminal=False)
    progress.epoch(epoch(3))
    assert text.getvalue().endswith("learning_rate 0.00123, 2.0 s\n")


def test_elsewhere_than_on_a_terminal_there_is_no_bar(shown):
    progress, text = shown(terminal=False)
    with progress:
        progress.waiting("loading TensorFlow")
        progress.progress(1, 0.5, {"loss": 1.0})
    assert text.getvalue() == ""


def test_quietly_nothing_is_shown(shown):
    for terminal in (True, False):
        progress, text = shown(terminal=terminal, quiet=True)
        with progress:
            progress.say("a message")
            progress.waiting("loading TensorFlow")
            progress.progress(1, 0.5, {})
            progress.epoch(epoch(1))
        assert text.getvalue() == ""


def test_a_message_is_shown_with_the_programs_name(shown, monkeypatch):
    monkeypatch.setattr("nntrain.report.console.command", lambda: "bin/nntrain")
    progress, text = shown(terminal=False)
    progress.say("[b] `nntrain resume`", "yellow")
    assert text.getvalue() == "[b] `bin/nntrain resume`\n"


def test_on_a_terminal_epochs_are_rows_under_one_header(shown):
    progress, text = shown(terminal=True)
    progress.epoch(epoch(1))
    progress.epoch(epoch(2))
    assert [line.split() for line in plain(text).splitlines()] == [
        ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "lr", "time"],
        ["1/3", "1.5000", "0.5000", "2.0000", "0.2500", "0.00123", "2.0", "s", "4.0", "s", "left"],
        ["2/3", "1.5000", "0.5000", "2.0000", "0.2500", "0.00123", "2.0", "s", "2.0", "s", "left"],
    ]


def test_columns_are_as_wide_as_their_names(shown):
    progress, text = shown(terminal=True)
    progress.epoch(epoch(1))
    header, row = plain(text).splitlines()
    assert header == "  epoch     loss  accuracy  val_loss  val_accuracy       lr     time"
    assert row.startswith("    1/3   1.5000    0.5000    2.0000        0.2500  0.00123    2.0 s  4.0 s left")


def plain(text):
    """Return what was written without a terminal's control sequences."""
    from rich.text import Text

    return Text.from_ansi(text.getvalue()).plain


def test_a_bar_shows_the_share_of_the_epoch_its_loss_and_the_time_left(shown):
    progress, text = shown(terminal=True)
    progress.epoch(epoch(1, epochs=10))
    with progress:
        progress.progress(2, 0.5, {"loss": 1.25})
    assert f" 2/10  {'━' * 10}{'─' * 10}   50 %  loss 1.2500  17 s left" in plain(text)


def test_before_the_first_epoch_ends_nothing_is_known_of_the_time(shown):
    progress, text = shown(terminal=True)
    progress.epochs = 3
    with progress:
        progress.progress(1, 0.26, {})
    assert f"1/3  {'━' * 5}{'─' * 15}   26 %" in plain(text)
    assert "left" not in text.getvalue()


def test_the_bar_is_cleared_at_the_end(shown):
    progress, text = shown(terminal=True)
    with progress:
        progress.waiting("loading TensorFlow")
        assert "\x1b[?25l" in text.getvalue()  # the cursor is hidden
    assert text.getvalue().endswith("\x1b[?25h\r\x1b[1A\x1b[2K")  # the cursor is back, the line erased


def test_a_download_is_announced_once_where_there_is_no_terminal(capsys):
    with download_bar("mnist") as on_download:
        on_download(0, 0)
        on_download(5, 10)
    assert capsys.readouterr().err == "downloading mnist\n"


def test_a_download_is_a_bar_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    with download_bar("mnist") as on_download:
        on_download(0, 0)
        on_download(5_000_000, 10_000_000)
    assert "5.0/10.0 MB" in capsys.readouterr().err
