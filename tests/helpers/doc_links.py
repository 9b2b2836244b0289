"""The links of a Markdown page: which lead nowhere.

An anchor has to be right both on GitHub and on the site, whose rules for a heading's anchor differ in rare cases.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

from doc_pages import FENCE

CODE = re.compile(r"(`+).+?\1", re.DOTALL)
LINK = re.compile(r"\]\(<?([^()\s>]+)>?(?:\s+\"[^\"]*\")?\)|^\[[^\]]+\]:\s*<?(\S+?)>?\s*$", re.MULTILINE)
HEADING = re.compile(r"^ {0,3}#{1,6} +(.+?)(?: +#+)? *$", re.MULTILINE)


def links(text: str) -> Iterator[str]:
    """Yield the targets of a page's links, without those in code."""
    for match in LINK.finditer(CODE.sub("", FENCE.sub("", text))):
        yield match[1] or match[2]


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings that are the same on GitHub and on the site."""
    headings = [_plain(match[1]) for match in HEADING.finditer(FENCE.sub("", text))]
    return {github_anchor(heading) for heading in headings} & {site_anchor(heading) for heading in headings}


def _plain(heading: str) -> str:
    """Return a heading without the marks of links, code and emphasis."""
    heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[`*]", "", heading).strip()


def github_anchor(heading: str) -> str:
    """Return a heading's anchor by GitHub's rule: every space is a hyphen, punctuation is removed."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def site_anchor(heading: str) -> str:
    """Return a heading's anchor by the rule of Python-Markdown: ASCII only, spaces and hyphens become one hyphen."""
    ascii_text = unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode()
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", ascii_text).strip().lower())


def broken_links(path: Path, read: Callable[[Path], str] = lambda path: path.read_text(encoding="utf-8")) -> list[str]:
    """Return the relative links of a page whose file or anchor does not exist."""
    return [link for link in links(read(path)) if not re.match(r"[a-z]+:", link) and not _leads(link, path, read)]


def _leads(link: str, page: Path, read: Callable[[Path], str]) -> bool:
    name, _, anchor = link.partition("#")
    target = page.parent / name if name else page
    return target.exists() and (not anchor or (target.suffix == ".md" and anchor in anchors(read(target))))
