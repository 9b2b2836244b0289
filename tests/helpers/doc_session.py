"""Runs the steps of a page in a folder, from top to bottom, and collects what differs from the page.

Trainings are shortened: as few epochs as the config allows, unless the command sets `epochs` or has a `--require`. If
no step of the page uses the network, an engine without TensorFlow takes the place of the real one.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from doc_folder import make_doc_folder
from doc_pages import Block, Command, Page
from fake_engine import FakeEngine
from shown_output import missing_lines
from typer.testing import CliRunner

from nntrain.cli.app import app
from nntrain.errors import ConfigError, NntrainError
from nntrain.jobs.plan import open_config

MAX_EPOCHS = 10  # tried before a config is run as it is
SHELL_SYNTAX = ("|", ";", "&", "$", "`", "*", "2>")
LAUNCHER = """#!{python}
import sys
sys.argv[0] = {path!r}
from nntrain.__main__ import main
main()
"""


class Session:
    """A reader's session with a page; `nntrain` is the `Nntrain` of conftest.py in an empty folder."""

    def __init__(self, page: Page, nntrain: Any) -> None:
        self.page, self.nntrain, self.folder = page, nntrain, nntrain.folder
        self.env = {"NNTRAIN_DATA_DIR": str(self.folder / "data")}

    def run(self) -> list[str]:
        """Take every step of the page; returns the differences, and stops at a command with another exit code."""
        make_doc_folder(self.folder)
        for block in reversed([block for block in self.page.blocks if block.file_name]):
            self._write(block)  # the first block of a name stays
        differences: list[str] = []
        for step in self.page.steps:
            if isinstance(step, Block) and step.file_name:
                self._write(step)
                continue
            done = self._run_python(step) if isinstance(step, Block) else self._run_command(step)
            if problem := self._wrong_exit(step, done):
                return [*differences, problem]
            if isinstance(step, Command):
                differences += [self._at(step, f"not printed: {line!r}") for line in self._missing(step, done)]
        return differences

    def _at(self, step: Block | Command, problem: str) -> str:
        return f"{self.page.name}:{step.line}: {step.text if isinstance(step, Command) else 'Python'}: {problem}"

    def _write(self, block: Block) -> None:
        path = self.folder / str(block.file_name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")

    def _run_python(self, block: Block) -> subprocess.CompletedProcess[str]:
        environment = self.nntrain.environment(**self.env)
        if not self.nntrain.forked:
            return self._run([sys.executable, "-c", block.text], environment)
        program = self.nntrain.start_code(block.text, [], cwd=self.folder, env=environment)
        out, err = program.communicate(timeout=600)
        return subprocess.CompletedProcess([], program.returncode, out, err)

    def _run_command(self, command: Command) -> subprocess.CompletedProcess[str]:
        words = shlex.split(command.text)
        if words[0] != "nntrain" or any(sign in command.text for sign in SHELL_SYNTAX):
            return self._run_in_shell(command.text)
        target = None
        if ">" in words:
            words, target = words[: words.index(">")], words[words.index(">") + 1]
        if command.trains and not self.page.needs_engine(command):
            done = self._run_without_engine(words[1:])
        else:
            done = self.nntrain(*self._shortened(words[1:]), **self.env)
        if target is not None:
            (self.folder / target).write_text(done.stdout, encoding="utf-8")
        return done

    def _run_without_engine(self, words: list[str]) -> subprocess.CompletedProcess[str]:
        """Run a training whose network nobody uses with an engine that trains nothing; all else is as it is."""
        engine = FakeEngine(device_line="CPU, 2 threads, not compiled: too short to pay off")
        with (
            patch("nntrain.jobs.session.load_engine", lambda: lambda: engine.train),
            patch("nntrain.report.plots.draw_training"),
            patch.object(sys, "argv", ["nntrain"]),
            chdir(self.folder),
        ):
            done = CliRunner().invoke(app, words, env=self.env)
        return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)

    def _run_in_shell(self, text: str) -> subprocess.CompletedProcess[str]:
        bash = shutil.which("bash")
        if bash is None:
            pytest.skip("needs bash")
        launcher = self.folder / ".bin" / "nntrain"
        launcher.parent.mkdir(exist_ok=True)
        launcher.write_text(LAUNCHER.format(python=sys.executable, path=str(launcher)))
        launcher.chmod(0o755)
        environment = self.nntrain.environment(**self.env)
        folders = [launcher.parent, Path(sys.executable).parent, os.environ["PATH"]]
        environment["PATH"] = os.pathsep.join(map(str, folders))
        return self._run([bash, "-c", text], environment)

    def _run(self, words: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(words, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=600)

    def _shortened(self, words: Sequence[str]) -> list[str]:
        """Return a command's words with as few epochs as its config allows."""
        is_set = any(word.startswith(("epochs=", "fit.epochs=", "--require")) for word in words)
        if words[:1] != ["train"] or is_set:
            return [*words]
        arguments = _positional(words[1:])
        for epochs in range(1, MAX_EPOCHS + 1):
            try:
                with chdir(self.folder):
                    open_config(arguments[0], [*arguments[1:], f"epochs={epochs}"])
            except ConfigError:
                continue
            except NntrainError:
                break
            return [*words, f"epochs={epochs}"]
        return [*words]

    def _wrong_exit(self, step: Block | Command, done: subprocess.CompletedProcess[str]) -> str | None:
        expected = step.exit_code if isinstance(step, Command) else 0
        if done.returncode == expected or (expected is None and done.returncode > 0):
            return None
        wanted = "an error" if expected is None else expected
        return self._at(step, f"exit code {done.returncode} instead of {wanted}\n{done.stdout}{done.stderr}")

    def _missing(self, command: Command, done: subprocess.CompletedProcess[str]) -> list[str]:
        """Return the shown lines that did not come; an error in a command or a config is compared word for word."""
        printed = done.stdout + done.stderr if not command.shown or command.shown[0] != "{" else done.stdout
        exact = done.returncode == 2
        answers = "predict" not in command.text or "--run pretrained" in command.text
        return missing_lines(command.shown, printed, exact=exact, answers=answers)


def _positional(words: Sequence[str]) -> list[str]:
    """Return the words of a `train` command that are no options and no values of options."""
    with_value = ("--name", "--runs-dir", "--require")
    return [
        word
        for before, word in zip(["", *words], words, strict=False)
        if not word.startswith("-") and before not in with_value
    ]
