"""Random configs without mistakes, from the schema: each is trained in two parts and repeated.

A config depends on its seed alone, so a failed one can be repeated:

    python tools/soak/configs.py SEED
    python tools/soak/configs.py FIRST-LAST

Prints what went wrong, one JSON string per line.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent.parent))
from nntrain.config import schema
from nntrain.config.load import LoadedConfig, load_config_values
from nntrain.config.schema import field_kinds, required_fields, value_schemas
from nntrain.errors import ConfigError, DataError, DeviceError, NntrainError
from nntrain.jobs.listener import JobListener
from nntrain.results import EpochResult

CHANGES = 10  # that are tried on a config
# Small networks and short trainings; other numbers come from the schema.
LARGEST = {"batch_size": 100, "epochs": 4, "filters": 4, "k": 4, "num_thresholds": 20, "patience": 3, "units": 8}
SMALLEST = {"batch_size": 50, "epochs": 2}
# XLA, other devices and lower precision change how a network is computed, and not what a run's files hold.
LEFT_OUT = {"dataset", "device", "dtype_policy", "jit_compile", "positive", "task", "threads"}
BASES: dict[str, dict[str, Any]] = {
    "classification": {
        "model": [{"dense": {"units": 10, "activation": "softmax"}}],
        "loss": "categorical_crossentropy",
    },
    "binary": {"model": [{"dense": {"units": 1, "activation": "sigmoid"}}], "loss": "binary_crossentropy"},
    "regression": {"model": [{"dense": {"units": 1}}], "loss": "mse"},
}


def random_config(seed: int, dataset: str) -> dict[str, Any]:
    """Return the values of a valid config for a data set of digits, a name or a path."""
    rng = random.Random(f"config {seed}")
    task = rng.choice(list(BASES))
    values = {
        "task": task,
        "data": {"dataset": "mnist_5k", "positive": [3, 7] if task == "binary" else None},
        "optimizer": "adam",
        "fit": {"epochs": rng.randint(2, 4), "batch_size": 50},
        "runtime": {"device": "cpu", "jit_compile": False, "threads": 2},
        **BASES[task],
    }
    for _ in range(CHANGES):
        changed = _changed(rng, values)
        if _is_valid(changed):
            values = changed
    return {**values, "data": {**values["data"], "dataset": dataset}}


def _is_valid(values: Mapping[str, Any]) -> bool:
    try:
        load_config_values(values)
    except ConfigError:
        return False
    return True


def _changed(rng: random.Random, values: dict[str, Any]) -> dict[str, Any]:
    """Return the values with one more layer, or with another value of a key."""
    if rng.random() < 0.4:
        layers = list(values["model"])
        layers.insert(rng.randrange(len(layers)), _component(rng, schema.Layer))
        return {**values, "model": layers}
    name = rng.choice(
        [name for name in schema.Config.model_fields if name not in {*LEFT_OUT, "data", "model", "runtime"}]
    )
    return {**values, name: _field(rng, schema.Config, name)}


def _field(rng: random.Random, section: type[schema.Section], name: str) -> Any:
    """Return a value for a field of a section, also null or an empty list."""
    kind = field_kinds(section)[name]
    optional = not section.model_fields[name].is_required()
    if optional and rng.random() < 0.2:
        return None
    if kind.many:
        return [_component(rng, kind.family) for _ in range(rng.randrange(3))]
    if kind.family:
        return _component(rng, kind.family)
    if kind.section:
        return _section(rng, kind.section)
    return _plain(rng, name, value_schemas(section)[name])


def _component(rng: random.Random, family: Any) -> Any:
    """Return a member of a family: its name, or its name with arguments."""
    name = rng.choice(list(family.members))
    arguments = _section(rng, family.members[name])
    return {name: arguments} if arguments or rng.random() < 0.5 else name


def _section(rng: random.Random, section: type[schema.Section]) -> dict[str, Any]:
    """Return a section with its required keys and some of the others."""
    required = required_fields(section)
    chosen = [
        name for name in section.model_fields if name in required or (name not in LEFT_OUT and rng.random() < 0.25)
    ]
    return {name: _field(rng, section, name) for name in chosen}


def _plain(rng: random.Random, name: str, accepted: Mapping[str, Any]) -> Any:
    """Return a value that a JSON schema accepts."""
    if "anyOf" in accepted:
        return _plain(rng, name, rng.choice(accepted["anyOf"]))
    if "enum" in accepted or "const" in accepted:
        return rng.choice(accepted.get("enum") or [accepted["const"]])
    match accepted["type"]:
        case "null":
            return None
        case "boolean":
            return rng.random() < 0.5
        case "string":
            return rng.choice(["loss", "val_loss", "accuracy", "val_accuracy", "mae", "val_mae"])
        case "array":
            count = rng.randint(accepted.get("minItems", 0), accepted.get("maxItems", 3))
            return [_plain(rng, name, accepted["items"]) for _ in range(count)]
        case "integer":
            least = max(accepted.get("minimum", 0), SMALLEST.get(name, -1))
            return rng.randint(least, min(accepted.get("maximum", 3), LARGEST.get(name, least + 2)))
    return _number(rng, accepted)


def _number(rng: random.Random, accepted: Mapping[str, Any]) -> float | int:
    """Return a number: small, a power of ten, or one of the limits, which are whole numbers."""
    limits = [accepted[limit] for limit in ("minimum", "maximum") if limit in accepted]
    most = accepted.get("maximum", accepted.get("exclusiveMaximum", 1))
    return rng.choice([*limits, min(most, 1) * rng.random() or 0.5, 10.0 ** rng.randint(-6, -1)])


def round_trip_problem(loaded: LoadedConfig) -> str | None:
    """Return how a config differs after it was written and read, or None."""
    from nntrain.config.dump import dump_config
    from nntrain.config.load import load_config_text

    text = dump_config(loaded.config)
    again = load_config_text(text).config
    if again != loaded.config:
        return f"it reads back as {again}"
    return None if dump_config(again) == text else "it is written differently after it was read"


def trial_problem(seed: int, dataset: str, runs: Path) -> str | None:
    """Train a config, stop after an epoch, resume and repeat it; returns what went wrong, or None."""
    from nntrain.jobs.reproduce import reproduce
    from nntrain.jobs.resume import resume
    from nntrain.jobs.train import train

    loaded = replace(load_config_values(random_config(seed, dataset)), name=f"config{seed}")
    if problem := round_trip_problem(loaded):
        return problem
    finished: list[int] = []

    def on_epoch(result: EpochResult) -> None:
        finished.append(result.epoch)

    try:
        stopping = JobListener(on_epoch=on_epoch, should_stop=lambda: bool(finished))
        trained = train(loaded, runs_dir=runs, listener=stopping)
        if trained.result.status == "interrupted":
            trained = resume(str(trained.run.path), runs_dir=runs, listener=JobListener(on_epoch=on_epoch))
        if trained.result.status == "diverged":
            return None
        repeated = reproduce(str(trained.run.path), runs_dir=runs)
    except NntrainError as error:
        if isinstance(error, DataError | DeviceError) and not finished:
            return None  # it does not fit the data or this machine, and is refused before it trains
        return f"{type(error).__name__}: {error}"
    if finished != list(range(1, len(finished) + 1)):
        return f"the epochs that were trained are {finished}"
    return None if repeated.identical else f"trained again: {repeated}"


def main() -> None:
    """Try the configs with the seeds of the command line."""
    import numpy as np

    first, _, last = sys.argv[1].partition("-")
    sample = Path(__file__).parent.parent.parent / "nntrain" / "assets" / "mnist_5k.npz"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with np.load(sample) as arrays:
            counts = {"x_train": 250, "y_train": 250, "x_test": 100, "y_test": 100}
            np.savez(folder / "tiny.npz", **{array: arrays[array][:count] for array, count in counts.items()})
        for seed in range(int(first), int(last or first) + 1):
            if problem := trial_problem(seed, str(folder / "tiny.npz"), folder / "runs"):
                print(json.dumps(f"config {seed}: {problem}"), flush=True)


if __name__ == "__main__":
    main()
