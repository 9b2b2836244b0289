"""What checkpoints cost: the percentage of the training time that is spent on making and writing them.

    python tools/benchmarks/checkpoint_cost.py [--rounds 5] [CONFIG ...]

Each config is trained in this process. A clock runs while CheckpointCallback works (it copies the state after each
epoch, writes it, and waits until the disk has it), and while history.csv is written. Both are compared with the time of
the same training: a second one, without checkpoints, could meet a busier machine.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

OVERRIDES = {"mlp": ["epochs=20"], "mlp_complete": ["epochs=20"], "cnn": ["epochs=3"]}


class Clock:
    """Adds up the seconds that a function takes."""

    def __init__(self, holder: Any, name: str) -> None:
        self.reset()
        real = getattr(holder, name)

        def timed(*arguments: Any, **options: Any) -> Any:
            started = time.perf_counter()
            try:
                return real(*arguments, **options)
            finally:
                self.seconds += time.perf_counter() - started
                self.calls += 1

        setattr(holder, name, timed)

    def reset(self) -> None:
        """Start again at 0."""
        self.seconds, self.calls = 0.0, 0


def main() -> None:
    """Train and time each config, and print one line for it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("configs", nargs="*", default=list(OVERRIDES))
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()

    from nntrain.engine import train
    from nntrain.engine.callbacks import checkpoint, history_recorder

    checkpoints = Clock(checkpoint.CheckpointCallback, "on_epoch_end")
    writing = Clock(checkpoint, "write_checkpoint")
    history = Clock(history_recorder, "write_history")
    training = Clock(train, "fit")
    for name in options.configs:
        checkpoint_costs, history_costs = [], []
        for _ in range(options.rounds):
            for clock in (checkpoints, writing, history, training):
                clock.reset()
            fit_config(name, OVERRIDES.get(name, []))
            checkpoint_costs.append(100 * checkpoints.seconds / training.seconds)
            history_costs.append(100 * history.seconds / training.seconds)
        print(
            f"{name}: checkpoints {statistics.median(checkpoint_costs):.2f} % of the training time (at most "
            f"{max(checkpoint_costs):.2f} %), history.csv {statistics.median(history_costs):.2f} %; the last round "
            f"wrote {writing.calls} checkpoints in {training.seconds:.1f} s",
            flush=True,
        )


def fit_config(name: str, overrides: list[str]) -> None:
    """Train a shipped config without saving its network."""
    from nntrain.config.load import load_config
    from nntrain.config.shipped import find_config
    from nntrain.data.load import load_dataset
    from nntrain.engine import train
    from nntrain.runs.folder import RunDir
    from nntrain.training.listener import TrainingListener

    config = load_config(find_config(name)[0], overrides).config
    setup = train.prepare_training(config, load_dataset(config.data.dataset, download=False))
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        train.fit(setup, RunDir(Path(folder)), TrainingListener())


if __name__ == "__main__":
    main()
