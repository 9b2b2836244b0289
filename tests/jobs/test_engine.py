"""Loading the engine on a thread."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from nntrain.errors import NntrainError
from nntrain.jobs.engine import load_engine


def test_the_function_of_the_engine_is_returned_once_it_is_imported(monkeypatch):
    engine = ModuleType("nntrain.engine.train")
    engine.train = len
    monkeypatch.setitem(sys.modules, "nntrain.engine.train", engine)
    assert load_engine()() is len


def test_without_tensorflow_it_tells_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "nntrain.engine.train", None)
    with pytest.raises(NntrainError, match=r"^TensorFlow cannot be loaded: .*; reinstall it with `pip install nntr"):
        load_engine()()
