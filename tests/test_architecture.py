"""The layout of the package: which folder may import which, where its tests are, which words it does not use."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter import api  # noqa: F401  # configures import-linter
from importlinter.application.use_cases import lint_imports

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "nntrain"
MODULES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))


def lint(capsys: pytest.CaptureFixture[str], config: Path) -> tuple[bool, str]:
    """Run import-linter; returns whether all contracts are kept, and the report."""
    kept = lint_imports(config_filename=str(config), cache_dir=None, no_logo=True)
    return kept, capsys.readouterr().out


def test_imports_keep_the_contracts(capsys):
    kept, report = lint(capsys, ROOT / "pyproject.toml")
    assert kept, report


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """Return a package `toy` that keeps the same contracts, beside the file of the contracts."""
    contracts = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("[tool.importlinter]")
    (tmp_path / "pyproject.toml").write_text("".join(contracts[1:]).replace("nntrain", "toy"))
    imports = {
        "__init__.py": "",
        "__main__.py": "import toy.cli",
        "errors.py": "",
        "results.py": "import toy.errors",
        "task.py": "",
        "version.py": "",
        "system/__init__.py": "import filelock",
        "preprocessing/__init__.py": "import PIL",
        "data/__init__.py": "import pooch",
        "config/__init__.py": "import pydantic, yaml, toy.data",
        "runs/__init__.py": "import toy.system",
        "training/__init__.py": "",
        "inference/__init__.py": "import ai_edge_litert",
        "engine/__init__.py": "import h5py, keras, tensorflow, toy.training",
        "report/__init__.py": "import matplotlib, rich",
        "report/console.py": "",
        "report/progress.py": "import toy.report.console",
        "jobs/__init__.py": "def job():\n    import toy.engine",
        "cli/__init__.py": "import typer, toy.jobs, toy.report.console",
        "api/__init__.py": "import toy.jobs, toy.report",
    }
    for name, text in imports.items():
        path = tmp_path / "toy" / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_a_package_without_a_breach_passes(toy, capsys):
    kept, report = lint(capsys, toy / "pyproject.toml")
    assert kept, report


@pytest.mark.parametrize(
    ("files", "contract"),
    [
        ({"system/files.py": "import toy.cli"}, "No import goes up"),
        ({"inference/model.py": "def load():\n    from toy.engine import load_model"}, "No import goes up"),
        (
            {"task.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from toy.runs import RunDir"},
            "No import goes up",
        ),
        ({"training/auto.py": "import toy.runs"}, "No import goes up"),
        ({"cli/train.py": "import toy.api"}, "No import goes up"),
        ({"runs/auto.py": "import toy.training"}, "No import goes up"),
        ({"plots/__init__.py": ""}, "No import goes up"),
        (
            {"data/a.py": "import toy.data.b", "data/b.py": "import toy.data.a"},
            "No import goes in a circle",
        ),
        ({"errors.py": "import toy.results"}, "No import goes in a circle"),
        ({"jobs/train.py": "def train():\n    import tensorflow as tf"}, "Only the engine uses TensorFlow"),
        ({"runs/model.py": "from keras.layers import Dense"}, "Only the engine uses TensorFlow"),
        ({"cli/predict.py": "import ai_edge_litert.interpreter"}, "Only inference uses LiteRT"),
        ({"jobs/train.py": "import yaml"}, "Only the config uses pydantic and YAML"),
        ({"cli/data.py": "import pooch"}, "Only data uses pooch"),
        ({"runs/store.py": "import filelock"}, "Only system uses filelock"),
        ({"inference/image.py": "from PIL import Image"}, "Only what reads or shows pictures uses Pillow"),
        ({"jobs/plots.py": "import matplotlib.figure"}, "Only reports use Matplotlib"),
        ({"engine/train.py": "from rich.live import Live"}, "Only reports and the command line use Rich"),
        ({"jobs/train.py": "import typer"}, "Only the command line uses Typer"),
        ({"jobs/train.py": "import toy.report.console"}, "Only the command line shows results and progress"),
        ({"preprocessing/filters.py": "from scipy import ndimage"}, "Nothing uses SciPy"),
    ],
)
def test_a_breach_fails(toy, capsys, files, contract):
    for name, text in files.items():
        (toy / "toy" / name).parent.mkdir(exist_ok=True)
        (toy / "toy" / name).write_text(text)
    kept, report = lint(capsys, toy / "pyproject.toml")
    assert not kept
    assert re.search(rf"{contract}.* BROKEN", report), report


def test_the_top_level_of_the_package_has_six_modules_and_folders():
    files = {path.name for path in PACKAGE.iterdir() if path.is_file()}
    assert files == {"__init__.py", "__main__.py", "errors.py", "results.py", "task.py", "version.py", "py.typed"}


# Modules without a test file of their own, and where they are tested.
FAMILIES = "tests/config/schema/test_families.py tests the members of all families in the same way"
TESTED_ELSEWHERE = {
    "__main__.py": "tests/cli/test_app.py starts the program",
    "version.py": "tests/cli/test_app.py prints it",
    "config/schema/config.py": "tests/config/test_load.py reads whole configs",
    "config/schema/shapes.py": "tests/config/schema/test_layers.py gives every layer shapes",
    **dict.fromkeys(
        (
            f"config/schema/{family}.py"
            for family in (
                "activations",
                "augmentation",
                "early_stopping",
                "initializers",
                "losses",
                "metrics",
                "optimizers",
                "regularizers",
            )
        ),
        FAMILIES,
    ),
}


def test_each_module_has_its_test_file():
    """nntrain/a/b.py is tested by tests/a/test_b.py."""
    missing = [
        str(path)
        for path in MODULES
        if path.name != "__init__.py"
        and str(path) not in TESTED_ELSEWHERE
        and not (ROOT / "tests" / path.with_name(f"test_{path.name}")).exists()
    ]
    assert missing == []


def test_each_module_that_is_tested_elsewhere_exists_and_has_no_test_file():
    assert set(TESTED_ELSEWHERE) <= {str(path) for path in MODULES}
    assert not [
        path for path in map(Path, TESTED_ELSEWHERE) if (ROOT / "tests" / path.with_name(f"test_{path.name}")).exists()
    ]


# Words that a machine-learning engineer would have to ask about; each has a term of the field in its place.
PRIVATE_WORDS = """
    Resident Portions Keeper Guard Question Answered Asked Watch
    looks marks runs_off otherwise an_epoch compared_with hold_out learnt held_out
"""
# A word stands at a border of words: `_an_epoch`, `HistoryKeeper`. "Trained" is one only if it is all of a name.
PRIVATE = re.compile(rf"(?:^|_|(?<=[a-z0-9])(?=[A-Z]))({'|'.join(PRIVATE_WORDS.split())})(?=$|_|[A-Z0-9])|^_*Trained$")


def identifiers(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield the names in a module's code, each with its line."""
    for node in ast.walk(tree):
        for field in ("id", "attr", "name", "asname", "arg"):
            name = getattr(node, field, None)
            if isinstance(name, str):
                yield name, node.lineno


def private_words(text: str) -> list[tuple[str, int]]:
    return sorted({(name, line) for name, line in identifiers(ast.parse(text)) if PRIVATE.search(name)})


def test_names_are_words_of_the_field():
    words = {str(path): private_words((PACKAGE / path).read_text(encoding="utf-8")) for path in MODULES}
    assert {path: found for path, found in words.items() if found} == {}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("class HistoryKeeper: pass", ["HistoryKeeper"]),
        ("def f(*, held_out=None): pass", ["held_out"]),
        ("x.runs_off = [looks for looks in y]", ["looks", "runs_off"]),
        ("f(an_epoch=1)", ["an_epoch"]),
        ("from a import Trained as _Trained", ["Trained", "_Trained"]),
        ("TrainedModel, Watchdog, overlooks, outlooks_x, question, guard = 'Question', 1, 2, 3, 4, 5", []),
    ],
)
def test_a_private_word_is_found_in_any_name(text, names):
    assert sorted({name for name, _ in private_words(text)}) == names
