"""`make docs` builds a site from the pages, and fails on a broken link."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from doc_pages import FENCE, ROOT


@pytest.fixture
def copied_docs(tmp_path: Path) -> Path:
    """Return a folder with what the site is built from."""
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    return tmp_path


START = r"(?:[-*]|\d+\.) |\|"  # of a list's entry or a table's row


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    """Build the site as `make docs` does."""
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_the_site_is_built_without_a_broken_link(copied_docs):
    done = build(copied_docs)
    assert done.returncode == 0, re.sub(r"\x1b\[[\d;]*m", "", done.stdout)
    assert "<h1" in (copied_docs / "site" / "configuration.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("link", ["missing.md", "commands.md#no-such-heading"])
def test_a_broken_link_fails_the_build(copied_docs, link):
    with (copied_docs / "docs" / "commands.md").open("a", encoding="utf-8") as page:
        page.write(f"\n[broken]({link})\n")
    assert build(copied_docs).returncode == 1


def pages(navigation: list[str | dict[str, Any]]) -> Iterator[str]:
    """Yield the pages of a navigation, in their order; an entry is a page, {title: page} or {title: entries}."""
    for entry in navigation:
        for value in entry.values() if isinstance(entry, dict) else [entry]:
            yield from [value] if isinstance(value, str) else pages(value)


def test_every_page_is_in_the_navigation():
    navigation = list(pages(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]))
    assert sorted(navigation) == sorted(path.name for path in (ROOT / "docs").glob("*.md"))
    assert navigation[:2] == ["index.md", "tutorial.md"]


def hidden_from_the_site(text: str) -> list[str]:
    """Return lines of lists and tables that GitHub shows as such and the site does not.

    Python-Markdown needs an empty line before a list or a table, and four spaces for each level of a list.
    """
    lines = FENCE.sub("\n", text).splitlines()
    return [
        line
        for before, line in zip(["", *lines], lines, strict=False)
        if re.match(r" {1,3}(?:[-*]|\d+\.) ", line) or (re.match(START, line) and before and not _continues(before))
    ]


def _continues(line: str) -> bool:
    return re.match(START, line) is not None or line.startswith(" ")


@pytest.mark.parametrize("path", sorted((ROOT / "docs").glob("*.md")), ids=lambda path: path.name)
def test_the_site_shows_the_lists_and_tables_that_github_shows(path):
    assert hidden_from_the_site(path.read_text(encoding="utf-8")) == []


def test_a_list_or_a_table_that_the_site_would_not_show_is_found():
    assert hidden_from_the_site("# A\n\n- a\n  more\n- b\n\n| a |\n|---|\n") == []
    assert hidden_from_the_site("Text:\n- a\n\nText\n| a |\n|---|\n\n- a\n  - b\n") == ["- a", "| a |", "  - b"]
