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
from nntrain.config.schema import Activation, Component, Config, Layer, Section
from nntrain.config.words import accepted, closest, found, same, suggest, with_article
from nntrain.results import Problem

Steps = tuple[str | int, ...]

OVERRIDE = re.compile(r"^[A-Za-z_]\w*(\.\w+)*=")
MAX_INDEX_DIGITS = 10
MAX_UNKNOWN_KEYS = 50  # of a section, looked at one by one
SHORT = {"epochs": "fit.epochs", "batch_size": "fit.batch_size"}

# Arguments of Keras's that nntrain settles itself, and why.
REFUSED = {
    "from_logits": "the last layer gives probabilities here; leave it out",
    "input_shape": "the input is added for you; leave it out",
    "input_dim": "the input is added for you; leave it out",
    "dtype": "use runtime.dtype_policy",
    "name": "names are given for you; leave it out",
    "verbose": "use --quiet on the command line",
    "callbacks": "write reduce_lr_on_plateau under lr_schedule, and early_stopping, as keys of the file",
    "validation_data": "use fit.validation_split",
    "shuffle": "training images are always shuffled",
}
ADDED_LAYERS = ("input", "inputs", "input_layer", "rescaling", "normalization", "reshape")


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
        if not text.strip():
            problems.append(Problem(f"argument {argument}", f"no value; {key}=null removes what the file says"))
            continue
        value, unreadable = read_argument(text, argument)
        problems += unreadable
        if value is None or not isinstance(root.value, dict):
            continue
        value = replace(value, key=Place(argument))
        steps: Steps = tuple(int(step) if _is_index(step) else step for step in _long(key, root).split("."))
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


def _is_index(step: str) -> bool:
    return step.isascii() and step.isdigit() and len(step) < MAX_INDEX_DIGITS


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
        raise _MisplacedError(f"{_dotted(here)}: {_unknown(str(step), slot.section, value, node)}")
    if not (isinstance(node.value, dict) or node.value is None):
        return node  # a mistake of the file's, which is reported when it is built
    children = dict(node.value) if isinstance(node.value, dict) else {}
    child = children.get(str(step), Node(None, value.place))
    children[str(step)] = _assign(child, fields[str(step)], rest, value, here)
    if not rest and value.value is None:
        del children[str(step)]
    return replace(node, value=children)


def _assign_entry(node: Node, slot: Slot, steps: Steps, value: Node, done: Steps) -> Node:
    if not (isinstance(node.value, list) or node.value is None):
        return node  # as above
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
        self.mistakes = 0  # those that reading reported already included

    def problem(self, place: Place, message: str) -> None:
        self.mistakes += 1
        self.problems.append(Problem(str(place), message))

    def wrong(self, node: Node, message: str) -> None:
        """Report a value, unless reading it was a problem already."""
        if node.unreadable:
            self.mistakes += 1
        else:
            self.problem(node.place, message)

    def section(self, node: Node, section: type[Section], path: Steps) -> Section | Partial:
        """Build a section from its tree."""
        key = section.key if issubclass(section, Component) else ""
        if not isinstance(node.value, dict):
            what, hint = (_dotted(path), _as_in(path, section, node)) if path else ("a config", _no_space(node.value))
            self.wrong(node, f"{what} has to be a mapping of keys, got {found(node.plain())}{hint}")
            return Partial({}, key)
        before = self.mistakes
        meant = self._unknown_keys(node, node.value, section, path)
        values: dict[str, object] = {}
        for name, field in section.model_fields.items():
            self._field(name, field, node, section, path, values, missing_is_known=name in meant)
        if self.mistakes > before:
            values = {**_defaults(section, {*node.value, *meant}), **values}
            return Partial(values, key)
        return section.model_construct(None, **values)

    def _unknown_keys(self, node: Node, children: dict[str, Node], section: type[Section], path: Steps) -> set[str]:
        """Report keys that a section has not; returns the keys that were probably meant by them."""
        unknown = [name for name in children if name not in section.model_fields]
        if len(unknown) > MAX_UNKNOWN_KEYS:
            self.problem(node.place, f"{len(unknown):,} unknown keys; known are {', '.join(section.model_fields)}")
            return set()
        for name in unknown:
            words = _unknown(name, section, children[name], node)
            self.problem(children[name].key or children[name].place, f"{_dotted((*path, name))}: {words}")
        return {meant for name in unknown for meant in (_meant(name, section), *_home(name, section)[:1])}

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
        if child.unreadable and not absent:
            self.mistakes += 1
            return
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
            form = "one a line, each behind '- '" if family.family == "layer" else f"[{_one_of(node, family)}]"
            self.problem(node.place, f"{_dotted(path)} has to be a list of {family.family}s: {form}")
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
            words = f"no such {family.family}{_choices(name, family, arguments)}"
            self.problem(arguments.key or node.place, f"{_dotted((*path, name))}: {words}")
        elif isinstance(children, dict):
            self.problem(node.place, f"{_dotted(path)}: {_several_names(children, family)}")
        elif isinstance(children, str):
            self.problem(node.place, f"{_dotted(path)}: no {family.family} '{children}'{_choices(children, family)}")
        else:
            kind = with_article(family.family)
            self.wrong(node, f"{_dotted(path)}: expected the name of {kind}, got {found(node.plain())}")
        raise UnknownError

    def _member(self, member: type[Component], arguments: Node, path: Steps) -> Section | Partial:
        if isinstance(arguments.value, dict):
            return self.section(arguments, member, path)
        if arguments.value is None:
            remedy = f"write {member.key} alone" if not member.bare() else f"it needs {member.bare()}"
            if not arguments.unreadable:
                self.problem(arguments.key or arguments.place, f"{_dotted(path)}: nothing follows the name; {remedy}")
        elif not member.model_fields:
            self.problem(arguments.place, f"{_dotted(path)}: it takes no arguments; write {member.key} alone")
        else:
            named = f"{member.key}: {_example(member, arguments)}"
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
            self.wrong(node, words + _value_hint(plain, schema))
        raise UnknownError


@cache
def _adapter(section: type[Section], name: str) -> TypeAdapter[Any]:
    field = section.model_fields[name]
    annotation: Any = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    return TypeAdapter(annotation, config=ConfigDict(strict=True, allow_inf_nan=False))


def value_schema(section: type[Section], name: str) -> dict[str, Any]:
    """Return the JSON schema of a plain value's field."""
    return _adapter(section, name).json_schema()


def _defaults(section: type[Section], given: set[str]) -> dict[str, object]:
    return {
        name: field.default
        for name, field in section.model_fields.items()
        if not field.is_required() and name not in given
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
    kinds = {option.get("type") for option in options}
    if isinstance(value, str) and kinds & {"integer", "number"}:
        if re.fullmatch(r"[-+]?\d+(\.\d*)?", value):
            return "; write it without quotes"
        return "; write it with digits and a point alone" if re.fullmatch(r"[-+]?[\d_., ]+%?", value) else ""
    if isinstance(value, float) and value.is_integer() and "integer" in kinds:
        return f"; write {value:.0f}"
    return ""


def _unknown(name: str, section: type[Section], child: Node, parent: Node) -> str:
    """Say what is wrong with a key that a section has not, and where it belongs."""
    if name in REFUSED:
        return f"not used: {REFUSED[name]}"
    meant, home = _meant(name, section), _home(name, section, parent)
    if meant:
        return f"unknown key; did you mean '{meant}'?"
    value = "..." if isinstance(child.value, dict | list) else _flow(child.plain())
    layer = same(name, Layer.members) if issubclass(section, Layer) else None
    if layer:
        written = f"{layer}: {value}" if Layer.members[layer].bare() else layer
        return f"unknown key; {layer} is a layer of its own: `- {written}` in a line below"
    if home:
        return f"unknown key; {home[-1]} belongs under {home[0]}, as in `{_nested(home, value)}`"
    bare = section.bare() if issubclass(section, Component) else None
    family = slots(section)[bare].family if bare else None
    if family is not None and name in family.members:
        return f"unknown key; name the argument too: {bare}: {name}"
    known = ", ".join(section.model_fields)
    return f"unknown key; known are {known}" if known else "unknown key; it takes no arguments"


def _meant(name: str, section: type[Section]) -> str:
    """Return the section's own key that was probably meant, or "" where none was."""
    known = section.model_fields
    return same(name, known) or ("" if _home(name, section) else closest(name, known)) or ""


def _home(name: str, section: type[Section], parent: Node | None = None) -> tuple[str, ...]:
    """Return the path of a key that stands in the wrong section, ("fit", "epochs"), or an empty one.

    An argument that several optimizers have is shown with the one that stands beside it in `parent`.
    """
    if issubclass(section, Component):
        return ()
    name = name.rpartition(".")[2]
    places = slots(Config)
    for top, slot in places.items():
        word = same(name, slot.section.model_fields) if slot.section and slot.section is not section else None
        if word:
            return top, word
    for top, slot in places.items():
        if not slot.family:
            continue
        member = same(name, slot.family.members)
        if member:
            return top, member
        chosen = parent.at((top,)).value if parent is not None else None
        members = slot.family.members if not slot.many else {}
        for key in sorted(members, key=lambda key: not (isinstance(chosen, dict) and key in chosen)):
            word = same(name, members[key].model_fields)
            if word:
                return top, key, word
    return ()


def _nested(path: tuple[str, ...], value: str) -> str:
    """Write a path as YAML in a line: "fit: {epochs: 10}"."""
    if path[0] == "model":
        return f"- {path[1]}: {value}"
    text = f"{path[-1]}: {value}"
    for step in reversed(path[:-1]):
        text = f"{step}: {{{text}}}"
    return text


def _choices(word: str, family: type[Component], arguments: Node | None = None) -> str:
    """Say which member of a family was probably meant, or which there are."""
    name, bracket, inside = word.partition("(")
    member = same(name, family.members)
    if member and bracket:
        example = _example(family.members[member], Node(inside.rstrip(") ") or "...", Place("")))
        return f"; did you mean '{member}'? Arguments follow a colon: {member}: {example}"
    if member:
        return f"; did you mean '{member}'?"
    name, colon, _ = word.partition(":")
    if colon and name in family.members:
        return "; put a space after the colon"
    if family is Layer and same(word, Activation.members):
        return f"; an activation is written `activation: {same(word, Activation.members)}`"
    if family is Layer and word.lower() in ADDED_LAYERS:
        return "; the input, its shape and scaling are added for you: leave it out"
    return suggest(word, family.members) or f"; there are {', '.join(family.members)}"


def _several_names(children: dict[str, Node], family: type[Component]) -> str:
    names = list(children)
    member = family.members.get(names[0]) if names else None
    if member is not None and set(names[1:]) <= set(member.model_fields):
        first = children[names[0]]
        inside = {} if isinstance(first.value, dict) or first.value is None else {member.bare() or "...": first}
        arguments = {**inside, **{name: children[name] for name in names[1:]}}
        return f"{' and '.join(names)} stand side by side; arguments go inside: {member.key}: {_arguments(arguments)}"
    if set(names) <= set(family.members) and names:
        both = family.members.get("_".join(names))
        remedy = "keep one"
        if both is not None:
            remedy = f"write {both.key}: {_arguments(children)}"
        elif family is Layer:
            remedy = "each is an entry of its own, behind '- '"
        return f"{' and '.join(names)} stand side by side; {remedy}"
    for key in ("name", "type", "class_name", "kind"):
        if key in children:
            rest = {name: child for name, child in children.items() if name != key}
            kind = with_article(family.family)
            return f"{kind} is its name with its arguments: {children[key].plain()}: {_arguments(rest)}"
    return f"expected one {family.family}, got {found(dict.fromkeys(names))}"


def _arguments(children: dict[str, Node]) -> str:
    return f"{{{', '.join(f'{name}: {_flow(child.plain())}' for name, child in children.items())}}}"


def _example(section: type[Section], value: Node) -> str:
    """Show a section with a lone value as the argument that was probably meant by it."""
    named = {"...": value} if isinstance(value.value, dict) else {_telling(section)[0]: value}
    return _arguments({**named, **{name: Node("...", value.place) for name in _telling(section)[1:]}})


def _telling(section: type[Section]) -> list[str]:
    """Return the arguments that have to be given, or the first that is the section's own."""
    required = [name for name, field in section.model_fields.items() if field.is_required()]
    own = [name for name in section.__annotations__ if name in section.model_fields]
    return required or own[:1] or list(section.model_fields)[:1]


def _as_in(path: Steps, section: type[Section], node: Node) -> str:
    """Show how a section is written whose value is no mapping."""
    if isinstance(node.value, list):
        return ""
    try:
        _adapter(section, _telling(section)[0]).validate_python(node.value)
    except ValidationError:
        node = Node("...", node.place)
    return f"; write `{path[-1]}: {_example(section, node)}`"


def _no_space(value: object) -> str:
    return "; put a space after each colon" if isinstance(value, str) and re.match(r"\w+:\S", value) else ""


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
        return f"add {with_article(slot.family.family)}"
    return f"add `{name}: {field.description or '...'}`"


def _dotted(path: Steps) -> str:
    return ".".join(map(str, path))


def is_path(dataset: str) -> bool:
    """Tell a path from a data set's name: anything with a suffix or a slash is a path."""
    return "/" in dataset or "\\" in dataset or Path(dataset).suffix != "" or dataset in (".", "..", "~")
