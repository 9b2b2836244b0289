"""The program's exit codes."""

from __future__ import annotations

import pytest

from nntrain.__main__ import exit_code


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
        (BrokenPipeError(), 0),
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
        (OSError(28, "No space left on device"), "Error: the output: No space left on device\n"),
        (OSError(13, "Permission denied", "a.txt"), "Error: a.txt: Permission denied\n"),
        (OSError("odd"), "Error: the output: odd\n"),
    ],
    ids=repr,
)
def test_an_output_that_cannot_be_written_is_one_error(capsys, error, message):
    assert exit_code(raising(error)) == 1
    assert capsys.readouterr().err == message


def test_a_bug_is_raised():
    with pytest.raises(ZeroDivisionError):
        exit_code(raising(ZeroDivisionError()))
