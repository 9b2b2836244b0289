"""Overrides: `key=value` arguments of the command line change a config's expanded tree."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from nntrain.config.expand import expand_arguments, expand_field
from nntrain.config.mistakes import likely_member, unknown_key
from nntrain.config.schema import Component, Config, FieldKind, Section, field_kinds
from nntrain.config.wording import dotted
from nntrain.config.yaml_tree import KeyPath, Node, Place, read_argument
from nntrain.results import Problem

OVERRIDE = re.compile(r"^[A-Za-z_]\w*(\.\w+)*=")
SHORT_KEYS = {"epochs": "fit.epochs", "batch_size": "fit.batch_size"}
MAX_INDEX_DIGITS = 9


def is_override(argument: str) -> bool:
    """Tell `key=value` from a config's or run's name."""
    return OVERRIDE.match(argument) is not None


def apply_overrides(root: Node, arguments: Sequence[str]) -> tuple[Node, list[Problem]]:
    """Return an expanded tree with `key=value` arguments applied in order, and the problems.

    `learning_rate=` comes last, since it goes to the optimizer that the others choose. Indices of lists are the file's:
    entries set to null are removed only after all arguments are applied.
    """
    problems: list[Problem] = []
    for argument in sorted(arguments, key=lambda argument: argument.startswith("learning_rate=")):
        key, _, text = argument.partition("=")
        if not text.strip():
            problems.append(Problem(f"argument {argument}", f"no value; `{key}=null` removes the setting"))
            continue
        value, unreadable = read_argument(text, argument)
        problems += unreadable
        if value is None or not isinstance(root.value, dict):
            continue
        path = tuple(int(step) if _is_index(step) else step for step in _full_key(key, root).split("."))
        try:
            root = _in_section(root, Config, path, replace(value, key=Place(argument)), ())
        except _MisplacedError as error:
            problems.append(Problem(f"argument {argument}", str(error)))
    return _without_removed(root), problems


def _full_key(key: str, root: Node) -> str:
    if key != "learning_rate":
        return SHORT_KEYS.get(key, key)
    optimizer = root.child("optimizer")
    name = optimizer.value if optimizer is not None else None
    if isinstance(name, dict):
        name = next(iter(name), None)
    return f"optimizer.{name if isinstance(name, str) else 'adam'}.learning_rate"


def _is_index(step: str) -> bool:
    return step.isascii() and step.isdigit() and len(step) <= MAX_INDEX_DIGITS


class _MisplacedError(Exception):
    """An override's key leads nowhere; the message is for the user."""


# Takes the place of a list's entry that is removed.
_REMOVED = Node(None, Place("removed"))


def _in_field(node: Node, kind: FieldKind, path: KeyPath, value: Node, parents: KeyPath) -> Node:
    """Return a field's tree with the value at `path` inside it; `parents` lead to the field."""
    if not path:
        return expand_field(value, kind)
    if kind.many:
        return _in_list(node, kind, path, value, parents)
    if kind.family:
        return _in_component(node, kind.family, path, value, parents)
    if kind.section:
        return _in_section(node, kind.section, path, value, parents)
    raise _MisplacedError(f"{dotted(parents)} is a single value; nothing is below it")


def _in_section(node: Node, section: type[Section], path: KeyPath, value: Node, parents: KeyPath) -> Node:
    name, rest, here = str(path[0]), path[1:], (*parents, path[0])
    kind = field_kinds(section).get(name)
    if kind is None:
        raise _MisplacedError(f"{dotted(here)}: {unknown_key(name, section, value, node)}")
    if not isinstance(node.value, dict | None):
        return node  # a mistake of the file's, which validation reports
    children = dict(node.value or {})
    if rest or value.value is not None or value.unreadable:
        children[name] = _in_field(children.get(name, Node(None, value.place)), kind, rest, value, here)
    else:
        children.pop(name, None)
    return replace(node, value=children)


def _in_component(node: Node, family: type[Component], path: KeyPath, value: Node, parents: KeyPath) -> Node:
    name, rest, here = str(path[0]), path[1:], (*parents, path[0])
    member = family.members.get(name)
    if member is None:
        raise _MisplacedError(f"{dotted(here)}: {_no_member(family, name, node, parents)}")
    if not rest:
        arguments = expand_arguments(value, member)
    else:
        arguments = _in_section(node.child(name) or Node({}, value.place), member, rest, value, here)
    return replace(node, value={name: arguments})


def _no_member(family: type[Component], word: str, node: Node, parents: KeyPath) -> str:
    for name in node.value if isinstance(node.value, dict) else ():
        if name in family.members and word in family.members[name].model_fields:
            return f"include the {family.family}'s name: {dotted((*parents, name, word))}=..."
    return f"no such {family.family}{likely_member(word, family)}"


def _in_list(node: Node, kind: FieldKind, path: KeyPath, value: Node, parents: KeyPath) -> Node:
    if not isinstance(node.value, list | None):
        return node  # as above
    entries = list(node.value or [])
    index, rest = path[0], path[1:]
    if not isinstance(index, int) or index > len(entries):
        has = f"a list with entries 0 to {len(entries) - 1}" if entries else "an empty list"
        raise _MisplacedError(f"{dotted((*parents, index))}: {dotted(parents)} is {has}")
    if index == len(entries):
        entries.append(Node(None, value.place))
    if rest or value.value is not None or value.unreadable:
        entries[index] = _in_field(entries[index], replace(kind, many=False), rest, value, (*parents, index))
    else:
        entries[index] = _REMOVED
    return replace(node, value=entries)


def _without_removed(root: Node) -> Node:
    if not isinstance(root.value, dict):
        return root
    children = {
        name: replace(child, value=[entry for entry in child.value if entry is not _REMOVED])
        if isinstance(child.value, list)
        else child
        for name, child in root.value.items()
    }
    return replace(root, value=children)
