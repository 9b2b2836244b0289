"""Make nntrain/assets/pretrained/, the trained run that ships with nntrain (`make pretrained`).

    python tools/make_pretrained.py [--config CONFIG] [--run RUN]

Without `--run`, a config is trained first, by default that of the current pretrained run. Details of the machine (its
paths, process ID and environment) are left out.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from nntrain.errors import NntrainError, RunError
from nntrain.runs.folder import PRETRAINED, PRETRAINED_DIR, RunDir
from nntrain.runs.json_files import to_json
from nntrain.runs.store import latest_run

MAX_BYTES = 1_000_000
REQUIRED_FILES = ("config.yaml", "model.tflite", "history.csv")
OPTIONAL_FILES = ("model.keras", "training.png")  # in this order, as long as they fit


def main() -> int:
    """Make the folder; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--config", default=str(PRETRAINED_DIR / "config.yaml"), help="a shipped config's name or a file"
    )
    parser.add_argument("--run", type=Path, help="a finished run to copy instead of training one")
    arguments = parser.parse_args()
    try:
        if arguments.run is not None:
            copy_run(RunDir(arguments.run))
            return 0
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "nntrain", "train", arguments.config, "--runs-dir", folder]
            process = subprocess.run(command, check=False)
            run = latest_run(Path(folder))
            if process.returncode or run is None:
                return process.returncode or 1
            copy_run(run)
    except NntrainError as error:
        print(f"Error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def copy_run(run: RunDir, target: Path = PRETRAINED_DIR) -> None:
    """Copy a complete run on MNIST to the assets; raises RunError if it is not complete or too large."""
    info, metrics = run.read_info(), run.read_metrics()
    if info["status"] != "complete" or info["data"]["name"] != "mnist":
        raise RunError(f"{run.path}: status {info['status']}, data {info['data']['name']}; must be complete, on mnist")
    documents = {"run.json": to_json(_without_machine(info)), "metrics.json": to_json({**metrics, "run": PRETRAINED})}
    size = sum((run.path / name).stat().st_size for name in REQUIRED_FILES) + sum(map(len, documents.values()))
    if size > MAX_BYTES:
        raise RunError(
            f"{run.path}: {size:,} bytes are more than the {MAX_BYTES:,} that may ship; make the network smaller"
        )
    names = list(REQUIRED_FILES)
    for name in OPTIONAL_FILES:
        path = run.path / name
        if path.exists() and size + path.stat().st_size <= MAX_BYTES:
            size += path.stat().st_size
            names.append(name)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for name in names:
        shutil.copyfile(run.path / name, target / name)
    for name, text in documents.items():
        (target / name).write_text(text, encoding="utf-8")
    print(f"{target}: {', '.join([*names, *documents])}; {size:,} bytes, test {json.dumps(metrics['test'])}")


def _without_machine(info: dict[str, Any]) -> dict[str, Any]:
    """Remove paths, process ID and environment; processor and versions stay, since results depend on them."""
    data = {**info["data"], "source": Path(info["data"]["source"]).name}
    return {**info, "data": data, "process": 0, "environment": {}}


if __name__ == "__main__":
    sys.exit(main())
