"""From the tree of a config to its records: expansion, overrides, and every value checked.

`expand` brings every component to the one form `{name: {arguments}}`; `override` changes the tree as `key=value`
arguments ask; `build` makes the records and reports every problem with its place. What could not be read becomes a
`Partial`, so that pairings can still be checked over the parts that are right.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from nntrain.config.nodes import Node, Place, read_argument
from nntrain.config.schema import Component, Config, Section
from nntrain.config.words import accepted, found, suggest
from nntrain.results import Problem

Steps = tuple[str | int, ...]

OVERRIDE = re.compile(r"^[A-Za-z_]\w*(\.\w+)*=")
SHORT = {"epochs": "fit.epochs", "batch_size": "fit.batch_size"}

# Arguments of Keras's that nntrain settles itself, and why.
REFUSED = {
    "from_logits": "the last layer gives probabilities here; leave it out",
    "input_shape": "the input is added for you; leave it out",
    "name": "names are given for you; leave it out",
    "verbose": "use --quiet on the command line",
    "callbacks": "write reduce_lr_on_plateau under lr_schedule, and early_stopping, as keys of the file",
    "validation_data": "use fit.validation_split",
    "shuffle": "training images are always shuffled",
}


class UnknownError(Exception):
    """Asked of a part that could not be read."""


class Partial:
    """What could be read of a section that has mistakes; anything else raises UnknownError."""

    def __init__(self, values: dict[str, object], key: str = "") -> None:
        self._values = {"key": key, **values} if key else values

    def __getattr__(self, name: str) -> object:
        if name.startswith("__") or name not in self._values:
            raise UnknownError(name)
        return self._values[name]


@dataclass(frozen=True)
class Slot:
    """What may stand in a field: a section, a member of a family, a list of members, or a plain value."""

    section: type[Section] | None = None
    family: type[Component] | None = None
    many: bool = False


@cache
def slots(section: type[Section]) -> dict[str, Slot]:
    """Return what each field of a section may hold."""
    return {name: _slot(field.annotation) for name, field in section.model_fields.items()}


def _slot(annotation: object) -> Slot:
    if isinstance(annotation, type) and issubclass(annotation, Component):
        return Slot(family=annotation)
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return Slot(section=annotation)
    for inner in get_args(annotation):
        slot = _slot(inner)
        if slot.family or slot.section:
            return replace(slot, many=get_origin(annotation) is tuple or slot.many)
    return Slot()


# --- expansion -------------------------------------------------------------------------------------------------------


def expand(node: Node, section: type[Section] = Config) -> Node:
    """Return a section's tree with every component written `{name: {arguments}}`; mistakes are left as they are."""
    if not isinstance(node.value, dict):
        return node
    children = dict(node.value)
    for name, slot in slots(section).items():
        child = children.get(name)
        if child is None:
            continue
        if slot.family and slot.many and isinstance(child.value, list):
            children[name] = replace(child, value=[_expand_component(entry, slot.family) for entry in child.value])
        elif slot.family and not slot.many:
            children[name] = _expand_component(child, slot.family)
        elif slot.section:
            children[name] = expand(child, slot.section)
    return replace(node, value=children)


def _expand_component(node: Node, family: type[Component]) -> Node:
    name, arguments = node.value, replace(node, value={})
    if isinstance(name, dict) and len(name) == 1:
        (name, arguments), *_ = name.items()
    member = family.members.get(name) if isinstance(name, str) else None
    if member is None:
        return node
    bare = member.bare()
    if not isinstance(arguments.value, dict) and arguments.value is not None and bare:
        arguments = replace(arguments, value={bare: arguments})
    return replace(node, value={member.key: expand(arguments, member)})


# --- overrides -------------------------------------------------------------------------------------------------------


def override(root: Node, arguments: list[str], problems: list[Problem]) -> Node:
    """Return an expanded tree with `key=value` arguments applied, in order; what is wrong goes to `problems`."""
    for argument in sorted(arguments, key=lambda text: text.startswith("learning_rate=")):
        key, _, text = argument.partition("=")
        value, unreadable = read_argument(text, argument)
        problems += unreadable
        if value is None:
            continue
        value = replace(value, key=Place(argument))
        steps: Steps = tuple(int(step) if step.isdigit() else step for step in _long(key, root).split("."))
        try:
            root = _assign(root, Slot(section=Config), steps, value, ())
        except _MisplacedError as error:
            problems.append(Problem(f"argument {argument}", str(error)))
    return _without_removed(root)


def _long(key: str, root: Node) -> str:
    if key == "learning_rate":
        optimizer = root.at(("optimizer",)).value
        named = (
            optimizer if isinstance(optimizer, str) else next(iter(optimizer)) if isinstance(optimizer, dict) else ""
        )
        name = named or "adam"
        return f"optimizer.{name}.learning_rate"
    return SHORT.get(key, key)


class _MisplacedError(Exception):
    """An override's path leads nowhere."""


_REMOVED = object()


def _assign(node: Node, slot: Slot, steps: Steps, value: Node, done: Steps) -> Node:
    if not steps:
        return value
    step, rest, here = steps[0], steps[1:], (*done, steps[0])
    if slot.many:
        return _assign_entry(node, slot, steps, value, done)
    if slot.family:
        member = slot.family.members.get(str(step))
        if member is None:
            raise _MisplacedError(_not_a_member(slot.family, str(step), node, done))
        same = isinstance(node.value, dict) and step in node.value
        arguments = node.at((step,)) if same else Node({}, value.place)
        return replace(node, value={member.key: _assign(arguments, Slot(section=member), rest, value, here)})
    if slot.section is None:
        raise _MisplacedError(f"{_dotted(done)} has nothing below it")
    fields = slots(slot.section)
    if step not in fields:
        raise _MisplacedError(f"{_dotted(here)}: {_unknown(str(step), slot.section)}")
    children = dict(node.value) if isinstance(node.value, dict) else {}
    child = children.get(str(step), Node(None, value.place))
    children[str(step)] = _assign(child, fields[str(step)], rest, value, here)
    if not rest and value.value is None:
        del children[str(step)]
    return replace(node, value=children)


def _assign_entry(node: Node, slot: Slot, steps: Steps, value: Node, done: Steps) -> Node:
    entries = list(node.value) if isinstance(node.value, list) else []
    index, rest = steps[0], steps[1:]
    if not isinstance(index, int) or index > len(entries):
        counted = f"it has {len(entries)}, from 0 to {len(entries) - 1}" if entries else "it is empty"
        raise _MisplacedError(f"{_dotted((*done, index))}: {_dotted(done)} is a list; {counted}")
    if index == len(entries):
        entries.append(Node(None, value.place))
    if not rest and value.value is None:
        value = replace(value, value=_REMOVED)  # type: ignore[arg-type]  # taken out once all indices are used
    entries[index] = _assign(entries[index], replace(slot, many=False), rest, value, (*done, index))
    return replace(node, value=entries)


def _without_removed(root: Node) -> Node:
    if not isinstance(root.value, dict):
        return root
    children = {
        name: replace(child, value=[entry for entry in child.value if entry.value is not _REMOVED])
        if isinstance(child.value, list)
        else child
        for name, child in root.value.items()
    }
    return replace(root, value=children)


def _not_a_member(family: type[Component], word: str, node: Node, done: Steps) -> str:
    for name, member in family.members.items():
        present = isinstance(node.value, dict) and name in node.value
        if present and word in member.model_fields:
            return f"{_dotted((*done, word))}: name the {family.family} too: {_dotted((*done, name, word))}=..."
    return f"{_dotted((*done, word))}: no such {family.family}{_choices(word, family)}"


# --- building --------------------------------------------------------------------------------------------------------


def build(root: Node, problems: list[Problem]) -> Any:
    """Return the Config of an expanded tree, or a Partial where there are problems, which are added."""
    return _Builder(problems).section(root, Config, ())


class _Builder:
    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems

    def problem(self, place: Place, message: str) -> None:
        self.problems.append(Problem(str(place), message))

    def section(self, node: Node, section: type[Section], path: Steps) -> Section | Partial:
        """Build a section from its tree."""
        key = section.key if issubclass(section, Component) else ""
        if not isinstance(node.value, dict):
            what = f"{_dotted(path)} has to be a mapping of keys" if path else "a config has to be a mapping of keys"
            self.problem(node.place, f"{what}, got {found(node.plain())}")
            return Partial({}, key)
        before = len(self.problems)
        meant = self._unknown_keys(node.value, section, path)
        values: dict[str, object] = {}
        for name, field in section.model_fields.items():
            self._field(name, field, node, section, path, values, missing_is_known=name in meant)
        if len(self.problems) > before:
            if not meant:
                values = {**_defaults(section, node.value), **values}
            return Partial(values, key)
        return section.model_construct(None, **values)

    def _unknown_keys(self, children: dict[str, Node], section: type[Section], path: Steps) -> set[str]:
        """Report keys that a section has not; returns the keys that were probably meant by them."""
        meant = set()
        for name, child in children.items():
            if name not in section.model_fields:
                words = _unknown(name, section)
                self.problem(child.key or child.place, f"{_dotted((*path, name))}: {words}")
                meant.add(words.rpartition("did you mean '")[2].removesuffix("'?"))
        return meant

    def _field(
        self,
        name: str,
        field: FieldInfo,
        node: Node,
        section: type[Section],
        path: Steps,
        values: dict[str, object],
        *,
        missing_is_known: bool,
    ) -> None:
        child, slot, here = node.at((name,)), slots(section)[name], (*path, name)
        absent = not isinstance(node.value, dict) or name not in node.value
        if absent or (child.value is None and (slot.family or slot.section)):
            if field.is_required() and not missing_is_known:
                place = node.place if absent else child.key or child.place
                self.problem(place, f"{_dotted(here)}: missing; {_what_to_add(name, field, slot)}")
            return
        try:
            if slot.many and slot.family:
                values[name] = self._components(child, slot.family, field, here)
            elif slot.family:
                values[name] = self.component(child, slot.family, here)
            elif slot.section:
                values[name] = self.section(child, slot.section, here)
            else:
                values[name] = self._value(child, section, name, here)
        except UnknownError:
            return

    def _components(
        self, node: Node, family: type[Component], field: FieldInfo, path: Steps
    ) -> tuple[Section | Partial | None, ...]:
        if not isinstance(node.value, list):
            example = "\n" if family.family == "layer" else ""
            form = "one a line, each behind '- '" if family.family == "layer" else f"[{_one_of(node, family)}]"
            self.problem(node.place, f"{_dotted(path)} has to be a list of {family.family}s: {form}{example}".rstrip())
            raise UnknownError
        least = next((m.min_length for m in field.metadata if hasattr(m, "min_length")), 0)
        most = next((m.max_length for m in field.metadata if hasattr(m, "max_length")), None)
        if len(node.value) < least:
            self.problem(node.place, f"{_dotted(path)} has no {family.family}; it needs at least {least}")
        if most is not None and len(node.value) > most:
            self.problem(node.place, f"{_dotted(path)} has {len(node.value):,} {family.family}s; at most {most:,} work")
            raise UnknownError
        entries: list[Section | Partial | None] = []
        for index, entry in enumerate(node.value):
            try:
                entries.append(self.component(entry, family, (*path, index)))
            except UnknownError:
                entries.append(None)
        return tuple(entries)

    def component(self, node: Node, family: type[Component], path: Steps) -> Section | Partial:
        """Build a member of a family from `{name: {arguments}}`; raises UnknownError where no member is named."""
        children = node.value
        if isinstance(children, dict) and len(children) == 1:
            ((name, arguments),) = children.items()
            member = family.members.get(name)
            if member is not None:
                return self._member(member, arguments, (*path, name))
            words = f"no such {family.family}{_choices(name, family)}"
            self.problem(arguments.key or node.place, f"{_dotted((*path, name))}: {words}")
        elif isinstance(children, dict):
            self.problem(node.place, f"{_dotted(path)}: {_several_names(children, family)}")
        elif isinstance(children, str):
            self.problem(node.place, f"{_dotted(path)}: no {family.family} '{children}'{_choices(children, family)}")
        else:
            self.problem(
                node.place, f"{_dotted(path)}: expected the name of a {family.family}, got {found(node.plain())}"
            )
        raise UnknownError

    def _member(self, member: type[Component], arguments: Node, path: Steps) -> Section | Partial:
        if isinstance(arguments.value, dict):
            return self.section(arguments, member, path)
        if arguments.value is None:
            remedy = f"write {member.key} alone" if not member.bare() else f"it needs {member.bare()}"
            self.problem(arguments.key or arguments.place, f"{_dotted(path)}: nothing follows the name; {remedy}")
        else:
            named = _named_example(member, arguments)
            self.problem(arguments.place, f"{_dotted(path)}: arguments are named here, as in {named}")
        return Partial({}, member.key)

    def _value(self, node: Node, section: type[Section], name: str, path: Steps) -> object:
        """Check a plain value against its field; raises UnknownError after reporting a problem."""
        plain = node.plain()
        if isinstance(plain, list):
            plain = tuple(plain)
        adapter = _adapter(section, name)
        try:
            return adapter.validate_python(plain)
        except (ValidationError, OverflowError):
            schema = adapter.json_schema()
            words = f"{_dotted(path)}: must be {accepted(schema)}, got {found(node.plain())}"
            self.problem(node.place, words + _value_hint(plain, schema))
        raise UnknownError


@cache
def _adapter(section: type[Section], name: str) -> TypeAdapter[Any]:
    field = section.model_fields[name]
    annotation: Any = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    return TypeAdapter(annotation, config=ConfigDict(strict=True, allow_inf_nan=False))


def value_schema(section: type[Section], name: str) -> dict[str, Any]:
    """Return the JSON schema of a plain value's field."""
    return _adapter(section, name).json_schema()


def _defaults(section: type[Section], children: dict[str, Node]) -> dict[str, object]:
    return {
        name: field.default
        for name, field in section.model_fields.items()
        if not field.is_required() and name not in children
    }


def _value_hint(value: object, schema: dict[str, Any]) -> str:
    options = [schema, *schema.get("anyOf", ())]
    words = [str(word) for option in options for word in (*option.get("enum", ()), option.get("const"))]
    words = [word for word in words if word != "None"]
    if isinstance(value, str) and words:
        return suggest(value, words)
    if isinstance(value, str) and any(option.get("type") == "boolean" for option in options):
        meant = {"on": "true", "yes": "true", "y": "true", "off": "false", "no": "false", "n": "false"}
        return f"; write {meant[value.lower()]}" if value.lower() in meant else ""
    if isinstance(value, str) and re.fullmatch(r"[-+]?[\d_., ]+%?", value):
        return "; write it with digits and a point alone"
    return ""


def _unknown(name: str, section: type[Section]) -> str:
    if name in REFUSED:
        return f"not used: {REFUSED[name]}"
    guess = suggest(name, section.model_fields)
    if guess:
        return f"unknown key{guess}"
    known = ", ".join(section.model_fields)
    return f"unknown key; known are {known}" if known else "unknown key; it takes no arguments"


def _choices(word: str, family: type[Component]) -> str:
    return suggest(word, family.members) or f"; there are {', '.join(family.members)}"


def _several_names(children: dict[str, Node], family: type[Component]) -> str:
    names = list(children)
    member = family.members.get(names[0]) if names else None
    if member is not None:
        bare = children[names[0]]
        arguments = {member.bare() or "...": bare.plain()} if not isinstance(bare.value, dict) else {}
        inside = ", ".join(f"{name}: {_flow(value)}" for name, value in arguments.items())
        rest = ", ".join(f"{name}: {_flow(children[name].plain())}" for name in names[1:])
        return (
            f"{' and '.join(names)} stand side by side; arguments go inside: "
            f"{names[0]}: {{{', '.join(part for part in (inside, rest) if part)}}}"
        )
    for key in ("name", "type", "class_name", "kind"):
        if key in children:
            return f"a {family.family} is its name with its arguments: {{{children[key].plain()}: {{...}}}}"
    return f"expected one {family.family}, got {found(dict.fromkeys(names))}"


def _named_example(member: type[Component], arguments: Node) -> str:
    required = [name for name, field in member.model_fields.items() if field.is_required()]
    names = required or list(member.model_fields)[:1]
    if not names:
        return f"{member.key} (it takes none)"
    first = _flow(arguments.plain())
    return f"{member.key}: {{{', '.join([f'{names[0]}: {first}', *(f'{name}: ...' for name in names[1:])])}}}"


def _one_of(node: Node, family: type[Component]) -> str:
    return str(node.value) if isinstance(node.value, str) and node.value in family.members else "accuracy"


def _flow(value: object) -> str:
    return value if isinstance(value, str) else found(value)


def _what_to_add(name: str, field: FieldInfo, slot: Slot) -> str:
    examples = {
        "model": "add the layers: `model: [dense: 128, ...]`",
        "optimizer": "add for example `optimizer: adam`",
        "loss": "add for example `loss: categorical_crossentropy`",
        "patience": "add for example `patience: 5`",
    }
    if name in examples:
        return examples[name]
    if slot.family:
        return f"add a {slot.family.family}"
    return f"add `{name}: {field.description or '...'}`"


def _dotted(path: Steps) -> str:
    return ".".join(map(str, path))


def is_path(dataset: str) -> bool:
    """Tell a path from a data set's name: anything with a suffix or a slash is a path."""
    return "/" in dataset or "\\" in dataset or Path(dataset).suffix != "" or dataset in (".", "..", "~")
