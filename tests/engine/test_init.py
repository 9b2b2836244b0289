"""How TensorFlow is loaded."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.tensorflow


def test_the_engine_loads_keras_without_the_libraries_that_it_does_not_need():
    code = """
import gc, json, sys
import nntrain.engine
unused = [name for name in nntrain.engine.UNUSED if name in sys.modules]
import matplotlib
print(json.dumps({"unused": unused, "collecting": gc.isenabled(), "keras": "keras" in sys.modules}))
"""
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(process.stdout) == {"unused": [], "collecting": True, "keras": True}
