"""The JSON schema of config files, which editors use to check and complete them."""

from __future__ import annotations

from typing import Any

from pydantic.fields import FieldInfo

from nntrain.config.schema import (
    Component,
    Config,
    FieldKind,
    Section,
    field_kinds,
    required_fields,
    value_schemas,
)


def config_schema() -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of a config file, in which `adam` and `{adam: {...}}` are both valid."""
    definitions: dict[str, Any] = {}
    schema = _section(Config, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "nntrain config",
        **schema,
        "patternProperties": {"^x-": {"description": "a place for anchors, which is not read"}},
        "$defs": dict(sorted(definitions.items())),
    }


def _section(section: type[Section], definitions: dict[str, Any]) -> dict[str, Any]:
    properties = {
        name: _field(section, name, field, field_kinds(section)[name], definitions)
        for name, field in section.model_fields.items()
    }
    required = required_fields(section)
    described = {"description": section.__doc__} if section.__doc__ else {}
    schema = {"type": "object", **described, "properties": properties, "additionalProperties": False}
    return {**schema, "required": required} if required else schema


def _field(
    section: type[Section], name: str, field: FieldInfo, kind: FieldKind, definitions: dict[str, Any]
) -> dict[str, Any]:
    described = {"description": field.description} if field.description else {}
    if kind.family:
        member = _family(kind.family, definitions)
        if kind.many:
            return {**described, "type": "array", "items": member}
        return {**described, "anyOf": [member, {"type": "null"}]} if not field.is_required() else member
    if kind.section:
        return {**described, "anyOf": [_section(kind.section, definitions), {"type": "null"}]}
    schema = {**value_schemas(section)[name], **described}
    if not field.is_required() and field.default is not None:
        schema["default"] = list(field.default) if isinstance(field.default, tuple) else field.default
    return schema


def _family(family: type[Component], definitions: dict[str, Any]) -> dict[str, Any]:
    """Return a reference to the definition of a family, which is added to the definitions if it is not yet there."""
    title = family.family.replace(" ", "_").replace("-", "_")
    if title not in definitions:
        definitions[title] = {}  # stops the recursion if a member refers to its own family
        names = [name for name, member in family.members.items() if not required_fields(member)]
        members = [_member(name, member, definitions) for name, member in family.members.items()]
        definitions[title] = {"anyOf": [{"enum": names}, *members] if names else members}
    return {"$ref": f"#/$defs/{title}"}


def _member(name: str, member: type[Component], definitions: dict[str, Any]) -> dict[str, Any]:
    arguments = _section(member, definitions)
    positional = member.positional_argument()
    if positional is not None:
        arguments = {"anyOf": [arguments["properties"][positional], arguments]}
    return {"type": "object", "properties": {name: arguments}, "required": [name], "additionalProperties": False}
