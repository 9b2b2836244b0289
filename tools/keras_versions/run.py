"""Try which versions of Keras 3 read the networks that nntrain saves.

    python tools/keras_versions/run.py [--keep] [--reuse] [VERSION ...]

Saves networks that use whatever a config can name under .keras-versions/, and creates an environment there for each
version of Keras, by default the last of each minor version from 3.0 on, with JAX, which is smaller than TensorFlow.
There check.py loads each network, compares its outputs, evaluates and fits. Prints a table: how many networks take each
step with each version. On stderr it prints why one fails, which then sets the exit code 1, Keras's warnings, and losses
that differ from those of the Keras that nntrain uses. An environment takes 0.6 GB and is removed after its check
without `--keep`. `--reuse` checks the networks of the last call. A version takes a minute or two; JAX needs Python 3.11
or 3.12.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / ".keras-versions"
NETWORKS = FOLDER / "networks"
CHECK = Path(__file__).parent / "check.py"
VERSIONS = [f"3.{minor}" for minor in range(16)]
# A JAX and a NumPy that every version runs with, and what 3.0 to 3.3 import without saying that they need it.
PACKAGES = ["jax[cpu]==0.4.30", "numpy<2", "packaging"]
STEPS = ("loads", "predicts", "evaluates", "fits")
MAX_LOSS_DIFFERENCE = 1e-4
IMAGES = 64


def save_networks() -> None:
    """Save all networks, with images, targets, and what this Keras computes for them."""
    import keras
    import numpy as np
    from networks import all_networks, untried

    from nntrain.engine.export import save_keras
    from nntrain.runs.folder import RunDir

    shutil.rmtree(NETWORKS, ignore_errors=True)
    keras.utils.set_random_seed(1)
    images = np.random.default_rng(1).integers(0, 256, (IMAGES, 28, 28), dtype=np.uint8)
    networks = dict(all_networks())
    if missing := untried(networks.values()):
        sys.exit(f"no network has {', '.join(missing)}: add them to networks.py")
    for name, network in networks.items():
        run = RunDir(NETWORKS / name)
        run.path.mkdir(parents=True)
        targets = _targets(network)
        outputs = network.predict(images, verbose=0)
        loss = network.evaluate(images, targets, verbose=0, return_dict=True)["loss"]
        np.savez(run.path / "expected.npz", images=images, targets=targets, outputs=outputs, loss=loss)
        save_keras(network, run)


def _targets(network: Any) -> Any:
    """Return targets as the network's loss takes them."""
    import numpy as np

    units, labels = network.output_shape[-1], np.arange(IMAGES) % 10
    if units == 1:
        return (labels % 2).astype(np.float32)[:, None]
    return labels if "sparse" in network.loss.name else np.eye(units, dtype=np.float32)[labels]


def python(version: str) -> Path:
    """Return the interpreter of the environment with a version of Keras, and create it if it is missing."""
    folder = FOLDER / version
    interpreter = folder / "bin" / "python"
    if not (folder / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        install = [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, f"keras=={version}.*", *PACKAGES], check=True)
        (folder / "installed").touch()
    return interpreter


def check(version: str) -> list[dict[str, Any]]:
    """Return what check.py reports about each network with a version of Keras."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"KERAS_BACKEND": "jax", "KERAS_HOME": str(FOLDER / "home"), "JAX_PLATFORMS": "cpu"}
    environment["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "1"  # compiling takes most of the time
    process = subprocess.run([python(version), CHECK, NETWORKS], env=environment, capture_output=True, text=True)
    if process.returncode:
        last_line = process.stderr.strip().rpartition("\n")[2]
        return [{"network": "all networks", "step": "fails", "error": last_line, "warnings": []}]
    return [json.loads(line) for line in process.stdout.splitlines() if line.startswith("{")]


def show(version: str, results: list[dict[str, Any]]) -> bool:
    """Print a version's row: how many networks take each step, then notes; returns whether all take all steps."""
    reached = [STEPS.index(result["step"]) if result["step"] in STEPS else -1 for result in results]
    counts = [sum(step >= index for step in reached) for index in range(len(STEPS))]
    exact = results[0].get("keras", version)
    print(f"| {exact} | {' | '.join(f'{count} of {len(results)}' for count in counts)} |", flush=True)
    notes = [
        f"    {result['network']}: {note}"
        for result in results
        for note in [result["error"], *result["warnings"], _other_loss(result)]
        if note
    ]
    if notes:
        print(*notes, sep="\n", file=sys.stderr, flush=True)
    return all(step == len(STEPS) - 1 for step in reached)


def _other_loss(result: dict[str, Any]) -> str | None:
    difference = result.get("loss", 0.0)
    return f"its loss differs by {difference:.1e}" if abs(difference) > MAX_LOSS_DIFFERENCE else None


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("versions", nargs="*", default=VERSIONS, metavar="VERSION")
    parser.add_argument("--keep", action="store_true", help="keep the environments")
    parser.add_argument("--reuse", action="store_true", help="check the networks of the last call")
    arguments = parser.parse_args()
    if not (arguments.reuse and NETWORKS.exists()):
        save_networks()
    print(f"| Keras | {' | '.join(STEPS)} |\n|---|{'---|' * len(STEPS)}", flush=True)
    fine = True
    for version in arguments.versions:
        fine = show(version, check(version)) and fine
        if not arguments.keep:
            shutil.rmtree(FOLDER / version)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
