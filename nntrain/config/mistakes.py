"""What is wrong with a key, a component or a value, in words, and what was probably meant.

Users come from Keras scripts or other libraries, or know half of the format; the messages show how to write it here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

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
from nntrain.config.wording import describe_accepted, dotted, show, with_article
from nntrain.config.yaml_tree import KeyPath, Node, Place

# Keras's arguments that nntrain sets itself, and why.
UNSUPPORTED = {
    "from_logits": "the last layer gives probabilities here; leave it out",
    "input_shape": "the input is added for you; leave it out",
    "input_dim": "the input is added for you; leave it out",
    "dtype": "use runtime.dtype_policy",
    "name": "names are set for you; leave it out",
    "verbose": "use --quiet on the command line",
    "callbacks": "write reduce_lr_on_plateau under lr_schedule, and early_stopping, as keys of the file",
    "validation_data": "use fit.validation_split",
    "shuffle": "training images are always shuffled",
}
ADDED_LAYERS = ("input", "inputs", "input_layer", "rescaling", "normalization", "reshape")
EXAMPLES = {
    "model": "the layers: `model: [dense: 128, ...]`",
    "optimizer": "for example `optimizer: adam`",
    "loss": "for example `loss: categorical_crossentropy`",
    "patience": "for example `patience: 5`",
}


# --- keys ------------------------------------------------------------------------------------------------------------


def unknown_key(name: str, section: type[Section], value: Node, siblings: Node) -> str:
    """Say what is wrong with a key that a section does not have, and where it belongs.

    `siblings` is the mapping it stands in.
    """
    if name in UNSUPPORTED:
        return f"not supported: {UNSUPPORTED[name]}"
    meant = _meant_key(name, section)
    if meant:
        return f"unknown key; did you mean '{meant}'?"
    example = "..." if isinstance(value.value, dict | list) else _plain_word(value.plain())
    layer = same_word(name, Layer.members) if issubclass(section, Layer) else None
    if layer:
        entry = f"{layer}: {example}" if Layer.members[layer].positional_argument() else layer
        return f"unknown key; {layer} is a layer of its own: `- {entry}` on a line below"
    home = _home(name, section, siblings)
    if home:
        return f"unknown key; {home[-1]} belongs under {home[0]}, as in `{_nested(home, example)}`"
    positional = section.positional_argument() if issubclass(section, Component) else None
    family = field_kinds(section)[positional].family if positional else None
    if family is not None and name in family.members:
        return f"unknown key; name the argument too: {positional}: {name}"
    return f"unknown key; {known_keys(section)}"


def known_keys(section: type[Section]) -> str:
    """List a section's keys."""
    return f"known keys: {', '.join(section.model_fields)}" if section.model_fields else "it takes no arguments"


def meant_fields(name: str, section: type[Section]) -> set[str]:
    """Return the fields of a section that an unknown key was probably meant to set."""
    return {field for field in (_meant_key(name, section), *_home(name, section)[:1]) if field}


def _meant_key(name: str, section: type[Section]) -> str | None:
    known = section.model_fields
    return same_word(name, known) or (None if _home(name, section) else closest_word(name, known))


def _home(name: str, section: type[Section], siblings: Node | None = None) -> tuple[str, ...]:
    """Return the path of a key that is in the wrong section, ("fit", "epochs"), or an empty one.

    An argument that several optimizers have is shown with the optimizer among its `siblings`.
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
            named = chosen.value if chosen and isinstance(chosen.value, dict) else ()
            path = _home_argument(name, kind.family, first=named)
            if path:
                return top, *path
    return ()


def _home_argument(name: str, family: type[Component], *, first: Collection[str]) -> tuple[str, ...]:
    """Return a member of a family, preferably one of `first`, with its argument of this name."""
    for key in sorted(family.members, key=lambda key: key not in first):
        argument = same_word(name, family.members[key].model_fields)
        if argument:
            return key, argument
    return ()


def _nested(path: tuple[str, ...], value: str) -> str:
    """Write a path as YAML on one line: "fit: {epochs: 10}"."""
    if path[0] == "model":
        return f"- {path[1]}: {value}"
    text = f"{path[-1]}: {value}"
    for step in reversed(path[:-1]):
        text = f"{step}: {{{text}}}"
    return text


def missing_field(name: str, section: type[Section]) -> str:
    """Say that a required field is missing, and what to add."""
    if name in EXAMPLES:
        return f"missing; add {EXAMPLES[name]}"
    kind = field_kinds(section)[name]
    if kind.family:
        return f"missing; add {with_article(kind.family.family)}"
    return f"missing; add `{name}: ...`"


# --- components ------------------------------------------------------------------------------------------------------


def likely_member(word: str, family: type[Component]) -> str:
    """Say which member of a family was probably meant, or which there are."""
    name, bracket, inside = word.partition("(")
    member = same_word(name, family.members)
    if member and bracket:
        example = _example(family.members[member], Node(inside.rstrip(") ") or "...", Place("")))
        return f"; did you mean '{member}'? Arguments follow a colon: {member}: {example}"
    name, colon, _ = word.partition(":")
    if colon and name in family.members:
        return "; put a space after the colon"
    if family is Layer and not member:
        activation = same_word(word, Activation.members)
        if activation:
            return f"; an activation is written `activation: {activation}`"
        if word.lower() in ADDED_LAYERS:
            return "; the input, its shape and scaling are added for you: leave it out"
    return suggest(word, family.members) or f"; choose from {', '.join(family.members)}"


def several_names(children: Mapping[str, Node], family: type[Component]) -> str:
    """Say how to write a component that is a mapping of none or several names."""
    names = list(children)
    together = f"{' and '.join(names)} are at the same level"
    member = family.members.get(names[0]) if names else None
    if member is not None and set(names[1:]) <= set(member.model_fields):
        first = children[names[0]]
        inside = {} if isinstance(first.value, dict) or first.value is None else {_own_arguments(member)[0]: first}
        arguments = {**inside, **{name: children[name] for name in names[1:]}}
        return f"{together}; arguments go inside: {member.key}: {_braces(arguments)}"
    if member is not None and set(names) <= set(family.members):
        both = family.members.get("_".join(names))
        if both is not None:
            return f"{together}; write {both.key}: {_braces(children)}"
        return f"{together}; " + ("each layer is an entry of its own, after '- '" if family is Layer else "keep one")
    for key in ("name", "type", "class_name", "kind"):
        if key in children:
            arguments = {name: child for name, child in children.items() if name != key}
            kind = with_article(family.family)
            return f"{kind} is written as its name with its arguments: {children[key].plain()}: {_braces(arguments)}"
    return f"expected one {family.family}, got {show(dict.fromkeys(names))}"


def unnamed_arguments(member: type[Component], value: Node) -> str:
    """Say how to write a component whose arguments are not a mapping."""
    if value.value is None:
        positional = member.positional_argument()
        return f"no value after the colon; {f'it needs {positional}' if positional else f'write {member.key} alone'}"
    if not member.model_fields:
        return f"it takes no arguments; write {member.key} alone"
    return f"arguments must be named, as in {member.key}: {_example(member, value)}"


def not_a_list(family: type[Component], value: object) -> str:
    """Say how to write a list of components."""
    if family is Layer:
        return "must be a list of layers, one per line, each after '- '"
    example = value if isinstance(value, str) and value in family.members else next(iter(family.members))
    return f"must be a list of {family.family}s: [{example}]"


# --- values ----------------------------------------------------------------------------------------------------------


def not_a_section(path: KeyPath, section: type[Section], value: Node) -> str:
    """Say how to write a section whose value is not a mapping."""
    message = f"{dotted(path) or 'a config'} must be a mapping of keys, got {show(value.plain())}"
    if not path:
        unspaced = isinstance(value.value, str) and re.match(r"\w+:\S", value.value)
        return f"{message}; put a space after each colon" if unspaced else message
    if isinstance(value.value, list):
        return message
    if not accepts(section, _own_arguments(section)[0], value.value):
        value = Node("...", value.place)
    return f"{message}; write `{path[-1]}: {_example(section, value)}`"


def wrong_value(section: type[Section], name: str, value: object) -> str:
    """Say what a plain field accepts, what it got, and how to write it."""
    schema = value_schemas(section)[name]
    return f"must be {describe_accepted(schema)}, got {show(value)}{_likely_value(value, schema)}"


def _likely_value(value: object, schema: Mapping[str, Any]) -> str:
    options = schema.get("anyOf", [schema])
    words = [str(word) for option in options for word in option.get("enum", [option.get("const")]) if word is not None]
    types = {option.get("type") for option in options}
    if isinstance(value, str) and words:
        return suggest(value, words)
    if isinstance(value, str) and "boolean" in types:
        meant = {"on": "true", "yes": "true", "y": "true", "off": "false", "no": "false", "n": "false"}
        return f"; write {meant[value.lower()]}" if value.lower() in meant else ""
    if isinstance(value, str) and types & {"integer", "number"}:
        if re.fullmatch(r"[-+]?\d+(\.\d*)?", value):
            return "; write it without quotes"
        return "; write it with digits and a decimal point only" if re.fullmatch(r"[-+]?[\d_., ]+%?", value) else ""
    if isinstance(value, float) and value.is_integer() and "integer" in types:
        return f"; write {value:.0f}"
    return ""


# --- examples --------------------------------------------------------------------------------------------------------


def _example(section: type[Section], value: Node) -> str:
    """Show a section whose first argument is a value that was written without its name."""
    first, *others = _own_arguments(section)
    named = {"...": value} if isinstance(value.value, dict) else {first: value}
    return _braces({**named, **{name: Node("...", value.place) for name in others}})


def _own_arguments(section: type[Section]) -> list[str]:
    """Return the required arguments, or else the first one that is the section's own."""
    own = [name for name in section.__annotations__ if name in section.model_fields]
    return required_fields(section) or own[:1] or list(section.model_fields)[:1]


def _braces(children: Mapping[str, Node]) -> str:
    return f"{{{', '.join(f'{name}: {_plain_word(child.plain())}' for name, child in children.items())}}}"


def _plain_word(value: object) -> str:
    return value if isinstance(value, str) else show(value)
