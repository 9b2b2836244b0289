"""Write the generated pages of docs/: configuration.md, commands.md and configs.md.

python tools/make_docs.py            write them
python tools/make_docs.py --check    report the pages that are stale, and exit with 1 if there are any
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from generated_pages.commands import commands_page
from generated_pages.configs import configs_page
from generated_pages.configuration import configuration_page

DOCS = Path(__file__).parent.parent / "docs"
PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "configs.md": configs_page,
    "configuration.md": configuration_page,
}


def stale_pages(docs: Path = DOCS) -> list[str]:
    """Return the names of the pages that are missing or differ from what would be written."""
    return [name for name, make in PAGES.items() if _read(docs / name) != make()]


def write_pages(docs: Path = DOCS) -> None:
    """Write the stale pages."""
    for name in stale_pages(docs):
        (docs / name).write_text(PAGES[name](), encoding="utf-8", newline="\n")
        print(f"wrote {docs / name}")


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def main(arguments: list[str] | None = None) -> int:
    """Run the tool; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing, report stale pages")
    if not parser.parse_args(arguments).check:
        write_pages()
        return 0
    stale = stale_pages()
    for name in stale:
        print(f"docs/{name} is stale: type `python tools/make_docs.py`")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
