"""`import nntrain`: its names, and what they load."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import nntrain

NAMES = """
    Config Dataset DigitPrediction Evaluation History JobListener PicturePrediction PicturePredictions Reproduction Run
    __version__ errors evaluate list_configs list_datasets list_runs load_config load_dataset load_run predict
    progress_listener reproduce resume train
"""


def test_the_public_names_are_these_and_all_exist():
    assert sorted(nntrain.__all__) == sorted(NAMES.split())
    assert {name for name in nntrain.__all__ if getattr(nntrain, name, None) is None} == set()
    assert set(nntrain.__all__) <= set(dir(nntrain))


def test_every_public_function_and_class_is_documented_and_typed():
    for name in nntrain.__all__:
        value = getattr(nntrain, name)
        if callable(value):
            assert value.__doc__, name
            assert not value.__doc__.startswith(f"{name}("), f"{name} has only the docstring that dataclass writes"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'nntrain' has no attribute 'trian'"):
        nntrain.trian  # noqa: B018


HEAVY = ["tensorflow", "keras", "matplotlib", "scipy", "pydantic"]


@pytest.mark.parametrize(
    ("code", "light"),
    [
        ("", [*HEAVY, "numpy", "rich", "typer", "yaml", "PIL"]),
        ("[getattr(nntrain, n) for n in nntrain.__all__]", HEAVY),
    ],
)
def test_importing_and_looking_up_names_loads_nothing_heavy(code, light):
    script = f"import json, sys, nntrain\n{code}\nprint(json.dumps([name for name in {light} if name in sys.modules]))"
    process = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(process.stdout) == []
