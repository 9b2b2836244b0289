"""The Markdown pages of the documentation: their fenced blocks, and the steps that a reader takes from top to bottom.

In a `console` block, lines that start with `$ ` are commands, and the lines below each are its output, shortened with
`...`. The exit code is 0, or the one that `$ echo $?` shows next, or any other than 0 if the output shown is an error.
A `yaml` block that starts with a comment such as `# my.yaml` is a file.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^( *)(`{3,})([\w-]*)[^\n]*\n(.*?)^ *\2 *$", re.DOTALL | re.MULTILINE)
FILE_NAME = re.compile(r"# ([\w./-]+\.ya?ml)\n")
ERROR = re.compile(r"Error: |\d+ problems?; nothing was run")
PYTHON_PAGE = "docs/python.md"  # has a test of its own, which runs its blocks one after the other in one process
ENGINE_NOTE = "stopped early: "  # begins a line that only the real engine prints
TRAINING = ("train", "resume", "reproduce")


@dataclass(frozen=True)
class Block:
    """A fenced block; `line` is the number of its first line inside the fence."""

    language: str
    text: str
    line: int

    @property
    def file_name(self) -> str | None:
        """The name of the file that the block is, or None."""
        match = FILE_NAME.match(self.text) if self.language == "yaml" else None
        return match[1] if match else None


@dataclass(frozen=True)
class Command:
    """A command of a session with the output that the page shows."""

    text: str
    line: int
    shown: tuple[str, ...] = ()
    exit_code: int | None = 0  # None: any other than 0

    @property
    def trains(self) -> bool:
        """Whether the command starts a training. One that is refused shows its error and nothing else."""
        trained = any(line == "..." or line.startswith("epoch ") for line in self.shown)
        is_refused = self.exit_code in (2, 3, 4) or (self.exit_code is None and not trained)
        return not is_refused and re.search(rf"\bnntrain ({'|'.join(TRAINING)})\b", self.text) is not None

    @property
    def run_name(self) -> str | None:
        """The name of the run that `nntrain train` makes, without its number; None for another command."""
        words = shlex.split(self.text)
        if words[:2] != ["nntrain", "train"]:
            return None
        return words[words.index("--name") + 1] if "--name" in words else Path(words[2]).stem


@dataclass(frozen=True)
class Page:
    """A page of Markdown."""

    name: str
    text: str

    @cached_property
    def blocks(self) -> list[Block]:
        """All fenced blocks, in order."""
        return [
            Block(match[3], _dedent(match[4], len(match[1])), self.text.count("\n", 0, match.start(4)) + 1)
            for match in FENCE.finditer(self.text)
        ]

    @cached_property
    def steps(self) -> list[Block | Command]:
        """What a reader does from top to bottom: blocks that are files or Python, and commands."""
        return [*self._steps()]

    @property
    def commands(self) -> list[Command]:
        """All commands."""
        return [step for step in self.steps if isinstance(step, Command)]

    @property
    def needs_tensorflow(self) -> bool:
        """Whether the page has trainings whose networks are used, or Python that trains or uses Keras."""
        return any(self.needs_engine(step) for step in self.steps)

    def needs_engine(self, step: Block | Command) -> bool:
        """Whether a step needs the real engine: a later step uses the network, or its score is required to be good."""
        if isinstance(step, Block):
            return step.language == "python" and re.search(r"\bkeras\b|\btrain\(", step.text) is not None
        if not step.trains:
            return False
        has_note = any(line.startswith(ENGINE_NOTE) for line in step.shown)
        return has_note or step.run_name is None or "--require" in step.text or self._uses_run_of(step)

    def _uses_run_of(self, command: Command) -> bool:
        """Whether a step after a training uses its run: by name, or before the next training as the latest one."""
        is_latest = True
        for step in self.steps[self.steps.index(command) + 1 :]:
            if isinstance(step, Command) and step.trains and step.run_name is not None:
                is_latest = False
            elif f"{command.run_name}-" in step.text or (is_latest and _uses_latest_run(step)):
                return True
        return False

    def _steps(self) -> Iterator[Block | Command]:
        sessions = {command.text for block in self.blocks for command in session_commands(block)}
        for block in self.blocks:
            if block.language == "console":
                yield from session_commands(block)
            elif block.file_name or (block.language == "python" and self.name != PYTHON_PAGE):
                yield block
            if block.file_name:
                yield from (command for command in workflow_commands(block) if command.text not in sessions)


def _uses_latest_run(step: Block | Command) -> bool:
    if isinstance(step, Block):
        return step.language == "python"
    uses_run = re.search(r"\bnntrain (evaluate|predict|resume|reproduce)\b", step.text) is not None
    return uses_run and re.search(r"\bpretrained\b|(?<![\w-])[A-Za-z]\w*-\d+\b", step.text) is None


def _dedent(text: str, indent: int) -> str:
    return "".join(line[indent:] if line[:indent].isspace() else line for line in text.splitlines(keepends=True))


def read_pages() -> list[Page]:
    """Return README.md and all pages of docs/, by name."""
    paths = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [Page(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in paths]


def session_commands(block: Block) -> list[Command]:
    """Return the commands of a `console` block."""
    commands: list[Command] = []
    if block.language != "console":
        return commands
    for number, line in enumerate(block.text.splitlines(), block.line):
        if line.startswith("$ "):
            commands.append(Command(line[2:], number))
        elif not commands:
            raise ValueError(f"line {number}: a session starts with a command, found {line!r}")
        elif commands[-1].text.endswith("\\") and line.startswith("> "):
            commands[-1] = replace(commands[-1], text=commands[-1].text[:-1] + line[2:])
        else:
            commands[-1] = replace(commands[-1], shown=(*commands[-1].shown, line))
    return [*_with_exit_codes(commands)]


def _with_exit_codes(commands: list[Command]) -> Iterator[Command]:
    for command, following in zip(commands, [*commands[1:], None], strict=True):
        if command.text == "echo $?":
            continue
        if following is not None and following.text == "echo $?":
            yield replace(command, exit_code=int(following.shown[0]))
        elif any(ERROR.match(line) for line in command.shown):
            yield replace(command, exit_code=None)
        else:
            yield command


def workflow_commands(block: Block) -> list[Command]:
    """Return the commands of nntrain in a workflow for continuous integration: values of `run` or `script`."""
    scripts = _values(yaml.safe_load(block.text), ("run", "script"))
    lines = [line.strip() for script in scripts for line in script.splitlines()]
    return [Command(line, block.line) for line in lines if line.startswith("nntrain ")]


def _values(tree: Any, keys: tuple[str, ...]) -> Iterator[str]:
    """Yield the texts, and the texts of lists, that a tree has under these keys."""
    if isinstance(tree, list):
        for item in tree:
            yield from _values(item, keys)
    elif isinstance(tree, dict):
        for key, value in tree.items():
            if key in keys:
                yield from (str(item) for item in (value if isinstance(value, list) else [value]))
            else:
                yield from _values(value, keys)
