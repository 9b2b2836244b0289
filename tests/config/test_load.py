"""A file and overrides become a Config, or every problem in order of place."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from nntrain.config.load import load_config
from nntrain.config.shipped import shipped_config
from nntrain.errors import ConfigError, UsageError

GOOD = """model:
  - dense: {units: 8, activation: relu}
  - dense: {units: 10, activation: softmax}
optimizer: adam
loss: categorical_crossentropy
"""


def test_all_problems_come_at_once_in_order_of_place(problems):
    text = (
        "fit: {epochs: x}\nmodel:\n  - dropout: 2\n  - dense: {units: 10, activation: softmax}\noptimizer: adm\n"
        "loss: categorical_crossentropy\nearly_stopping: {patience: 2}\n"
        "lr_schedule: {reduce_lr_on_plateau: {patience: 3}}\n"
    )
    assert [line.split(" ")[0] for line in problems(text)] == [
        "bad.yaml:1:15:",
        "bad.yaml:3:14:",
        "bad.yaml:5:12:",
        "bad.yaml:7:28:",
    ]


def test_a_problem_of_the_file_comes_before_those_of_arguments(problems):
    assert [line.partition(": ")[0] for line in problems("sead: 1\n" + GOOD, "fit.epochs=x", "task=y")] == [
        "bad.yaml:1:1",
        "argument fit.epochs=x",
        "argument task=y",
    ]


def test_a_file_of_a_megabyte_is_refused(read):
    with pytest.raises(UsageError, match="larger than 1,000,000 bytes"):
        read("# " + "x" * 1_000_001)


def test_a_byte_order_mark_and_windows_line_ends_are_read(read):
    assert read(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()).seed == 42


def test_metrics_are_the_tasks_usual_ones_where_none_are_named(read):
    assert [metric.key for metric in read(GOOD).metrics] == ["accuracy"]
    text = "task: regression\nmodel: [dense: 1]\noptimizer: adam\nloss: mse\n"
    assert [metric.key for metric in read(text).metrics] == ["mae"]


def test_a_data_sets_path_is_relative_to_the_file(read, tmp_path):
    assert read("data: {dataset: mine/}\n" + GOOD).data.dataset == str(tmp_path / "mine")
    assert read("data: {dataset: mnist_5k}\n" + GOOD).data.dataset == "mnist_5k"


def test_an_arguments_path_is_relative_to_here(tmp_path, monkeypatch):
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "a.yaml").write_text(GOOD)
    monkeypatch.chdir(tmp_path)
    loaded = load_config(Path("configs/a.yaml"), ["data.dataset=mine.npz"])
    assert loaded.config.data.dataset == str(tmp_path / "mine.npz")


PIECES = [
    "null",
    "[]",
    "{}",
    "-1",
    "1e400",
    "''",
    "*a",
    "&a x",
    "!!int",
    "!!set",
    ".nan",
    "\n",
    "\t",
    "%",
    "[",
    "}",
    "?",
]


@pytest.mark.parametrize("seed", range(4))
def test_a_file_with_pieces_replaced_by_others_is_read_or_refused_and_never_a_crash(read, seed):
    draw = random.Random(seed)
    words = re.findall(r"\w+|\W", shipped_config("mlp_complete").path.read_text(encoding="utf-8"))
    places = []
    for _ in range(60):
        text = list(words)
        for _ in range(draw.randint(1, 4)):
            text[draw.randrange(len(text))] = draw.choice([*PIECES, draw.choice(words)])
        override = f"{draw.choice(['fit', 'model.0', 'metrics.1', 'optimizer.sgd'])}={draw.choice(PIECES)}"
        try:
            read("".join(text), override)
        except ConfigError as error:
            places += [problem.place for problem in error.problems]
    assert len(places) > 60
    assert all(place.startswith(("bad.yaml:", "argument ")) for place in places)
