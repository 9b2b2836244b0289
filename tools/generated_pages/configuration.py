"""docs/configuration.md: every section and component of a config, from the schema."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from generated_pages.markdown import NOTE, code, fill, table
from nntrain.config.advice import ADVICE
from nntrain.config.dump import to_plain
from nntrain.config.rules import CROSS_FIELD_RULES
from nntrain.config.schema import (
    Activation,
    Augmentation,
    Component,
    Config,
    Data,
    EarlyStopping,
    Elastic,
    FieldKind,
    Fit,
    Initializer,
    Layer,
    LearningRateSchedule,
    Loss,
    Metric,
    Optimizer,
    Regularizer,
    Runtime,
    Section,
    field_kinds,
    required_fields,
    value_schemas,
)
from nntrain.config.wording import join_or

TEMPLATE = Path(__file__).with_name("configuration.md")
KERAS = "https://keras.io/api"
# The section of the page that a family is in, and Keras's page about it; None if the family is nntrain's own.
FAMILIES: dict[type[Component], tuple[str, str | None]] = {
    Layer: ("layers", f"{KERAS}/layers/"),
    Activation: ("activations", f"{KERAS}/layers/activations/"),
    Initializer: ("initializers", f"{KERAS}/layers/initializers/"),
    Regularizer: ("regularizers", f"{KERAS}/layers/regularizers/"),
    Optimizer: ("optimizers", f"{KERAS}/optimizers/"),
    Loss: ("losses", f"{KERAS}/losses/"),
    Metric: ("metrics", f"{KERAS}/metrics/"),
    LearningRateSchedule: ("learning-rate-schedules", None),
}
SECTIONS: dict[type[Section], str] = {
    Data: "data",
    Fit: "fit",
    EarlyStopping: "early_stopping",
    Augmentation: "augmentation",
    Elastic: "augmentation.elastic",
    Runtime: "runtime",
}
LABELS = {"one_hot": "one-hot", "integers": "integer"}
UNLIMITED = 2**31  # a limit of TensorFlow, which no config comes near
LIMITS = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}
ARGUMENT = ["argument", "takes", "default", "meaning"]
# Values of arguments in the examples; others have their default.
EXAMPLE_VALUES: dict[str, object] = {
    "units": 128,
    "filters": 32,
    "kernel_size": 3,
    "pool_size": 2,
    "target_shape": [14, 14, 4],
    "rate": 0.3,
    "stddev": 0.1,
    "activation": "relu",
    "patience": 5,
    "decay_epochs": 10,
    "warmup_epochs": 2,
}
# Where a component of a family stands in a config; a layer stands in a list.
PLACES: dict[type[Component], str] = {Optimizer: "optimizer", LearningRateSchedule: "lr_schedule"}
# A base class with this many arguments has a table of its own, to which its components refer.
MIN_SHARED = 4


def configuration_page() -> str:
    """Return the page."""
    return fill(
        TEMPLATE,
        {
            "note": NOTE,
            "config": _arguments_table(Config, Config.model_fields),
            **{SECTIONS[section]: _arguments_table(section, section.model_fields) for section in SECTIONS},
            "layers": _described_members(Layer),
            "activations": _members_table(Activation),
            "initializers": _members_table(Initializer),
            "regularizers": _members_table(Regularizer),
            "optimizers": _described_members(Optimizer),
            "losses": _members_table(Loss),
            "metrics": _members_table(Metric),
            "schedules": _described_members(LearningRateSchedule),
            **{f"keras {anchor}": _keras_link(family) for family, (anchor, url) in FAMILIES.items() if url},
            "rules": _sentences(CROSS_FIELD_RULES),
            "advice": _sentences(ADVICE),
        },
    )


def _keras_link(family: type[Component]) -> str:
    return f"[Keras's documentation]({FAMILIES[family][1]})"


def _sentences(rules: Iterable[Any]) -> str:
    return "\n".join(f"- {_docstring(rule)}" for rule in rules)


def _docstring(described: Any) -> str:
    """Return the first sentence or paragraph of a docstring, on one line."""
    return " ".join((inspect.getdoc(described) or "").partition("\n\n")[0].split())


# --- components ------------------------------------------------------------------------------------------------------


def _described_members(family: type[Component]) -> str:
    """Return a part per member of a family, after the arguments that many of them have."""
    shared = [base for base in _bases(family) if len(_own_arguments(base)) >= MIN_SHARED]
    parts = [part for base in shared for part in _shared_arguments(base)]
    return "\n\n".join([*parts, *(_described_member(member, shared) for member in family.members.values())])


def _bases(family: type[Component]) -> list[type[Component]]:
    """Return the classes without a name in the config from which members inherit, the family itself first."""
    classes = [base for member in family.members.values() for base in reversed(member.__mro__)]
    return [base for base in dict.fromkeys(classes) if issubclass(base, family) and not base.key]


def _own_arguments(section: type[Section]) -> list[str]:
    """Return the arguments that a class defines or changes itself."""
    own = inspect.get_annotations(section)
    return [name for name in section.model_fields if name in own]


def _shared_arguments(base: type[Component]) -> Iterator[str]:
    yield f"{_owners(base)} have these arguments:"
    members = _members_of(base)
    yield _arguments_table(
        base, [name for name in _own_arguments(base) if not all(name in _own_arguments(member) for member in members)]
    )


def _members_of(base: type[Component]) -> list[type[Component]]:
    return [member for member in base.members.values() if issubclass(member, base)]


def _owners(base: type[Component]) -> str:
    """Return who has a base class's arguments: "All optimizers", "`dense` and `conv2d`"."""
    members = _members_of(base)
    if len(members) == len(base.members):
        return f"All {base.family}s"
    *others, last = [code(member.key) for member in members]
    return f"{', '.join(others)} and {last}"


def _described_member(member: type[Component], shared: list[type[Component]]) -> str:
    bases = [base for base in shared if issubclass(member, base)]
    inherited = {name for base in bases for name in _own_arguments(base)}
    own = _own_arguments(member)
    names = [name for name in member.model_fields if name in own or name not in inherited]
    names.sort(key=lambda name: (name not in required_fields(member), name not in own))
    parts = [f"### {member.key}", f"{_docstring(member)} For example: {code(example(member))}"]
    if names:
        parts.append(_arguments_table(member, names))
    parts += [
        f"The arguments that {_owners(base)} share are [above](#{_anchor(member)})."
        for base in bases
        if len(_members_of(base)) < len(base.members)
    ]
    return "\n\n".join(parts)


def example(member: type[Component]) -> str:
    """Return a line of a config that has the component, with an argument if that says more than the name alone."""
    required = required_fields(member)
    values = {name: EXAMPLE_VALUES[name] for name in required}
    if not values and not issubclass(member, Layer):
        name = _own_arguments(member)[0]
        values = {name: to_plain(member.model_fields[name].default) or EXAMPLE_VALUES[name]}
    is_short = issubclass(member, Layer) and len(required) == 1
    arguments: object = values[required[0]] if is_short else values
    component = yaml.safe_dump({member.key: arguments} if values else member.key, default_flow_style=True, width=1000)
    text = component.removesuffix("\n").removesuffix("\n...")
    place = next((place for family, place in PLACES.items() if issubclass(member, family)), None)
    return f"{place}: {text}" if place else f"- {text.removeprefix('{').removesuffix('}')}"


def _anchor(member: type[Component]) -> str:
    return next(anchor for family, (anchor, _) in FAMILIES.items() if issubclass(member, family))


def _members_table(family: type[Component]) -> str:
    """Return a table of a family whose members have few arguments or none, and a table of these arguments."""
    has_tasks = family in (Loss, Metric)
    header = ["name", *(["for"] if has_tasks else []), "meaning"]
    rows = [
        [code(name), *([_tasks(member)] if has_tasks else []), _docstring(member)]
        for name, member in family.members.items()
    ]
    arguments = [
        [code(member.key), *_argument_row(member, name)]
        for member in family.members.values()
        for name in member.model_fields
    ]
    if not arguments:
        return table(header, rows)
    return f"{table(header, rows)}\n\nThese have arguments:\n\n{_without_empty_meaning(['name', *ARGUMENT], arguments)}"


def _tasks(member: Any) -> str:
    """Return the tasks that a loss or a metric is for, with the form of the labels if it matters."""
    labels = f" ({LABELS[member.labels]} labels)" if member.labels else ""
    return ", ".join(task + labels * (task == "classification") for task in member.tasks)


# --- arguments -------------------------------------------------------------------------------------------------------


def _arguments_table(section: type[Section], names: Iterable[str]) -> str:
    header = ["key" if section in (Config, *SECTIONS) else ARGUMENT[0], *ARGUMENT[1:]]
    return _without_empty_meaning(header, [_argument_row(section, name) for name in names])


def _argument_row(section: type[Section], name: str) -> list[str]:
    meaning = section.model_fields[name].description or ""
    return [code(name), _takes(section, name), _default_cell(section, name), meaning]


def _without_empty_meaning(header: list[str], rows: list[list[str]]) -> str:
    """Return a table, without its last column if that is empty."""
    if any(row[-1] for row in rows):
        return table(header, rows)
    return table(header[:-1], [row[:-1] for row in rows])


def _default_cell(section: type[Section], name: str) -> str:
    """Return a default, or "" for a section, whose keys have defaults of their own."""
    if name in required_fields(section):
        return "**required**"
    default = section.model_fields[name].default
    is_section = isinstance(default, Section) and not isinstance(default, Component)
    return "" if is_section else code(_default(section, name))


def _default(section: type[Section], name: str) -> str:
    """Return a default as YAML."""
    default = section.model_fields[name].default
    if isinstance(default, Component):
        return default.key if default == type(default)() else _yaml(to_plain(default))
    return _yaml(to_plain(default))


def _yaml(value: Any) -> str:
    """Return a value as YAML on one line."""
    if isinstance(value, float) and 1e-10 <= abs(value) < 0.001:
        return f"{value:.10f}".rstrip("0")
    if isinstance(value, list) and len(set(value)) == 1:
        return _yaml(value[0])  # a pair of equal numbers
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=1000).removesuffix("\n...\n").strip()
    return text.removeprefix("{").removesuffix("}") if isinstance(value, dict) and len(value) == 1 else text


def _takes(section: type[Section], name: str) -> str:
    """Return what a key or an argument takes: "number (at least 0)", "list of [layers](#layers)"."""
    kind = field_kinds(section)[name]
    if not kind.is_plain:
        optional = not section.model_fields[name].is_required() and section.model_fields[name].default is None
        return f"{_link(kind)} or `null`" if optional else _link(kind)
    return join_or(_alternatives(value_schemas(section)[name]))


def _link(kind: FieldKind) -> str:
    if kind.family is None:
        assert kind.section is not None
        anchor = SECTIONS[kind.section]
        return f"[keys](#{anchor.replace('.', '')})"
    family, noun = kind.family, kind.family.family
    if kind.many:
        return f"list of [{noun}s](#{FAMILIES[family][0]})"
    return f"[{noun}](#{FAMILIES[family][0]})"


def _alternatives(schema: Mapping[str, Any]) -> list[str]:
    """Return the kinds of values that a JSON schema accepts."""
    if "anyOf" in schema:
        options = schema["anyOf"]
        return [
            alternative
            for option in options
            for alternative in ([_pair(option)] if _is_pair(option, options) else _alternatives(option))
        ]
    if "enum" in schema:
        return [code(value) for value in schema["enum"]]
    if "const" in schema:
        return [code(schema["const"])]
    match schema["type"]:
        case "boolean":
            return ["`true`", "`false`"]
        case "null":
            return ["`null`"]
        case "string":
            return ["text"]
        case "array":
            entries = [text.replace("number", "numbers", 1) for text in _alternatives(schema["items"])]
            return [f"list of {join_or(entries)}"]
        case number:
            return [{"integer": "whole number", "number": "number"}[number] + _range(schema)]


def _is_pair(option: Mapping[str, Any], options: list[Mapping[str, Any]]) -> bool:
    """Return whether an option is two of another option."""
    return option.get("minItems") == 2 and option["items"] in options


def _pair(option: Mapping[str, Any]) -> str:
    return "two lists of two" if option["items"].get("type") == "array" else "a list of two"


def _range(schema: Mapping[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f" ({low:,} to {high:,})"
    limits = [f"{words} {schema[key]:,}" for key, words in LIMITS.items() if schema.get(key, UNLIMITED) != UNLIMITED]
    return f" ({' and '.join(limits)})" if limits else ""
