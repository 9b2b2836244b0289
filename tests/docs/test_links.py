"""Every relative link of the Markdown pages leads to a file and a heading."""

from __future__ import annotations

from pathlib import Path

import pytest
from doc_links import anchors, broken_links, github_anchor, links, site_anchor
from doc_pages import ROOT

PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_links_of_a_page_lead_somewhere(path: Path):
    assert broken_links(path) == []


@pytest.mark.parametrize("path", sorted((ROOT / "docs").rglob("*.md")), ids=lambda path: path.name)
def test_the_links_of_the_docs_stay_in_the_docs(path: Path):
    relative = [link for link in links(path.read_text(encoding="utf-8")) if ":" not in link]
    assert [link for link in relative if ".." in link] == [], "the site has the files of docs/ only"


def test_links_in_code_are_none():
    assert [*links("[a](b.md) `[c](d.md)`\n\n```\n[e](f.md)\n```\n[g]: h.md\n")] == ["b.md", "h.md"]


def test_a_link_without_its_file_or_heading_is_broken(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# A title\n[1](#a-title) [2](#another) [3](no.md) [4](page.md#a-title) [5](page.md#b) [6](http://x)\n"
    )
    assert broken_links(page) == ["#another", "no.md", "page.md#b"]


def test_an_anchor_is_the_headings_words():
    assert anchors("# One\n## `train` a [network](x.md)\n```\n# no heading\n```\n") == {"one", "train-a-network"}


def test_an_anchor_that_github_and_the_site_write_differently_is_no_anchor():
    assert (github_anchor("Pause & resume"), site_anchor("Pause & resume")) == ("pause--resume", "pause-resume")
    assert anchors("# Pause & resume\n") == set()
