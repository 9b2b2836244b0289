"""Command lines in messages."""

from __future__ import annotations

from nntrain.jobs.commands import command_line


def test_a_command_is_quoted_for_a_shell_and_stands_in_backticks():
    assert command_line("resume", "runs/a b-1", "epochs=3") == "`nntrain resume 'runs/a b-1' epochs=3`"
