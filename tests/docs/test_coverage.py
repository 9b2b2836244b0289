"""The pages name everything that a user can type or meet: commands, options, exit codes, variables, files of a run."""

from __future__ import annotations

import re

import pytest
import typer
from doc_pages import ROOT, read_pages

from nntrain.cli.app import app
from nntrain.errors import NntrainError
from nntrain.system.signals import SIGNALS, exit_code

PAGES = read_pages()
README, *DOCS = PAGES
ALL = "\n".join(page.text for page in PAGES)


def source_text() -> str:
    """Return the program's whole source."""
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "nntrain").rglob("*.py")))


def exit_codes(error: type[NntrainError] = NntrainError) -> set[int]:
    """Return the exit codes of an error class and of all below it."""
    return {error.exit_code}.union(*map(exit_codes, error.__subclasses__()))


def absent(words: list[str], text: str = ALL) -> list[str]:
    """Return the words that a text does not have as whole words."""
    return [word for word in words if not re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text)]


def test_the_readme_is_short_and_the_docs_have_a_page_per_topic():
    assert len(README.text.splitlines()) <= 150
    assert len(DOCS) >= 12


def test_the_readme_names_every_command():
    names = list(typer.main.get_command(app).commands)
    assert {"train", "resume", "reproduce"} <= set(names)
    assert absent([f"nntrain {name}" for name in names], README.text) == []


def test_the_docs_have_a_table_of_every_exit_code():
    codes = exit_codes() | {0} | set(map(exit_code, SIGNALS))
    assert codes == {0, 1, 2, 3, 4, 5, 6, 7, 129, 130, 138, 143}
    page = next(page for page in DOCS if page.name == "docs/json.md")
    rows = re.findall(r"^\| (\d+) \|", page.text.partition("## Exit codes")[2], re.MULTILINE)
    assert [int(row) for row in rows] == sorted(codes)


def test_the_docs_name_every_environment_variable():
    variables = sorted(set(re.findall(r"\bNNTRAIN_[A-Z]+(?:_[A-Z]+)*\b", source_text())))
    assert "NNTRAIN_DATA_DIR" in variables
    assert absent(variables) == []


@pytest.mark.tensorflow
def test_the_page_about_runs_names_every_file_of_a_run(trained):
    run = trained.folder / "runs" / "tiny-1"
    files = {path.name for path in run.iterdir() if path.name[0] != "."} | {"confusion.png", "worst.png"}
    assert len(files) == 11
    page = next(page for page in DOCS if page.name == "docs/runs.md")
    assert absent(sorted(files), page.text) == []


def test_a_word_that_is_part_of_another_does_not_count():
    assert absent(["nntrain run", "nntrain runs"], "`nntrain runs`") == ["nntrain run"]
