"""Overrides: `key=value` arguments, or keys with Python values, change a config's expanded tree."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nntrain.config.expand import expand_arguments, expand_field
from nntrain.config.keras_words import keras_advice
from nntrain.config.mistakes import likely_member, unknown_key
from nntrain.config.override_hints import SHORT_KEYS, did_you_mean
from nntrain.config.python_values import read_values
from nntrain.config.schema import Component, Config, FieldKind, Layer, Section, accepts, field_kinds, required_fields
from nntrain.config.suggest import closest_word, same_word
from nntrain.config.wording import dotted, flow_yaml, with_article
from nntrain.config.yaml_tree import KeyPath, Node, Place, read_argument
from nntrain.errors import UsageError
from nntrain.results import Problem

OVERRIDE = re.compile(r"^[A-Za-z_]\w*(\.\w+)*=")
MAX_INDEX_DIGITS = 9
MAX_SHOWN = 80  # characters of a value in a message


def is_override(argument: str) -> bool:
    """Return whether an argument is a `key=value` override, as opposed to the name of a config or a run."""
    return OVERRIDE.match(argument) is not None


@dataclass(frozen=True)
class Override:
    """A setting to change, and its new value."""

    key: str  # dotted: "fit.epochs", "model.0.dense.units"
    value: Node | None  # None if it could not be read
    place: str  # what messages call it
    problems: tuple[Problem, ...] = ()  # found when the value was read
    typed: str = ""  # "=5", the value as it was typed; empty for a Python value


Overrides = Mapping[str, object] | Sequence[str]


def read_overrides(overrides: Overrides) -> list[Override]:
    """Read `key=value` arguments, or a mapping from dotted keys to Python values; raises UsageError for others."""
    check_overrides(overrides)
    if isinstance(overrides, Mapping):
        return [_read_item(key, value) for key, value in overrides.items()]
    return [_read_argument(argument) for argument in overrides]


def check_overrides(overrides: object) -> None:
    """Raise UsageError unless overrides are a mapping, or a sequence of strings that is not a string itself."""
    if isinstance(overrides, str):
        raise UsageError(f"overrides={overrides!r}: give a dict, or a list of arguments: [{overrides!r}]")
    if not isinstance(overrides, (Mapping, list, tuple)):
        raise UsageError(f"overrides are a dict, or a list of arguments, got {type(overrides).__name__}")
    for argument in () if isinstance(overrides, Mapping) else overrides:
        if not isinstance(argument, str):
            raise UsageError(f"in a list, overrides are strings such as 'epochs=3', got {_shown(argument)}")


def _read_argument(argument: str) -> Override:
    key, _, text = argument.partition("=")
    place = f"argument {argument}"
    if not text.strip():
        return Override(key, None, place, (Problem(place, f"no value; `{key}=null` removes the setting"),))
    value, problems = read_argument(text, place)
    return Override(key, value, place, tuple(problems), typed=f"={text}")


def _read_item(key: object, value: object) -> Override:
    place = f"override {key}={_shown(value)}"
    if not isinstance(key, str) or not OVERRIDE.fullmatch(f"{key}="):
        return Override(str(key), None, place, (Problem(place, "write the key with dots: `model.0.dense.units`"),))
    node, problems = read_values(value, place, base=Path.cwd())
    return Override(key, node, place, tuple(problems))


def _shown(value: object) -> str:
    """Return a value as Python writes it, on one line and shortened."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # of a class with a faulty __repr__, or an integer with too many digits
        text = type(value).__name__
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


def apply_overrides(root: Node, overrides: Iterable[Override]) -> tuple[Node, list[Problem]]:
    """Return an expanded tree with overrides applied in order, and the problems found.

    `learning_rate` is applied last, because it belongs to the optimizer that other overrides may choose. List indices
    refer to the file: entries set to null are removed after all overrides are applied.
    """
    problems: list[Problem] = []
    for override in sorted(overrides, key=lambda override: override.key == "learning_rate"):
        problems += override.problems
        if override.value is None or not isinstance(root.value, dict):
            continue
        path = tuple(int(step) if _is_index(step) else step for step in _full_key(override.key, root).split("."))
        value = replace(override.value, key_place=Place(override.place))
        try:
            root = _set_in_section(root, Config, path, value, ())
        except _UnknownKeyError as error:
            problems.append(Problem(override.place, error.explain(override, root)))
        except _MisplacedError as error:
            problems.append(Problem(override.place, str(error)))
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
    """An override cannot be applied; the message is for the user."""


class _UnknownKeyError(_MisplacedError):
    """An override sets a key that does not exist."""

    def __init__(self, path: KeyPath, message: str) -> None:
        super().__init__(f"{dotted(path)}: {message}")
        self.path = path

    def explain(self, override: Override, root: Node) -> str:
        """Return the message, with the override that was probably meant if there is one."""
        if keras_advice(str(self.path[-1])):
            return str(self)
        suggestion = did_you_mean(override.key, override.typed, root)
        return f"{dotted(self.path)}: unknown key; {suggestion}" if suggestion else str(self)


# Stands in for a list entry that is removed at the end.
_REMOVED = Node(None, Place("removed"))


# In these functions `path` is where the value belongs inside `node`, and `parents` the path of `node` itself.


def _set_in_field(node: Node, kind: FieldKind, path: KeyPath, value: Node, parents: KeyPath) -> Node:
    if not path:
        _reject_plain_section(kind, value, parents)
        return expand_field(value, kind)
    if kind.many:
        return _set_in_list(node, kind, path, value, parents)
    if kind.family:
        return _set_in_component(node, kind.family, path, value, parents)
    if kind.section:
        return _set_in_section(node, kind.section, path, value, parents)
    raise _MisplacedError(f"{dotted(parents)} is a single value and has no keys")


def _reject_plain_section(kind: FieldKind, value: Node, path: KeyPath) -> None:
    """Refuse a single value for a whole section: `data=digits.npz`."""
    if kind.section is None or isinstance(value.value, dict | list | None) or value.value == "None":
        return
    fields = kind.section.model_fields
    candidates = (*required_fields(kind.section), *fields)
    first = next((name for name in candidates if accepts(kind.section, name, value.value)), None)
    meant = f"; did you mean `{dotted((*path, first))}={flow_yaml(value.value)}`?" if first else ""
    raise _MisplacedError(f"{dotted(path)} has the keys {', '.join(fields)}{meant}")


def _set_in_section(node: Node, section: type[Section], path: KeyPath, value: Node, parents: KeyPath) -> Node:
    name, subpath, child_path = str(path[0]), path[1:], (*parents, path[0])
    kind = field_kinds(section).get(name)
    if kind is None:
        raise _UnknownKeyError(child_path, unknown_key(name, section, value, node))
    if not isinstance(node.value, dict | None):
        return node  # a mistake in the file, which validation reports
    children = dict(node.value or {})
    if subpath or not _is_null(value):
        child = children.get(name, Node(None, value.place))
        children[name] = _set_in_field(child, kind, subpath, value, child_path)
    else:
        children.pop(name, None)
    return replace(node, value=children)


def _set_in_component(node: Node, family: type[Component], path: KeyPath, value: Node, parents: KeyPath) -> Node:
    name, subpath, child_path = str(path[0]), path[1:], (*parents, path[0])
    member = family.members.get(name)
    if family is Layer:
        _reject_other_layer(node, path, value, parents)
    if member is None:
        raise _no_member(family, name, node, child_path)
    if not subpath:
        arguments = expand_arguments(value, member)
    else:
        arguments = _set_in_section(node.child(name) or Node({}, value.place), member, subpath, value, child_path)
    return replace(node, value={name: arguments})


def _no_member(family: type[Component], key: str, node: Node, path: KeyPath) -> _MisplacedError:
    message = f"no such {family.family}{likely_member(key, family)}"
    arguments = [field for name in _name(node) if name in family.members for field in family.members[name].model_fields]
    if same_word(key, arguments) or (closest_word(key, arguments) and not closest_word(key, family.members)):
        return _UnknownKeyError(path, message)
    return _MisplacedError(f"{dotted(path)}: {message}")


def _name(component: Node) -> list[str]:
    """Return the name of an expanded component; none if it has a mistake or is empty."""
    return list(component.value)[:1] if isinstance(component.value, dict) else []


def _reject_other_layer(node: Node, path: KeyPath, value: Node, parents: KeyPath) -> None:
    """Refuse an override that would replace a layer by another without saying so."""
    name, *subpath = map(str, path)
    current = next(iter(_name(node)), name)
    if current == name or current not in Layer.members or name not in Layer.members:
        return
    if name in Layer.members[current].model_fields and not subpath:
        message = f"{dotted(parents)} is {with_article(current)} layer"
        raise _UnknownKeyError((*parents, name), message)
    raise _MisplacedError(
        f"{dotted((*parents, *path))}: {dotted(parents)} is {with_article(current)} layer; to replace it, write "
        f"'{dotted(parents)}={_flow_layer(name, subpath, value)}'"
    )


def _flow_layer(name: str, subpath: Sequence[str], value: Node) -> str:
    """Return a layer with one argument on one line: "{dropout: 0.2}"."""
    text = flow_yaml(value.plain())
    if list(subpath) != [Layer.members[name].positional_argument()]:
        for step in reversed(subpath):
            text = f"{{{step}: {text}}}"
    return f"{{{name}: {text}}}"


def _set_in_list(node: Node, kind: FieldKind, path: KeyPath, value: Node, parents: KeyPath) -> Node:
    if not isinstance(node.value, list | None):
        return node  # a mistake in the file, which validation reports
    entries = list(node.value or [])
    index, subpath = path[0], path[1:]
    if not isinstance(index, int) or index > len(entries):
        contents = f"a list with entries 0 to {len(entries) - 1}" if entries else "an empty list"
        message = f"{dotted(parents)} is {contents}"
        if isinstance(index, int):
            raise _MisplacedError(f"{dotted((*parents, index))}: {message}")
        raise _UnknownKeyError((*parents, index), message)
    if index == len(entries):
        entries.append(Node(None, value.place))
    if subpath or not _is_null(value):
        entries[index] = _set_in_field(entries[index], replace(kind, many=False), subpath, value, (*parents, index))
    else:
        entries[index] = _REMOVED
    return replace(node, value=entries)


def _is_null(value: Node) -> bool:
    return value.value is None and not value.unreadable


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
