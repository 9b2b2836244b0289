"""Text of others is shown without the control characters that would change what a terminal shows."""

from __future__ import annotations

import json
import unicodedata

import pytest

from nntrain.system.control_characters import escape_controls, escape_controls_in_json


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("three.png", "three.png"),
        ("größe 猫.png", "größe 猫.png"),
        ("می‌خواهم", "می‌خواهم"),  # Persian, with a zero-width non-joiner
        ("a\r\nok", r"a\r\nok"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x9b31mred", r"\x9b31mred"),
        ("gnp.\u202egpj.exe", r"gnp.\u202egpj.exe"),
        ("a\u2028b", r"a\u2028b"),
        ("\udcff", r"\udcff"),
        ("C:\\new", "C:\\new"),
    ],
)
def test_control_characters_are_shown_as_escapes(text, shown):
    assert escape_controls(text) == shown


def test_no_character_that_moves_the_cursor_or_reorders_text_is_left():
    characters = [chr(code) for code in range(0x110000)]
    kinds = [(unicodedata.category(each), unicodedata.bidirectional(each)) for each in characters]
    bad = {
        each
        for each, (category, direction) in zip(characters, kinds, strict=True)
        if category in ("Cc", "Cs", "Zl", "Zp")
        or direction in ("LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI")
    }
    assert len(bad) > 2000
    assert bad.isdisjoint(escape_controls("".join(characters)))


def test_a_json_document_keeps_its_value_and_its_lines():
    value = {"image": "a\n\x9b\u202e\udcff\U000e0041猫"}
    text = escape_controls_in_json(json.dumps(value, indent=2, ensure_ascii=False))
    assert text == '{\n  "image": "a\\n\\u009b\\u202e\\udcff\\udb40\\udc41猫"\n}'
    assert json.loads(text) == value
