"""Benchmark nntrain against its peers: each contender runs in its own process, in turn; medians and paired ratios.

    python tools/benchmarks/bench.py [--rounds 5] [--only PART ...] [--network NAME ...] [--who NAME ...] [--json FILE]

Each peer has its own virtual environment under .bench/, created on first use, so that no peer slows down another's
imports. All train the same network on the same 48,000 MNIST images with batch size 128, validate on 12,000 after each
epoch (except scikit-learn), test and save. nntrain's time to fit includes building, compiling, saving and testing.
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
# Epochs of the short and the long run of each network: the difference is the cost of an epoch after warm-up.
EPOCHS = {"mlp": (2, 10), "mlp_complete": (3, 8), "cnn": (1, 2)}
SHORTER = {"scikit-learn": (1, 3)}  # its epochs take many times as long
PLAIN = ["early_stopping=null", "lr_schedule=null", "fit.validation_split=0.2"]

XLA = "runtime.jit_compile=true"  # runs too short for it by default, whose epochs are compared
BARE_TYPER = "import typer; app = typer.Typer(); app.command()(lambda: None); app()"


def python(environment: str) -> str:
    """Return an environment's interpreter and create the environment if it is missing; "here" is this one."""
    if environment == "here":
        return sys.executable
    folder = ROOT / ".bench" / environment
    interpreter = folder / "bin" / "python"
    if not (folder / "installed").exists():
        print(f"creating {folder}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([interpreter, "-m", "pip", "install", "-q", *ENVIRONMENTS[environment]], check=True)
        (folder / "installed").touch()
    return str(interpreter)


def measure(command: list[str], **env: str) -> dict[str, Any]:
    """Run a command; returns the JSON of its last line (if any), its wall-clock seconds and peak memory in MB."""
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL, env={**os.environ, **env}, cwd=ROOT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
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


def nntrain(network: str, epochs: int, folder: Path, *overrides: str, seed: int = 1) -> dict[str, Any]:
    """Train with nntrain; returns the same keys as a peer's script."""
    command = [
        python("here"),
        "-m",
        "nntrain",
        "train",
        network,
        f"epochs={epochs}",
        f"seed={seed}",
        *PLAIN,
        *overrides,
    ]
    metrics = measure([*command, "--json", "--runs-dir", str(folder)])
    rows = Path(metrics["run"], "history.csv").read_text().splitlines()[1:]
    seconds = [float(row.split(",")[1]) for row in rows]
    xla = "jit_compile: true" in Path(metrics["run"], "config.yaml").read_text()
    return {
        **metrics,
        "epochs": seconds,
        "fit": metrics["seconds"],
        "accuracy": metrics["test"]["accuracy"],
        "resolved": [f"runtime.jit_compile={str(xla).lower()}"],
    }


def peer(script: str, environment: str, **env: str) -> Callable[..., dict[str, Any]]:
    """Return a function that trains with a peer's script."""

    def run(network: str, epochs: int, folder: Path, *, seed: int = 1, batch: int = 128, data: Path = DATA) -> Any:
        command = [python(environment), str(PEERS / script), network, str(epochs), str(data), str(folder)]
        return measure([*command, "--seed", str(seed), "--batch", str(batch)], **env)

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
    """Time a short and a long training run of every contender in turn."""
    rows = []
    for network in EPOCHS:
        contenders = {name: run for name, (run, networks) in TRAINERS.items() if network in networks}
        results: dict[str, list[dict[str, Any]]] = {name: [] for name in contenders}
        for _ in range(rounds):
            for name, run in contenders.items():
                short, long = SHORTER.get(name, EPOCHS[network])
                long_run = run(network, long, folder)
                # On its own, a short run of nntrain might not be compiled with XLA although the long one is.
                short_run = run(network, short, folder, *long_run.get("resolved", ()))
                values = {
                    "steady": (long_run["process"] - short_run["process"]) / (long - short),
                    "reported": statistics.median(long_run["epochs"][1:]),
                    "memory": long_run["memory"],
                }
                if name not in SHORTER:
                    values |= {key: long_run[key] for key in ("fit", "process", "accuracy")}
                results[name].append(values)
            if network == "mlp":
                results.setdefault("matrix products", []).append(
                    {"reported": measure([python("here"), str(PEERS / "matrix_products.py")])["seconds"]}
                )
        rows += summary(network, results)
    return rows


def answers(rounds: int, folder: Path) -> list[dict[str, Any]]:
    """Time whole processes that use a trained network, and those that need none."""
    import numpy as np
    from PIL import Image

    run = nntrain("mlp", 2, folder)["run"]
    with np.load(DATA) as data:
        images = data["x_test"][:1000]
    pictures = folder / "pictures"
    pictures.mkdir()
    for index, image in enumerate(images):
        Image.fromarray(image).save(pictures / f"{index:04}.png")
    picture, here = pictures / "0000.png", [python("here"), "-m", "nntrain"]
    script = [python("keras"), str(PEERS / "keras_answer.py")]
    commands = {
        "one picture": {
            "nntrain": [*here, "predict", str(picture), "--run", run],
            "keras": [*script, "predict", f"{run}/model.keras", str(picture)],
        },
        "1,000 pictures": {"nntrain": [*here, "predict", str(pictures), "--run", run]},
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
                usage = measure(command)
                results[name].append({"process": usage["process"], "memory": usage["memory"]})
        rows += summary(what, results)
    return rows


def growth(rounds: int, folder: Path) -> list[dict[str, Any]]:
    """Time an epoch of `mlp` with the images repeated, and with larger batches."""
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
        rows += summary(f"{times}x the images", {"nntrain": [_per_epoch(result) for result in results]})
    for batch in (32, 128, 512, 2048):
        results = [nntrain("mlp", 3, folder, f"batch_size={batch}", XLA) for _ in range(rounds)]
        rows += summary(f"batches of {batch}", {"nntrain": [_per_epoch(result) for result in results]})
    return rows


def _per_epoch(result: dict[str, Any]) -> dict[str, float]:
    return {"reported": statistics.median(result["epochs"][1:]), "memory": result["memory"]}


def accuracy(rounds: int, folder: Path) -> list[dict[str, Any]]:
    """Compare test accuracy after ten epochs of `mlp` over five seeds."""
    results: dict[str, list[dict[str, Any]]] = {"nntrain": [], "keras": []}
    for seed in range(1, 6):
        for name in results:
            result = TRAINERS[name][0]("mlp", 10, folder, seed=seed)
            results[name].append({"accuracy": result["accuracy"]})
    rows = summary("mlp, 10 epochs, five seeds", results)
    for row in rows:
        row["accuracies"] = sorted(result["accuracy"] for result in results[row["who"]])
        print(f"{row['who']}: {', '.join(f'{value:.4f}' for value in row['accuracies'])}", flush=True)
    return rows


def goals(rounds: int, folder: Path) -> list[dict[str, Any]]:
    """Time whole processes until a test accuracy of 97 % and 99 %, start-up included."""
    rows = []
    for network, target in (("mlp", 0.97), ("cnn", 0.99)):
        if network not in EPOCHS:
            continue
        runs = {name: TRAINERS[name][0] for name in ("nntrain", "keras")}
        epochs = {name: _epochs_until(run, network, target, folder) for name, run in runs.items()}
        results: dict[str, list[dict[str, Any]]] = {name: [] for name in runs}
        for _ in range(rounds):
            for name, run in runs.items():
                result = run(network, epochs[name], folder)
                figures = {"process": result["process"], "accuracy": result["accuracy"], "epochs": epochs[name]}
                results[name].append(figures)
        rows += summary(f"{network} to {target:.0%}", results)
    return rows


def _epochs_until(run: Callable[..., dict[str, Any]], network: str, target: float, folder: Path) -> int:
    """Return the fewest epochs, at most 20, with which a run with seed 1 reaches a test accuracy."""
    reached = (epochs for epochs in range(1, 20) if run(network, epochs, folder)["accuracy"] >= target)
    return next(reached, 20)


def summary(what: str, results: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return one row per contender: medians, and the median of the rounds' ratios to nntrain."""
    ours = results["nntrain"]
    rows = []
    for name, rounds in results.items():
        row: dict[str, Any] = {"what": what, "who": name}
        for figure in rounds[0]:
            row[figure] = statistics.median(result[figure] for result in rounds)
            if name != "nntrain" and figure in ours[0] and figure not in ("accuracy", "epochs"):
                pairs = zip(rounds, ours, strict=True)
                row[f"{figure} ratio"] = statistics.median(theirs[figure] / own[figure] for theirs, own in pairs)
        rows.append(row)
        print(show(row), flush=True)
    return rows


def show(row: dict[str, Any]) -> str:
    """Return a row as text."""
    texts = []
    for name, value in row.items():
        if name in ("what", "who"):
            continue
        form = f"{value:.4f}" if name == "accuracy" else f"{value:.0f} MB" if name == "memory" else f"{value:.3g}"
        texts.append(f"{name} {form}")
    return f"{row['what']:<28} {row['who']:<16} {'  '.join(texts)}"


PARTS = {
    "training": training,
    "answers": answers,
    "growth": growth,
    "accuracy": accuracy,
    "goals": goals,
}


def main() -> None:
    """Run the selected benchmarks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--network", nargs="+", choices=EPOCHS, default=list(EPOCHS))
    parser.add_argument("--who", nargs="+", choices=TRAINERS, default=list(TRAINERS), help="contenders beside nntrain")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    for name in set(EPOCHS) - set(arguments.network):
        del EPOCHS[name]
    for name in set(TRAINERS) - {"nntrain", *arguments.who}:
        del TRAINERS[name]
    if not DATA.is_file():
        raise SystemExit(f"{DATA} is missing: set NNTRAIN_DATA_DIR to a folder with mnist.npz")
    # pip compiles the peers' packages; changed sources of nntrain would be compiled at every start.
    compileall.compile_dir(ROOT / "nntrain", quiet=1)
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    rows: list[dict[str, Any]] = []
    for part in arguments.only:
        with tempfile.TemporaryDirectory() as folder:
            rows += PARTS[part](arguments.rounds, Path(folder))
    if arguments.json:
        arguments.json.parent.mkdir(exist_ok=True)
        arguments.json.write_text(json.dumps({"machine": platform.platform(), "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
