"""How TensorFlow is loaded."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.tensorflow


def test_the_engine_loads_without_what_keras_would_load_beside_and_leaves_no_trace():
    code = """
import gc, json, sys
import nntrain.engine
there = [name for name in nntrain.engine.UNUSED if name in sys.modules]
import matplotlib
print(json.dumps({"there": there, "collecting": gc.isenabled(), "keras": "keras" in sys.modules}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"there": [], "collecting": True, "keras": True}
