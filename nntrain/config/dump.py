"""Writing a Config: as YAML, or as the plain values of a config file."""

from __future__ import annotations

from typing import Any

import yaml

from nntrain.config.schema import Component, Config, Section, required_fields
from nntrain.config.yaml_tree import reads_as_text


def dump_config(config: Config) -> str:
    """Return a config as YAML with every default filled in; reading it gives an equal config."""
    return "".join(f"{name}:{_block(getattr(config, name))}\n" for name in Config.model_fields)


def to_plain(value: object) -> Any:
    """Return a section, a component or a value as the mappings, lists and scalars of a config file."""
    if isinstance(value, Section):
        section = type(value)
        names = dict.fromkeys([*required_fields(section), *section.model_fields])
        arguments = {name: to_plain(getattr(value, name)) for name in names}
        return {value.key: arguments} if isinstance(value, Component) else arguments
    if isinstance(value, tuple):
        return [to_plain(entry) for entry in value]
    return value


def _block(value: object) -> str:
    """Return what follows a key of the file, with one line per list entry or setting."""
    if isinstance(value, tuple) and value:
        return "".join(f"\n  - {_flow(entry)}" for entry in value)
    if isinstance(value, Section) and not isinstance(value, Component):
        return "".join(f"\n  {name}: {_flow(getattr(value, name))}" for name in type(value).model_fields)
    return f" {_flow(value)}"


def _flow(value: object) -> str:
    """Return a value as YAML on one line."""
    text = yaml.dump(
        to_plain(value),
        Dumper=_Dumper,
        default_flow_style=True,
        sort_keys=False,
        width=float("inf"),
        allow_unicode=True,
    )
    return text.removesuffix("\n...\n").strip()


class _Dumper(yaml.SafeDumper):
    """Writes text in quotes if it would be read as something else.

    PyYAML leaves some control characters bare, which it reads as spaces, and the names 1e3 and 0o7, which are numbers
    in YAML 1.2.
    """

    def represent_text(self, text: str) -> yaml.ScalarNode:
        """Represent a text."""
        style = '"' if not text.isprintable() else None if reads_as_text(text) else "'"
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _Dumper.represent_text)
