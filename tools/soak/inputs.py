"""Invalid inputs by kind and seed, and how a command may respond to them.

A case depends on its kind and seed alone, so a failed one can be repeated:

    python tools/soak/inputs.py KIND SEED

Commands run in this process, through the program's own error handling. Training is skipped and LiteRT is replaced by a
fake, so TensorFlow is not needed, except for the kinds in DEEP.
"""

from __future__ import annotations

import contextlib
import copy
import gc
import gzip
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import yaml

SAMPLE = Path(__file__).parent.parent.parent / "nntrain" / "assets" / "mnist_5k.npz"
CONFIGS = sorted((Path(__file__).parent.parent.parent / "configs").glob("*.yaml"))
MAX_CPU_SECONDS = 5  # CPU time, which other work on the machine does not change
MAX_WALL_SECONDS = 120  # wall-clock time, which includes time in which the process is suspended


@dataclass
class Case:
    """A command, and the exit codes that are correct for it."""

    command: list[str]
    codes: set[int]
    note: str = ""
    seconds: float = MAX_CPU_SECONDS
    deep: bool = False  # with TensorFlow, nothing replaced
    apart: bool = False  # in a subprocess, since LiteRT may crash it


# --- mutations -------------------------------------------------------------------------------------------------------


class Pairs(list):
    """A mapping that may hold a key twice."""


class Raw(str):
    """YAML text that is written unchanged."""


VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 2, 10, 127, 255, 1000, 65_536, 100_000, 2**31, 2**53 + 1, 2**63, 10**30, 10**38,
    0.0, -0.0, 0.5, 1.0, -0.5, 1e-3, 0.999999, 1e-38, 3e38, 1e30, "", " ", "x", "adam", "relu", "mnist_5k", "1e-3", "3",
    "val_loss", "accuracy", "\x07", "é", "\U0001f600", "x" * 3000, "../../etc", "/", "a/b", ".", "~", "~nobody/x", "{}",
    "[red]", [], [1], [None], [[]], [1, 2, 3], ["relu"], [0.5] * 50, Pairs(), Pairs([("x", 1)]), Pairs([("dense", 3)]),
    Pairs([("units", None)]), Pairs([("", "")]), Raw(".nan"), Raw(".inf"), Raw("-.inf"), Raw("!!python/name:os.system"),
    Raw("&a [*a]"), Raw("*x"), Raw("0x1F"), Raw("0o17"), Raw("1_000"), Raw("yes"), Raw("2001-01-01"), Raw("!!int x"),
    Raw("!!set {a}"), Raw("{<<: {a: 1}}"), Raw("? x"), Raw("!x y"), Raw("{? [1]: 2}"), Raw("9" * 500), Raw("1e400"),
    Raw("'"), Raw("@"), Raw("\t"), Raw("[" * 60 + "]" * 60), Raw("\ud800"),
]  # fmt: skip


def tree(value: Any) -> Any:
    """Return a document with its mappings as Pairs."""
    if isinstance(value, dict):
        return Pairs((key, tree(child)) for key, child in value.items())
    return [tree(child) for child in value] if isinstance(value, list) else value


def emit(value: Any) -> str:
    """Write a tree as YAML in flow style."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, Pairs):
        return "{" + ", ".join(f"{emit(key)}: {emit(child)}" for key, child in value) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(emit, value)) + "]"
    return json.dumps(value)


def document(value: Any) -> str:
    """Write a tree as a file: one line per key of the outermost mapping."""
    return "".join(f"{emit(key)}: {emit(child)}\n" for key, child in value) if isinstance(value, Pairs) else emit(value)


def places(value: Any, holder: Any = None, index: int = 0) -> Iterator[tuple[Any, int]]:
    """Yield every position in a tree below its root: its container and index."""
    if holder is not None:
        yield holder, index
    if isinstance(value, list):
        for position, child in enumerate(value):
            yield from places(child[1] if isinstance(value, Pairs) else child, value, position)


def typo(rng: random.Random, word: str) -> str:
    """Return a word with a typing error."""
    at = rng.randrange(len(word) + 1)
    letter = rng.choice("aeinst_.-: 0[]{}'\"\\\n\x00é")
    return rng.choice([word[:at] + letter + word[at:], word[:at] + word[at + 1 :], word.upper(), word + "s", ""])


def mutate(rng: random.Random, value: Any) -> None:
    """Change, delete, duplicate or replace one key or value of a tree."""
    found = list(places(value))
    if not found:
        return
    holder, index = rng.choice(found)
    pairs = isinstance(holder, Pairs)
    other_holder, other = rng.choice(found)
    subtree = other_holder[other][1] if isinstance(other_holder, Pairs) else other_holder[other]
    # A copy, so that no tree contains itself and VALUES stay unchanged.
    new = copy.deepcopy(rng.choice([*VALUES, subtree]))
    match rng.choice(["value", "value", "value", "drop", "double", "key", "nudge"]):
        case "drop":
            del holder[index]
        case "double":
            holder.insert(index, copy.deepcopy(holder[index]))
        case "key" if pairs:
            known = [key for one, _ in found if isinstance(one, Pairs) for key, _ in one]
            holder[index] = (rng.choice([typo(rng, str(holder[index][0])), *known]), holder[index][1])
        case "nudge":
            old = holder[index][1] if pairs else holder[index]
            if isinstance(old, bool) or not isinstance(old, int | float | str):
                old = new
            elif isinstance(old, str):
                old = typo(rng, old)
            else:
                old = rng.choice([-old, old * 1000, old / 3, str(old), [old], old + 1])
            holder[index] = (holder[index][0], old) if pairs else old
        case _:
            holder[index] = (holder[index][0], new) if pairs else new


def damage(rng: random.Random, content: bytes) -> bytes:
    """Flip, cut, insert, repeat or replace bytes, sometimes all of them."""
    if rng.random() < 0.1:
        return noise(rng, rng.randrange(300))
    changed = bytearray(content)
    for _ in range(rng.choice([1, 1, 1, 2, 4, 16])):
        at = rng.randrange(len(changed) + 1)
        # Headers are at the beginning, the directory of a zip file at the end.
        at = rng.choice([at, min(at, rng.randrange(64)), max(0, len(changed) - rng.randrange(1, 200))])
        match rng.choice(["flip", "byte", "cut", "drop", "insert", "repeat", "number"]):
            case "flip" if at < len(changed):
                changed[at] ^= 1 << rng.randrange(8)
            case "byte" if at < len(changed):
                changed[at] = rng.choice([0, 1, 127, 128, 255, rng.randrange(256)])
            case "cut":
                del changed[at:]
            case "drop":
                del changed[at : at + rng.choice([1, 4, 50])]
            case "insert":
                changed[at:at] = noise(rng, rng.choice([1, 4, 50]))
            case "repeat":
                changed[at:at] = changed[at : at + rng.choice([4, 100, 1000])]
            case _:
                changed[at : at + 4] = rng.choice(
                    [bytes(4), b"\xff" * 4, b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80", noise(rng, 4)]
                )
    return bytes(changed)


def noise(rng: random.Random, count: int) -> bytes:
    """Return random bytes."""
    return bytes(rng.randrange(256) for _ in range(count))


# --- what is mutated -------------------------------------------------------------------------------------------------


class World:
    """A folder with small valid files to damage."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "data").mkdir(parents=True)
        with np.load(SAMPLE) as sample:
            self.arrays = {
                **{f"{kind}_train": sample[f"{kind}_train"][:60] for kind in "xy"},
                **{f"{kind}_test": sample[f"{kind}_test"][:20] for kind in "xy"},
            }
        for name in ("mnist", "fashion_mnist"):
            np.savez(folder / "data" / f"{name}.npz", **self.arrays)
        self.npz = (folder / "data" / "mnist.npz").read_bytes()
        np.savez_compressed(folder / "packed.npz", **self.arrays)
        self.packed = (folder / "packed.npz").read_bytes()
        self.pictures = dict(self._pictures())
        self.run = self._make_run()
        self._trained: Path | None = None

    def trained(self, folder: Path) -> Path:
        """Return a copy of a run that is trained on first use."""
        if self._trained is None:
            settings = ["epochs=1", "data.dataset=mnist_5k", "model.0.dense.units=16", "model.1.dense.units=16"]
            command = [sys.executable, "-m", "nntrain", "train", "mlp", *settings, "--quiet", "--runs-dir"]
            subprocess.run([*command, str(self.folder / "trained")], check=True, capture_output=True)
            self._trained = self.folder / "trained" / "mlp-1"
        return Path(shutil.copytree(self._trained, folder / "runs" / "mlp-1"))

    def _pictures(self) -> Iterator[tuple[str, bytes]]:
        from PIL import Image

        digit = Image.fromarray(255 - self.arrays["x_test"][0])
        for suffix in ("png", "jpg", "gif", "bmp", "webp", "tif"):
            for size in (28, 90):
                for mode in ("L", "RGB", "P", "1", "I;16" if suffix in ("png", "tif") else "L"):
                    file = io.BytesIO()
                    with contextlib.suppress(OSError, ValueError):
                        digit.resize((size, size)).convert(mode).save(
                            file, {"jpg": "jpeg", "tif": "tiff"}.get(suffix, suffix)
                        )
                        yield f"{mode.replace(';', '')}-{size}.{suffix}", file.getvalue()

    def _make_run(self) -> Path:
        """Create a finished run without training."""
        from nntrain.config.dump import dump_config
        from nntrain.config.load import load_config
        from nntrain.results import EpochResult, Scores, TrainResult
        from nntrain.runs.checkpoint import TrainingState, write_checkpoint
        from nntrain.runs.history import write_history
        from nntrain.runs.json_files import to_json
        from nntrain.runs.metadata import initial_info, make_task_spec, record_end, record_start
        from nntrain.runs.store import create_run

        plan = load_config(CONFIGS[0].parent / "mlp.yaml", ["data.dataset=mnist_5k", "epochs=3", "runtime.threads=2"])
        first = initial_info("mlp", shipped=True, differs={"fit.epochs": 3}, parameters=118_282)
        files = {"config.yaml": dump_config(plan.config), "run.json": to_json(first)}
        run = create_run(self.folder / "runs", "mlp", files)
        task_spec = make_task_spec(plan.config, tuple("0123456789"))
        data = {
            "name": "mnist_5k",
            "source": str(SAMPLE),
            "fingerprints": {},
            "training": 48,
            "validation": 12,
            "test": 20,
        }
        record_start(
            run, plan.config, task_spec, device={"kind": "cpu", "name": "CPU", "threads": 2}, data=data, resumed=False
        )
        values = {"loss": 0.5, "accuracy": 0.9, "val_loss": 0.6, "val_accuracy": 0.8}
        rows = tuple(EpochResult(number, 3, 0.1, 0.001, values) for number in (1, 2, 3))
        write_history(run.history_path, rows)
        arrays = {"network-0000": np.zeros((4, 5), np.float32), "optimizer-0000": np.zeros((), np.int64)}
        write_checkpoint(
            run.checkpoint_dir, TrainingState(3, 0.3, rows, {"EarlyStopping": {"best": 0.5, "wait": 1}}, arrays)
        )
        run.tflite_path.write_bytes(b"a network" * 30)
        record_end(run, TrainResult("complete", 3, Scores(20, {"loss": 0.5, "accuracy": 0.9})), rows, seconds=1.0)
        return run.path


def _config(rng: random.Random, world: World, folder: Path) -> Case:
    """One key or value of a shipped config changed, deleted, duplicated, or of another type."""
    value = tree(yaml.safe_load(rng.choice(CONFIGS).read_text(encoding="utf-8")))
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        mutate(rng, value)
    (folder / "my.yaml").write_text(document(value), encoding="utf-8", errors="surrogatepass")
    command = rng.choice([["check", "my.yaml"], ["check", "my.yaml", "--json"], ["train", "my.yaml"]])
    return Case(command, {0, 2, 3} if command[0] == "train" else {0, 2})


def _override(rng: random.Random, world: World, folder: Path) -> Case:
    """A setting on the command line, mutated."""
    name = rng.choice(CONFIGS).stem
    value = tree(yaml.safe_load((CONFIGS[0].parent / f"{name}.yaml").read_text(encoding="utf-8")))
    words = [str(key) for one, _ in places(value) if isinstance(one, Pairs) for key, _ in one] + list("0123")
    path = ".".join(rng.choice(words) for _ in range(rng.randrange(1, 5)))
    path = rng.choice([path, path, typo(rng, path), "model.0.dense.units", "epochs", "early_stopping.patience"])
    text = rng.choice([emit(rng.choice(VALUES)), typo(rng, emit(rng.choice(VALUES)))])
    command = rng.choice(["check", "train"])
    # Arguments cannot contain NUL.
    return Case([command, name, f"{path}={text}".replace("\x00", "").replace("\ud800", "?")], {0, 2, 3})


def _yaml(rng: random.Random, world: World, folder: Path) -> Case:
    """Any bytes, or letters that mean something in YAML, or a shipped config's damaged text."""
    letters = [
        "a",
        "b",
        ": ",
        "- ",
        "\n",
        "\n  ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        "&a ",
        "*a ",
        "!",
        "? ",
        "|",
        ">",
        '"',
        "'",
        "#",
        "%",
        "1",
        "\t",
        "model",
    ]
    text = "".join(rng.choice(letters) for _ in range(rng.choice([5, 40, 400])))
    many = rng.choice(["- ", "[", "{a: ", "a:\n", "&a [*a, ", "[a,", "? ", "\n", "'", "!!x "]) * rng.choice(
        [100, 30_000]
    )
    damaged = damage(rng, rng.choice(CONFIGS).read_bytes())
    content = rng.choice([noise(rng, 100), text.encode(), text.encode(), many.encode(), damaged, damaged])
    (folder / "my.yaml").write_bytes(content)
    return Case(["check", "my.yaml"], {0, 2})


def _npz(rng: random.Random, world: World, folder: Path) -> Case:
    """A damaged .npz, or one with wrong array headers."""
    content = rng.choice([world.npz, world.packed])
    if rng.random() < 0.4:
        file = io.BytesIO()
        with zipfile.ZipFile(
            file, "w", rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
        ) as archive:
            for name, array in world.arrays.items():
                member = io.BytesIO()
                np.save(member, array)
                inside = damage(rng, member.getvalue()) if rng.random() < 0.5 else member.getvalue()
                archive.writestr(rng.choice([f"{name}.npy"] * 9 + [f"../{name}.npy"]), inside)
        content = file.getvalue()
    else:
        content = damage(rng, content)
    (folder / "my.npz").write_bytes(content)
    return Case(["data", "show", "./my.npz"], {0, 3})


def _idx(rng: random.Random, world: World, folder: Path) -> Case:
    """MNIST's four files, one of them damaged."""
    names = {
        "x_train": "train-images-idx3-ubyte",
        "y_train": "train-labels-idx1-ubyte",
        "x_test": "t10k-images-idx3-ubyte",
        "y_test": "t10k-labels-idx1-ubyte",
    }
    spoilt = rng.choice(list(names))
    (folder / "idx").mkdir()
    for name, array in world.arrays.items():
        head = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
        content = head + array.astype(np.uint8).tobytes()
        packed = rng.random() < 0.5
        before = packed and rng.random() < 0.5
        content = damage(rng, content) if name == spoilt and before else content
        content = gzip.compress(content, 1) if packed else content
        content = damage(rng, content) if name == spoilt and not before else content
        (folder / "idx" / f"{names[name]}{'.gz' if packed else ''}").write_bytes(content)
    return Case(["data", "show", "./idx"], {0, 3})


def _picture(rng: random.Random, world: World, folder: Path) -> Case:
    """A damaged picture, to predict or in a data set."""
    name = rng.choice(list(world.pictures))
    content = damage(rng, world.pictures[name])
    if rng.random() < 0.8:
        (folder / name).write_bytes(content)
        return Case(["predict", name, "--run", str(world.run)], {0, 1})
    for part in ("train", "test"):
        for label in ("a", "b"):
            (folder / "shapes" / part / label).mkdir(parents=True)
            (folder / "shapes" / part / label / "one.png").write_bytes(world.pictures["L-28.png"])
    (folder / "shapes" / "train" / "a" / name).write_bytes(content)
    return Case(["data", "show", "./shapes"], {0, 3})


COMMANDS = (
    ["runs"],
    ["runs", "--json"],
    ["predict", "--test", "0", "--run", "mlp-1"],
    ["predict", "--test", "0"],
    ["evaluate", "mlp-1", "--no-plots"],
    ["resume", "mlp-1"],
    ["resume"],
    ["resume", "mlp-1", "epochs=5"],
    ["reproduce", "mlp-1"],
)


def _in_run(file: str) -> Callable[[random.Random, World, Path], Case]:
    def make(rng: random.Random, world: World, folder: Path) -> Case:
        shutil.copytree(world.run, folder / "runs" / "mlp-1")
        path = folder / "runs" / "mlp-1" / file
        if path.suffix in (".json", ".yaml") and rng.random() < 0.7:
            value = tree((json.loads if path.suffix == ".json" else yaml.safe_load)(path.read_text(encoding="utf-8")))
            mutate(rng, value)
            path.write_text(
                (emit if path.suffix == ".json" else document)(value), encoding="utf-8", errors="surrogatepass"
            )
        elif path.suffix == ".csv" and rng.random() < 0.5:
            cells = path.read_text().replace("\n", ",\n,").split(",")
            cells[rng.randrange(len(cells))] = rng.choice(["nan", "inf", "-1", "1e400", "x", '"', "", "\0", "3", "\n"])
            path.write_text(",".join(cells).replace(",\n,", "\n"))
        else:
            path.write_bytes(damage(rng, path.read_bytes()))
        command = rng.choice(COMMANDS)
        if path.suffix == ".npz":
            command = rng.choice([["resume", "mlp-1", "epochs=5"], ["resume", "mlp-1"]])
        return Case(command, {0, 2, 3})

    make.__doc__ = f"A run whose {file} is damaged."
    return make


KINDS: dict[str, Callable[[random.Random, World, Path], Case]] = {
    "config": _config,
    "override": _override,
    "yaml": _yaml,
    "npz": _npz,
    "idx": _idx,
    "picture": _picture,
    "run.json": _in_run("run.json"),
    "metrics.json": _in_run("metrics.json"),
    "history.csv": _in_run("history.csv"),
    "config.yaml": _in_run("config.yaml"),
    "checkpoint": _in_run("checkpoint/epoch-000003.npz"),
    "tflite": _in_run("model.tflite"),
}


# --- kinds that need TensorFlow or LiteRT ---


def _keras(rng: random.Random, world: World, folder: Path) -> Case:
    """A damaged model.keras, with or without a valid archive."""
    run = world.trained(folder)
    (run / "model.tflite").unlink()
    if rng.random() < 0.3:
        (run / "model.keras").write_bytes(damage(rng, (run / "model.keras").read_bytes()))
    else:
        with zipfile.ZipFile(run / "model.keras") as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        with zipfile.ZipFile(run / "model.keras", "w") as archive:
            for name, content in files.items():
                archive.writestr(name, damage(rng, content) if name.endswith(".h5") else content)
    return Case(["predict", "--test", "0", "--run", str(run)], {0, 3}, deep=True, seconds=60)


def _litert(rng: random.Random, world: World, folder: Path) -> Case:
    """A damaged model.tflite with a forged fingerprint."""
    from nntrain.system.hashing import fingerprint

    run = world.trained(folder)
    content = damage(rng, (run / "model.tflite").read_bytes())
    (run / "model.tflite").write_bytes(content)
    info = json.loads((run / "run.json").read_text(encoding="utf-8"))
    info["fingerprints"]["model.tflite"] = fingerprint(content)
    (run / "run.json").write_text(json.dumps(info), encoding="utf-8")
    return Case(["predict", "--test", "0", "--run", str(run)], {0, 3}, apart=True)


LAYERS = [
    *("dense: 8", "dropout: 0.3", "batch_normalization", "activation: tanh", "leaky_re_lu", "flatten"),
    *("gaussian_noise: 0.1", "layer_normalization", "reshape: [-1, 1]", "dense: {units: 8, activation: mish}"),
]
OPTIMIZERS = ["sgd", "adam", "adamw", "rmsprop", "adagrad", "nadam", "adadelta", "adamax", "lion"]
TRAINED = [
    ("optimizer.{}.clipnorm", [1e-30, 0.1, 1e30]), ("optimizer.{}.use_ema", ["true"]), ("fit.batch_size", [7, 10**6]),
    ("optimizer.{}.learning_rate", [1e-30, 1e-3, 1e3, 1e30]), ("optimizer.{}.weight_decay", [0, 0.1, 1e30]),
    ("optimizer.{}.loss_scale_factor", [1e-30, 2, 1e30]), ("optimizer.{}.gradient_accumulation_steps", [2, 2**31 - 1]),
    ("fit.validation_split", [0, 0.01, 0.5, 0.99]), ("fit.stratify", ["true"]), ("seed", [0, 2**32 - 1]),
    ("runtime.threads", [1, 1024]), ("runtime.jit_compile", ["true"]), ("runtime.dtype_policy", ["mixed_bfloat16"]),
    ("lr_schedule", ["cosine_annealing", "step_decay", "{reduce_lr_on_plateau: {patience: 1}}"]),
    ("early_stopping", ["{patience: 0}", "{patience: 3, start_from_epoch: 2147483647, restore_best_weights: true}"]),
    ("augmentation", ["{rotation: 180, zoom: 0.99, shear: 0.99}", "{elastic: {alpha: 100, sigma: 0.001}, stroke: 5}"]),
    ("loss", ["mse", "mae", "sparse_categorical_crossentropy", "{categorical_crossentropy: {label_smoothing: 1}}"]),
    ("metrics", ["[]", "[accuracy, {top_k_categorical_accuracy: {k: 9}}]"]),
]  # fmt: skip


def _network(rng: random.Random, world: World, folder: Path) -> Case:
    """A valid or nearly valid config with extreme settings, trained for one epoch."""
    layers = [rng.choice(LAYERS) for _ in range(rng.randrange(4))]
    picture = rng.random() < 0.4
    head = (
        ["conv2d: {filters: 3, kernel_size: 3, padding: same}", "max_pooling2d", "flatten"] if picture else ["dense: 5"]
    )
    model = "".join(f"  - {layer}\n" for layer in [*head, *layers, "dense: {units: 10, activation: softmax}"])
    optimizer = rng.choice(OPTIMIZERS)
    text = f"model:\n{model}optimizer: {optimizer}\nloss: categorical_crossentropy\n"
    text += "fit: {epochs: 1}\ndata: {dataset: mnist_5k}\n"
    (folder / "my.yaml").write_text(text, encoding="utf-8")
    settings = [f"{key.format(optimizer)}={rng.choice(values)}" for key, values in rng.sample(TRAINED, 3)]
    return Case(["train", "my.yaml", *settings, "runtime.device=cpu"], {0, 2, 3, 4, 5}, deep=True, seconds=100)


DEEP: dict[str, Callable[[random.Random, World, Path], Case]] = {
    "keras": _keras,
    "litert": _litert,
    "network": _network,
}


# --- running a case --------------------------------------------------------------------------------------------------


class _FakeClassifier:
    """A fake of LiteRTClassifier."""

    def __init__(self, path: Path, content: bytes) -> None: ...

    def predict(self, images: np.ndarray) -> np.ndarray:
        return np.full((len(images), 10), 0.1, np.float32)


def _would_train(job: Any) -> None:
    raise SystemExit(0)


@contextlib.contextmanager
def surroundings(world: World) -> Iterator[None]:
    """Set up the environment of a command."""
    settings = {
        "NNTRAIN_OFFLINE": "1",
        "NNTRAIN_DATA_DIR": str(world.folder / "data"),
        "KERAS_HOME": str(world.folder),
        "NO_COLOR": "1",
    }
    with mock.patch.dict(os.environ, settings):
        yield


@contextlib.contextmanager
def without_tensorflow(world: World) -> Iterator[None]:
    """Skip training and replace LiteRT by the fake."""
    with (
        surroundings(world),
        mock.patch.dict(os.environ, {"NNTRAIN_DEBUG": "1"}),  # shows bugs of preprocessing as such
        mock.patch("nntrain.jobs.session.TrainingSession.execute", _would_train),
        mock.patch("nntrain.inference.trained_model.LiteRTClassifier", _FakeClassifier),
    ):
        yield


class _TooLongError(BaseException):
    pass


def _too_long(*_: object) -> None:
    raise _TooLongError


def fault(case: Case) -> str | None:
    """Run a case in the current folder; returns what went wrong, or None."""
    from nntrain.__main__ import exit_code
    from nntrain.cli.app import app

    streams = [io.TextIOWrapper(io.BytesIO(), "utf-8", errors="backslashreplace") for _ in range(2)]
    before = [(number, signal.signal(number, _too_long)) for number in (signal.SIGPROF, signal.SIGALRM)]
    gc.disable()  # garbage of other tests must not count
    signal.setitimer(signal.ITIMER_PROF, case.seconds)
    signal.setitimer(signal.ITIMER_REAL, MAX_WALL_SECONDS)
    try:
        with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
            code = exit_code(lambda: app(case.command, prog_name="nntrain"))
    except _TooLongError:
        return f"more than {case.seconds} s"
    except BaseException:
        return traceback.format_exc()
    finally:
        for timer in (signal.ITIMER_PROF, signal.ITIMER_REAL):
            signal.setitimer(timer, 0)
        for number, handler in before:
            signal.signal(number, handler)
        gc.enable()
    output = []
    for stream in streams:
        stream.flush()
        output.append(stream.buffer.getvalue().decode())  # type: ignore[attr-defined]
    if code not in case.codes:
        return f"exit code {code}: {output[1][-500:]}"
    if code and not output[1].strip():
        return f"exit code {code} and not a word"
    if "Traceback" in output[1]:
        return output[1]
    return None


def fault_apart(case: Case) -> str | None:
    """Run a case in a subprocess; returns what went wrong, or None."""
    command = [sys.executable, "-m", "nntrain", *case.command]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=MAX_WALL_SECONDS)
    except subprocess.TimeoutExpired:
        return f"no answer within {MAX_WALL_SECONDS} s"
    if done.returncode in case.codes and "Traceback" not in done.stderr:
        return None
    return f"exit code {done.returncode}: {done.stderr[-500:]}"


def attempt(kind: str, seed: int, world: World) -> str | None:
    """Create a case and run it; returns what went wrong, or None."""
    rng = random.Random(f"{kind} {seed}")
    with tempfile.TemporaryDirectory(dir=world.folder) as folder:
        case = (KINDS | DEEP)[kind](rng, world, Path(folder))
        around = surroundings(world) if case.deep or case.apart else without_tensorflow(world)
        with contextlib.chdir(folder), around:
            problem = fault_apart(case) if case.apart else fault(case)
    return f"{kind} {seed}: {' '.join(case.command)}: {problem}" if problem else None


def main() -> None:
    """Run one case, or a range of seeds, and print what went wrong."""
    kind, seeds = sys.argv[1], sys.argv[2].split("-")
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder) / "world")
        for seed in range(int(seeds[0]), int(seeds[-1]) + 1):
            if problem := attempt(kind, seed, world):
                print(json.dumps(problem), flush=True)


if __name__ == "__main__":
    main()
