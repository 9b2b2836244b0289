"""Kill trainings and resume them, hand commands inputs that nobody meant, and report what came of it.

    python tools/soak/run.py [--kills 200] [--inputs 20000] [--seed 1] [--report soak] [--add]

Writes REPORT.json and the table REPORT.md. `--add` counts an earlier report's figures in, so that a long soak can be
run in parts, each with a seed of its own. Exits with 1 where anything was lost, or was not refused as it should be.
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

# Parts of a hundred of all inputs; what needs TensorFlow takes a hundred times as long.
SHARES = {"config": 30, "override": 13, "yaml": 10, "picture": 13, "run.json": 8, "history.csv": 4, "checkpoint": 4}
DEEP_SHARE = 0.4
USUAL_SHARE = 3
AT_A_TIME = 250  # inputs a process
KILLS_A_RUN = 4
KILLS_A_WHOLE = 12  # kills that are compared with one run that was not killed


def kill(seed: int, kills: int, folder: Path) -> Tally:
    """Kill so many trainings of one config, several times each, and compare what they came to."""
    dice = random.Random(f"kills {seed}")
    killer = Killer(folder / f"kills-{seed}", list(CONFIGS)[seed % len(CONFIGS)], dice)
    while sum(killer.tally.kills.values()) < kills:
        left = kills - sum(killer.tally.kills.values())
        killer.killed_run(dice.choices(list(MOMENTS), k=min(left, dice.randrange(1, KILLS_A_RUN + 1))))
    return killer.tally


def feed(kind: str, first: int, last: int) -> list[str]:
    """Try the inputs of a kind with these seeds in a process of their own; returns what was wrong."""
    program = Path(__file__).parent / "inputs.py"
    command = [sys.executable, str(program), kind, f"{first}-{last}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=3600)
    except subprocess.TimeoutExpired:
        return [f"{kind} {first}-{last}: no end within an hour"]
    wrong = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('"')]
    if done.returncode:
        wrong.append(f"{kind} {first}-{last}: the process ended with {done.returncode}: {done.stderr[-1000:]}")
    return wrong


def portions(inputs: int, seed: int) -> list[tuple[str, int, int]]:
    """Return kinds and ranges of seeds, so many inputs in all."""
    shares = {**{kind: SHARES.get(kind, USUAL_SHARE) for kind in KINDS}, **dict.fromkeys(DEEP, DEEP_SHARE)}
    whole, made = sum(shares.values()), []
    for kind, share in shares.items():
        begin, end = seed * 1_000_000, seed * 1_000_000 + round(inputs * share / whole)
        size = AT_A_TIME if kind in KINDS else 40
        made += [(kind, first, min(first + size, end) - 1) for first in range(begin, end, size)]
    return made


def counted(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Add up the parts of a soak."""
    total: dict[str, Any] = {"kills": {}, "inputs": {}, "twice": 0, "runs": 0, "processes": 0, "lost": [], "wrong": []}
    for part in parts:
        for name, value in part.items():
            if isinstance(value, dict):
                for key, count in value.items():
                    total[name][key] = total[name].get(key, 0) + count
            elif name in total:
                total[name] = total[name] + value
    return total


def table(total: dict[str, Any]) -> str:
    """Return the figures as Markdown."""
    lines = ["| killed | times |", "|---|---|"]
    lines += [f"| {moment} | {count} |" for moment, count in sorted(total["kills"].items())]
    lines += [
        f"| all | {sum(total['kills'].values())} |",
        f"| of them right after another kill | {total['twice']} |",
        f"| runs resumed to their end and compared byte for byte | {total['runs']} |",
        f"| lost | {len(total['lost'])} |",
        "",
        "| input | tried |",
        "|---|---|",
    ]
    lines += [f"| {kind} | {count} |" for kind, count in sorted(total["inputs"].items())]
    lines += [f"| all | {sum(total['inputs'].values())} |", f"| not refused as it should be | {len(total['wrong'])} |"]
    return "\n".join([*lines, "", *total["lost"], *total["wrong"]]) + "\n"


def main() -> None:
    """Soak and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--report", type=Path, default=Path("soak"))
    parser.add_argument("--add", action="store_true")
    arguments = parser.parse_args()
    document = arguments.report.with_suffix(".json")
    parts = json.loads(document.read_text(encoding="utf-8"))["parts"] if arguments.add and document.exists() else []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(arguments.jobs) as pool:
        counts = [KILLS_A_WHOLE] * (arguments.kills // KILLS_A_WHOLE) + [arguments.kills % KILLS_A_WHOLE]
        seeds = [arguments.seed * 1000 + place for place in range(len(counts))]
        killed = [
            pool.submit(kill, seed, count, Path(folder)) for seed, count in zip(seeds, counts, strict=True) if count
        ]
        work = portions(arguments.inputs, arguments.seed)
        fed = [pool.submit(feed, *portion) for portion in work]
        parts += [asdict(one.result()) for one in killed]
        for (kind, first, last), one in zip(work, fed, strict=True):
            parts.append({"inputs": {kind: last - first + 1}, "wrong": one.result()})
    total = counted(parts)
    machine = {"cores": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}
    document.write_text(
        json.dumps({"total": total, "machine": machine, "parts": parts}, indent=1) + "\n", encoding="utf-8"
    )
    arguments.report.with_suffix(".md").write_text(table(total), encoding="utf-8")
    print(table(total))
    sys.exit(1 if total["lost"] or total["wrong"] else 0)


if __name__ == "__main__":
    main()
