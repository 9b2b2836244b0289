"""What is done for a quick start: validators that are built only when a value has to be converted."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from nntrain.cli.command import Command
from nntrain.cli.startup import without_garbage_collection


@pytest.fixture
def converted():
    """Return a function that runs a command with options of every kind; it returns their values or the error."""
    program = typer.Typer()
    values = {}

    @program.command(cls=Command)
    def show(
        words: Annotated[list[str] | None, typer.Argument()] = None,
        text: Annotated[str | None, typer.Option()] = None,
        count: Annotated[int, typer.Option(min=1)] = 1,
        folder: Annotated[Path | None, typer.Option()] = None,
        flag: Annotated[bool, typer.Option("--flag")] = False,
        several: Annotated[list[int] | None, typer.Option()] = None,
    ) -> None:
        values.update(words=words, text=text, count=count, folder=folder, flag=flag, several=several)

    def run(*arguments):
        values.clear()
        done = CliRunner().invoke(program, list(arguments))
        return dict(values) if done.exit_code == 0 else done

    return run


def test_values_have_their_options_types(converted):
    given = ("a", "b", "--text", "x", "--count", "3", "--folder", "f", "--flag", "--several", "1", "--several", "2")
    assert converted(*given) == {
        "words": ["a", "b"],
        "text": "x",
        "count": 3,
        "folder": Path("f"),
        "flag": True,
        "several": [1, 2],
    }


def test_what_is_left_out_has_its_default(converted):
    values = converted()
    assert (values["text"], values["count"], values["folder"], values["flag"]) == (None, 1, None, False)
    assert not values["words"]
    assert not values["several"]


@pytest.mark.parametrize("arguments", [("--count", "x"), ("--count", "0"), ("--several", "x")], ids=" ".join)
def test_a_value_that_cannot_be_converted_exits_with_2(converted, arguments):
    done = converted(*arguments)
    assert done.exit_code == 2
    assert arguments[0] in done.output


def test_garbage_is_not_collected_while_modules_are_imported_nor_among_them_later():
    before = gc.get_freeze_count()
    with without_garbage_collection():
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() > before
    gc.unfreeze()


def test_the_end_of_the_process_flushes_and_calls_what_was_registered(tmp_path):
    code = """
import atexit, sys
from nntrain.cli.startup import end_process
atexit.register(lambda: print("registered"))
sys.stdout.write("result\\n")
sys.stderr.write("message\\n")
end_process(5)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("result\nregistered\n", "message\n")
    assert done.returncode == 5
