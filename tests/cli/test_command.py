"""How the help shows commands and their arguments."""

from __future__ import annotations

import re

import pytest


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        (["train"], "CONFIG [KEY=VALUE]..."),
        (["resume"], "[RUN] [KEY=VALUE]..."),
        (["evaluate"], "[RUN]"),
        (["predict"], "[PICTURE]..."),
        (["configs", "cp"], "NAME FILE"),
        (["data"], "[COMMAND] [ARGS]..."),
    ],
)
def test_the_usage_shows_arguments_as_one_types_them(in_process, command, arguments):
    usage = re.search(r"Usage: \S+ (.*)", in_process(*command, "--help").output)
    assert usage is not None
    assert usage[1].rstrip() == f"{' '.join(command)} [OPTIONS] {arguments}"
