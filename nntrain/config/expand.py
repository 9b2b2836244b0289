"""Expansion: all components of a config's tree are rewritten as `{name: {arguments}}`.

A file may contain `flatten`, `dense: 8` or `dense: {units: 8}`; after expansion, only the last form is left. Mistakes
are not changed here; validation reports them.
"""

from __future__ import annotations

from dataclasses import replace

from nntrain.config.schema import Component, Config, FieldKind, Section, field_kinds
from nntrain.config.yaml_tree import Node


def expand(node: Node, section: type[Section] = Config) -> Node:
    """Return a section's tree with its components expanded."""
    if not isinstance(node.value, dict):
        return node
    kinds = field_kinds(section)
    children = {
        name: expand_field(child, kinds.get(name, FieldKind()))
        for name, child in node.value.items()
        if not (section is Config and name.startswith("x-"))  # a place for anchors
    }
    return replace(node, value=children)


def expand_field(node: Node, kind: FieldKind) -> Node:
    """Return the tree of a field's value with its components expanded."""
    if kind.section:
        return expand(node, kind.section)
    if not kind.family:
        return node
    if not kind.many:
        return _expand_component(node, kind.family)
    if isinstance(node.value, list):
        return replace(node, value=[_expand_component(entry, kind.family) for entry in node.value])
    return node


def expand_arguments(node: Node, member: type[Component]) -> Node:
    """Return a component's arguments as a mapping: a plain value becomes the positional argument."""
    positional = member.positional_argument()
    if not isinstance(node.value, dict) and node.value is not None and positional:
        node = replace(node, value={positional: node})
    return expand(node, member)


def _expand_component(node: Node, family: type[Component]) -> Node:
    name, arguments = node.value, replace(node, value={})
    if isinstance(name, dict) and len(name) == 1:
        ((name, arguments),) = name.items()
    member = family.members.get(name) if isinstance(name, str) else None
    if member is None:
        return node
    return replace(node, value={member.key: expand_arguments(arguments, member)})
