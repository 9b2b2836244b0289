"""What is printed, and how the program is named in it."""

from __future__ import annotations

import os
import shutil
import sys

import pytest

from nntrain.errors import ConfigError, UsageError
from nntrain.report import console
from nntrain.results import Problem


@pytest.fixture
def started_as(monkeypatch, tmp_path):
    """Return a function that sets how the program was started, and what a shell finds."""

    def start(program, **found):
        monkeypatch.setattr(sys, "argv", [str(program)])
        monkeypatch.setattr(shutil, "which", lambda name: found.get(name))

    monkeypatch.chdir(tmp_path)
    return start


def test_the_program_is_nntrain_if_a_shell_finds_it_so(started_as, tmp_path):
    program = tmp_path / "bin" / "nntrain"
    started_as(program, nntrain=str(program))
    assert console.command() == "nntrain"
    started_as("", nntrain=None)
    assert console.command() == "nntrain"


def test_another_nntrain_in_the_path_is_not_meant(started_as, tmp_path):
    started_as(tmp_path / "bin" / "nntrain", nntrain="/usr/bin/nntrain")
    assert console.command() == "bin/nntrain"


def test_a_program_outside_the_folder_is_named_by_its_whole_path(started_as, tmp_path):
    started_as(tmp_path.parent / "a b" / "nntrain")
    assert console.command() == f"'{tmp_path.parent}/a b/nntrain'"


def test_python_m_is_named_with_the_python_that_runs(started_as):
    started_as("/x/nntrain/__main__.py", python=sys.executable)
    assert console.command() == "python -m nntrain"
    started_as("/x/nntrain/__main__.py", python="/usr/bin/other-python")
    assert console.command() == f"{os.path.abspath(sys.executable)} -m nntrain"
    started_as("/x/nntrain/__main__.py")
    assert console.command().endswith(" -m nntrain")


def test_commands_in_messages_are_as_they_are_typed(started_as, tmp_path):
    started_as(tmp_path / "bin" / "nntrain")
    message = "try `nntrain train mlp` or `nntrain`; nntrain is not `nntrainer` nor `x nntrain`"
    assert console.as_typed(message) == (
        "try `bin/nntrain train mlp` or `bin/nntrain`; nntrain is not `nntrainer` nor `x nntrain`"
    )


def test_a_next_command_is_quoted_for_a_shell(started_as, tmp_path):
    started_as(tmp_path / "bin" / "nntrain")
    assert console.next_command("train", "a b.yaml", "epochs=3") == "bin/nntrain train 'a b.yaml' epochs=3"


def test_messages_go_to_stderr_and_results_to_stdout(capsys):
    console.print_message("[b]a message[/b]")
    console.print_warning("a warning")
    console.print_result("[b]a result[/b]")
    console.print_result(console.emphasized("strong", " rest"))
    console.print_result(console.faint("faint"))
    captured = capsys.readouterr()
    assert captured.err == "[b]a message[/b]\na warning\n"
    assert captured.out == "[b]a result[/b]\nstrong rest\nfaint\n"


def test_a_long_line_is_not_wrapped(capsys):
    console.print_message("word " * 100)
    assert capsys.readouterr().err == "word " * 100 + "\n"


def test_strong_faint_and_warning_have_their_styles(monkeypatch, capsys):
    assert console.emphasized("strong", " rest").markup == "[bold]strong[/bold] rest"
    assert console.faint("x").style == "dim"
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("FORCE_COLOR", "1")
    console.print_warning("x")
    assert "\x1b[33mx" in capsys.readouterr().err


def test_an_error_is_one_sentence(capsys):
    console.show_error(UsageError("no run 'x'"))
    assert capsys.readouterr().err == "Error: no run 'x'\n"


@pytest.mark.parametrize(("count", "ending"), [(1, "1 problem"), (2, "2 problems")])
def test_problems_of_a_config_are_one_per_line(capsys, count, ending):
    problems = [Problem(f"my.yaml:{line}:1", "[x] is wrong") for line in range(1, count + 1)]
    console.show_error(ConfigError(problems))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "my.yaml:1:1: [x] is wrong"
    assert lines[-1] == f"{ending}; nothing was run"
    assert len(lines) == count + 1


def test_hints_are_marked(capsys):
    console.show_hints([Problem("my.yaml:1:1", "a smaller rate")])
    assert capsys.readouterr().err == "my.yaml:1:1: hint: a smaller rate\n"


def test_json_keeps_every_character_and_refuses_nan(capsys):
    console.print_json({"name": "größe", "values": [1]})
    assert capsys.readouterr().out == '{\n  "name": "größe",\n  "values": [\n    1\n  ]\n}\n'
    with pytest.raises(ValueError, match="not JSON compliant"):
        console.print_json({"loss": float("nan")})


def test_control_characters_of_others_are_shown_as_escapes(capsys):
    console.print_message("a\x1b[31m\u202eb")
    console.print_result("a\r\nb")
    console.print_result(console.emphasized("a\x9b", "b\x9b"))
    console.show_hints([Problem("a\x1b.yaml:1", "b\nc")])
    console.show_error(ConfigError([Problem("x.yaml:1:2 metrics", "no metric '\r\nok'")]))
    console.show_error(UsageError("no run 'a\nb'", "or c\x07"))
    output, errors = capsys.readouterr()
    assert output == "a\\r\\nb\na\\x9bb\\x9b\n"
    assert errors == (
        "a\\x1b[31m\\u202eb\n"
        "a\\x1b.yaml:1: hint: b\\nc\n"
        "x.yaml:1:2 metrics: no metric '\\r\\nok'\n1 problem; nothing was run\n"
        "Error: no run 'a\\nb'\n  or c\\x07\n"
    )


def test_json_has_control_characters_as_escapes(capsys):
    console.print_json({"run": "\x9b\u202e猫"})
    assert capsys.readouterr().out == '{\n  "run": "\\u009b\\u202e猫"\n}\n'
