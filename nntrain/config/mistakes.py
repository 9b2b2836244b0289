"""Messages about wrong keys, components and values, with what was probably meant.

Many users know Keras scripts or other libraries, or only half of this format; the messages show how to write it here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Mapping
from typing import Any

from nntrain.config.keras_words import keras_advice, keras_layer_advice
from nntrain.config.schema import (
    Activation,
    Component,
    Config,
    Layer,
    Section,
    accepts,
    field_kinds,
    required_fields,
    value_schemas,
)
from nntrain.config.suggest import closest_word, same_word, suggest
from nntrain.config.wording import describe_accepted, dotted, flow_yaml, format_value, with_article
from nntrain.config.yaml_tree import KeyPath, Node

# Layers of Keras scripts that nntrain adds itself.
ADDED_LAYERS = ("input", "inputs", "input_layer", "rescaling", "normalization")
# The booleans of YAML 1.1, as YAML 1.2 writes them.
BOOLEANS = {"on": "true", "yes": "true", "y": "true", "off": "false", "no": "false", "n": "false"}
# What is written to switch something off, besides null.
OFF = ("none", "off", "no", "disabled", "nil")
EXAMPLES = {
    "model": "the layers: `model: [dense: 128, ...]`",
    "optimizer": "for example `optimizer: adam`",
    "loss": "for example `loss: categorical_crossentropy`",
    "patience": "for example `patience: 5`",
}


# --- keys ------------------------------------------------------------------------------------------------------------


def unknown_key(name: str, section: type[Section], value: Node, siblings: Node) -> str:
    """Return what is wrong with a key that a section does not have, and where it belongs.

    `value` is the key's value, `siblings` the mapping that contains the key.
    """
    advice = keras_advice(name)
    if advice:
        return f"not supported: {advice}"
    key, colon, _ = name.partition(":")
    if colon and key in section.model_fields:
        return f"unknown key; put a space after '{key}:'"
    intended = _intended_key(name, section)
    if intended:
        return f"unknown key; did you mean '{intended}'?"
    example = "..." if isinstance(value.value, dict | list) else _as_yaml(value.plain())
    layer = same_word(name, Layer.members) if issubclass(section, Layer) else None
    if layer:
        entry = f"{layer}: {example}" if Layer.members[layer].positional_argument() else layer
        return f"unknown key; {layer} is a separate layer: write `- {entry}` on the next line"
    path = _correct_path(name, section, siblings)
    if path:
        return f"unknown key; {path[-1]} belongs under {path[0]}, as in `{_as_nested_yaml(path, example)}`"
    positional = section.positional_argument() if issubclass(section, Component) else None
    family = field_kinds(section)[positional].family if positional else None
    if family is not None and name in family.members:
        return f"unknown key; name the argument too: {positional}: {name}"
    return f"unknown key; {known_keys(section)}"


def known_keys(section: type[Section]) -> str:
    """Return the list of a section's keys, as a message shows it."""
    return f"known keys: {', '.join(section.model_fields)}" if section.model_fields else "it takes no arguments"


def intended_fields(name: str, section: type[Section]) -> set[str]:
    """Return the fields of a section that an unknown key was probably meant to set."""
    key, colon, _ = name.partition(":")
    if colon and key in section.model_fields:
        return {key}
    return {field for field in (_intended_key(name, section), *_correct_path(name, section)[:1]) if field}


def _intended_key(name: str, section: type[Section]) -> str | None:
    known = section.model_fields
    return same_word(name, known) or (None if _correct_path(name, section) else closest_word(name, known))


def _correct_path(name: str, section: type[Section], siblings: Node | None = None) -> tuple[str, ...]:
    """Return the path at which a misplaced key belongs, for example ("fit", "epochs"), or () if it belongs nowhere.

    If several optimizers have an argument of this name, the path leads to the one among the `siblings`.
    """
    if issubclass(section, Component):
        return ()
    name = name.rpartition(".")[2]
    kinds = field_kinds(Config)
    for top, kind in kinds.items():
        key = same_word(name, kind.section.model_fields) if kind.section and kind.section is not section else None
        if key:
            return top, key
    for top, kind in kinds.items():
        if not kind.family:
            continue
        member = same_word(name, kind.family.members)
        if member:
            return top, member
        if not kind.many:
            chosen = siblings.child(top) if siblings else None
            preferred = chosen.value if chosen and isinstance(chosen.value, dict) else ()
            path = _path_to_argument(name, kind.family, preferred=preferred)
            if path:
                return top, *path
    return ()


def _path_to_argument(name: str, family: type[Component], *, preferred: Collection[str]) -> tuple[str, ...]:
    """Return a member of a family that has this argument, preferably one of `preferred`, and the argument; or ()."""
    for key in sorted(family.members, key=lambda key: key not in preferred):
        argument = same_word(name, family.members[key].model_fields)
        if argument:
            return key, argument
    return ()


def _as_nested_yaml(path: tuple[str, ...], value: str) -> str:
    """Return a setting as YAML on one line: "fit: {epochs: 10}"."""
    if path[0] == "model":
        return f"- {path[1]}: {value}"
    text = f"{path[-1]}: {value}"
    for step in reversed(path[:-1]):
        text = f"{step}: {{{text}}}"
    return text


def missing_field(name: str, section: type[Section]) -> str:
    """Return that a required field is missing, and what to add."""
    if name in EXAMPLES:
        return f"missing; add {EXAMPLES[name]}"
    kind = field_kinds(section)[name]
    if kind.family:
        return f"missing; add {with_article(kind.family.family)}"
    return f"missing; add `{name}: ...`"


# --- components ------------------------------------------------------------------------------------------------------


def likely_member(word: str, family: type[Component]) -> str:
    """Return which member of a family was probably meant, or which members there are, as the end of a message."""
    word = re.sub(r"^(\w+\.)+(?=[A-Za-z])", "", word)  # keras.layers.Dense
    name, parenthesis, _ = word.partition("(")
    member = same_word(name, family.members)
    if member and parenthesis:
        return f"; write `{call_as_yaml(word, family.members[member])}`"
    name, colon, _ = word.partition(":")
    if colon and name in family.members:
        return "; put a space after the colon"
    if family is Layer and not member:
        activation = same_word(word, Activation.members)
        if activation:
            return f"; an activation is written `activation: {activation}`"
        advice = keras_layer_advice(word)
        if advice:
            return f"; {advice}"
        if word.lower() in ADDED_LAYERS:
            return "; the input, its shape and scaling are added for you: leave it out"
    return suggest(word, family.members) or f"; choose from {', '.join(family.members)}"


def call_as_yaml(call: str, member: type[Component]) -> str:
    """Return a component that is written as a call in Python, as YAML: "dense: {units: 8, activation: relu}".

    Arguments without a name are taken in the order of the required ones. Arguments that the component does not have
    are left out. The text is parsed, never evaluated.
    """
    try:
        tree = ast.parse(call, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree = None
    fields = list(dict.fromkeys([*_first_arguments(member), *member.model_fields]))
    arguments: dict[str, str] = {}
    if isinstance(tree, ast.Call):
        arguments.update(zip(fields, map(_python_as_yaml, tree.args), strict=False))
        for keyword in tree.keywords:
            name = same_word(keyword.arg or "", fields)
            if name:
                arguments[name] = _python_as_yaml(keyword.value)
    missing = [name for name in required_fields(member) if name not in arguments]
    arguments |= dict.fromkeys(missing, "...")
    if not arguments:
        return member.key
    return f"{member.key}: {{{', '.join(f'{name}: {value}' for name, value in arguments.items())}}}"


def _python_as_yaml(node: ast.expr) -> str:
    """Return a literal of Python as YAML; of any other expression, its last name."""
    match node:
        case ast.Constant(value=None | bool() | int() | float() | str() as value):
            return "null" if value is None else flow_yaml(value)
        case ast.Tuple(elts) | ast.List(elts):
            return f"[{', '.join(map(_python_as_yaml, elts))}]"
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case ast.UnaryOp(ast.USub(), operand):
            return f"-{_python_as_yaml(operand)}"
    return "..."


def several_names(children: Mapping[str, Node], family: type[Component]) -> str:
    """Return how to write a component that is a mapping with no key or with several."""
    names = list(children)
    member = family.members.get(names[0]) if names else None
    if member is not None and set(names[1:]) <= set(member.model_fields):
        return f"{_same_level(names)}; arguments go inside: {member.key}: {_flow_mapping(_nested(children, member))}"
    if member is not None and set(names) <= set(family.members):
        return f"{_same_level(names)}; {_several_members(children, family)}"
    for key in ("name", "type", "class_name", "kind"):
        if key in children:
            arguments = {name: child for name, child in children.items() if name != key}
            config = arguments.get("config")  # Keras's own form: {class_name: Adam, config: {...}}
            if len(arguments) == 1 and config is not None and isinstance(config.value, dict):
                arguments = config.value
            name = str(children[key].plain())
            component = f"{same_word(name, family.members) or name}: {_flow_mapping(arguments)}"
            return f"{with_article(family.family)} is written as its name with its arguments: {component}"
    return f"expected one {family.family}, got {format_value(dict.fromkeys(names))}"


def _same_level(names: list[str]) -> str:
    return f"{' and '.join(names)} are at the same level"


def _nested(children: Mapping[str, Node], member: type[Component]) -> dict[str, Node]:
    """Return a member's arguments from a mapping of its name and arguments at the same level."""
    first, *others = children
    value = children[first]
    positional = {} if isinstance(value.value, dict | None) else {_first_arguments(member)[0]: value}
    return {**positional, **{name: children[name] for name in others}}


def _several_members(children: Mapping[str, Node], family: type[Component]) -> str:
    """Return what to do about several members of a family in one mapping."""
    combined = family.members.get("_".join(children))  # l1 and l2 are l1_l2
    if combined is not None:
        return f"write {combined.key}: {_flow_mapping(children)}"
    return "write each layer as a separate entry, after '- '" if family is Layer else "keep one"


def unnamed_arguments(member: type[Component], value: Node) -> str:
    """Return how to write a component whose arguments are not a mapping."""
    if value.value is None:
        positional = member.positional_argument()
        advice = f"it needs {positional}" if positional else f"write only {member.key}"
        return f"no value after the colon; {advice}"
    if not member.model_fields:
        return f"it takes no arguments; write only {member.key}"
    return f"arguments must be named, as in {member.key}: {_example(member, value)}"


def not_a_list(family: type[Component], value: object) -> str:
    """Return how to write a list of components."""
    if family is Layer:
        return "must be a list of layers, one per line, each after '- '"
    example = value if isinstance(value, str) and value in family.members else next(iter(family.members))
    return f"must be a list of {family.family}s, for example [{example}]"


# --- values ----------------------------------------------------------------------------------------------------------


def not_a_section(path: KeyPath, section: type[Section], value: Node) -> str:
    """Return how to write a section whose value is not a mapping."""
    message = f"{dotted(path) or 'a config'} must be a mapping of keys, got {format_value(value.plain())}"
    if not path:
        space_missing = isinstance(value.value, str) and re.match(r"\w+:\S", value.value)
        return f"{message}; put a space after each colon" if space_missing else message
    if isinstance(value.value, list):
        return message
    if not accepts(section, _first_arguments(section)[0], value.value):
        value = Node("...", value.place)
    return f"{message}; write `{path[-1]}: {_example(section, value)}`"


def is_off(value: object, family: type[Component] | None) -> bool:
    """Return whether a value was probably meant to switch a section or a component off."""
    known = family is not None and isinstance(value, str) and same_word(value, family.members) is not None
    return value is False or value == "None" or (value in OFF and not known)


def switched_off(value: object, *, many: bool) -> str:
    """Return how to switch off a section, a component or a list of components (`many`) that is optional."""
    if many:
        return f"got {format_value(value)}; write [] for none"
    origin = "'None' is Python's; " if value == "None" else f"got {format_value(value)}; to switch it off, "
    return f"{origin}write null, or leave the key out"


def wrong_value(section: type[Section], name: str, value: object) -> str:
    """Return what a plain field accepts, what it got, and how to write it."""
    schema = value_schemas(section)[name]
    return f"must be {describe_accepted(schema)}, got {format_value(value)}{_likely_value(value, schema)}"


def _likely_value(value: object, schema: Mapping[str, Any]) -> str:
    """Return how the value was probably meant, as the end of a message, or ""."""
    options = schema.get("anyOf", [schema])
    names = [str(name) for option in options for name in option.get("enum", [option.get("const")]) if name is not None]
    types = {option.get("type") for option in options}
    if value == "None" and "null" in types:
        return "; write null"
    if isinstance(value, str) and names:
        return suggest(value, names)
    if isinstance(value, str) and "boolean" in types:
        if value.lower() in ("true", "false"):
            return "; write it without quotes"
        boolean = BOOLEANS.get(value.lower())
        return f"; write {boolean}" if boolean else ""
    if isinstance(value, str) and types & {"integer", "number"}:
        if re.fullmatch(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?", value):
            return "; write it without quotes"
        return "; write it with digits and a decimal point only" if re.fullmatch(r"[-+]?[\d_., ]+%?", value) else ""
    if types <= {"array", "null"} and isinstance(value, str | int) and not isinstance(value, bool):
        return f"; write [{value}]"
    if isinstance(value, float) and value.is_integer() and "integer" in types:
        return f"; write {value:.0f}"
    return ""


# --- examples --------------------------------------------------------------------------------------------------------


def _example(section: type[Section], value: Node) -> str:
    """Return a section in which the first argument has a value that was written without its name."""
    first, *others = _first_arguments(section)
    named = {"...": value} if isinstance(value.value, dict) else {first: value}
    return _flow_mapping({**named, **{name: Node("...", value.place) for name in others}})


def _first_arguments(section: type[Section]) -> list[str]:
    """Return the required arguments or, if there are none, the first argument that is not inherited."""
    not_inherited = [name for name in section.__annotations__ if name in section.model_fields]
    return required_fields(section) or not_inherited[:1] or list(section.model_fields)[:1]


def _flow_mapping(children: Mapping[str, Node]) -> str:
    return f"{{{', '.join(f'{name}: {_as_yaml(child.plain())}' for name, child in children.items())}}}"


def _as_yaml(value: object) -> str:
    return "..." if value in (None, "...") else flow_yaml(value)
