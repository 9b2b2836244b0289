"""The workflow for continuous integration is valid, and its commands work as written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
JOBS = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))["jobs"]


def commands(job: str) -> list[str]:
    """Return the shell commands of a job, in order."""
    return [step["run"] for step in JOBS[job]["steps"] if "run" in step]


def test_every_supported_python_is_tested():
    supported = re.findall(r"Python :: (3\.\d+)", (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert JOBS["test"]["strategy"]["matrix"]["python-version"] == supported


def test_lint_and_test_run_the_readmes_targets():
    assert (commands("lint"), commands("test")) == (["make lint"], ["make test"])


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
@pytest.mark.parametrize("target", ["lint", "test"])
def test_the_make_targets_exist(target):
    assert subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True).returncode == 0


@pytest.mark.tensorflow
@pytest.mark.skipif(sys.platform == "win32", reason="the workflow's commands are for bash")
def test_the_smoke_job_runs_from_training_to_a_prediction(tmp_path):
    install, *steps = commands("smoke")
    assert install == "pip install ."
    assert [step.split()[1] for step in steps] == ["train", "evaluate", "predict"]
    script = "\n".join(["set -e", f'nntrain() {{ "{sys.executable}" -m nntrain "$@"; }}', *steps])
    process = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "HOME": str(tmp_path)}
    )
    assert process.returncode == 0, process.stderr
    assert '"status": "complete"' in (tmp_path / "metrics.json").read_text()
