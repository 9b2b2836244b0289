"""Runs to test with."""

from __future__ import annotations

import pytest

from nntrain.runs.json_files import to_json
from nntrain.runs.metadata import initial_info
from nntrain.runs.store import create_run


@pytest.fixture
def info():
    """Return the run.json of a complete run."""
    first = initial_info("mlp", shipped=True, differs={}, parameters=118_282)
    return {**first, "status": "complete", "finished": "2026-01-01T00:00:00+00:00"}


@pytest.fixture
def make_run(tmp_path, info):
    """Return a function that creates a run in `tmp_path`, or in `runs`, with changed values in run.json."""

    def make(name="mlp", *, runs=tmp_path, **changes):
        return create_run(runs, name, {"run.json": to_json({**info, **changes})})

    return make
