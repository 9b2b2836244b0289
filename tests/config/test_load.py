"""A file and overrides become a Config, or all problems are reported in order."""

from __future__ import annotations

import io
import random
import re
import sys
from pathlib import Path

import pytest

from nntrain.config.load import LoadedConfig, catalog_classes, load_config, override_config
from nntrain.config.shipped import shipped_config
from nntrain.errors import ConfigError, UsageError


def test_a_config_is_loaded_with_its_name_path_and_hints(tmp_path, with_layers):
    path = tmp_path / "my.yaml"
    path.write_text(with_layers("dropout: 0.1", "flatten"))
    loaded = load_config(path)
    assert isinstance(loaded, LoadedConfig)
    assert (loaded.name, loaded.path) == ("my", path)
    assert [(hint.place, hint.message[:24]) for hint in loaded.hints] == [(f"{path}:2:14", "model.0: a dropout rate ")]


def test_a_message_shows_another_name_for_the_path_if_asked(tmp_path):
    (tmp_path / "my.yaml").write_text("seed: x")
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "my.yaml", shown_as="config of run a")
    assert str(caught.value).startswith("config of run a:1:1: model: missing")


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


def test_lines_and_columns_are_ordered_as_numbers(problems, good):
    text = "fit: {epochs: x, batch_size: x}\n" + "#\n" * 10 + "seed: x\n" + good
    assert [line.partition(": ")[0] for line in problems(text)] == ["bad.yaml:1:15", "bad.yaml:1:30", "bad.yaml:12:7"]


def test_problems_of_the_file_come_before_those_of_arguments_in_their_order(problems, good):
    assert [line.partition(": ")[0] for line in problems("sead: 1\n" + good, "task=y", "fit.epochs=x", "seed=z")] == [
        "bad.yaml:1:1",
        "argument task=y",
        "argument fit.epochs=x",
        "argument seed=z",
    ]


def test_a_problem_that_is_found_twice_is_reported_once(problems, good):
    assert len(problems(good, "seed=x", "seed=x")) == 1


# --- the file ---


def test_a_file_of_a_megabyte_is_read_and_a_larger_one_is_refused(read, good):
    padding = "# " + "x" * (1_000_000 - len(good) - 3) + "\n"
    assert read(padding + good).seed == 42
    with pytest.raises(UsageError) as caught:
        read(padding + good + "\n")
    assert str(caught.value) == "bad.yaml: larger than 1,000,000 bytes; no config needs that"


def test_a_file_is_not_read_to_its_end_if_it_is_too_large(tmp_path, monkeypatch):
    (tmp_path / "big.yaml").write_bytes(b"x" * 30)
    monkeypatch.setattr("nntrain.config.load.MAX_BYTES", 10)
    stdin = io.BytesIO(b"x" * 30)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stdin))
    for path in (tmp_path / "big.yaml", Path("-")):
        with pytest.raises(UsageError, match="larger than 10 bytes"):
            load_config(path)
    assert stdin.tell() <= 30


def test_stdin_is_read(monkeypatch, good):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(good.encode())))
    loaded = load_config(Path("-"))
    assert (loaded.config.seed, loaded.name, loaded.path) == (42, "stdin", None)
    assert override_config(loaded, ["seed=7"]).name == "stdin"


def test_a_mistake_on_stdin_is_placed_there(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"seed: x\n")))
    with pytest.raises(ConfigError, match=r"(?m)^stdin:1:7: seed: must be"):
        load_config(Path("-"))


def test_a_byte_order_mark_and_windows_line_ends_are_read(read, good):
    assert read(b"\xef\xbb\xbf" + good.replace("\n", "\r\n").encode()).seed == 42


@pytest.mark.parametrize(
    ("data", "place"), [(b"\xff", "1:1"), (b"a: 1\nbc: \xff\n", "2:5"), (b"\n\n\xff", "3:1"), (b"ab\xff", "1:3")]
)
def test_a_byte_that_is_not_utf_8_is_a_problem_with_its_place(problems, data, place):
    assert problems(data) == [f"bad.yaml:{place}: not UTF-8 text; save the file as UTF-8"]


def test_a_missing_file_is_an_error_that_lists_the_files_in_its_folder(tmp_path):
    for name in [*(f"c{number}.yaml" for number in range(7)), "a.yml", "z.yaml", "b.txt"]:
        (tmp_path / name).touch()
    with pytest.raises(UsageError) as caught:
        load_config(tmp_path / "my.yaml")
    assert str(caught.value) == (
        f"{tmp_path / 'my.yaml'}: no such file; in the same folder: a.yml, c0.yaml, c1.yaml, c2.yaml, c3.yaml, c4.yaml, "
        "c5.yaml, c6.yaml. `nntrain configs` lists the shipped configs"
    )


def test_a_missing_file_in_a_missing_or_empty_folder_has_a_shorter_message(tmp_path):
    for path in (tmp_path / "my.yaml", tmp_path / "no" / "my.yaml"):
        with pytest.raises(UsageError) as caught:
            load_config(path)
        assert str(caught.value) == f"{path}: no such file. `nntrain configs` lists the shipped configs"


def test_a_folder_and_a_name_that_cannot_be_opened_are_refused(tmp_path):
    with pytest.raises(UsageError) as caught:
        load_config(tmp_path)
    assert str(caught.value) == f"{tmp_path} is a folder; a config is a YAML file (`nntrain configs` lists some)"
    with pytest.raises(UsageError, match=r"too-long: cannot be read: File name too long$"):
        load_config(tmp_path / ("x" * 5000), shown_as="too-long")
    with pytest.raises(UsageError, match=r"^nul: cannot be read: embedded null (byte|character)$"):
        load_config(Path("a\0b.yaml"), shown_as="nul")


# --- what is filled in ---


def test_metrics_are_the_tasks_default_if_none_are_named(read, good):
    assert [metric.key for metric in read(good).metrics] == ["accuracy"]
    text = "task: regression\nmodel: [dense: 1]\noptimizer: adam\nloss: mse\n"
    assert [metric.key for metric in read(text).metrics] == ["mae"]
    assert read("metrics: []\n" + good).metrics == ()


def test_a_data_sets_path_is_relative_to_the_file(read, good, tmp_path):
    assert read("data: {dataset: mine/}\n" + good).data.dataset == str(tmp_path / "mine")
    assert read("data: {dataset: mnist_5k}\n" + good).data.dataset == "mnist_5k"
    assert read("data: {dataset: ~/a.npz}\n" + good).data.dataset == str(Path.home() / "a.npz")


def test_a_data_sets_path_that_has_no_absolute_form_is_left_to_the_data(read, good):
    assert read("data: {dataset: ~nobody-by-this-name/a.npz}\n" + good).data.dataset == "~nobody-by-this-name/a.npz"


def test_an_arguments_path_is_relative_to_the_current_folder(tmp_path, monkeypatch, good):
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "a.yaml").write_text(good)
    monkeypatch.chdir(tmp_path)
    loaded = load_config(Path("configs/a.yaml"), ["data.dataset=mine.npz"])
    assert loaded.config.data.dataset == str(tmp_path / "mine.npz")


# --- the number of classes ---


def test_data_sets_with_a_name_have_ten_classes():
    assert [len(catalog_classes(name)) for name in ("mnist", "fashion_mnist", "mnist_5k")] == [10, 10, 10]
    assert catalog_classes("a.npz") is None


def test_the_network_needs_as_many_units_as_the_data_has_classes(tmp_path, good):
    (tmp_path / "a.yaml").write_text(f"data: {{dataset: a.npz}}\n{good}")
    read = []

    def read_classes(dataset):
        read.append(dataset)
        return ("a", "b", "c")

    with pytest.raises(ConfigError, match=r"has 10 units; 3 classes need 3"):
        load_config(tmp_path / "a.yaml", read_classes=read_classes)
    assert read == [str(tmp_path / "a.npz")]


def test_the_number_of_classes_is_unknown_if_the_data_cannot_be_read(tmp_path, good):
    (tmp_path / "a.yaml").write_text(good)

    def fail(dataset):
        raise OSError(dataset)

    assert load_config(tmp_path / "a.yaml", read_classes=fail).config.seed == 42


# --- random input ---

REPLACEMENTS = [
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
def test_a_file_with_random_replacements_is_loaded_or_refused_and_never_crashes(read, seed):
    draw = random.Random(seed)
    tokens = re.findall(r"\w+|\W", shipped_config("mlp_complete").path.read_text(encoding="utf-8"))
    places = []
    for _ in range(60):
        changed = list(tokens)
        for _ in range(draw.randint(1, 4)):
            changed[draw.randrange(len(changed))] = draw.choice([*REPLACEMENTS, draw.choice(tokens)])
        override = f"{draw.choice(['fit', 'model.0', 'metrics.1', 'optimizer.sgd'])}={draw.choice(REPLACEMENTS)}"
        try:
            read("".join(changed), override)
        except ConfigError as error:
            places += [problem.place for problem in error.problems]
    assert len(places) > 60
    assert all(place.startswith(("bad.yaml:", "argument ")) for place in places)


def test_a_config_that_is_read_can_be_overridden_without_reading_it_again(tmp_path):
    from nntrain.config.load import override_config

    path = tmp_path / "my.yaml"
    path.write_text(
        "data: {dataset: own.npz}\nmodel: [dense: {units: 10, activation: softmax}]\n"
        "optimizer: adam\nloss: categorical_crossentropy\n"
    )
    loaded = load_config(path, ["fit.epochs=3"])
    path.unlink()
    longer = override_config(loaded, ["fit.epochs=4", "learning_rate=0.5"])
    assert (loaded.config.fit.epochs, longer.config.fit.epochs, longer.name, longer.path) == (3, 4, "my", path)
    assert longer.config.data.dataset == str(tmp_path / "own.npz")
    assert longer.config.optimizer.learning_rate == 0.5
    with pytest.raises(ConfigError, match=r"argument fit\.epochs=x: fit\.epochs"):
        override_config(loaded, ["fit.epochs=x"])


@pytest.mark.parametrize("folder", [True, False])
def test_data_without_a_slash_is_offered_as_a_path(tmp_path, good, folder):
    (tmp_path / "shapes28").mkdir() if folder else (tmp_path / "shapes28").touch()
    (tmp_path / "my.yaml").write_text(f"data: {{dataset: shapes28}}\n{good}")
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "my.yaml")
    path = "shapes28/" if folder else "./shapes28"
    assert str(caught.value).endswith(f": data.dataset: no data set 'shapes28'; did you mean the path `{path}`?")
