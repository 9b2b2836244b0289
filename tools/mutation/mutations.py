"""The mutations that `make mutants` draws from: most of mutmut's operators and some more, and what is not mutated.

mutmut's own runner changes function bodies only, skips decorated functions, and does not change the code in processes
that tests start. Therefore only its operators are used; constants, tables and class bodies are mutated too.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Any

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators, operator_arg_removal, operator_assignment, operator_string

# Code for type checkers, readers or speed, without which a program does the same.
SKIPPED_DECORATORS = {"cache", "dataclass", "final", "lru_cache", "overload", "override", "runtime_checkable"}
SKIPPED_ARGUMENTS = {"description", "encoding", "help", "metavar", "strict", "title"}
SKIPPED_CALLS = {"NewType", "TypeVar", "cast", "isinstance"}
SKIPPED_TARGETS = {"__all__", "__slots__"}
SKIPPED_CONDITIONS = {"TYPE_CHECKING", "__name__"}


@dataclass(frozen=True)
class Mutant:
    """A module with a single small change."""

    path: str
    line: int
    function: int | None  # first line of the innermost function with the change; None outside functions
    operator: str
    source: str
    diff: str


def draw(root: Path, modules: Iterable[str], count: int, seed: int) -> tuple[list[Mutant], int]:
    """Draw up to `count` mutants of the modules at random; returns them and the number of positions to draw from.

    A position is a node of the syntax tree that can be mutated. A position is drawn uniformly without replacement, then
    one of its mutations uniformly.
    """
    collectors = {path: _Collector.of(root / path) for path in sorted(modules)}
    positions = [(path, *position) for path, collector in collectors.items() for position in collector.positions]
    rng = random.Random(seed)
    mutants: list[Mutant] = []
    for path, node, line, mutations in rng.sample(positions, len(positions)):
        if len(mutants) == count:
            break
        operator, replacement = rng.choice(mutations)
        tree = collectors[path].tree
        mutated = cst.ensure_type(tree.deep_replace(node, replacement), cst.Module)
        mutant = _mutant(path, line, operator, tree.code, mutated.code)
        if mutant is not None:
            mutants.append(mutant)
    return mutants, len(positions)


def _mutant(path: str, line: int, operator: str, before: str, after: str) -> Mutant | None:
    """Return the mutant, or None if it does not compile or has the same syntax tree as the original."""
    try:
        compile(after, path, "exec", dont_inherit=True)
        if ast.dump(ast.parse(before)) == ast.dump(ast.parse(after)):
            return None
    except (SyntaxError, ValueError):
        return None
    diff = list(unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0))[2:]
    changes = "\n".join(text for text in diff if not text.startswith("@@"))
    return Mutant(path, line, _function_at(before, line), operator, after, changes)


def _function_at(source: str, line: int) -> int | None:
    """Return the first line, decorators included, of the innermost function that contains a line, or None."""
    first_lines = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            first_line = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            if first_line <= line <= (node.end_lineno or first_line):
                first_lines.append(first_line)
    return max(first_lines, default=None)


class _Collector(cst.CSTVisitor):
    """Collects the positions of a module: node, line, and mutations as pairs of an operator's name and a new node."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        super().__init__()
        self.positions: list[tuple[cst.CSTNode, int, list[tuple[str, cst.CSTNode]]]] = []
        self.tree = cst.Module([])
        self._line = 1

    @classmethod
    def of(cls, path: Path) -> _Collector:
        wrapper, collector = MetadataWrapper(cst.parse_module(path.read_text(encoding="utf-8"))), cls()
        wrapper.visit(collector)
        collector.tree = wrapper.module
        return collector

    def on_visit(self, node: cst.CSTNode) -> bool:
        if _is_skipped(node):
            return False
        position = self.get_metadata(PositionProvider, node, None)
        self._line = position.start.line if position else self._line  # nodes such as `<` have no position
        operators = [operator for node_type, operator in OPERATORS if isinstance(node, node_type)]
        mutations = [
            (operator.__name__.removeprefix("operator_"), new) for operator in operators for new in operator(node)
        ]
        if mutations:
            self.positions.append((node, self._line, mutations))
        return True


def _is_skipped(node: cst.CSTNode) -> bool:
    """Return whether the node and its children are not mutated."""
    match node:
        case cst.Annotation() | cst.Import() | cst.ImportFrom():
            return True
        case cst.SimpleStatementLine(body=[cst.Expr(value=cst.SimpleString() | cst.ConcatenatedString())]):
            return True  # a docstring
        case cst.If():
            return bool(SKIPPED_CONDITIONS & _names(node.test))
        case cst.Decorator():
            return bool(SKIPPED_DECORATORS & _names(node.decorator))
        case cst.Arg(keyword=cst.Name(value=name)):
            return name in SKIPPED_ARGUMENTS
        case cst.Call(func=cst.Name(value=name)):
            return name in SKIPPED_CALLS
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))]):
            return name in SKIPPED_TARGETS
        case cst.BinaryOperation(operator=cst.BitOr(), right=cst.Name(value="None")):
            return True  # a type
    return False


def _names(node: cst.CSTNode) -> set[str]:
    name = {node.value} if isinstance(node, cst.Name) else set()
    return name.union(*(_names(child) for child in node.children))


def _is_prose(node: cst.CSTNode) -> bool:
    """Return whether the node is text for users, which is assumed of a string that contains a space."""
    match node:
        case cst.SimpleString(value=text) | cst.FormattedStringText(value=text):
            return " " in text
        case cst.FormattedString(parts=parts):
            return any(_is_prose(part) for part in parts)
        case cst.ConcatenatedString(left=left, right=right):
            return _is_prose(left) or _is_prose(right)
    return False


def string(node: cst.SimpleString) -> Iterator[cst.CSTNode]:
    """`"key"` to `"XXkeyXX"`."""
    if not _is_prose(node):
        yield from list(operator_string(node))[:1]


def argument(node: cst.Call) -> Iterator[cst.CSTNode]:
    """`f(a, b, c=d)` to `f(a, b)` or `f(a, c=d)`: remove a keyword argument, or the last positional one."""
    positional = [argument for argument in node.args if argument.keyword is None and not argument.star]
    removable = [*positional[-1:], *(argument for argument in node.args if argument.keyword)] if node.args[1:] else []
    for removed in removable:
        if not _is_skipped(removed) and not _is_prose(removed.value):
            yield node.with_changes(args=[kept for kept in node.args if kept is not removed])


def negated_condition(node: cst.If | cst.While) -> Iterator[cst.CSTNode]:
    """`if a` to `if not (a)`."""
    if not isinstance(node.test, cst.UnaryOperation):
        test = node.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        yield node.with_changes(test=cst.UnaryOperation(cst.Not(), test))


def statement(node: cst.SimpleStatementLine) -> Iterator[cst.CSTNode]:
    """Replace a call whose result is not used, or a `raise`, by `pass`."""
    match node.body:
        case [cst.Expr(value=cst.Call()) | cst.Raise()]:
            yield node.with_changes(body=[cst.Pass()])


def decorator(node: cst.FunctionDef | cst.ClassDef) -> Iterator[cst.CSTNode]:
    """Remove a decorator."""
    for removed in node.decorators:
        if not _is_skipped(removed):
            yield node.with_changes(decorators=[kept for kept in node.decorators if kept is not removed])


# operator_assignment assigns None, which any test that runs the line notices; the other two have a better form above.
UNUSED_OPERATORS = (operator_assignment, operator_arg_removal, operator_string)
OPERATORS: list[tuple[type, Callable[[Any], Iterable[cst.CSTNode]]]] = [
    *((node_type, operator) for node_type, operator in mutation_operators if operator not in UNUSED_OPERATORS),
    (cst.SimpleString, string),
    (cst.Call, argument),
    (cst.If, negated_condition),
    (cst.While, negated_condition),
    (cst.SimpleStatementLine, statement),
    (cst.FunctionDef, decorator),
    (cst.ClassDef, decorator),
]
