"""YAML text as a tree in which every key and value has its place: file, line and column.

PyYAML parses the text. In YAML 1.1, which it implements, `1e-3` is a string and `no` is false; here its types are
replaced by the core types of YAML 1.2: `1e-3` is a number, `on`, `no` and dates are strings, and the only booleans are
`true` and `false`. Problems are other tags, keys that are lists or mappings, and duplicate keys, of which PyYAML would
silently drop all but the last.
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

MERGE_KEY = "<<"
_VARIABLE = re.compile(r"\$\{\w+\}|^\$[A-Za-z_]\w*|%[A-Za-z_]\w*%")
_WINDOWS_PATH = re.compile(r'"[A-Za-z]:\\(?!\\)')  # in double quotes, with single backslashes
_ABSOLUTE = re.compile(r"[/\\]|[A-Za-z]:[/\\]")  # the paths that a run's config has; a folder may be called %a%
_TUPLE = re.compile(r"\(([\d\s.,+-]*)\)")


@dataclass(frozen=True)
class Place:
    """A position in the input: a line and column (from 1) of a text, or an argument or a Python value as a whole."""

    source: str  # the file's path as it was typed, "argument epochs=3", or "config" for Python values
    line: int = 0  # 0: not a text
    column: int = 0
    base: Path = Path()  # the folder that a relative path written here starts from

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source


@dataclass(frozen=True)
class Node:
    """A value with its place, and with that of its key if it is in a mapping."""

    value: Scalar | dict[str, Node] | list[Node]
    place: Place
    key_place: Place | None = None
    unreadable: bool = False  # it could not be read, and the problem is already reported

    def plain(self) -> object:
        """Return the value without places, as mappings, lists and scalars."""
        if isinstance(self.value, dict):
            return {name: child.plain() for name, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value

    def is_readable(self) -> bool:
        """Return whether the value and everything inside it could be read."""
        match self.value:
            case dict():
                return all(child.is_readable() for child in self.value.values())
            case list():
                return all(child.is_readable() for child in self.value)
        return not self.unreadable

    def at(self, path: KeyPath) -> Node:
        """Return the node at `path`, or its closest ancestor if there is none."""
        node = self
        for step in path:
            child = node.child(step)
            if child is None:
                break
            node = child
        return node

    def child(self, step: str | int) -> Node | None:
        """Return the node under a key or at an index, or None if there is none."""
        if isinstance(self.value, dict):
            return self.value.get(str(step))
        if isinstance(self.value, list) and isinstance(step, int) and 0 <= step < len(self.value):
            return self.value[step]
        return None

    def with_value(self, path: KeyPath, node: Node) -> Node:
        """Return a copy of the tree with `node` at `path`, which must exist and have keys only."""
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
    """PyYAML's parser with the core types of YAML 1.2; it stops as soon as a limit is exceeded."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (PyYAML's own form)
    nodes = 0  # composed so far
    depth = 0  # of the node that is being composed

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Compose a node and everything inside it."""
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


# How the core types are written, and the characters that they can start with.
_PATTERNS = {
    "null": r"~|null|Null|NULL|",
    "bool": r"true|True|TRUE|false|False|FALSE",
    "int": r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+",
    "float": r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
}
_FIRST_CHARACTERS = {"null": ("~", "n", "N", ""), "bool": "tTfF", "int": "-+0123456789", "float": "-+.0123456789"}
for _type, _pattern in _PATTERNS.items():
    _Loader.add_implicit_resolver(CORE + _type, re.compile(rf"^(?:{_pattern})$"), list(_FIRST_CHARACTERS[_type]))


def read_tree(text: str, source: str, *, base: Path) -> tuple[Node | None, list[Problem]]:
    """Parse the text of a YAML file; returns its root, or None if it cannot be parsed, and the problems found.

    `source` is the file's path as messages show it, `base` the folder that relative paths in the file start from.
    """
    reader = _Reader(source, base)
    try:
        root = yaml.compose(text, Loader=_Loader)
        if root is None:
            problem = Problem(f"{source}:1:1", "the file is empty; `nntrain configs` lists configs to start from")
            return None, [problem]
        return reader.read(root), reader.problems
    except yaml.MarkedYAMLError as error:
        return None, [*reader.problems, _syntax_problem(error, text, source)]
    except yaml.reader.ReaderError as error:
        line, column = _line_and_column(text, error.position)
        message = f"not valid YAML: character #x{error.character:04x} is not allowed in a text file"
        return None, [Problem(f"{source}:{line}:{column}", message)]
    except _TooDeepError:
        return None, [Problem(f"{source}:1:1", f"nested more than {MAX_DEPTH} levels deep; no config needs that")]
    except _TooLargeError:
        message = f"more than {MAX_NODES:,} values, counting those that aliases repeat; no config needs that many"
        return None, [Problem(f"{source}:1:1", message)]


def read_argument(text: str, source: str) -> tuple[Node | None, list[Problem]]:
    """Parse the value of a `key=value` argument, by the same rules as a file; `source` is what messages call it."""
    place = Place(source, base=Path.cwd())
    reader = _Reader(source, Path.cwd(), argument=place)
    try:
        root = yaml.compose(text, Loader=_Loader)
        return (Node(None, place) if root is None else reader.read(root)), reader.problems
    except (yaml.YAMLError, _TooDeepError, _TooLargeError) as error:
        path = _unreadable_path(error, text.splitlines()) if isinstance(error, yaml.MarkedYAMLError) else ""
        return None, [Problem(str(place), _backslash(path) if path else f"{text!r} is not valid YAML")]


class _Reader:
    """Converts PyYAML's nodes and collects the problems. `argument` is the place of everything in an argument."""

    def __init__(self, source: str, base: Path, argument: Place | None = None) -> None:
        self.source, self.base, self.argument = source, base, argument
        self.problems: list[Problem] = []
        self.count = 0  # values read so far, those that aliases repeat included
        self.ancestors: set[int] = set()  # ids of the nodes around the current one

    def place(self, mark: yaml.Mark) -> Place:
        return self.argument or Place(self.source, mark.line + 1, mark.column + 1, self.base)

    def read(self, node: yaml.Node) -> Node:
        self.count += 1
        if self.count > MAX_NODES:
            raise _TooLargeError
        place = self.place(node.start_mark)
        if id(node) in self.ancestors:
            return self.unreadable(place, "an alias cannot refer to a value that contains it")
        if len(self.ancestors) > MAX_DEPTH:
            raise _TooDeepError
        type_name = node.tag.removeprefix(CORE)
        if type_name not in (*_PATTERNS, "str", "seq", "map"):
            return self.unreadable(place, _unknown_tag(node))
        self.ancestors.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return Node(self.mapping(node), place)
            if isinstance(node, yaml.SequenceNode):
                return Node([self.read(child) for child in node.value], place)
            mistake = _text_mistake(node) if isinstance(node, yaml.ScalarNode) and type_name == "str" else None
            return self.unreadable(place, mistake) if mistake else self.scalar(str(node.value), type_name, place)
        finally:
            self.ancestors.discard(id(node))

    def mapping(self, node: yaml.MappingNode) -> dict[str, Node]:
        """Return a mapping's keys, after those that `<<` merges into it and that it does not have itself."""
        items = dict(self.items(node))
        merged = items.pop(MERGE_KEY, None)
        return {**self.merged(merged), **items} if merged is not None else items

    def merged(self, node: Node) -> dict[str, Node]:
        """Return the keys of a mapping, or of a list of mappings in which earlier ones win."""
        mappings = node.value if isinstance(node.value, list) else [node]
        merged: dict[str, Node] = {}
        for mapping in reversed(mappings):
            if isinstance(mapping.value, dict):
                merged |= mapping.value
            elif not mapping.unreadable:
                self.problem(mapping.place, "<< merges a mapping or a list of mappings, as in `<<: *name`")
        return merged

    def items(self, node: yaml.MappingNode) -> Iterator[tuple[str, Node]]:
        seen: dict[str, Place] = {}
        for key_node, value_node in _with_whole_tuples(node):
            place = self.place(key_node.start_mark)
            if not isinstance(key_node, yaml.ScalarNode):
                self.problem(place, "a key must be a name, not a list or a mapping")
                continue
            key = str(key_node.value)
            if key in seen:
                first = f", first on line {seen[key].line}" if seen[key].line else ""
                self.problem(place, f"{key} appears twice{first}; keep one")
                continue
            seen[key] = place
            yield key, replace(self.read(value_node), key_place=place)

    def scalar(self, text: str, type_name: str, place: Place) -> Node:
        if type_name == "str":
            return Node(text, place)
        if len(text) > MAX_DIGITS:
            return self.unreadable(place, f"a number may have at most {MAX_DIGITS} characters, got {len(text):,}")
        if not re.fullmatch(_PATTERNS.get(type_name, ""), text):
            return self.unreadable(place, f"{text!r} does not match its tag")
        if type_name == "null":
            return Node(None, place)
        if type_name == "bool":
            return Node(text.lower() == "true", place)
        number = _integer(text) if type_name == "int" else _float(text)
        if not fits_float32(text, number):
            return self.unreadable(place, f"{text} is outside the range of float32, in which the network computes")
        return Node(number, place)

    def problem(self, place: Place, message: str) -> None:
        self.problems.append(Problem(str(place), message))

    def unreadable(self, place: Place, message: str) -> Node:
        self.problem(place, message)
        return Node(None, place, unreadable=True)


def _with_whole_tuples(node: yaml.MappingNode) -> list[tuple[yaml.Node, yaml.Node]]:
    """Return a mapping's keys and values; of `{size: (3, 3)}`, YAML makes the value `(3` and an empty key `3)`."""
    items: list[tuple[yaml.Node, yaml.Node]] = []
    opened = False
    for key, value in node.value:
        if opened and not value.value and isinstance(key, yaml.ScalarNode):
            opening, start = items[-1]
            text = f"{start.value}, {key.value}"
            items[-1] = opening, yaml.ScalarNode(start.tag, text, start.start_mark, key.end_mark)
            opened = not key.value.endswith(")")
            continue
        items.append((key, value))
        plain = isinstance(value, yaml.ScalarNode) and value.style is None
        opened = plain and value.value.startswith("(") and not value.value.endswith(")")
    return items


def _unknown_tag(node: yaml.Node) -> str:
    if node.tag == CORE + "python/tuple" and isinstance(node, yaml.SequenceNode):
        entries = ", ".join(str(entry.value) for entry in node.value)
        return f"a tuple is written as a list: [{entries}]"
    return f"the tag {node.tag} is not supported; write the plain value"


def _text_mistake(node: yaml.ScalarNode) -> str | None:
    """Return what is wrong with a text that YAML reads as something else than its author meant, or None."""
    text, mark = node.value, node.start_mark
    typed = mark.buffer[mark.pointer : node.end_mark.pointer] if mark.buffer else ""
    start, backslash, _ = typed.partition("\\")
    # A path with `/` is no Windows path: its escapes are meant, as those of control characters in a name.
    if node.style == '"' and backslash and "/" not in start and (_WINDOWS_PATH.match(typed) or not text.isprintable()):
        return _backslash(typed)
    variable = _VARIABLE.search(text)
    if variable and not _ABSOLUTE.match(text):
        return _variable(variable[0])
    numbers = _TUPLE.fullmatch(text) if node.style is None else None
    return f"a tuple is written as a list: [{numbers[1].strip().rstrip(',')}]" if numbers else None


def _backslash(typed: str) -> str:
    """Return what to type instead of a text with backslashes in double quotes."""
    text = typed.strip('"').replace("\\\\", "\\")
    slashes = text.replace("\\", "/")
    return f"in double quotes, a backslash starts an escape such as \\n; write '{text}' in single quotes, or {slashes}"


def _variable(name: str) -> str:
    return (
        f"variables such as {name} are not filled in; write the value itself, or set it on the command line, "
        "where the shell fills it in"
    )


def reads_as_text(text: str) -> bool:
    """Return whether a text without quotes is read as text, and not as null, a boolean or a number."""
    return not any(re.fullmatch(pattern, text) for pattern in _PATTERNS.values())


def fits_float32(text: str, number: float) -> bool:
    """Return whether a number, written as `text`, is 0, infinite, NaN, or in the normal range of float32."""
    if text.lower().lstrip("+-") in (".inf", ".nan"):
        return True
    if number == 0:  # Python rounds 1e-400 to 0
        return not re.search("[1-9]", text.lower().partition("e")[0])
    return SMALLEST <= abs(number) <= LARGEST


def _integer(text: str) -> int:
    if text.startswith(("0x", "0o")):
        return int(text, 0)
    return int(text)


def _float(text: str) -> float:
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))


def _syntax_problem(error: yaml.MarkedYAMLError, text: str, source: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    message = error.problem or error.context or "cannot be read"
    lines = text.splitlines()
    here = lines[line - 1] if 0 < line <= len(lines) else ""
    path = _unreadable_path(error, lines)
    if path and error.context_mark:
        return Problem(f"{source}:{error.context_mark.line + 1}:{error.context_mark.column + 1}", _backslash(path))
    variable = re.search(r"\$\{\w+\}|%\w+%", here)
    if variable:
        return Problem(f"{source}:{line}:{variable.start() + 1}", _variable(variable[0]))
    space_missing = re.search(r"\b(\w+):[\[{]", here)
    if space_missing:
        message = f"put a space after '{space_missing[1]}:'"
    elif "another document" in message:
        message = "a config is a single document; a second one starts here"
    elif "\\t" in message or (0 < line <= len(lines) and "\t" in lines[line - 1][: max(column, 1)]):
        message = "a tab cannot indent YAML; use spaces"
    elif message == "mapping values are not allowed here":
        message += "; is a line above unfinished, or indented differently?"
    elif message.startswith("found undefined alias"):
        message = "a value that starts with '*' must be in quotes"
    return Problem(f"{source}:{line}:{column}", f"not valid YAML: {message}")


def _unreadable_path(error: yaml.MarkedYAMLError, lines: list[str]) -> str:
    """Return the text in double quotes whose backslashes caused an error, or "" if something else did."""
    mark, message = error.context_mark, error.problem or ""
    if mark is None or mark.line >= len(lines):
        return ""
    quoted = re.match(r'"[^"]*"?', lines[mark.line][mark.column :])
    text = quoted[0] if quoted else ""
    return text if "escape" in message or ("end of stream" in message and _WINDOWS_PATH.match(text)) else ""


def _line_and_column(text: str, position: int) -> tuple[int, int]:
    before = text[:position]
    return before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1
