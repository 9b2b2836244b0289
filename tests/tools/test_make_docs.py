"""The generated pages of docs/: they are up to date, and complete."""

from __future__ import annotations

import make_docs
import pytest
import yaml
from generated_pages import configuration
from generated_pages.commands import commands_page
from generated_pages.markdown import fill, table

from nntrain.api.configs import load_config
from nntrain.config.schema import (
    Component,
    Config,
    Layer,
    LearningRateSchedule,
    Optimizer,
    Section,
    field_kinds,
)


def test_the_generated_pages_are_what_would_be_written():
    assert make_docs.stale_pages() == [], "type `python tools/make_docs.py`"


def test_a_stale_page_is_reported_and_written_again(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(make_docs, "PAGES", {"a.md": lambda: "new\n", "b.md": lambda: "same\n"})
    (tmp_path / "a.md").write_text("old\n")
    (tmp_path / "b.md").write_text("same\n")
    assert make_docs.stale_pages(tmp_path) == ["a.md"]
    make_docs.write_pages(tmp_path)
    assert (tmp_path / "a.md").read_text() == "new\n"
    assert make_docs.stale_pages(tmp_path) == []
    assert capsys.readouterr().out == f"wrote {tmp_path / 'a.md'}\n"


def test_checking_tells_what_to_type_and_fails(monkeypatch, capsys):
    monkeypatch.setattr(make_docs, "PAGES", {"commands.md": lambda: "new\n"})
    assert make_docs.main(["--check"]) == 1
    assert capsys.readouterr().out == "docs/commands.md is stale: type `python tools/make_docs.py`\n"


def reachable(section: type[Section], found: set[type[Section]]) -> set[type[Section]]:
    """Return the sections and families in a section, and in their fields."""
    for kind in field_kinds(section).values():
        new = {kind.section, kind.family} - {None} - found
        found |= new
        for inner in new:
            for member in inner.members.values() if issubclass(inner, Component) else [inner]:
                reachable(member, found)
    return found


def test_the_page_about_configs_has_every_section_and_family():
    assert reachable(Config, set()) == {*configuration.SECTIONS, *configuration.FAMILIES}


def test_the_page_about_configs_has_every_component_with_its_arguments():
    page = configuration.configuration_page()
    for family in configuration.FAMILIES:
        for name, member in family.members.items():
            assert f"### {name}\n" in page or f"| `{name}` |" in page
            assert [argument for argument in member.model_fields if f"`{argument}" not in page] == []


PAIR = {"type": "array", "items": {"type": "integer"}, "minItems": 2}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "integer", "minimum": 1, "exclusiveMaximum": 2**31}, ["whole number (at least 1)"]),
        ({"type": "number", "minimum": 0, "exclusiveMaximum": 1}, ["number (at least 0 and below 1)"]),
        ({"type": "number", "minimum": 0, "maximum": 180}, ["number (0 to 180)"]),
        ({"anyOf": [{"const": "auto"}, {"type": "boolean"}]}, ["`auto`", "`true`", "`false`"]),
        (
            {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "null"}]},
            ["list of whole numbers", "`null`"],
        ),
        (
            {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "integer"}, "minItems": 2}]},
            ["whole number", "a list of two"],
        ),
        (
            {"anyOf": [PAIR, {"type": "array", "items": PAIR, "minItems": 2}]},
            ["list of whole numbers", "two lists of two"],
        ),
    ],
)
def test_what_an_argument_takes_is_said_in_words(schema, words):
    assert configuration._alternatives(schema) == words


@pytest.mark.parametrize(
    ("value", "text"), [(0.5, "0.5"), (1e-7, "0.0000001"), (1e-30, "1.0e-30"), ((2, 2), "2"), ((1, 2), "[1, 2]")]
)
def test_a_default_is_written_as_yaml(value, text):
    assert configuration._yaml(list(value) if isinstance(value, tuple) else value) == text


@pytest.mark.parametrize("family", [Layer, Optimizer, LearningRateSchedule])
def test_the_examples_of_components_are_valid(family):
    network = {
        "model": [{"dense": {"units": 10, "activation": "softmax"}}],
        "optimizer": "adam",
        "loss": "categorical_crossentropy",
    }
    for member in family.members.values():
        shown = yaml.safe_load(configuration.example(member))
        config = network | (shown if isinstance(shown, dict) else {"model": [*shown, "flatten", *network["model"]]})
        load_config(config)


def test_the_page_about_commands_has_every_argument_and_option():
    page = commands_page()
    assert "nntrain resume [OPTIONS] [RUN] [KEY=VALUE]...\n" in page
    assert "\n| `--quiet`, `-q` | Print only results and errors. |\n" in page
    assert "\n| `--top K` | Show the K most probable classes. Default: `1`. |\n" in page


def test_a_template_that_lacks_a_part_or_has_another_is_an_error(tmp_path):
    template = tmp_path / "a.md"
    template.write_text("# A\n{{ one }}\n")
    assert fill(template, {"one": "1"}) == "# A\n1\n"
    with pytest.raises(ValueError, match=r"a part is missing: .* one"):
        fill(template, {})
    with pytest.raises(ValueError, match=r"two .* has to be in it once"):
        fill(template, {"one": "1", "two": "2"})


def test_a_vertical_bar_in_a_table_is_escaped():
    assert table(["a"], [["1 | 2"]]) == "| a |\n| --- |\n| 1 \\| 2 |"
