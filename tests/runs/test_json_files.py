"""JSON files of a run: what is written can be read, and a damaged file is an error that says so."""

from __future__ import annotations

import json
import os
import re
import sys
from types import NoneType

import pytest

from nntrain.errors import RunError
from nntrain.runs import json_files
from nntrain.runs.json_files import NUMBER, has_type, read_json, to_json


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.json"


def problem(path, types):
    """Return what is wrong with a file, without its name."""
    with pytest.raises(RunError) as caught:
        read_json(path, types)
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value).removeprefix(f"{path}: ")


def test_a_document_is_indented_readable_and_ends_with_a_newline():
    assert to_json({"a": [1], "ö": None}) == '{\n  "a": [\n    1\n  ],\n  "ö": null\n}\n'


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_json_lacks_is_not_written(number):
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json({"loss": number})


def test_a_document_is_read_back_equal(path):
    document = {"schema": 1, "text": "größe", "number": 0.1 + 0.2, "list": [1, None, True], "nested": {"a": -1}}
    path.write_text(to_json(document), encoding="utf-8")
    assert read_json(path, {}) == document


def test_a_missing_file_is_an_error_that_names_the_folder(path):
    assert problem(path, {}) == f"missing; {path.parent} is not a complete run folder"


def test_a_file_that_cannot_be_read_is_an_error(path):
    path.mkdir()
    assert problem(path, {}) in ("cannot be read: Is a directory", "not a regular file; nntrain did not write it")


def test_a_file_that_the_system_does_not_open_is_an_error(path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.open", refuse)
    assert problem(path, {}) == "cannot be read: Permission denied"


@pytest.mark.skipif(sys.platform == "win32", reason="needs pipes")
def test_a_pipe_is_an_error_at_once(path):
    os.mkfifo(path)
    assert problem(path, {}) == "not a regular file; nntrain did not write it"


def test_a_file_that_is_too_large_is_not_read(path, monkeypatch):
    assert json_files.MAX_BYTES == 50_000_000
    monkeypatch.setattr(json_files, "MAX_BYTES", 13)
    path.write_text('{"schema": 1}')
    assert read_json(path, {}) == {"schema": 1}
    path.write_text('{"schema": 1} ')
    assert problem(path, {}) == "larger than 13 bytes; nntrain did not write it"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"schema": 1',
        b"\xff\xfe\xfd",
        b"[" * 100_000,
        b'{"schema": 1, "a": NaN}',
        b'{"schema": 1, "a": -Infinity}',
        b'{"schema": 1, "a": 1e999}',
        b'{"schema": 1, "a": ' + b"9" * 5000 + b"}",
    ],
    ids=["empty", "open", "truncated", "not text", "deep", "nan", "infinity", "1e999", "5000 digits"],
)
def test_a_file_that_is_not_json_is_damaged(path, content):
    path.write_bytes(content)
    assert problem(path, {}) == "damaged: not JSON; restore the file or train again"


@pytest.mark.parametrize(
    ("content", "schema"),
    [("[]", "None"), ("1", "None"), ("{}", "None"), ('{"schema": 2}', "2"), ('{"schema": "1"}', "1")],
)
def test_another_schema_is_refused(path, content, schema):
    path.write_text(content)
    advice = "but this nntrain reads schema 1; use the version that wrote it"
    assert problem(path, {}) == f"has schema {schema}, {advice}"


@pytest.mark.parametrize(
    ("types", "value", "expected"),
    [
        ((str,), 1, "a string"),
        ((str,), None, "a string"),
        ((int,), 1.5, "an integer"),
        ((int,), True, "an integer"),
        (NUMBER, "1", "a number"),
        ((*NUMBER, NoneType), False, "a number or null"),
        ((dict,), [], "an object"),
        ((dict, NoneType), "x", "an object or null"),
        ((list, NoneType), {}, "an array or null"),
        ((list,), None, "an array"),
    ],
)
def test_a_file_with_a_value_of_the_wrong_type_is_damaged(path, types, value, expected):
    path.write_text(json.dumps({"schema": 1, "key": value}))
    assert problem(path, {"key": types}) == f"damaged: key must be {expected}; restore the file or train again"


@pytest.mark.parametrize(
    ("types", "value"),
    [((str,), ""), ((int,), 0), (NUMBER, 1), (NUMBER, 1.5), ((dict,), {}), ((list, NoneType), None), ((list,), [])],
)
def test_a_value_of_the_right_type_is_read(path, types, value):
    path.write_text(json.dumps({"schema": 1, "key": value}))
    assert read_json(path, {"key": types})["key"] == value


def test_a_missing_key_reads_as_null(path):
    path.write_text('{"schema": 1}')
    assert read_json(path, {"resumed": (list, NoneType)}) == {"schema": 1, "resumed": None}
    assert problem(path, {"status": (str,)}).startswith("damaged: status must be a string")


def test_a_nested_key_is_checked_unless_its_parent_is_null(path):
    types = {"data": (dict, NoneType), "data.name": (str,)}
    for document, read in (({}, None), ({"data": None}, None), ({"data": {"name": "mnist"}}, {"name": "mnist"})):
        path.write_text(json.dumps({"schema": 1, **document}))
        assert read_json(path, types)["data"] == read
    for data in ({}, {"name": 1}):
        path.write_text(json.dumps({"schema": 1, "data": data}))
        assert re.match(r"damaged: data\.name must be a string;", problem(path, types))


def test_keys_without_a_type_may_hold_anything(path):
    path.write_text('{"schema": 1, "later": [{}]}')
    assert read_json(path, {})["later"] == [{}]


def test_true_is_not_a_number():
    assert has_type(1, NUMBER)
    assert has_type(1.5, NUMBER)
    assert not has_type(True, NUMBER)
    assert not has_type(None, NUMBER)
