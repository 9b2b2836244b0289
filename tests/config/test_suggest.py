"""Suggestions for unknown words."""

from __future__ import annotations

import pytest

from nntrain.config import schema
from nntrain.config.suggest import SYNONYMS, closest_word, same_word, suggest
from nntrain.data.catalog import DATASETS

KNOWN = ["dense", "max_pooling2d", "learning_rate"]


@pytest.mark.parametrize("word", ["Dense", "DENSE", "d-e n_s.e"])
def test_another_spelling_is_the_same_word(word):
    assert same_word(word, KNOWN) == "dense"


def test_another_librarys_name_is_the_same_word_if_ours_is_known():
    assert same_word("MaxPool2d", KNOWN) == "max_pooling2d"
    assert same_word("lr", KNOWN) == "learning_rate"
    assert same_word("lr", ["units"]) is None


def test_a_known_word_comes_before_another_librarys():
    assert same_word("lr", ["lr", "units"]) == "lr"


@pytest.mark.parametrize(("word", "closest"), [("dens", "dense"), ("lerning_rat", "learning_rate"), ("xyz", None)])
def test_a_misspelt_word_is_closest_to_the_one_that_was_meant(word, closest):
    assert closest_word(word, KNOWN) == closest


def test_words_must_share_more_than_half_of_their_letters():
    assert closest_word("abcxx", ["abcde"]) == "abcde"
    assert closest_word("abxxx", ["abcde"]) is None


def test_a_suggestion_is_a_question_or_nothing():
    assert suggest("lr", iter(KNOWN)) == "; did you mean 'learning_rate'?"
    assert suggest("dens", iter(KNOWN)) == "; did you mean 'dense'?"
    assert suggest("xyz", KNOWN) == ""


def every_word_of_the_config(section=schema.Config):
    """Yield every key, member and choice that a config may have."""
    for name, kind in schema.field_kinds(section).items():
        yield name
        for member in kind.family.members.values() if kind.family else ():
            yield member.key
            yield from every_word_of_the_config(member)
        if kind.section:
            yield from every_word_of_the_config(kind.section)
    for values in schema.value_schemas(section).values():
        yield from (word for option in values.get("anyOf", [values]) for word in option.get("enum", ()))


def test_every_synonym_stands_for_a_word_of_the_config():
    assert set(SYNONYMS.values()) <= {*every_word_of_the_config(), *DATASETS}


def test_synonyms_are_written_as_they_are_compared():
    assert [name for name in SYNONYMS if not (name.isascii() and name.isalnum() and name.islower())] == []


def test_no_synonym_is_a_word_of_the_config():
    known = {word.replace("_", "") for word in every_word_of_the_config()}
    assert SYNONYMS.keys() & known == set()
