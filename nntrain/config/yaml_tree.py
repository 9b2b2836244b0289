"""YAML text as a tree that remembers the place of everything in it.

Only YAML 1.2's core types exist here: `1e-3` is a number, `on`, `no` and dates are words, `true` and `false` are the
only booleans. Tags of other types, merge keys and keys that are not words are problems, and so is a key that appears
twice, which PyYAML would drop silently. YAML 1.1's surprises are the reason for a reader of our own on PyYAML's parser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from nntrain.results import Problem

Scalar = str | int | float | bool | None
KeyPath = tuple[str | int, ...]  # ("model", 0, "dense", "units")

# Limits far above any config; they keep a hostile file from taking the machine's memory or time.
MAX_BYTES = 1_000_000
MAX_NODES = 50_000
MAX_DEPTH = 40
MAX_DIGITS = 400

# Networks compute in float32: a number outside its normal range would silently become infinite, or 0.
LARGEST, SMALLEST = 3.4e38, 1.2e-38

CORE = "tag:yaml.org,2002:"


@dataclass(frozen=True)
class Place:
    """A position in the input: a line and column (from 1) of a file, or an argument of the command line."""

    source: str  # the file's path as it was typed, or the argument
    line: int = 0  # 0: an argument
    column: int = 0
    base: Path = Path()  # what a relative path written here is relative to

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else f"argument {self.source}"


@dataclass(frozen=True)
class Node:
    """A value and its place; `key` is the place of the key in front of it."""

    value: Scalar | dict[str, Node] | list[Node]
    place: Place
    key: Place | None = None
    unreadable: bool = False  # reading it was a problem, which is already reported

    def plain(self) -> object:
        """Return the value without its places."""
        if isinstance(self.value, dict):
            return {name: child.plain() for name, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value

    def is_readable(self) -> bool:
        """Tell whether reading the value, and everything inside it, was no problem."""
        match self.value:
            case dict():
                return all(child.is_readable() for child in self.value.values())
            case list():
                return all(child.is_readable() for child in self.value)
        return not self.unreadable

    def at(self, path: KeyPath) -> Node:
        """Return the node at `path`, or the nearest above it that exists."""
        node = self
        for step in path:
            child = node.child(step)
            if child is None:
                break
            node = child
        return node

    def child(self, step: str | int) -> Node | None:
        """Return the node under a key or at an index, or None."""
        if isinstance(self.value, dict):
            return self.value.get(str(step))
        if isinstance(self.value, list) and isinstance(step, int) and 0 <= step < len(self.value):
            return self.value[step]
        return None

    def with_value(self, path: KeyPath, node: Node) -> Node:
        """Return the tree with `node` at the end of `path`, whose mappings must exist."""
        if not path:
            return node
        if not isinstance(self.value, dict):
            raise TypeError(f"no mapping at {path}")
        name = str(path[0])
        return replace(self, value={**self.value, name: self.value[name].with_value(path[1:], node)})


class _TooLargeError(Exception):
    pass


class _TooDeepError(Exception):
    pass


class _Loader(yaml.SafeLoader):
    """PyYAML's parser with YAML 1.2's core types, which stops as soon as a limit is passed."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (PyYAML's own form)
    nodes = depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Compose a node and everything below it."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise _TooLargeError
        if self.depth > MAX_DEPTH:
            raise _TooDeepError
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


_FORMS = {
    "null": r"~|null|Null|NULL|",
    "bool": r"true|True|TRUE|false|False|FALSE",
    "int": r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+",
    "float": r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
}
_FIRST = {"null": ("~", "n", "N", ""), "bool": "tTfF", "int": "-+0123456789", "float": "-+.0123456789"}
for _kind, _form in _FORMS.items():
    _Loader.add_implicit_resolver(CORE + _kind, re.compile(rf"^(?:{_form})$"), list(_FIRST[_kind]))


def read_tree(text: str, source: str, *, base: Path) -> tuple[Node | None, list[Problem]]:
    """Parse a YAML file's text; returns its root, or None if it cannot be parsed, and the problems of its form."""
    reader = _Reader(source, base)
    try:
        root = yaml.compose(text, Loader=_Loader)
        if root is None:
            problem = Problem(f"{source}:1:1", "the file is empty; `nntrain configs` lists configs to start from")
            return None, [problem]
        return reader.node(root), reader.problems
    except yaml.MarkedYAMLError as error:
        return None, [*reader.problems, _syntax_problem(error, text, source)]
    except yaml.reader.ReaderError as error:
        line, column = _line_and_column(text, error.position)
        what = f"not valid YAML: character #x{error.character:04x} is not allowed in a text file"
        return None, [Problem(f"{source}:{line}:{column}", what)]
    except _TooDeepError:
        return None, [Problem(f"{source}:1:1", f"nested more than {MAX_DEPTH} levels deep; no config needs that")]
    except _TooLargeError:
        what = f"more than {MAX_NODES:,} values, counting those that aliases repeat; no config needs that many"
        return None, [Problem(f"{source}:1:1", what)]


def read_argument(text: str, argument: str) -> tuple[Node | None, list[Problem]]:
    """Parse the value of a `key=value` argument, by the same rules as a file."""
    place = Place(argument, base=Path.cwd())
    reader = _Reader(argument, Path.cwd(), argument=place)
    try:
        root = yaml.compose(text, Loader=_Loader)
        return (Node(None, place) if root is None else reader.node(root)), reader.problems
    except (yaml.YAMLError, _TooDeepError, _TooLargeError):
        return None, [Problem(str(place), f"{text!r} is not valid YAML")]


class _Reader:
    """Turns PyYAML's nodes into ours and collects the problems."""

    def __init__(self, source: str, base: Path, argument: Place | None = None) -> None:
        self.source, self.base, self.argument = source, base, argument
        self.problems: list[Problem] = []
        self.count = 0
        self.open: set[int] = set()  # nodes being read, to notice an alias inside the value it names

    def place(self, mark: yaml.Mark) -> Place:
        return self.argument or Place(self.source, mark.line + 1, mark.column + 1, self.base)

    def node(self, node: yaml.Node) -> Node:
        self.count += 1
        if self.count > MAX_NODES:
            raise _TooLargeError
        place = self.place(node.start_mark)
        if id(node) in self.open:
            return self.unreadable(place, "an alias cannot be inside the value it names")
        if len(self.open) > MAX_DEPTH:
            raise _TooDeepError
        if node.tag.removeprefix(CORE) not in (*_FORMS, "str", "seq", "map"):
            return self.unreadable(place, f"the tag {node.tag} is not supported; write the plain value")
        self.open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return Node(dict(self.items(node)), place)
            if isinstance(node, yaml.SequenceNode):
                return Node([self.node(child) for child in node.value], place)
            return self.scalar(str(node.value), node.tag.removeprefix(CORE), place)
        finally:
            self.open.discard(id(node))

    def items(self, node: yaml.MappingNode) -> Iterator[tuple[str, Node]]:
        seen: dict[str, Place] = {}
        for key_node, value_node in node.value:
            place = self.place(key_node.start_mark)
            if not isinstance(key_node, yaml.ScalarNode):
                self.problem(place, "a key must be a word")
                continue
            key = str(key_node.value)
            if key in seen:
                first = f", first on line {seen[key].line}" if seen[key].line else ""
                self.problem(place, f"{key} appears twice{first}; keep one")
                continue
            seen[key] = place
            yield key, replace(self.node(value_node), key=place)

    def scalar(self, text: str, kind: str, place: Place) -> Node:
        if kind == "str":
            return Node(text, place)
        if len(text) > MAX_DIGITS:
            return self.unreadable(place, f"a number of {len(text):,} characters; at most {MAX_DIGITS} are read")
        if not re.fullmatch(_FORMS.get(kind, ""), text):
            return self.unreadable(place, f"{text!r} does not match its tag")
        if kind == "null":
            return Node(None, place)
        if kind == "bool":
            return Node(text.lower() == "true", place)
        number = _integer(text) if kind == "int" else float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        if not _fits_float32(text, number):
            return self.unreadable(place, f"{text} is outside the range of float32, in which the network computes")
        return Node(number, place)

    def problem(self, place: Place, message: str) -> None:
        self.problems.append(Problem(str(place), message))

    def unreadable(self, place: Place, message: str) -> Node:
        self.problem(place, message)
        return Node(None, place, unreadable=True)


def _fits_float32(text: str, number: float) -> bool:
    if text.lower().lstrip("+-") in (".inf", ".nan"):
        return True
    if number == 0:  # 1e-400 is 0 to Python too
        return not re.search("[1-9]", text.lower().partition("e")[0])
    return SMALLEST <= abs(number) <= LARGEST


def _integer(text: str) -> int:
    if text.startswith(("0x", "0o")):
        return int(text, 0)
    return int(text)


def _syntax_problem(error: yaml.MarkedYAMLError, text: str, source: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    what = error.problem or error.context or "cannot be read"
    lines = text.splitlines()
    if "another document" in what:
        what = "a config is a single document; a second one starts here"
    elif "\\t" in what or (0 < line <= len(lines) and "\t" in lines[line - 1][: max(column, 1)]):
        what = "a tab cannot indent YAML; use spaces"
    elif what == "mapping values are not allowed here":
        what += "; is a line above unfinished, or indented differently?"
    elif what.startswith("found undefined alias"):
        what = "a word cannot start with '*'; put it in quotes"
    return Problem(f"{source}:{line}:{column}", f"not valid YAML: {what}")


def _line_and_column(text: str, position: int) -> tuple[int, int]:
    before = text[:position]
    return before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1
