"""Validation: an expanded tree becomes a Config, or every mistake in it is reported with its place.

pydantic validates each section separately, the innermost first, and its errors are mapped to places in the tree. A
single `Config.model_validate` would return nothing if one value is wrong. The rules across fields, however, check all
values that are valid, and an unknown layer must not hide mistakes in the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from pydantic import ValidationError, create_model

from nntrain.config import mistakes
from nntrain.config.schema import Component, Config, FieldKind, Section, field_kinds
from nntrain.config.wording import dotted, format_value, with_article
from nntrain.config.yaml_tree import KeyPath, Node, Place
from nntrain.results import Problem

MAX_UNKNOWN_KEYS = 50  # of one section; more are reported as one problem


class Unavailable(Exception):  # noqa: N818 (control flow between validation and rules, never shown)
    """The value that is read is missing or invalid."""


class InvalidSection:
    """The valid values of a section that has mistakes; reading another value raises Unavailable."""

    def __init__(self, section: type[Section], values: Mapping[str, object]) -> None:
        self._values = {**values, "key": section.key} if issubclass(section, Component) else values

    def __getattr__(self, name: str) -> object:
        """Return a field, or a component's key."""
        if name.startswith("__") or name not in self._values:
            raise Unavailable(name)
        return self._values[name]


# A section, or its valid values; None if it names no component.
Validated = Section | InvalidSection | None


def validate(root: Node) -> tuple[Config | InvalidSection, list[Problem]]:
    """Return the Config of an expanded tree, or its valid values, and the problems found."""
    validator = _Validator()
    config = validator.section(root, Config, ())
    return cast("Config | InvalidSection", config), validator.problems


class _Validator:
    """Walks the tree and collects the problems."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def report(self, place: Place, message: str) -> None:
        self.problems.append(Problem(str(place), message))

    def section(self, node: Node, section: type[Section], path: KeyPath) -> Section | InvalidSection:
        """Validate the sections and components inside, then the section itself."""
        if not isinstance(node.value, dict):
            if not node.unreadable:
                self.report(node.place, mistakes.not_a_section(path, section, node))
            return InvalidSection(section, {})
        values, invalid = self.fields(node.value, section, path)
        validated, errors = _model_validate(section, values)
        if validated is not None and not invalid:
            return validated
        errors = {name: error for name, error in errors.items() if name not in invalid}
        intended = self.report_errors(errors, node, section, path)
        valid = _valid_values(section, values, invalid={*errors, *invalid, *intended})
        return InvalidSection(section, {**valid, **{name: value for name, value in invalid.items() if value}})

    def fields(
        self, children: Mapping[str, Node], section: type[Section], path: KeyPath
    ) -> tuple[dict[str, object], dict[str, object]]:
        """Validate the sections and components in a section's fields.

        Returns the values for the section's model, and the fields whose mistakes are already reported: for each, its
        valid values, or None if there are none.
        """
        values: dict[str, object] = {}
        invalid: dict[str, object] = {}
        for name, child in children.items():
            kind = field_kinds(section).get(name)
            if kind is None:
                values[name] = None  # an unknown key, which the model reports
            elif child.unreadable or (kind.is_plain and not child.is_readable()):
                invalid[name] = None
            elif kind.is_plain:
                values[name] = _as_input(child)
            elif mistakes.is_off(child.value, kind.family) and not section.model_fields[name].is_required():
                self.report(
                    child.place, f"{dotted((*path, name))}: {mistakes.switched_off(child.value, many=kind.many)}"
                )
                invalid[name] = None
            elif child.value is not None:
                value = self.nested(child, kind, (*path, name))
                if _is_valid(value):
                    values[name] = value
                else:
                    invalid[name] = value
        return values, invalid

    def report_errors(self, errors: Mapping[str, str], node: Node, section: type[Section], path: KeyPath) -> set[str]:
        """Report the model's errors by field; returns the fields that unknown keys were probably meant to set."""
        unknown = [name for name, error in errors.items() if error == "extra_forbidden"]
        intended = {field for name in unknown for field in mistakes.intended_fields(name, section)}
        self.report_unknown_keys(unknown, node, section, path)
        for name, error in errors.items():
            if error == "missing" and name not in intended:
                self.report_missing(name, node, section, path)
            elif error not in ("missing", "extra_forbidden"):
                child = node.at((name,))
                message = mistakes.wrong_value(section, name, child.plain())
                self.report(child.place, f"{dotted((*path, name))}: {message}")
        return intended

    def report_unknown_keys(self, names: list[str], node: Node, section: type[Section], path: KeyPath) -> None:
        if len(names) > MAX_UNKNOWN_KEYS:
            self.report(node.place, f"{len(names):,} unknown keys; {mistakes.known_keys(section)}")
            return
        for name in names:
            child = node.at((name,))
            message = mistakes.unknown_key(name, section, child, node)
            self.report(child.key_place or child.place, f"{dotted((*path, name))}: {message}")

    def report_missing(self, name: str, node: Node, section: type[Section], path: KeyPath) -> None:
        empty = node.child(name)  # a key without a value
        place = (empty.key_place or empty.place) if empty else node.place
        self.report(place, f"{dotted((*path, name))}: {mistakes.missing_field(name, section)}")

    def nested(self, node: Node, kind: FieldKind, path: KeyPath) -> Validated | tuple[Validated, ...]:
        """Validate a section, a component or a list of components."""
        if kind.section:
            return self.section(node, kind.section, path)
        family = cast("type[Component]", kind.family)
        return self.components(node, kind, family, path) if kind.many else self.component(node, family, path)

    def components(
        self, node: Node, kind: FieldKind, family: type[Component], path: KeyPath
    ) -> tuple[Validated, ...] | None:
        if not isinstance(node.value, list):
            self.report(node.place, f"{dotted(path)} {mistakes.not_a_list(family, node.value)}")
            return None
        count, name = len(node.value), f"{family.family}s"
        if count < kind.min_length:
            self.report(node.place, f"{dotted(path)} has no {name}; at least {kind.min_length} is needed")
            return None
        if kind.max_length is not None and count > kind.max_length:
            self.report(node.place, f"{dotted(path)} has {count:,} {name}; at most {kind.max_length:,} are allowed")
            return None
        return tuple(self.component(entry, family, (*path, index)) for index, entry in enumerate(node.value))

    def component(self, node: Node, family: type[Component], path: KeyPath) -> Validated:
        """Validate `{name: {arguments}}`; returns None if the name is not that of a member of the family."""
        children = node.value
        if isinstance(children, dict) and len(children) == 1:
            ((name, arguments),) = children.items()
            if name in family.members:
                return self.member(arguments, family.members[name], (*path, name))
            message = f"no such {family.family}{mistakes.likely_member(name, family)}"
            self.report(arguments.key_place or node.place, f"{dotted((*path, name))}: {message}")
        elif isinstance(children, dict):
            self.report(node.place, f"{dotted(path)}: {mistakes.several_names(children, family)}")
        elif isinstance(children, str):
            message = f"no {family.family} '{children}'{mistakes.likely_member(children, family)}"
            self.report(node.place, f"{dotted(path)}: {message}")
        elif not node.unreadable:
            message = f"expected the name of {with_article(family.family)}, got {format_value(node.plain())}"
            self.report(node.place, f"{dotted(path)}: {message}")
        return None

    def member(self, arguments: Node, member: type[Component], path: KeyPath) -> Section | InvalidSection:
        """Validate a component's arguments, which must be a mapping after expansion."""
        if isinstance(arguments.value, dict):
            return self.section(arguments, member, path)
        if not arguments.unreadable:
            place = arguments.place
            if arguments.value is None and arguments.key_place:
                place = arguments.key_place
            self.report(place, f"{dotted(path)}: {mistakes.unnamed_arguments(member, arguments)}")
        return InvalidSection(member, {})


def _as_input(node: Node) -> object:
    """Return a value as the models take it: their lists are tuples."""
    return _with_tuples(node.plain())


def _with_tuples(value: object) -> object:
    return tuple(map(_with_tuples, value)) if isinstance(value, list) else value


def _is_valid(value: Validated | tuple[Validated, ...]) -> bool:
    return all(isinstance(entry, Section) for entry in (value if isinstance(value, tuple) else (value,)))


def _model_validate(section: type[Section], values: Mapping[str, object]) -> tuple[Section | None, dict[str, str]]:
    """Return a section, or None and each invalid field with its error: "missing", "extra_forbidden" or "value"."""
    try:
        return section.model_validate(values), {}
    except ValidationError as error:
        details = error.errors(include_url=False)
        # A longer location is inside a value: a pair of [3] has the error "missing" for its second number.
        return None, {
            str(detail["loc"][0]): detail["type"] if len(detail["loc"]) == 1 else "value" for detail in details
        }


def _valid_values(section: type[Section], values: Mapping[str, object], *, invalid: set[str]) -> dict[str, object]:
    """Return the values and defaults of all fields that are not invalid, as the section's model validates them."""
    fields = section.model_fields.keys()
    unchecked: dict[str, Any] = dict.fromkeys(fields & invalid, (Any, None))
    model = create_model(section.__name__, __base__=section, **unchecked)
    validated = model.model_validate({name: value for name, value in values.items() if name not in invalid})
    return {name: getattr(validated, name) for name in fields - invalid}
