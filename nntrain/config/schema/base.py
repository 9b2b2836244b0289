"""The base classes of all models in the schema, and the types of their numbers.

A *section* is a mapping with known keys. A *component* is a member of a family (a layer, an optimizer, a loss, ...): in
the file it is a name, or a name with its arguments. A model's field has the name of the YAML key, which is the name of
Keras's argument.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, Self, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema

# The form in which a loss or a metric takes the labels of a classification task.
Labels = Literal["one_hot", "integers"]

# Every number is finite (see `Section.model_config`); these types add the range.
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
OpenFraction = Annotated[float, Field(gt=0, lt=1)]
# TensorFlow's own counters overflow at 2**31.
Count = Annotated[int, Field(ge=1, lt=2**31)]
CountOrZero = Annotated[int, Field(ge=0, lt=2**31)]
# No sensible layer is wider; the limit keeps a typing error from taking all memory.
Width = Annotated[int, Field(ge=1, le=65_536)]


def _as_pair(value: object) -> object:
    return (value, value) if isinstance(value, int) and not isinstance(value, bool) else value


_PAIR_ENTRY = {"type": "integer", "minimum": 1, "maximum": 1024}
# As in Keras, one number for both height and width, or [height, width].
Pair = Annotated[
    tuple[Annotated[int, Field(ge=1, le=1024)], Annotated[int, Field(ge=1, le=1024)]],
    BeforeValidator(_as_pair),
    WithJsonSchema({"anyOf": [_PAIR_ENTRY, {"type": "array", "items": _PAIR_ENTRY, "minItems": 2, "maxItems": 2}]}),
]


# The pixels added to each side: the same on all sides, [height, width], or [[top, bottom], [left, right]].
_Side = Annotated[int, Field(ge=0, le=1024)]
_SIDE = {"type": "integer", "minimum": 0, "maximum": 1024}
_SIDES = {"type": "array", "items": _SIDE, "minItems": 2, "maxItems": 2}
Sides = Annotated[
    tuple[_Side, _Side] | tuple[tuple[_Side, _Side], tuple[_Side, _Side]],
    BeforeValidator(_as_pair),
    WithJsonSchema({"anyOf": [_SIDE, _SIDES, {"type": "array", "items": _SIDES, "minItems": 2, "maxItems": 2}]}),
]
# The length of each axis; -1 stands for the length that the others leave.
TargetShape = Annotated[tuple[Annotated[int, Field(ge=-1, lt=2**31)], ...], Field(min_length=1, max_length=5)]


class Section(BaseModel):
    """A mapping with known keys; immutable once validated."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, defer_build=True, protected_namespaces=()
    )


class Component(Section):
    """A member of a family, written as its name or as {name: {arguments}}."""

    key: ClassVar[str] = ""  # the component's name in the config; empty for a family itself
    family: ClassVar[str] = ""  # the family's name in messages, as in "a layer"
    members: ClassVar[dict[str, type[Self]]] = {}  # all members of the family, by name

    def __init_subclass__(cls, *, family: str = "", key: str = "") -> None:
        if family:
            cls.family, cls.members = family, {}
        if key:
            cls.key = key
            cls.members[key] = cls  # type: ignore[assignment]  # mypy cannot bind Self here

    @classmethod
    def keras_name(cls) -> str:
        """Return the name of the corresponding class or function in Keras, by default that of the class."""
        return cls.__name__

    @classmethod
    def positional_argument(cls) -> str | None:
        """Return the argument that a plain value after the name sets: the only required one, or None."""
        required = required_fields(cls)
        return required[0] if len(required) == 1 else None


def required_fields(section: type[Section]) -> list[str]:
    """Return the names of the fields without a default."""
    return [name for name, field in section.model_fields.items() if field.is_required()]


@dataclass(frozen=True)
class FieldKind:
    """What a field holds: a section, a component, a list of components, or a plain value if it is none of these."""

    section: type[Section] | None = None
    family: type[Component] | None = None
    many: bool = False  # a list of components
    min_length: int = 0  # of the list
    max_length: int | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the field holds neither sections nor components."""
        return self.section is None and self.family is None


@cache
def field_kinds(section: type[Section]) -> dict[str, FieldKind]:
    """Return what each field of a section holds, by name."""
    return {name: _field_kind(field) for name, field in section.model_fields.items()}


def _field_kind(field: FieldInfo) -> FieldKind:
    kind = _annotated_kind(field.annotation)
    if not kind.many:
        return kind
    limits = {
        name: getattr(constraint, name)
        for constraint in field.metadata
        for name in ("min_length", "max_length")
        if hasattr(constraint, name)
    }
    return replace(kind, **limits)


def _annotated_kind(annotation: object) -> FieldKind:
    if isinstance(annotation, type) and issubclass(annotation, Component):
        return FieldKind(family=annotation)
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return FieldKind(section=annotation)
    for inner in get_args(annotation):
        kind = _annotated_kind(inner)
        if not kind.is_plain:
            return replace(kind, many=get_origin(annotation) is tuple or kind.many)
    return FieldKind()


class _WithoutTitles(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


@cache
def value_schemas(section: type[Section]) -> dict[str, dict[str, Any]]:
    """Return the JSON schema of each plain field of a section, by name, without title, default and description."""
    properties = section.model_json_schema(schema_generator=_WithoutTitles).get("properties", {})
    return {
        name: {key: value for key, value in properties[name].items() if key not in ("default", "description")}
        for name, kind in field_kinds(section).items()
        if kind.is_plain
    }


def accepts(section: type[Section], name: str, value: object) -> bool:
    """Return whether a field accepts a value, regardless of the section's other fields."""
    try:
        section.model_validate({name: value})
    except ValidationError as error:
        return all(detail["loc"][0] != name for detail in error.errors())
    return True
