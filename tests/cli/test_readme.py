"""The README's commands run as written, in its order, and its configs are right."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image, ImageDraw
from synthetic.paper import drawn, row
from synthetic.shapes import DIGITS, LETTERS

from nntrain.cli.app import app
from nntrain.errors import NntrainError
from nntrain.system.signals import EXIT_CODE

README = (Path(__file__).parent.parent.parent / "README.md").read_text(encoding="utf-8")
SAMPLE = Path(__file__).parent.parent.parent / "nntrain" / "assets" / "mnist_5k.npz"

MISTAKES = """model:
  - dense: {units: 128, activation: rellu}
  - dropout: 2.0
  - dense: {units: 10, activation: softmax}
optimizer: {adam: {learnig_rate: 0.001}}
loss: categorical_crossentropy
"""


def blocks(kind):
    """Return the README's blocks of a kind."""
    return re.findall(rf"```{kind}\n(.*?)```", README, re.DOTALL)


def commands():
    """Return every command of the README's sessions, in order."""
    return [line[2:] for block in blocks("console") for line in block.splitlines() if line.startswith("$ ")]


@pytest.fixture
def prepared(nntrain):
    """Return the program in a folder that has the files which the README speaks of."""
    folder = nntrain.folder
    (folder / "data").mkdir()
    shutil.copy(SAMPLE, folder / "data" / "mnist.npz")
    (folder / "mistakes.yaml").write_text(MISTAKES)
    (folder / "shapes.yaml").write_text(next(block for block in blocks("yaml") if "shapes/" in block))
    with np.load(SAMPLE) as sample:
        digit = Image.fromarray(255 - sample["x_test"][0])
    digit.resize((300, 300)).save(folder / "photo.jpg")
    row([DIGITS[name] for name in "745"]).save(folder / "row.png")
    drawn(LETTERS["K"]).save(folder / "letter.png")
    (folder / "scans").mkdir()
    digit.save(folder / "scans" / "one.png")
    for part in ("train", "test"):
        for shape in ("circle", "square"):
            for number in range(10):
                path = folder / "shapes" / part / shape / f"{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                picture = Image.new("L", (28, 28))
                draw = ImageDraw.Draw(picture)
                (draw.ellipse if shape == "circle" else draw.rectangle)((4, 4, 14 + number, 14 + number), outline=255)
                picture.save(path)
    return nntrain


@pytest.mark.tensorflow
def test_every_command_of_the_readme_works(prepared):
    assert len(commands()) >= 18
    for command in commands():
        words = shlex.split(command)
        assert words[0] == "nntrain", command
        done = prepared(*words[1:], NNTRAIN_DATA_DIR=str(prepared.folder / "data"))
        assert done.returncode == (2 if "mistakes" in command else 0), (command, done.stderr)


def test_the_error_that_the_readme_shows_is_the_one_that_comes(in_process, tmp_path):
    (tmp_path / "mistakes.yaml").write_text(MISTAKES)
    shown = next(block for block in blocks("console") if "mistakes.yaml" in block)
    assert in_process("train", "mistakes.yaml").stderr.splitlines() == shown.splitlines()[1:]


def test_the_readmes_config_is_right(in_process, tmp_path):
    (tmp_path / "readme.yaml").write_text(next(block for block in blocks("yaml") if block.startswith("seed: 42")))
    assert in_process("check", "readme.yaml").exit_code == 0


def exit_codes(error=NntrainError):
    """Return the exit codes of an error class and of all below it."""
    return {error.exit_code}.union(*map(exit_codes, error.__subclasses__()))


def test_the_readme_names_every_command_and_exit_code():
    names = typer.main.get_command(app).commands
    codes = exit_codes() | {0, EXIT_CODE}
    assert {"train", "resume", "reproduce"} <= set(names)
    assert codes == {0, 1, 2, 3, 4, 5, 6, 7, 130}
    words = [*(f"`nntrain {name}" for name in names), *(f"| {code} |" for code in codes)]
    assert [word for word in words if word not in README] == []


def test_the_readme_names_every_setting():
    from nntrain.config.schema import Activation, Config, Layer, Loss, Metric, Optimizer

    words = [
        *(f"`{name}" for name in Config.model_fields if name not in ("model", "data")),
        *(f"`{name}`" for family in (Layer, Activation, Optimizer, Loss) for name in family.members),
        *(f"`{name}`" for name in Metric.members if "crossentropy" not in name),
    ]
    assert [word for word in words if word not in README] == []


def test_the_ci_example_runs_what_the_session_runs():
    workflow = next(block for block in blocks("yaml") if block.startswith("# .github"))
    step = next(line for line in workflow.splitlines() if "nntrain train" in line)
    assert step.strip().removeprefix("- run: ").partition(" > ")[0] in commands()
