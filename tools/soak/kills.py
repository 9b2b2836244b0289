"""Trainings killed with SIGKILL at chosen and at random moments, resumed, and compared with one that was not.

A killed program is the real one in a process of its own; where it is to die inside a function, that function's call
starts a thread which, a random moment later, sends the process SIGKILL.
"""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

SAMPLE = Path(__file__).parent.parent.parent / "nntrain" / "assets" / "mnist_5k.npz"

PROGRAM = """
import importlib, os, signal, sys, threading, time

def strike():
    time.sleep(float(os.environ["KILL_AFTER"]))
    os.kill(os.getpid(), signal.SIGKILL)

def begin():
    threading.Thread(target=strike, daemon=True).start()

def at_call(holder, name, number):
    real, calls = getattr(holder, name), []
    def called(*arguments, **named):
        calls.append(1)
        if len(calls) == number:
            begin()
        return real(*arguments, **named)
    setattr(holder, name, called)

sys.argv[0] = "nntrain"
from nntrain.__main__ import main
import nntrain.jobs.session as session
where = os.environ.get("KILL_AT", "")
if where == "start":
    begin()
elif where == "data":
    at_call(session, "load_dataset", 1)
real = session.load_engine
def load_engine():
    loaded = real()
    return lambda: patched(loaded())
def patched(train):
    callbacks = importlib.import_module("nntrain.engine.callbacks.checkpoint")
    engine = importlib.import_module("nntrain.engine.train")
    callbacks.MIN_CHECKPOINT_INTERVAL, callbacks.CHECKPOINT_COST_RATIO = 0.05, 1
    number = int(os.environ.get("KILL_CALL", "1"))
    places = {
        "epoch": (callbacks.HistoryRecorder, "on_train_batch_end"),
        "history": (engine, "write_history"),
        "checkpoint": (callbacks, "write_checkpoint"),
        "saving": (engine, "_save"),
        "end": (engine, "record_end"),
    }
    if where in places:
        at_call(*places[where], number)
    return train
session.load_engine = load_engine
main()
"""

# Where it dies: the most seconds until it does, and the most calls before.
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
    """What came of the kills."""

    kills: dict[str, int] = field(default_factory=dict)  # by moment
    twice: int = 0  # of them, kills of a resume that had just begun
    runs: int = 0  # resumed to their end and compared
    processes: int = 0
    lost: list[str] = field(default_factory=list)  # what was not as it has to be


class Killer:
    """Trains, kills and resumes in a folder."""

    def __init__(self, folder: Path, config: str, dice: random.Random) -> None:
        self.folder, self.dice, self.tally = folder, dice, Tally()
        folder.mkdir(parents=True)
        with np.load(SAMPLE) as sample:
            counts = {"x_train": 250, "y_train": 250, "x_test": 100, "y_test": 100}
            np.savez(folder / "tiny.npz", **{name: sample[name][:count] for name, count in counts.items()})
        (folder / "tiny.yaml").write_text(f"data: {{dataset: tiny.npz}}{CONFIGS[config]}", encoding="utf-8")
        self.run("train", "tiny.yaml", "--name", "whole")
        self.whole = result(folder / "runs" / "whole-1")

    def run(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, or to its death."""
        self.tally.processes += 1
        usual = {name: value for name, value in os.environ.items() if not name.startswith(("NNTRAIN_", "KILL_"))}
        command = [sys.executable, "-c", PROGRAM, *arguments, "--quiet"]
        return subprocess.run(
            command, cwd=self.folder, env={**usual, **env}, capture_output=True, text=True, timeout=1800
        )

    def kill(self, moment: str, *arguments: str) -> bool:
        """Run a command that is to die at a moment; returns whether it did."""
        seconds, calls = MOMENTS[moment]
        after, call = self.dice.uniform(0, seconds), self.dice.randrange(1, calls + 1)
        done = self.run(*arguments, KILL_AT=moment, KILL_AFTER=str(after), KILL_CALL=str(call))
        if done.returncode == -signal.SIGKILL:
            self.tally.kills[moment] = self.tally.kills.get(moment, 0) + 1
            return True
        if done.returncode != 0:
            self.tally.lost.append(
                f"{moment}, {after:.4f} s after call {call}: {done.returncode}: {done.stderr[-600:]}"
            )
        return False

    def killed_run(self, moments: list[str]) -> None:
        """Train a run that is killed at these moments, one after the other; resume it and compare."""
        number = self.tally.runs + 1
        run = self.folder / "runs" / f"run{number}-1"
        rows: list[str] = []
        for place, moment in enumerate(moments):
            begin = ["resume", str(run)] if run.exists() else ["train", "tiny.yaml", "--name", f"run{number}"]
            if run.exists() and status(run) == "complete":
                break
            self.tally.twice += self.kill(moment, *begin) and place > 0
            rows = self._kept(run, rows)
        if not run.exists():
            self.run("train", "tiny.yaml", "--name", f"run{number}")
        elif status(run) != "complete":
            done = self.run("resume", str(run))
            if done.returncode != 0:
                self.tally.lost.append(f"resume after {moments}: {done.returncode}: {done.stderr[-600:]}")
        self._kept(run, rows)
        self.tally.runs += 1
        for what, value in self.whole.items():
            if result(run).get(what) != value:
                self.tally.lost.append(f"{what} differs after {', '.join(moments)} in {run}")

    def _kept(self, run: Path, rows: list[str]) -> list[str]:
        """Return the rows of history.csv, of which none that was there before may be gone or changed."""
        now = (run / "history.csv").read_text(encoding="utf-8").splitlines() if (run / "history.csv").exists() else []
        if now[: len(rows)] != rows:
            self.tally.lost.append(f"rows of {run / 'history.csv'} changed")
        return now


def status(run: Path) -> str:
    """Return what a run's run.json says, whatever became of its process."""
    return str(json.loads((run / "run.json").read_text(encoding="utf-8"))["status"])


def result(run: Path) -> dict[str, object]:
    """Return what a run came to, every byte of it that does not tell the time."""
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
        "litter": [path.name for path in run.iterdir() if path.name.startswith(".") and path.name != ".lock"],
    }
