"""The network of a run that has no model.tflite; tests/cli/test_train.py compares its answers with LiteRT's."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest

from nntrain.errors import RunError
from nntrain.jobs.keras_fallback import load_keras_classifier
from nntrain.runs.folder import PRETRAINED_DIR, RunDir


@pytest.fixture
def run(tmp_path):
    run = RunDir(tmp_path / "run")
    shutil.copytree(PRETRAINED_DIR, run.path)
    return run


@pytest.fixture
def calls(monkeypatch):
    """Let a stub stand for the engine; return what it was called with."""
    calls = []

    def load_classifier(run, config, *, fingerprint):
        calls.append((run, config.loss.key, fingerprint))
        return "the classifier"

    stub = SimpleNamespace(load_classifier=load_classifier)
    monkeypatch.setitem(sys.modules, "nntrain.engine.keras_classifier", stub)
    return calls


def test_the_network_is_rebuilt_from_the_config_and_checked_by_its_fingerprint(run, calls):
    info = json.loads(run.info_path.read_text())
    info["fingerprints"]["weights"] = "0" * 32
    run.info_path.write_text(json.dumps(info))
    assert load_keras_classifier(run) == "the classifier"
    assert calls == [(run, "categorical_crossentropy", "0" * 32)]


def test_a_run_without_a_config_is_an_error(run, calls):
    run.config_path.unlink()
    with pytest.raises(RunError, match=r"config\.yaml"):
        load_keras_classifier(run)
    assert calls == []


def test_naming_the_function_loads_neither_tensorflow_nor_pydantic():
    code = "import sys, nntrain.jobs.keras_fallback; print({'tensorflow', 'pydantic'} & {*sys.modules})"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout == "set()\n"
