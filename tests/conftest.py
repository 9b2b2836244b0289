"""What tests share: a tiny data set, configs written in a line, and full MNIST where it is at hand."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from fake_engine import FakeEngine
from forkserver import ForkServer, Program

SAMPLE = Path(__file__).parent.parent / "nntrain" / "assets" / "mnist_5k.npz"

# In the background of a script, or under nohup, signals are ignored, and the tests' processes would inherit that.
for _name, _handler in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
    _number = getattr(signal, _name, None)
    if _number is not None and signal.getsignal(_number) == signal.SIG_IGN:
        signal.signal(_number, _handler)

DENSE = """
model:
  - dense: {units: 16, activation: relu}
  - dense: {units: 10, activation: softmax}
optimizer: {adam: {learning_rate: 0.01}}
loss: categorical_crossentropy
fit: {epochs: 2, batch_size: 32, validation_split: 0.2}
"""


@pytest.fixture(autouse=True)
def _a_clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the user's settings out of the tests."""
    for name in ("NNTRAIN_RUNS_DIR", "NNTRAIN_DEBUG", "NNTRAIN_OFFLINE", "FORCE_COLOR", "KERAS_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an .npz with 250 training and 100 test images of the shipped sample."""
    with np.load(SAMPLE) as sample:
        arrays = {name: sample[name] for name in ("x_train", "y_train", "x_test", "y_test")}
    path = tmp_path_factory.mktemp("data") / "tiny.npz"
    counts = {"train": 250, "test": 100}
    np.savez(path, **{name: array[: counts[name[2:]]] for name, array in arrays.items()})
    return path


@pytest.fixture
def write_config(tmp_path: Path, tiny_data: Path) -> Callable[..., Path]:
    """Return a function that writes a config file for the tiny data; `also` is added to the text."""

    def write(text: str = DENSE, *, also: str = "", name: str = "tiny", data: str | None = None) -> Path:
        path = tmp_path / f"{name}.yaml"
        path.write_text(f"data: {{dataset: {data or tiny_data}}}\n{text.strip()}\n{also}\n", encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def full_mnist() -> Path:
    """Return the folder that holds all of MNIST, or skip."""
    folder = os.environ.get("NNTRAIN_DATA_DIR", "")
    if not folder or not (Path(folder) / "mnist.npz").is_file():
        pytest.skip("needs all of MNIST: set NNTRAIN_DATA_DIR to a folder with mnist.npz")
    return Path(folder).resolve()


PROGRAM = """
import sys
sys.argv[0] = "nntrain"
from nntrain.__main__ import main
main()
"""
# Says on stderr, at the very end, if TensorFlow was imported.
TELLTALE = """
import atexit, sys
atexit.register(lambda: "tensorflow" in sys.modules and sys.stderr.write("TENSORFLOW WAS LOADED\\n"))
"""


class Nntrain:
    """Runs nntrain in a folder, each command in a process of its own.

    The process is forked from one that has imported TensorFlow, which saves three seconds per command; `fresh` starts a
    new interpreter.
    """

    server: ClassVar[ForkServer | None] = None

    def __init__(self, folder: Path, *, forked: bool = hasattr(os, "fork")) -> None:
        self.folder, self.forked = folder, forked

    @property
    def fresh(self) -> Nntrain:
        """The program in the same folder, whose commands start in a new interpreter."""
        return Nntrain(self.folder, forked=False)

    def environment(self, **env: str) -> dict[str, str]:
        """Return the process's environment: the tests' own, without a terminal's habits."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("NNTRAIN_")}
        return {**kept, "NO_COLOR": "1", "HOME": str(self.folder), **env}

    def command(self, *arguments: str) -> list[str]:
        """Return the words that start a command in a new interpreter."""
        return [sys.executable, "-c", TELLTALE + PROGRAM, *arguments]

    def start(self, *arguments: str, stdin: bytes = b"", **env: str) -> Any:
        """Start a command and return at once, with a subprocess.Popen or its like."""
        if self.forked:
            return self.start_code(PROGRAM, arguments, cwd=self.folder, env=self.environment(**env), stdin=stdin)
        pipe = subprocess.PIPE
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment(**env),
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
            text=True,
        )

    @staticmethod
    def start_code(code: str, arguments: Sequence[str], **options: Any) -> Program:
        """Start Python code in a process that is forked from one that has imported TensorFlow."""
        Nntrain.server = Nntrain.server or ForkServer()
        return Nntrain.server.start(code, arguments, **options)

    def __call__(self, *arguments: str, stdin: bytes = b"", **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        if self.forked:
            process = self.start(*arguments, stdin=stdin, **env)
            out, err = process.communicate(timeout=600)
            return subprocess.CompletedProcess(list(arguments), process.returncode, out, err)
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment(**env),
            input=stdin,
            capture_output=True,
            timeout=600,
        )
        err = done.stderr.decode().replace("TENSORFLOW WAS LOADED\n", "")
        return subprocess.CompletedProcess(list(arguments), done.returncode, done.stdout.decode(), err)

    def json(self, *arguments: str) -> Any:
        """Run a command with --json; returns the document."""
        done = self(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="session", autouse=True)
def _end_fork_server() -> Iterator[None]:
    yield
    if Nntrain.server is not None:
        Nntrain.server.close()


@pytest.fixture
def nntrain(tmp_path: Path) -> Nntrain:
    """Return the program, in a fresh folder."""
    return Nntrain(tmp_path)


CONFIGS = {
    "tiny": """
model:
  - conv2d: {filters: 8, kernel_size: 3, strides: 2, activation: relu}
  - max_pooling2d
  - flatten
  - dropout: 0.2
  - dense: {units: 10, activation: softmax}
optimizer: {adam: {learning_rate: 0.01}}
loss: {categorical_crossentropy: {label_smoothing: 0.1}}
metrics: [accuracy, {top_k_categorical_accuracy: {k: 2}}]
fit: {epochs: 3, batch_size: 32}
""",
    "sevens": """
task: binary
model: [dense: {units: 16, activation: relu}, dense: {units: 1, activation: sigmoid}]
optimizer: {adam: {learning_rate: 0.01}}
loss: binary_crossentropy
fit: {epochs: 2, batch_size: 32}
""",
    "value": """
task: regression
model: [dense: {units: 16, activation: relu}, dense: 1]
optimizer: {adam: {learning_rate: 0.01}}
loss: mse
fit: {epochs: 2, batch_size: 32}
""",
}


@pytest.fixture(scope="session")
def trained(tiny_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Nntrain:
    """Return the program in a folder with three finished runs: value-1, sevens-1 and, the latest, tiny-1."""
    nntrain = Nntrain(tmp_path_factory.mktemp("trained"))
    for name in ("value", "sevens", "tiny"):
        data = f"data: {{dataset: {tiny_data}{', positive: [7]' if name == 'sevens' else ''}}}"
        (nntrain.folder / f"{name}.yaml").write_text(data + CONFIGS[name], encoding="utf-8")
        done = nntrain("train", f"{name}.yaml")
        assert done.returncode == 0, done.stderr
    return nntrain


@pytest.fixture
def fake_engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """Replace the engine by one that needs no TensorFlow; returns it, to be told what to do."""
    engine = FakeEngine()
    monkeypatch.setattr("nntrain.jobs.session.load_engine", lambda: lambda: engine.train)
    monkeypatch.setattr("nntrain.report.plots.draw_training", lambda *_, **options: None)
    return engine


@pytest.fixture
def in_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return a quick way to run a command that needs no TensorFlow: inside the test's process."""
    from typer.testing import CliRunner

    from nntrain.cli.app import app

    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, list(arguments))
