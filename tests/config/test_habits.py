"""What people write in configs who know Python, the shell, Windows or other YAML files, and what they are told."""

from __future__ import annotations

import codecs

import pytest

LAYERS = "model: [dense: {units: 10, activation: softmax}]\n"
REST = f"{LAYERS}optimizer: adam\nloss: categorical_crossentropy\n"
OFF = "write null, or leave the key out"
ESCAPE = r"in double quotes, a backslash starts an escape such as \n; write"
UNFILLED = "are not filled in; write the value itself, or set it on the command line, where the shell fills it in"
ROWS = [
    ("early_stopping: None", f"1:17: early_stopping: 'None' is Python's; {OFF}"),
    ("lr_schedule: None", f"1:14: lr_schedule: 'None' is Python's; {OFF}"),
    ("early_stopping: {patience: 3, baseline: None}", "1:41: early_stopping.baseline: must be a number or null, got 'None'; write null"),
    ("early_stopping: false", f"1:17: early_stopping: got false; to switch it off, {OFF}"),
    ("augmentation: off", f"1:15: augmentation: got 'off'; to switch it off, {OFF}"),
    ("lr_schedule: none", f"1:14: lr_schedule: got 'none'; to switch it off, {OFF}"),
    ("metrics: None", "1:10: metrics: got 'None'; write [] for none"),
    (r'data: {dataset: "C:\Users\new"}', rf"1:17: {ESCAPE} 'C:\Users\new' in single quotes, or C:/Users/new"),
    (r'data: {dataset: "D:\new\train"}', rf"1:17: {ESCAPE} 'D:\new\train' in single quotes, or D:/new/train"),
    (r'data: {dataset: "D:\Pictures"}', rf"1:17: {ESCAPE} 'D:\Pictures' in single quotes, or D:/Pictures"),
    (r'data: {dataset: "D:\0.npz"}', rf"1:17: {ESCAPE} 'D:\0.npz' in single quotes, or D:/0.npz"),
    (r'data: {dataset: "D:\new\"}', rf"1:17: {ESCAPE} 'D:\new\' in single quotes, or D:/new/"),
    (r'data: {dataset: "scans\new"}', rf"1:17: {ESCAPE} 'scans\new' in single quotes, or scans/new"),
    ("data: {dataset: ${DATA}/digits.npz}", f"1:17: variables such as ${{DATA}} {UNFILLED}"),
    ("data:\n  dataset: ${DATA}/digits.npz", f"2:12: variables such as ${{DATA}} {UNFILLED}"),
    ("data: {dataset: '$DATA/digits.npz'}", f"1:17: variables such as $DATA {UNFILLED}"),
    ("data: {dataset: %DATA%/digits.npz}", f"1:17: variables such as %DATA% {UNFILLED}"),
    ("fit: {epochs: ${EPOCHS}}", f"1:15: variables such as ${{EPOCHS}} {UNFILLED}"),
    ("fit:{epochs: 3}", "1:1: fit:{epochs: unknown key; put a space after 'fit:'"),
    ("fit: {epochs:5}", "1:7: fit.epochs:5: unknown key; put a space after 'epochs:'"),
    ("fit: {epochs:[5], batch_size:[6]]}", "1:33: not valid YAML: put a space after 'epochs:'"),
    ("fit: {epochs: '1e1'}", "1:15: fit.epochs: must be a whole number of at least 1 and at most 100,000, got '1e1'; write it without quotes"),
    ("fit: {validation_split: '.1'}", "1:25: fit.validation_split: must be a number of at least 0 and below 1, got '.1'; write it without quotes"),
    ("fit: {stratify: 'True'}", "1:17: fit.stratify: must be true or false, got 'True'; write it without quotes"),
    ("x-a: &a 3\nfit: {<<: *a}", "1:6: << merges a mapping or a list of mappings, as in `<<: *name`"),
    ("fit: {<<: {epochs: 1}, <<: {epochs: 2}}", "1:24: << appears twice, first on line 1; keep one"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "message"), ROWS, ids=[line for line, _ in ROWS])
def test_a_habit_is_one_line_that_says_what_to_write(problems, line, message):
    assert problems(f"{line}\n{REST}") == [f"bad.yaml:{message}"]


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("{kernel_size: (3, 3), filters: 8}", "2:27: a tuple is written as a list: [3, 3]"),
        ("{filters: 8, kernel_size: (3, 3)}", "2:39: a tuple is written as a list: [3, 3]"),
        ("{filters: 8, kernel_size: (3,)}", "2:39: a tuple is written as a list: [3]"),
        ("{filters: 8, kernel_size: !!python/tuple [3, 3]}", "2:39: a tuple is written as a list: [3, 3]"),
        ("\n      filters: 8\n      kernel_size: (3, 3)", "4:20: a tuple is written as a list: [3, 3]"),
        ("{filters: 8, kernel_size: !!python/object x}", "2:39: the tag tag:yaml.org,2002:python/object is not supported; write the plain value"),
    ],
)  # fmt: skip
def test_a_tuple_is_told_as_a_list(problems, with_layers, layer, message):
    assert problems(with_layers(f"conv2d: {layer}", "flatten")) == [f"bad.yaml:{message}"]


def test_a_tuple_that_an_alias_repeats_is_told_for_each_layer(problems, with_layers):
    layers = ["&a {conv2d: {filters: 8, kernel_size: (3, 3)}}", "*a", "flatten"]
    assert problems(with_layers(*layers)) == ["bad.yaml:2:43: a tuple is written as a list: [3, 3]"]


@pytest.mark.parametrize(
    "dataset",
    [
        r'"D:\\new\\train/"',
        r"'D:\new\train/'",
        r"D:\new\train/",
        '"d\\u00e4ten/"',
        "'50%/'",
        "price$/",
        "(a)/",
        "a (b)/",
        "/a/%b%/c/",
    ],
)
def test_paths_that_say_what_is_meant_are_taken(read, dataset):
    assert read(f"data: {{dataset: {dataset}}}\n{REST}").data.dataset


@pytest.mark.parametrize("bom", ["utf-16", "utf-32", "utf-8-sig"])
def test_a_file_with_a_byte_order_mark_is_read(read, bom):
    assert read(f"seed: 7 # größe\r\n{REST}".encode(bom)).seed == 7


def test_big_endian_is_read_and_half_a_character_is_not(read, problems):
    text = f"seed: 7\n{REST}".encode("utf-16-be")
    assert read(codecs.BOM_UTF16_BE + text).seed == 7
    assert "not UTF-8 text" in problems(codecs.BOM_UTF16_BE + text[:-1])[0]


def test_anchors_have_a_place_under_x_and_are_merged(read):
    config = read(
        "x-hidden: &hidden {units: 8, activation: relu}\n"
        "model:\n  - dense: {<<: *hidden, units: 9}\n  - dense: {units: 10, activation: softmax}\n"
        "optimizer: adam\nloss: mse\nfit:\n  <<: [{epochs: 3}, {epochs: 4, batch_size: 7}]\n  batch_size: 9\n"
    )
    assert (config.model[0].units, config.model[0].activation.key) == (9, "relu")
    assert (config.fit.epochs, config.fit.batch_size) == (3, 9)


def test_what_is_merged_is_reported_where_it_is_written(problems):
    assert problems(f"x-a: &a {{epochs: many}}\nfit: {{<<: *a}}\n{REST}") == [
        "bad.yaml:1:18: fit.epochs: must be a whole number of at least 1 and at most 100,000, got 'many'"
    ]


@pytest.mark.parametrize("argument", [r'data.dataset="D:\new\x"', r'data.dataset="C:\Users\x"'])
def test_backslashes_in_an_argument_are_explained_too(problems, argument):
    assert ESCAPE in problems(REST, argument)[0]


def test_none_in_an_argument_is_null(problems):
    assert problems(REST, "early_stopping=None") == [
        f"argument early_stopping=None: early_stopping: 'None' is Python's; {OFF}"
    ]


def test_a_class_may_be_called_by_a_word_in_parentheses(read):
    text = "task: binary\ndata: {dataset: a/, positive: [(rust)]}\noptimizer: adam\nloss: mse\n"
    assert read(f"{text}model: [dense: {{units: 1, activation: sigmoid}}]\n").data.positive == ("(rust)",)
