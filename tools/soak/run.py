"""End training runs with signals and resume them, train random configs, give invalid inputs, and report the results.

    python tools/soak/run.py [--kills 200] [--configs 300] [--inputs 20000] [--seed 1] [--report soak] [--add]

Writes REPORT.json and the table REPORT.md. `--add` adds to an earlier report, so that a long soak test can be run in
parts with different seeds. The exit code is 1 if anything was lost or not rejected as it should be.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
from soak.inputs import DEEP, KINDS
from soak.kills import CONFIGS, MOMENTS, Killer, Tally

# Percentages of all inputs; those that need TensorFlow take a hundred times as long.
SHARES = {"config": 30, "override": 13, "yaml": 10, "picture": 13, "run.json": 8, "history.csv": 4, "checkpoint": 4}
DEEP_SHARE = 0.4
USUAL_SHARE = 3
BATCH = 250  # inputs per process
CONFIG_BATCH = 25  # random configs per process, which loads TensorFlow once
MAX_KILLS_PER_RUN = 4
KILLS_PER_REFERENCE = 12  # kills that are compared with one run without kills


def kill(seed: int, kills: int, folder: Path) -> Tally:
    """End training runs of one config with signals, each several times, and compare their results."""
    rng = random.Random(f"kills {seed}")
    killer = Killer(folder / f"kills-{seed}", list(CONFIGS)[seed % len(CONFIGS)], rng)
    while sum(killer.tally.kills.values()) < kills:
        left = kills - sum(killer.tally.kills.values())
        killer.killed_run(rng.choices(list(MOMENTS), k=min(left, rng.randrange(1, MAX_KILLS_PER_RUN + 1))))
    return killer.tally


def feed(kind: str, first: int, last: int) -> list[str]:
    """Try the inputs of a kind with these seeds in a subprocess; returns what went wrong."""
    return _wrong("inputs.py", kind, f"{first}-{last}")


def train_configs(first: int, last: int) -> list[str]:
    """Train random configs with these seeds in a subprocess; returns what went wrong."""
    return _wrong("configs.py", f"{first}-{last}")


def _wrong(program: str, *arguments: str) -> list[str]:
    """Run a program of this folder; returns the texts that it prints as JSON, one per line."""
    command, name = [sys.executable, str(Path(__file__).parent / program), *arguments], " ".join([program, *arguments])
    try:
        process = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=3600)
    except subprocess.TimeoutExpired:
        return [f"{name}: not finished within an hour"]
    wrong = [json.loads(line) for line in process.stdout.splitlines() if line.startswith('"')]
    if process.returncode:
        wrong.append(f"{name}: the process ended with {process.returncode}: {process.stderr[-1000:]}")
    return wrong


def config_batches(count: int, seed: int) -> list[tuple[int, int]]:
    """Return ranges of seeds of random configs that add up to `count`."""
    begin = seed * 1_000_000
    return [(begin + at, begin + min(at + CONFIG_BATCH, count) - 1) for at in range(0, count, CONFIG_BATCH)]


def batches(inputs: int, seed: int) -> list[tuple[str, int, int]]:
    """Return kinds and ranges of seeds that add up to about `inputs`."""
    shares = {**{kind: SHARES.get(kind, USUAL_SHARE) for kind in KINDS}, **dict.fromkeys(DEEP, DEEP_SHARE)}
    total, ranges = sum(shares.values()), []
    for kind, share in shares.items():
        begin, end = seed * 1_000_000, seed * 1_000_000 + round(inputs * share / total)
        size = BATCH if kind in KINDS else 40
        ranges += [(kind, first, min(first + size, end) - 1) for first in range(begin, end, size)]
    return ranges


def add_up(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Add up the parts of a soak test."""
    total: dict[str, Any] = {"kills": {}, "signals": {}, "inputs": {}, "lost": [], "wrong": []}
    total |= {"twice": 0, "continued": 0, "runs": 0, "processes": 0, "configs": 0}
    for part in parts:
        for name, value in part.items():
            if isinstance(value, dict):
                for key, count in value.items():
                    total[name][key] = total[name].get(key, 0) + count
            elif name in total:
                total[name] = total[name] + value
    return total


def table(total: dict[str, Any]) -> str:
    """Return the results as Markdown."""
    lines = ["| ended at | times |", "|---|---|"]
    lines += [f"| {moment} | {count} |" for moment, count in sorted(total["kills"].items())]
    lines += [
        f"| all | {sum(total['kills'].values())} |",
        *(f"| by {name} | {count} |" for name, count in sorted(total["signals"].items())),
        f"| directly after another one | {total['twice']} |",
        f"| resumes that went on after the last checkpoint | {total['continued']} |",
        f"| runs resumed to completion and compared byte for byte | {total['runs']} |",
        f"| lost | {len(total['lost'])} |",
        f"| random configs trained in two parts, then trained again | {total['configs']} |",
        "",
        "| input | tried |",
        "|---|---|",
    ]
    lines += [f"| {kind} | {count} |" for kind, count in sorted(total["inputs"].items())]
    lines += [f"| all | {sum(total['inputs'].values())} |", f"| not as it should be | {len(total['wrong'])} |"]
    return "\n".join([*lines, "", *total["lost"], *total["wrong"]]) + "\n"


def main() -> None:
    """Run the soak test and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--configs", type=int, default=300)
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--report", type=Path, default=Path("soak"))
    parser.add_argument("--add", action="store_true")
    arguments = parser.parse_args()
    document = arguments.report.with_suffix(".json")
    parts = json.loads(document.read_text(encoding="utf-8"))["parts"] if arguments.add and document.exists() else []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(arguments.jobs) as pool:
        counts = [KILLS_PER_REFERENCE] * (arguments.kills // KILLS_PER_REFERENCE) + [
            arguments.kills % KILLS_PER_REFERENCE
        ]
        seeds = [arguments.seed * 1000 + index for index in range(len(counts))]
        killed = [
            pool.submit(kill, seed, count, Path(folder)) for seed, count in zip(seeds, counts, strict=True) if count
        ]
        trials = config_batches(arguments.configs, arguments.seed)
        tried = [pool.submit(train_configs, *trial) for trial in trials]
        work = batches(arguments.inputs, arguments.seed)
        fed = [pool.submit(feed, *batch) for batch in work]
        parts += [asdict(future.result()) for future in killed]
        for (first, last), future in zip(trials, tried, strict=True):
            parts.append({"configs": last - first + 1, "wrong": future.result()})
        for (kind, first, last), future in zip(work, fed, strict=True):
            parts.append({"inputs": {kind: last - first + 1}, "wrong": future.result()})
    total = add_up(parts)
    machine = {"cores": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}
    document.write_text(
        json.dumps({"total": total, "machine": machine, "parts": parts}, indent=1) + "\n", encoding="utf-8"
    )
    arguments.report.with_suffix(".md").write_text(table(total), encoding="utf-8")
    print(table(total))
    sys.exit(1 if total["lost"] or total["wrong"] else 0)


if __name__ == "__main__":
    main()
