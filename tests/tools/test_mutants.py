"""`make mutants` finds changes that no test notices, and changes only copies of the source."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("resource", reason="mutants are tried in forks")

from mutation.mutations import draw

MUTANTS = Path(__file__).parents[2] / "tools" / "mutants.py"

PROJECT = {
    "toy/__init__.py": "",
    "toy/limits.py": "LIMIT = 3\n",
    "toy/sizes.py": """
from toy.limits import LIMIT

def is_small(number):
    return number < LIMIT

def is_tall(number):
    return number > LIMIT
""",
    "toy/shout.py": """
def shout():
    print("a".upper())

shout()
""",
    "tests/test_sizes.py": """
from toy.sizes import is_small, is_tall

def test_two_is_small_and_three_is_not():
    assert is_small(2)
    assert not is_small(3)

def test_five_is_tall():
    assert is_tall(5)
""",
    "tests/test_program.py": """
import subprocess
import sys

def test_it_shouts():
    assert subprocess.check_output([sys.executable, "-m", "toy.shout"], text=True) == "A\\n"
""",
}

NOTHING_TO_CHANGE = '''
"""Docstring."""
from __future__ import annotations
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from toy import limits
def check(value: int | None = None, *, limit: list[int]) -> dict[str, int]:
    """At most 3 words."""
    message: str = f"{value} is more than 3 " "and too large"
    return ValueError(message)
'''


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    root = tmp_path_factory.mktemp("toy")
    for path, source in PROJECT.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(source)
    return root


@pytest.fixture(scope="module")
def report(toy):
    command = [sys.executable, MUTANTS, "--root", toy, "--package", "toy", "--jobs", "1"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_a_change_that_no_test_notices_is_listed(report):
    assert (
        "toy/sizes.py:8 (swap_op): tests passed: 1\n-    return number > LIMIT\n+    return number >= LIMIT\n" in report
    )


def test_all_other_changes_are_killed(report):
    # LIMIT, which the tests of another module use; both comparisons; and the code that a separate process runs.
    assert "\n6 of 7 killed; " in report
    assert "mutation score 85.7% +- 25.9%" in report


def test_the_report_is_written_and_the_source_is_not_changed(toy, report):
    assert (toy / ".mutants" / "report.txt").read_text() == report
    assert {path: (toy / path).read_text() for path in PROJECT} == PROJECT


def test_a_seed_draws_the_same_mutants_again(toy):
    drawn = [draw(toy, ["toy/sizes.py", "toy/shout.py"], 3, seed)[0] for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_annotations_docstrings_and_messages_are_not_changed(tmp_path):
    (tmp_path / "words.py").write_text(NOTHING_TO_CHANGE)
    assert draw(tmp_path, ["words.py"], 10, 0) == ([], 0)


@pytest.mark.parametrize(
    ("source", "changed"),
    [
        ("a < b", {"a <= b"}),
        ("a + b", {"a - b"}),
        ("not a", {"a"}),
        ("a and b", {"a or b"}),
        ("a = 1", {"a = 2"}),
        ("f(a, b=c)", {"f(a, )", "f(b=c)", "pass"}),
        ("if a: b", {"if not (a): b"}),
        ("if a:\n  raise b", {"if not (a):\n  raise b", "if a:\n  pass"}),
        ("for a in b: continue", {"for a in b: break"}),
        ("@a\ndef b(): c", {"def b(): c"}),
        ("a = {'key': b}", {"a = {'XXkeyXX': b}"}),
    ],
)
def test_each_kind_of_change_is_drawn(tmp_path, source, changed):
    (tmp_path / "module.py").write_text(source)
    drawn = [draw(tmp_path, ["module.py"], 10, seed)[0] for seed in range(20)]
    assert {mutant.source for mutants in drawn for mutant in mutants} == changed
