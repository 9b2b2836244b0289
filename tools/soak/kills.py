"""Ends trainings with signals at chosen and random moments, resumes them, and compares them with one that went through.

The program is the real one, in a process of its own. To get the signal inside a function, a call of it starts a thread
that sends SIGKILL, SIGHUP, SIGTERM or SIGINT to the process a random time later. After SIGKILL the training is lost
since its last checkpoint; after the others it ends at once, or saves first if there is an epoch to save.
"""

from __future__ import annotations

import csv
import json
import os
import random
import re
import signal
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from nntrain.runs.checkpoint import newest_epoch

SAMPLE = Path(__file__).parent.parent.parent / "nntrain" / "assets" / "mnist_5k.npz"

PROGRAM = """
import importlib, os, signal, sys, threading, time

def kill_later():
    time.sleep(float(os.environ["KILL_AFTER"]))
    os.kill(os.getpid(), int(os.environ["KILL_SIGNAL"]))

def start_killing():
    threading.Thread(target=kill_later, daemon=True).start()

def kill_at_call(module, name, number):
    holder = importlib.import_module(module)
    *outer, name = name.split(".")
    for attribute in outer:
        holder = getattr(holder, attribute)
    real, calls = getattr(holder, name), []
    def called(*arguments, **options):
        calls.append(1)
        if len(calls) == number:
            start_killing()
        return real(*arguments, **options)
    setattr(holder, name, called)

FUNCTIONS = {
    "data": ("nntrain.data.load", "load_dataset"),
    "epoch": ("nntrain.engine.callbacks.history_recorder", "HistoryRecorder.on_train_batch_end"),
    "history": ("nntrain.engine.callbacks.history_recorder", "write_history"),
    "checkpoint": ("nntrain.engine.callbacks.checkpoint", "write_checkpoint"),
    "saving": ("nntrain.engine.train", "_save_and_score"),
    "end": ("nntrain.engine.train", "record_end"),
}
moment = os.environ.get("KILL_AT")
if moment == "start":
    start_killing()
elif moment is not None:
    # Imported before the command line, which then finds the changed function.
    kill_at_call(*FUNCTIONS[moment], int(os.environ["KILL_CALL"]))
    if moment != "data":
        checkpoint = importlib.import_module("nntrain.engine.callbacks.checkpoint")
        checkpoint.MIN_CHECKPOINT_INTERVAL, checkpoint.CHECKPOINT_COST_RATIO = 0.05, 1
# In the background of a script, or under nohup, they are ignored, and nntrain would leave it so.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
sys.argv[0] = "nntrain"
from nntrain.__main__ import main
main()
"""

# The exit code of the process after each; subprocess shows SIGKILL's as a negative number.
ENDS = {
    signal.SIGKILL: -signal.SIGKILL,
    signal.SIGHUP: 128 + signal.SIGHUP,
    signal.SIGTERM: 128 + signal.SIGTERM,
    signal.SIGINT: 128 + signal.SIGINT,
}

# When it gets the signal: at most so many seconds after one of the first so many calls.
MOMENTS = {
    "start": (4.0, 1),
    "data": (0.3, 1),
    "epoch": (0.05, 40),
    "history": (0.004, 40),
    "checkpoint": (0.006, 12),
    "saving": (1.5, 1),
    "end": (0.02, 1),
}

CONFIGS = {
    "plateau": """
model: [dense: 24, batch_normalization, activation: relu, dropout: 0.3, dense: {units: 10, activation: softmax}]
optimizer: {adam: {learning_rate: 0.01}}
loss: categorical_crossentropy
metrics: [accuracy, {top_k_categorical_accuracy: {k: 3}}]
fit: {epochs: 60, batch_size: 16}
lr_schedule: {reduce_lr_on_plateau: {patience: 4}}
early_stopping: {patience: 40, restore_best_weights: true}
""",
    "picture": """
model:
  - conv2d: {filters: 4, kernel_size: 3, strides: 2, activation: relu}
  - flatten
  - dropout: 0.2
  - dense: {units: 10, activation: softmax}
optimizer: {nadam: {learning_rate: 0.003}}
loss: sparse_categorical_crossentropy
fit: {epochs: 40, batch_size: 32}
lr_schedule: {step_decay: {factor: 0.5, every: 7}}
augmentation: {rotation: 10, translation: 2}
""",
    "average": """
task: regression
model: [dense: {units: 16, activation: relu}, dense: 1]
optimizer: {sgd: {learning_rate: 0.003, momentum: 0.9, use_ema: true}}
loss: mse
fit: {epochs: 60, batch_size: 16, validation_split: 0}
lr_schedule: {cosine_annealing: {warmup_epochs: 3}}
""",
}


@dataclass
class Tally:
    """What the kills led to."""

    kills: dict[str, int] = field(default_factory=dict)  # by moment
    signals: dict[str, int] = field(default_factory=dict)  # the same kills by signal
    twice: int = 0  # kills of a resume that followed another kill
    continued: int = 0  # resumes that went on after the last checkpoint
    runs: int = 0  # resumed to completion and compared
    processes: int = 0
    lost: list[str] = field(default_factory=list)  # what differs from the run without a kill


class Killer:
    """Trains, kills and resumes runs of one config in a folder."""

    def __init__(self, folder: Path, config: str, rng: random.Random) -> None:
        self.folder, self.rng, self.tally = folder, rng, Tally()
        folder.mkdir(parents=True)
        with np.load(SAMPLE) as sample:
            counts = {"x_train": 250, "y_train": 250, "x_test": 100, "y_test": 100}
            np.savez(folder / "tiny.npz", **{name: sample[name][:count] for name, count in counts.items()})
        (folder / "tiny.yaml").write_text(f"data: {{dataset: tiny.npz}}{CONFIGS[config]}", encoding="utf-8")
        self.run_command("train", "tiny.yaml", "--name", "reference")
        self.expected = result_of(folder / "runs" / "reference-1")

    def run_command(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command until it ends or is killed."""
        self.tally.processes += 1
        usual = {name: value for name, value in os.environ.items() if not name.startswith(("NNTRAIN_", "KILL_"))}
        command = [sys.executable, "-c", PROGRAM, *arguments]
        return subprocess.run(
            command, cwd=self.folder, env={**usual, **env}, capture_output=True, text=True, timeout=1800
        )

    def kill(self, run: Path, moment: str, number: signal.Signals, *arguments: str) -> bool:
        """Run a command that is to get a signal at a moment; returns whether it ended by it."""
        max_seconds, max_calls = MOMENTS[moment]
        after, call = self.rng.uniform(0, max_seconds), self.rng.randrange(1, max_calls + 1)
        env = {"KILL_SIGNAL": str(int(number)), "KILL_AFTER": str(after), "KILL_CALL": str(call)}
        saved = newest_epoch(run / "checkpoint")
        process = self.run_command(*arguments, KILL_AT=moment, **env)
        self._check_start(run, saved, process)
        if process.returncode == ENDS[number]:
            for counts, key in ((self.tally.kills, moment), (self.tally.signals, number.name)):
                counts[key] = counts.get(key, 0) + 1
            return True
        if process.returncode != 0:
            self._lose(f"{number.name}, {moment}, {after:.4f} s after call {call}", process)
        return False

    def _check_start(self, run: Path, saved: int, process: subprocess.CompletedProcess[str]) -> None:
        """Check that a command went on after the last epoch that was saved, and at epoch 1 only if none was."""
        found = re.search(rf"^run +\S*{run.name}(?:, continuing after epoch (\d+))?$", process.stderr, re.MULTILINE)
        if found is None:  # it ended before it said so
            return
        self.tally.continued += saved > 0
        if int(found[1] or 0) != saved:
            self._lose(f"{run} continued after epoch {found[1] or 0}, not {saved}", process)

    def killed_run(self, moments: list[str]) -> None:
        """Train a run that gets a random signal at each of these moments; resume it each time, and compare."""
        name = f"run{self.tally.runs + 1}"
        run, rows = self.folder / "runs" / f"{name}-1", []
        for number, moment in enumerate(moments):
            if run.exists() and status_of(run) == "complete":
                break
            command = ["resume", str(run)] if run.exists() else ["train", "tiny.yaml", "--name", name]
            self.tally.twice += self.kill(run, moment, self.rng.choice(list(ENDS)), *command) and number > 0
            rows = self._check_rows(run, rows)
        self._complete(run, name, moments)
        self._check_rows(run, rows)
        self.tally.runs += 1
        result = result_of(run)
        differing = [part for part, expected in self.expected.items() if result[part] != expected]
        self.tally.lost += [f"{part} differs after {', '.join(moments)} in {run}" for part in differing]

    def _complete(self, run: Path, name: str, moments: list[str]) -> None:
        if not run.exists():
            self.run_command("train", "tiny.yaml", "--name", name)
        elif status_of(run) != "complete":
            saved = newest_epoch(run / "checkpoint")
            process = self.run_command("resume", str(run))
            self._check_start(run, saved, process)
            if process.returncode != 0:
                self._lose(f"resume after {moments}", process)

    def _check_rows(self, run: Path, rows: list[str]) -> list[str]:
        """Return the rows of history.csv; of those that were there before, none may be missing or different."""
        path = run / "history.csv"
        current = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        if current[: len(rows)] != rows:
            self.tally.lost.append(f"rows of {path} changed")
        return current

    def _lose(self, what: str, process: subprocess.CompletedProcess[str]) -> None:
        self.tally.lost.append(f"{what}: exit code {process.returncode}: {process.stderr[-600:]}")


def status_of(run: Path) -> str:
    """Return the status in a run's run.json, which is `running` after SIGKILL."""
    return str(json.loads((run / "run.json").read_text(encoding="utf-8"))["status"])


def result_of(run: Path) -> dict[str, object]:
    """Return the result of a run: every byte that does not depend on the time."""
    info = json.loads((run / "run.json").read_text(encoding="utf-8"))
    with (run / "history.csv").open(encoding="utf-8") as file:
        history = [{**row, "seconds": ""} for row in csv.DictReader(file)]
    with zipfile.ZipFile(run / "model.keras") as archive:
        weights = archive.read("model.weights.h5")
    newest = max((run / "checkpoint").glob("*.npz"))
    with np.load(newest) as state:
        arrays = {name: state[name].tobytes() for name in state.files if name != "state.json"}
        meta = json.loads(state["state.json"].tobytes())
    return {
        "status": info["status"],
        "fingerprints": {name: info["fingerprints"][name] for name in ("config", "weights")},
        "history.csv": history,
        "model.keras": weights,
        "model.tflite": (run / "model.tflite").read_bytes(),
        "test": json.loads((run / "metrics.json").read_text(encoding="utf-8"))["test"],
        "checkpoint's arrays": arrays,
        "checkpoint's counters": meta["counters"],
        "checkpoint": newest.name,
        "leftovers": [path.name for path in run.iterdir() if path.name.startswith(".") and path.name != ".lock"],
    }
