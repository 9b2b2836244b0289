"""Fonts for class names in any script."""

from __future__ import annotations

import pytest

from nntrain.report.plots import fonts
from nntrain.report.plots.fonts import escape_letters_without_font, fonts_for, letters_without_font


@pytest.fixture(autouse=True)
def _fresh():
    fonts._find_fonts.cache_clear()
    yield
    fonts._find_fonts.cache_clear()


@pytest.fixture
def installed(monkeypatch):
    """Replace the installed fonts by some with these letters."""

    class Font:
        def __init__(self, name, letters="", style="normal"):
            self.name, self.fname, self.style, self.letters = name, f"/{name}.ttf", style, letters

    entries = [
        Font("Last Resort", "ก猫あ"),
        Font("Antiqua", "ก猫"),
        Font("Noto Sans Thai", "ก"),
        Font("DejaVu Sans", "ä"),
        Font("damaged", "あ"),
    ]

    def get_font(path):
        if "damaged" in path:
            raise RuntimeError("no font")
        (letters,) = (entry.letters for entry in entries if entry.fname == path)
        return type("Loaded", (), {"get_charmap": lambda self: dict.fromkeys(map(ord, letters), 1)})()

    monkeypatch.setattr("matplotlib.font_manager.fontManager.ttflist", entries)
    monkeypatch.setattr("matplotlib.font_manager.get_font", get_font)


def test_matplotlibs_font_has_greek_and_cyrillic():
    assert fonts_for(["λόγος", "кот", "cat"]) == ("DejaVu Sans",)
    assert fonts_for(["cat"]) == ()


def test_installed_fonts_are_added_until_every_letter_has_one(installed):
    assert fonts_for(["äก"]) == ("DejaVu Sans", "Noto Sans Thai")
    assert fonts_for(["ก", "猫"]) == ("Noto Sans Thai", "Antiqua")


def test_letters_without_a_font_are_shown_as_codes(installed):
    assert letters_without_font(["あä", "cat"]) == "あ"
    assert escape_letters_without_font("あ cat ก") == r"\u3042 cat ก"


def test_joiners_need_no_font():
    assert letters_without_font(["a\u200db"]) == ""
