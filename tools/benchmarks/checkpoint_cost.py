"""What checkpoints cost: the share of training time that taking and writing them takes.

    python tools/benchmarks/checkpoint_cost.py [--rounds 5] [CONFIG ...]

Each config is trained as `nntrain train` trains it, inside this process. A clock runs around what CheckpointCallback
does (copying the state after each epoch, writing it, waiting until the disk has it) and around history.csv. The cost is
timed within the training that it belongs to: no second training, on a machine that may be busier, is compared with.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

SETTINGS = {"mlp": ["epochs=20"], "mlp_complete": ["epochs=20"], "cnn": ["epochs=3"]}


class Clock:
    """Adds up the seconds that a function takes."""

    def __init__(self) -> None:
        self.seconds, self.calls = 0.0, 0

    def around(self, holder: Any, name: str) -> None:
        """Time every call of a function from now on."""
        real = getattr(holder, name)

        def timed(*arguments: Any, **named: Any) -> Any:
            begun = time.perf_counter()
            try:
                return real(*arguments, **named)
            finally:
                self.seconds += time.perf_counter() - begun
                self.calls += 1

        setattr(holder, name, timed)


def main() -> None:
    """Train, time, print a line a config."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("configs", nargs="*", default=list(SETTINGS))
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()

    from nntrain.engine import callbacks, train
    from nntrain.jobs.plan import open_config
    from nntrain.jobs.train import train as train_run

    keeping, writing, rows, whole = Clock(), Clock(), Clock(), Clock()
    keeping.around(callbacks.CheckpointCallback, "on_epoch_end")
    writing.around(callbacks, "write_checkpoint")
    rows.around(train, "write_history")
    whole.around(train, "fit")
    for name in arguments.configs:
        shares, history = [], []
        for _ in range(arguments.rounds):
            for clock in (keeping, writing, rows, whole):
                clock.seconds, clock.calls = 0.0, 0
            with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
                train_run(open_config(name, SETTINGS.get(name, [])), runs_dir=Path(folder))
            shares.append(100 * keeping.seconds / whole.seconds)
            history.append(100 * rows.seconds / whole.seconds)
        print(
            f"{name}: checkpoints {statistics.median(shares):.2f} % of training time (at most {max(shares):.2f} %), "
            f"history.csv {statistics.median(history):.2f} %; the last round wrote {writing.calls} checkpoints in "
            f"{whole.seconds:.1f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
