"""Measure nntrain beside its peers: each contender a process of its own, in turn; medians and paired ratios.

    python tools/benchmarks/bench.py [--rounds 5] [--only PART ...] [--network NAME ...] [--who NAME ...] [--json FILE]

Peers live in virtual environments of their own under .bench/, made here, so that no peer slows another's imports.
All train the same network on the same 48,000 images of MNIST in batches of 128, validate on 12,000 each epoch (but
scikit-learn), test and save. nntrain's seconds to fit include building, compiling, saving and testing.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PEERS = HERE / "peers"
DATA = Path(os.environ.get("NNTRAIN_DATA_DIR", "~/.keras/datasets")).expanduser() / "mnist.npz"
ENVIRONMENTS = {
    "keras": [f"tensorflow=={version('tensorflow')}", f"keras=={version('keras')}", "pillow"],
    "torch": ["torch==2.13.0", "numpy"],
    "jax": ["jax", "optax", "numpy"],
    "sklearn": ["scikit-learn", "numpy"],
}
# Epochs of the short and the long process of each network: their difference is what epochs cost once all is warm.
EPOCHS = {"mlp": (2, 10), "mlp_complete": (3, 8), "cnn": (1, 2)}
FEWER = {"scikit-learn": (1, 3)}  # whose epochs take many times as long
PLAIN = ["early_stopping=null", "lr_schedule=null", "fit.validation_split=0.2"]

XLA = "runtime.jit_compile=true"  # where runs are too short for it, but their epochs are compared
BARE_TYPER = "import typer; app = typer.Typer(); app.command()(lambda: None); app()"


def python(environment: str) -> str:
    """Return the interpreter of an environment, making it where it is missing; "here" is this one."""
    if environment == "here":
        return sys.executable
    folder = ROOT / ".bench" / environment
    interpreter = folder / "bin" / "python"
    if not (folder / "installed").exists():
        print(f"making {folder}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([interpreter, "-m", "pip", "install", "-q", *ENVIRONMENTS[environment]], check=True)
        (folder / "installed").touch()
    return str(interpreter)


def measured(command: list[str], **env: str) -> dict[str, Any]:
    """Run a command; returns its last line's JSON (if it is one), whole seconds, and peak memory in MB."""
    begun = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL, env={**os.environ, **env}, cwd=ROOT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        out.seek(0)
        text = out.read().strip()
    if status:
        raise SystemExit(f"{' '.join(command)} failed: {text[-500:]}")
    result: dict[str, Any] = {"process": seconds, "memory": usage.ru_maxrss / 1024}
    try:
        document = json.loads(text if text.startswith("{") else text.splitlines()[-1])
    except (ValueError, IndexError):
        document = {}
    return {**result, **(document if isinstance(document, dict) else {})}


def nntrain(network: str, epochs: int, folder: Path, *more: str, seed: int = 1) -> dict[str, Any]:
    """Train with nntrain; returns the same figures as a peer's script."""
    command = [python("here"), "-m", "nntrain", "train", network, f"epochs={epochs}", f"seed={seed}", *PLAIN, *more]
    done = measured([*command, "--json", "--runs-dir", str(folder)])
    rows = Path(done["run"], "history.csv").read_text().splitlines()[1:]
    seconds = [float(row.split(",")[1]) for row in rows]
    xla = "jit_compile: true" in Path(done["run"], "config.yaml").read_text()
    return {
        **done,
        "epochs": seconds,
        "fit": done["seconds"],
        "accuracy": done["test"]["accuracy"],
        "chosen": [f"runtime.jit_compile={str(xla).lower()}"],
    }


def peer(script: str, environment: str, **env: str) -> Callable[..., dict[str, Any]]:
    """Return a function that trains with a peer's script."""

    def run(network: str, epochs: int, folder: Path, *, seed: int = 1, batch: int = 128, data: Path = DATA) -> Any:
        command = [python(environment), str(PEERS / script), network, str(epochs), str(data), str(folder)]
        return measured([*command, "--seed", str(seed), "--batch", str(batch)], **env)

    return run


TRAINERS: dict[str, tuple[Callable[..., dict[str, Any]], Iterable[str]]] = {
    "nntrain": (nntrain, EPOCHS),
    "keras": (peer("keras_script.py", "keras"), EPOCHS),
    "keras, tuned": (peer("keras_script.py", "keras", KERAS_TUNED="1"), EPOCHS),
    "pytorch": (peer("pytorch_script.py", "torch"), EPOCHS),
    "jax": (peer("jax_script.py", "jax"), EPOCHS),
    "scikit-learn": (peer("sklearn_script.py", "sklearn"), ["mlp"]),
}


def training(rounds: int, folder: Path) -> list[dict[str, Any]]:
    """Time short and long trainings of every contender in turn."""
    rows = []
    for network in EPOCHS:
        contenders = {name: run for name, (run, networks) in TRAINERS.items() if network in networks}
        results: dict[str, list[dict[str, Any]]] = {name: [] for name in contenders}
        for _ in range(rounds):
            for name, run in contenders.items():
                short, long = FEWER.get(name, EPOCHS[network])
                whole = run(network, long, folder)
                # A short run of nntrain's would choose otherwise between XLA and the plain graph.
                brief = run(network, short, folder, *whole.get("chosen", ()))
                figures = {
                    "steady": (whole["process"] - brief["process"]) / (long - short),
                    "reported": statistics.median(whole["epochs"][1:]),
                    "memory": whole["memory"],
                }
                if name not in FEWER:
                    figures |= {key: whole[key] for key in ("fit", "process", "accuracy")}
                results[name].append(figures)
            if network == "mlp":
                results.setdefault("matrix products", []).append(
                    {"reported": measured([python("here"), str(PEERS / "matrix_products.py")])["seconds"]}
                )
        rows += summary(network, results)
    return rows


def answers(rounds: int, folder: Path) -> list[dict[str, Any]]:
    """Time whole processes that ask a trained network, and those that need none."""
    import numpy as np
    from PIL import Image

    run = nntrain("mlp", 2, folder)["run"]
    with np.load(DATA) as data:
        pictures = data["x_test"][:1000]
    many = folder / "pictures"
    many.mkdir()
    for index, pixels in enumerate(pictures):
        Image.fromarray(pixels).save(many / f"{index:04}.png")
    one, here = many / "0000.png", [python("here"), "-m", "nntrain"]
    script = [python("keras"), str(PEERS / "keras_answer.py")]
    commands = {
        "one picture": {
            "nntrain": [*here, "predict", str(one), "--run", run],
            "keras": [*script, "predict", f"{run}/model.keras", str(one)],
        },
        "1,000 pictures": {"nntrain": [*here, "predict", str(many), "--run", run]},
        "evaluate 10,000": {
            "nntrain": [*here, "evaluate", run, "--no-plots"],
            "keras": [*script, "evaluate", f"{run}/model.keras", str(DATA)],
        },
        "check": {"nntrain": [*here, "check", "mlp"]},
        "--help": {
            "nntrain": [*here, "--help"],
            "typer": [python("here"), "-c", BARE_TYPER, "--help"],
            "python -c pass": [python("here"), "-c", "pass"],
        },
    }  # fmt: skip
    rows = []
    for what, contenders in commands.items():
        results: dict[str, list[dict[str, Any]]] = {name: [] for name in contenders}
        for _ in range(rounds):
            for name, command in contenders.items():
                done = measured(command)
                results[name].append({"process": done["process"], "memory": done["memory"]})
        rows += summary(what, results)
    return rows


def growth(rounds: int, folder: Path) -> list[dict[str, Any]]:
    """Time an epoch of `mlp` as the images are repeated, and as batches grow."""
    import numpy as np

    with np.load(DATA) as data:
        arrays = {name: data[name] for name in data.files}
    rows = []
    for times in (1, 2, 4, 8):
        repeated = folder / f"mnist{times}.npz"
        np.savez(
            repeated, **{name: np.concatenate([a] * times) if "train" in name else a for name, a in arrays.items()}
        )
        results = [nntrain("mlp", 3, folder, f"data.dataset={repeated}", XLA) for _ in range(rounds)]
        rows += summary(f"{times}x the images", {"nntrain": [_steady(done) for done in results]})
    for batch in (32, 128, 512, 2048):
        results = [nntrain("mlp", 3, folder, f"batch_size={batch}", XLA) for _ in range(rounds)]
        rows += summary(f"batches of {batch}", {"nntrain": [_steady(done) for done in results]})
    return rows


def _steady(done: dict[str, Any]) -> dict[str, float]:
    return {"reported": statistics.median(done["epochs"][1:]), "memory": done["memory"]}


def accuracy(rounds: int, folder: Path) -> list[dict[str, Any]]:
    """Compare test accuracy after ten epochs of `mlp` over five seeds."""
    results: dict[str, list[dict[str, Any]]] = {"nntrain": [], "keras": []}
    for seed in range(1, 6):
        for name in results:
            done = TRAINERS[name][0]("mlp", 10, folder, seed=seed)
            results[name].append({"accuracy": done["accuracy"]})
    rows = summary("mlp, 10 epochs, five seeds", results)
    for row in rows:
        row["accuracies"] = sorted(done["accuracy"] for done in results[row["who"]])
        print(f"{row['who']}: {', '.join(f'{value:.4f}' for value in row['accuracies'])}", flush=True)
    return rows


def goals(rounds: int, folder: Path) -> list[dict[str, Any]]:
    """Time whole processes to 97 % and to 99 % of the test images, start-up included."""
    rows = []
    for network, wanted in (("mlp", 0.97), ("cnn", 0.99)):
        if network not in EPOCHS:
            continue
        runs = {name: TRAINERS[name][0] for name in ("nntrain", "keras")}
        epochs = {name: _epochs_until(run, network, wanted, folder) for name, run in runs.items()}
        results: dict[str, list[dict[str, Any]]] = {name: [] for name in runs}
        for _ in range(rounds):
            for name, run in runs.items():
                done = run(network, epochs[name], folder)
                results[name].append({"process": done["process"], "accuracy": done["accuracy"], "epochs": epochs[name]})
        rows += summary(f"{network} to {wanted:.0%}", results)
    return rows


def _epochs_until(run: Callable[..., dict[str, Any]], network: str, wanted: float, folder: Path) -> int:
    """Return the epochs of the shortest training with seed 1 that reaches a test accuracy; 20 where none does."""
    reached = (epochs for epochs in range(1, 20) if run(network, epochs, folder)["accuracy"] >= wanted)
    return next(reached, 20)


def summary(what: str, results: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return a row a contender: medians, and the median of each round's ratio to nntrain."""
    ours = results["nntrain"]
    rows = []
    for name, rounds in results.items():
        row: dict[str, Any] = {"what": what, "who": name}
        for figure in rounds[0]:
            row[figure] = statistics.median(one[figure] for one in rounds)
            if name != "nntrain" and figure in ours[0] and figure not in ("accuracy", "epochs"):
                pairs = zip(rounds, ours, strict=True)
                row[f"{figure} ratio"] = statistics.median(one[figure] / other[figure] for one, other in pairs)
        rows.append(row)
        print(show(row), flush=True)
    return rows


def show(row: dict[str, Any]) -> str:
    """Return a row as text."""
    figures = []
    for name, value in row.items():
        if name in ("what", "who"):
            continue
        form = f"{value:.4f}" if name == "accuracy" else f"{value:.0f} MB" if name == "memory" else f"{value:.3g}"
        figures.append(f"{name} {form}")
    return f"{row['what']:<28} {row['who']:<16} {'  '.join(figures)}"


PARTS = {
    "training": training,
    "answers": answers,
    "growth": growth,
    "accuracy": accuracy,
    "goals": goals,
}


def main() -> None:
    """Measure the parts asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--network", nargs="+", choices=EPOCHS, default=list(EPOCHS))
    parser.add_argument("--who", nargs="+", choices=TRAINERS, default=list(TRAINERS), help="beside nntrain")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    for name in set(EPOCHS) - set(asked.network):
        del EPOCHS[name]
    for name in set(TRAINERS) - {"nntrain", *asked.who}:
        del TRAINERS[name]
    if not DATA.is_file():
        raise SystemExit(f"{DATA} is missing: set NNTRAIN_DATA_DIR to a folder with mnist.npz")
    # As pip has done with the peers' packages; sources that have changed since would be compiled at every start.
    compileall.compile_dir(ROOT / "nntrain", quiet=1)
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    rows: list[dict[str, Any]] = []
    for part in asked.only:
        with tempfile.TemporaryDirectory() as folder:
            rows += PARTS[part](asked.rounds, Path(folder))
    if asked.json:
        asked.json.parent.mkdir(exist_ok=True)
        asked.json.write_text(json.dumps({"machine": platform.platform(), "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
