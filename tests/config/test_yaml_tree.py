"""A config's text as a tree with places: YAML's core types, limits, and problems of form."""

from __future__ import annotations

import pytest

GOOD = """model:
  - dense: {units: 8, activation: relu}
  - dense: {units: 10, activation: softmax}
optimizer: adam
loss: categorical_crossentropy
"""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "1:1: the file is empty; `nntrain configs` lists configs to start from"),
        ("# nothing\n", "1:1: the file is empty; `nntrain configs` lists configs to start from"),
        ("- a\n- b\n", "1:1: a config must be a mapping of keys, got a list"),
        ("mlp\n", "1:1: a config must be a mapping of keys, got 'mlp'"),
        ("seed: 1\nseed: 2\n" + GOOD, "2:1: seed appears twice, first on line 1; keep one"),
        ("fit:\n\tepochs: 3\n" + GOOD, "2:1: not valid YAML: a tab cannot indent YAML; use spaces"),
        ("a: {b\n", "2:1: not valid YAML: "),
        ("a: b: c\n", "1:5: not valid YAML: mapping values are not allowed here"),
        ("seed: *x\n", "1:7: not valid YAML: a word cannot start with '*'; put it in quotes"),
        ("fit: &a [*a]\n" + GOOD, "1:6: an alias cannot be inside the value it names"),
        ("seed: 1\n---\nseed: 2\n", "2:1: not valid YAML: a config is a single document; a second one starts here"),
        ("model:mlp\n", "1:1: a config must be a mapping of keys, got 'model:mlp'; put a space after each colon"),
        ("model: []\n", "1:8: model has no layers; at least 1 is needed"),
        ("seed: !!int x\n" + GOOD, "1:7: 'x' does not match its tag"),
        ("fit: !!python/object/apply:os.system [ls]\n" + GOOD, "1:6: the tag tag:yaml.org,2002:python/object/apply:os.system is not supported"),
        ("a: " + "[" * 60 + "]" * 60, "1:1: nested more than 40 levels deep; no config needs that"),
        ("".join(f"k{i}: 1\n" for i in range(2_000)), "1:1: 2,000 unknown keys; known keys: seed, "),
        ("seed: !!python/object:os.system x\n" + GOOD, "1:7: the tag tag:yaml.org,2002:python/object:os.system is not supported"),
        ("seed: " + "9" * 5000 + "\n" + GOOD, "1:7: a number of 5,000 characters"),
        ("[" + "a," * 400_000 + "]", "1:1: more than 50,000 values, counting those that aliases repeat"),
        ("[" * 20_000, "1:1: nested more than 40 levels deep; no config needs that"),
        (b"seed: 1\x00\n", "1:8: not valid YAML: character #x0000 is not allowed in a text file"),
        (b"seed: \xff\n", "1:7: not UTF-8 text; save the file as UTF-8"),
    ],
)  # fmt: skip
def test_a_file_of_the_wrong_form_is_told_so(problems, text, words):
    assert any(line.startswith(f"bad.yaml:{words}") for line in problems(text)), problems(text)


def test_a_bomb_of_aliases_is_refused_before_it_unfolds(problems):
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert problems(bomb) == [
        "bad.yaml:1:1: more than 50,000 values, counting those that aliases repeat; no config needs that many"
    ]


def test_1e_minus_3_is_a_number(read):
    assert read(GOOD.replace("adam", "{adam: {learning_rate: 1e-3}}")).optimizer.learning_rate == 0.001


def test_an_alias_repeats_what_it_names(read):
    text = "model:\n  - &d {dense: 8}\n  - *d\n" + GOOD.partition("relu}\n")[2]
    assert [layer.units for layer in read(text).model] == [8, 8, 10]


def test_an_unreadable_value_is_one_problem_and_not_also_a_missing_one(problems):
    assert problems("seed: !!foo 1\nfit: !!foo 2\n" + GOOD.replace("adam", "!!foo adam")) == [
        "bad.yaml:1:7: the tag tag:yaml.org,2002:foo is not supported; write the plain value",
        "bad.yaml:2:6: the tag tag:yaml.org,2002:foo is not supported; write the plain value",
        "bad.yaml:6:12: the tag tag:yaml.org,2002:foo is not supported; write the plain value",
    ]
