"""The program's exit codes."""

from __future__ import annotations

import pytest

from nntrain.__main__ import exit_code
from nntrain.system.signals import Interruption


def raising(error):
    """Return a command that raises."""

    def command():
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SystemExit(7), 7),
        (SystemExit(None), 0),
        (SystemExit("words"), 0),
        (KeyboardInterrupt(), 130),
        (Interruption(15), 143),
    ],
    ids=repr,
)
def test_how_a_command_ends_gives_the_exit_code(error, code):
    assert exit_code(raising(error)) == code


def test_a_command_that_returns_exits_with_0():
    assert exit_code(lambda: None) == 0


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(13, "Permission denied", "a.txt"), "Error: a.txt: Permission denied\n"),
        (OSError("odd"), "Error: the system: odd\n"),
    ],
    ids=repr,
)
def test_a_failure_of_the_system_is_one_error(capsys, error, message):
    assert exit_code(raising(error)) == 1
    assert capsys.readouterr().err == message


@pytest.mark.parametrize(("work", "code"), [(0, 1), (6, 6)])
def test_a_result_that_is_lost_is_an_error_but_the_works_own_code_comes_first(monkeypatch, capsys, work, code):
    monkeypatch.setattr("nntrain.__main__.output_error", lambda: OSError(28, "No space left on device"))
    assert exit_code(raising(SystemExit(work))) == code
    assert capsys.readouterr().err == "Error: the output: No space left on device\n"


def test_a_bug_is_raised():
    with pytest.raises(ZeroDivisionError):
        exit_code(raising(ZeroDivisionError()))
