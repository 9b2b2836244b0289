"""The config's language as a JSON schema, for editors."""

from __future__ import annotations

from typing import Any

from pydantic.fields import FieldInfo

from nntrain.config.building import Slot, slots, value_schema
from nntrain.config.schema import Component, Config, Section


def config_schema() -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of a config file, as it may be written: names, or names with arguments."""
    definitions: dict[str, Any] = {}
    schema = _section(Config, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "nntrain config",
        **schema,
        "$defs": dict(sorted(definitions.items())),
    }


def _section(section: type[Section], definitions: dict[str, Any]) -> dict[str, Any]:
    properties = {
        name: _field(section, name, field, slots(section)[name], definitions)
        for name, field in section.model_fields.items()
    }
    required = [name for name, field in section.model_fields.items() if field.is_required()]
    described = {"description": section.__doc__} if section.__doc__ else {}
    schema = {"type": "object", **described, "properties": properties, "additionalProperties": False}
    return {**schema, "required": required} if required else schema


def _field(
    section: type[Section], name: str, field: FieldInfo, slot: Slot, definitions: dict[str, Any]
) -> dict[str, Any]:
    described = {"description": field.description} if field.description else {}
    if slot.family:
        inner = _family(slot.family, definitions)
        if slot.many:
            return {**described, "type": "array", "items": inner}
        return {**described, "anyOf": [inner, {"type": "null"}]} if not field.is_required() else inner
    if slot.section:
        return {**described, "anyOf": [_section(slot.section, definitions), {"type": "null"}]}
    schema = {**value_schema(section, name), **described}
    if not field.is_required() and field.default is not None:
        schema["default"] = list(field.default) if isinstance(field.default, tuple) else field.default
    return schema


def _family(family: type[Component], definitions: dict[str, Any]) -> dict[str, Any]:
    word = family.family.replace(" ", "_").replace("-", "_")
    if word not in definitions:
        definitions[word] = {}  # stands while the members are read
        named = [name for name, member in family.members.items() if not _requires(member)]
        members = [_member(name, member, definitions) for name, member in family.members.items()]
        definitions[word] = {"anyOf": [{"enum": named}, *members] if named else members}
    return {"$ref": f"#/$defs/{word}"}


def _requires(member: type[Component]) -> bool:
    return any(field.is_required() for field in member.model_fields.values())


def _member(name: str, member: type[Component], definitions: dict[str, Any]) -> dict[str, Any]:
    arguments = _section(member, definitions)
    bare = member.bare()
    if bare is not None:
        arguments = {"anyOf": [arguments["properties"][bare], arguments]}
    return {"type": "object", "properties": {name: arguments}, "required": [name], "additionalProperties": False}
