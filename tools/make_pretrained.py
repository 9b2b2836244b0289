"""Make nntrain/assets/pretrained/, the trained run that ships with nntrain; run by `make pretrained`.

    python tools/make_pretrained.py [--config CONFIG] [--run RUN]

Without `--run` a config is trained first, by default the one of the run that ships now. What names the machine it was
trained on (paths, the process) is left out.
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

MOST_BYTES = 1_000_000
NEEDED = ("config.yaml", "model.tflite", "history.csv")
WELCOME = ("model.keras", "training.png")  # as far as there is room, in this order


def main() -> int:
    """Make the folder; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--config", default=str(PRETRAINED_DIR / "config.yaml"), help="a shipped config's name or a file"
    )
    parser.add_argument("--run", type=Path, help="a finished run to take instead of training one")
    arguments = parser.parse_args()
    try:
        if arguments.run is not None:
            take(RunDir(arguments.run))
            return 0
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "nntrain", "train", arguments.config, "--runs-dir", folder]
            done = subprocess.run(command, check=False)
            run = latest_run(Path(folder))
            if done.returncode or run is None:
                return done.returncode or 1
            take(run)
    except NntrainError as error:
        print(f"Error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def take(run: RunDir, target: Path = PRETRAINED_DIR) -> None:
    """Copy a complete run to where the shipped one is; raises RunError for one that is not, or is too large."""
    info, metrics = run.read_info(), run.read_metrics()
    if info["status"] != "complete" or info["data"]["name"] != "mnist":
        raise RunError(f"{run.path}: status {info['status']}, data {info['data']['name']}; needed: complete, on mnist")
    documents = {"run.json": to_json(_without_machine(info)), "metrics.json": to_json({**metrics, "run": PRETRAINED})}
    size = sum((run.path / name).stat().st_size for name in NEEDED) + sum(map(len, documents.values()))
    if size > MOST_BYTES:
        raise RunError(f"{run.path}: {size:,} bytes; what ships may have {MOST_BYTES:,}; make the network smaller")
    chosen = list(NEEDED)
    for name in WELCOME:
        path = run.path / name
        if path.exists() and size + path.stat().st_size <= MOST_BYTES:
            size += path.stat().st_size
            chosen.append(name)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for name in chosen:
        shutil.copyfile(run.path / name, target / name)
    for name, text in documents.items():
        (target / name).write_text(text, encoding="utf-8")
    print(f"{target}: {', '.join([*chosen, *documents])}; {size:,} bytes, test {json.dumps(metrics['test'])}")


def _without_machine(info: dict[str, Any]) -> dict[str, Any]:
    """Leave out where and by which process it was trained; the processor and the versions stay: results follow them."""
    data = {**info["data"], "source": Path(info["data"]["source"]).name}
    return {**info, "data": data, "process": 0, "environment": {}}


if __name__ == "__main__":
    sys.exit(main())
