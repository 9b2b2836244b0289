"""A config's text as a tree with places: YAML's core types, limits, and invalid YAML."""

from __future__ import annotations

from pathlib import Path

import pytest

from nntrain.config.yaml_tree import Node, Place, read_argument, read_tree

SYNTAX = "not valid YAML: "


@pytest.fixture
def tree():
    """Return a function that returns the tree of a text."""

    def tree(text):
        root, problems = read_tree(text, "a.yaml", base=Path("/base"))
        assert problems == []
        return root

    return tree


@pytest.fixture
def syntax_problems():
    """Return a function that returns the problems of reading a text, without the file's name."""
    return lambda text: [
        str(problem).removeprefix("a.yaml:") for problem in read_tree(text, "a.yaml", base=Path("/base"))[1]
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1:1: the file is empty; `nntrain configs` lists configs to start from"),
        ("# nothing\n", "1:1: the file is empty; `nntrain configs` lists configs to start from"),
        ("seed: 1\nseed: 2\n", "2:1: seed appears twice, first on line 1; keep one"),
        ("? [a]\n: 1", "1:3: a key must be a name, not a list or a mapping"),
        ("fit:\n\tepochs: 3\n", f"2:1: {SYNTAX}a tab cannot indent YAML; use spaces"),
        ("a: {b: 1,\n\tc: [}\n", f"2:1: {SYNTAX}a tab cannot indent YAML; use spaces"),
        ("a: {b\n", f"2:1: {SYNTAX}expected ',' or '}}', but got '<stream end>'"),
        ("a: [b\n  \tc: ]}", f"2:3: {SYNTAX}a tab cannot indent YAML; use spaces"),
        ("a: b\n\tc: d\n", f"2:1: {SYNTAX}a tab cannot indent YAML; use spaces"),
        ("a: b\n c: d\te\n", f"2:3: {SYNTAX}mapping values are not allowed here; is a line above unfinished, or indented differently?"),
        ("a: b: c\n", f"1:5: {SYNTAX}mapping values are not allowed here; is a line above unfinished, or indented differently?"),
        ("seed: *x\n", f"1:7: {SYNTAX}a value that starts with '*' must be in quotes"),
        ("a: 'b\n", f"2:1: {SYNTAX}found unexpected end of stream"),
        ("fit: &a [*a]\n", "1:6: an alias cannot refer to a value that contains it"),
        ("seed: 1\n---\nseed: 2\n", f"2:1: {SYNTAX}a config is a single document; a second one starts here"),
        ("seed: !!int x\n", "1:7: 'x' does not match its tag"),
        ("seed: !!bool 1\n", "1:7: '1' does not match its tag"),
        ("fit: !!python/object/apply:os.system [ls]\n", "1:6: the tag tag:yaml.org,2002:python/object/apply:os.system is not supported; write the plain value"),
        ("seed: !!python/object:os.system x\n", "1:7: the tag tag:yaml.org,2002:python/object:os.system is not supported; write the plain value"),
        ("seed: !foo x\n", "1:7: the tag !foo is not supported; write the plain value"),
        ("a: " + "[" * 60 + "]" * 60, "1:1: nested more than 40 levels deep; no config needs that"),
        ("[" * 20_000, "1:1: nested more than 40 levels deep; no config needs that"),
        ("seed: " + "9" * 5000 + "\n", "1:7: a number may have at most 400 characters, got 5,000"),
        ("[" + "a," * 400_000 + "]", "1:1: more than 50,000 values, counting those that aliases repeat; no config needs that many"),
        ("seed: 1\x00\n", f"1:8: {SYNTAX}character #x0000 is not allowed in a text file"),
        ("a: 1\nb: ab\x01\n", f"2:6: {SYNTAX}character #x0001 is not allowed in a text file"),
    ],
    ids=lambda value: value[:40],
)  # fmt: skip
def test_invalid_yaml_is_a_problem_with_its_place(syntax_problems, text, problem):
    assert syntax_problems(text) == [problem]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- a\n- b\n", "1:1: a config must be a mapping of keys, got a list"),
        ("mlp\n", "1:1: a config must be a mapping of keys, got 'mlp'"),
        ("model:mlp\n", "1:1: a config must be a mapping of keys, got 'model:mlp'; put a space after each colon"),
        ("!!set {a}\n", "1:1: the tag tag:yaml.org,2002:set is not supported; write the plain value"),
        (b"a: 1\nb: \xff\n", "2:4: not UTF-8 text; save the file as UTF-8"),
    ],
)
def test_a_file_that_is_no_mapping_is_one_problem(problems, text, problem):
    assert problems(text) == [f"bad.yaml:{problem}"]


def test_a_syntax_problem_does_not_hide_those_after_it(syntax_problems):
    assert syntax_problems("? [a]\n: 1\nb: 1\nb: 2\nb: 3\nc: !!int x\n") == [
        "1:3: a key must be a name, not a list or a mapping",
        "4:1: b appears twice, first on line 3; keep one",
        "5:1: b appears twice, first on line 3; keep one",
        "6:4: 'x' does not match its tag",
    ]


def test_a_syntax_problem_does_not_hide_wrong_values(problems, good):
    assert problems("seed: 1\nseed: x\nfit: {epochs: 0}\n" + good)[:2] == [
        "bad.yaml:2:1: seed appears twice, first on line 1; keep one",
        "bad.yaml:3:15: fit.epochs: must be a whole number of at least 1 and at most 100,000, got 0",
    ]


def test_a_bomb_of_aliases_is_refused_before_it_unfolds(syntax_problems):
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert syntax_problems(bomb) == [
        "1:1: more than 50,000 values, counting those that aliases repeat; no config needs that many"
    ]


def test_50000_values_are_read_and_one_more_is_not(syntax_problems):
    assert syntax_problems("[" + "a," * 49_999 + "]") == []
    assert len(syntax_problems("[" + "a," * 50_000 + "]")) == 1


def test_values_that_aliases_repeat_are_counted(syntax_problems):
    ten_thousand = "a: &a [" + "x," * 9_995 + "]\n"  # 10,000 values with those of the next line
    assert syntax_problems(ten_thousand + "b: [*a, *a, *a]\n") == []
    assert len(syntax_problems(ten_thousand + "b: [*a, *a, *a, *a, *a]\n")) == 1


def test_40_levels_are_read_and_one_more_is_not(syntax_problems):
    assert syntax_problems("[" * 40 + "a" + "]" * 40) == []
    assert len(syntax_problems("[" * 41 + "a" + "]" * 41)) == 1


def test_aliases_may_not_nest_deeper_than_text(syntax_problems):
    text = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 60))
    assert syntax_problems(text) == ["1:1: nested more than 40 levels deep; no config needs that"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1E3", 1000.0),
        ("-.5", -0.5),
        ("+7", 7),
        ("007", 7),
        ("0x1F", 31),
        ("0o17", 15),
        ("1.", 1.0),
        (".inf", float("inf")),
        ("-.INF", float("-inf")),
        ("3.4e38", 3.4e38),
        ("1.2e-38", 1.2e-38),
        ("0.0", 0.0),
        ("0e5", 0.0),
        ("0x0", 0),
        ("~", None),
        ("Null", None),
        ("True", True),
        ("FALSE", False),
        ("on", "on"),
        ("no", "no"),
        ("1_000", "1_000"),
        ("2026-01-01", "2026-01-01"),
        ("1:30", "1:30"),
        ("'1'", "1"),
        ("!!str 1", "1"),
        ("!!float 1", 1.0),
        ("9" * 38, int("9" * 38)),
    ],
)
def test_a_value_has_yaml_1_2s_core_type(tree, text, value):
    parsed = tree(f"a: {text}").at(("a",)).value
    assert (parsed, type(parsed)) == (value, type(value))


def test_not_a_number_is_read(tree):
    value = tree("a: .nan").at(("a",)).value
    assert value != value


@pytest.mark.parametrize(
    "text", ["1e39", "3.5e38", "-1e400", "1e-40", "1.1e-38", "1e-400", "0.1E-500", "9" * 40, "0x" + "f" * 40]
)
def test_a_number_outside_the_range_of_float32_is_refused(syntax_problems, text):
    assert syntax_problems(f"a: {text}") == [
        f"1:4: {text} is outside the range of float32, in which the network computes"
    ]


def test_a_number_of_400_characters_is_read_and_a_longer_one_is_not(syntax_problems):
    assert syntax_problems("a: 0." + "1" * 398) == []
    assert syntax_problems("a: 0." + "1" * 399) == ["1:4: a number may have at most 400 characters, got 401"]


def test_an_alias_repeats_its_value(read, with_layers):
    text = with_layers("&d {dense: 8}", "*d")
    assert [layer.units for layer in read(text).model] == [8, 8, 10]


def test_values_and_keys_have_their_places(tree):
    root = tree("a: 1\nbc:\n  - x\n  - {d: 2}\n")
    assert root.place == Place("a.yaml", 1, 1, Path("/base"))
    assert [str(root.at(path).place) for path in [("a",), ("bc",), ("bc", 1), ("bc", 1, "d")]] == [
        "a.yaml:1:4",
        "a.yaml:3:3",
        "a.yaml:4:5",
        "a.yaml:4:9",
    ]
    assert [str(root.at(path).key_place) for path in [("bc",), ("bc", 1, "d")]] == ["a.yaml:2:1", "a.yaml:4:6"]


def test_a_path_that_does_not_exist_ends_at_its_last_node(tree):
    root = tree("a: [x, {b: 1}]")
    assert root.at(("a", 1, "c", "d")) is root.at(("a", 1))
    assert root.at(("a", 2)) is root.at(("a",))
    assert root.at(("a", -1)) is root.at(("a",))
    assert root.at(("a", "0")) is root.at(("a",))
    assert root.at(("a", 0)).value == "x"
    assert root.at(("a", 0, "b")).value == "x"


def test_a_tree_without_places_is_plain_values(tree):
    assert tree("a: [x, {b: 1}]").plain() == {"a": ["x", {"b": 1}]}


def test_a_value_with_something_unreadable_inside_is_not_readable():
    root, _ = read_tree("a: [1, {b: !!foo 1}]\nc: [1]\n", "a.yaml", base=Path())
    assert [root.at(path).is_readable() for path in [(), ("a",), ("a", 0), ("a", 1), ("c",)]] == [
        False,
        False,
        True,
        False,
        True,
    ]


def test_a_value_is_replaced_in_a_copy(tree):
    root = tree("a: {b: 1, c: 2}\nd: 3\n")
    changed = root.with_value(("a", "b"), Node("new", Place("x")))
    assert changed.plain() == {"a": {"b": "new", "c": 2}, "d": 3}
    assert root.plain() == {"a": {"b": 1, "c": 2}, "d": 3}


def test_an_arguments_value_is_read_like_a_files(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    node, problems = read_argument("[1, {a: 1e-3}]", "argument x=[1, {a: 1e-3}]")
    assert (node.plain(), problems) == ([1, {"a": 0.001}], [])
    assert node.at((1, "a")).place == Place("argument x=[1, {a: 1e-3}]", base=tmp_path)
    assert str(node.place) == "argument x=[1, {a: 1e-3}]"


@pytest.mark.parametrize("text", ["{", "[" * 60, "[" + "a," * 60_000 + "]", "a\x00"])
def test_an_argument_that_is_not_yaml_is_a_problem(text):
    node, (problem,) = read_argument(text, "argument x=...")
    assert node is None
    assert str(problem) == f"argument x=...: {text!r} is not valid YAML"


def test_a_key_that_appears_twice_in_an_argument_has_no_line():
    assert [str(problem) for problem in read_argument("{a: 1, a: 2}", "argument x=")[1]] == [
        "argument x=: a appears twice; keep one"
    ]


def test_an_argument_with_only_a_comment_is_null():
    assert read_argument("# a", "x=# a") == (Node(None, Place("x=# a", base=Path.cwd())), [])
