"""The settings in which two configs differ."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nntrain.config.load import LoadedConfig, load_config
from nntrain.config.schema import Component, Config, Section
from nntrain.errors import ConfigError, UsageError

Settings = Iterator[tuple[str, Any]]  # dotted keys with their values


def changed_settings(loaded: LoadedConfig, *, previous: Path | None, include_auto: bool = False) -> dict[str, Any]:
    """Return the settings that differ from an earlier run's config, or from the config's own file, by dotted key.

    `previous` is the path of the earlier run's config. A runtime setting of `auto` does not count as different from
    what was chosen for it in the earlier run, unless `include_auto`. The result is empty if the earlier config, or the
    file, cannot be read, or if there is neither.
    """
    path = previous or loaded.path
    if path is None:
        return {}
    try:
        earlier = load_config(path).config
    except (ConfigError, UsageError):
        return {}
    return differing_settings(earlier, loaded.config, include_auto=include_auto or previous is None)


def differing_settings(old: Config, new: Config, *, include_auto: bool) -> dict[str, Any]:
    """Return the settings that turn `old` into `new`, by dotted key, as overrides of `old`: None removes a setting.

    Without `include_auto`, a runtime setting that is `auto` in `new` does not count.
    """
    settings = dict(_changes(old, new))
    if not include_auto:
        settings = {key: value for key, value in settings.items() if not _is_auto(key, value)}
    return settings


def _is_auto(key: str, value: object) -> bool:
    return key.startswith("runtime.") and value == "auto"


def _changes(old: object, new: object, key: str = "") -> Settings:
    """Yield the settings that turn one value into another."""
    if old == new:
        return
    if isinstance(new, Section) and type(new) is type(old):
        for name in type(new).model_fields:
            yield from _changes(getattr(old, name), getattr(new, name), _argument_key(key, new, name))
    elif key == "model" and isinstance(old, tuple) and isinstance(new, tuple):
        yield from _layer_changes(old, new)
    else:
        yield from _from_scratch(new, key)


def _layer_changes(old: tuple[object, ...], new: tuple[object, ...]) -> Settings:
    """Yield the settings layer by layer; any other list is short, and set as a whole."""
    removed = _removed_indices(old, new)
    if removed is not None:
        yield from ((f"model.{index}", None) for index in removed)
        return
    for index, layer in enumerate(new):
        key = f"model.{index}"
        if index >= len(old):
            yield from _from_scratch(layer, key)
        elif type(layer) is type(old[index]):
            yield from _changes(old[index], layer, key)
        else:
            yield key, _shortest(layer)  # overrides replace a layer only as a whole
    yield from ((f"model.{index}", None) for index in range(len(new), len(old)))


def _removed_indices(old: tuple[object, ...], new: tuple[object, ...]) -> list[int] | None:
    """Return the indices of the entries that are missing in `new`, or None if it is not `old` without some of them."""
    removed, kept = [], 0
    for index, entry in enumerate(old):
        if kept < len(new) and entry == new[kept]:
            kept += 1
        else:
            removed.append(index)
    return removed if kept == len(new) else None


def _from_scratch(value: object, key: str) -> Settings:
    """Yield the settings that give a value where there was none, without those that are the default."""
    if isinstance(value, Section):
        chosen = _chosen(value)
        if not chosen:
            yield key, _shortest(value)
        for name, argument in chosen.items():
            yield from _from_scratch(argument, _argument_key(key, value, name))
    else:
        yield key, _shortest(value)


def _shortest(value: object) -> Any:
    """Return a value as a config file can write it without defaults."""
    if isinstance(value, Section):
        arguments = {name: _shortest(argument) for name, argument in _chosen(value).items()}
        if not isinstance(value, Component):
            return arguments
        return {value.key: arguments} if arguments else value.key
    return [_shortest(entry) for entry in value] if isinstance(value, tuple) else value


def _chosen(section: Section) -> dict[str, object]:
    """Return the arguments that are not the default, by name."""
    arguments = {name: getattr(section, name) for name in type(section).model_fields}
    defaults = {
        name: field.get_default(call_default_factory=True) for name, field in type(section).model_fields.items()
    }
    return {name: argument for name, argument in arguments.items() if argument != defaults[name]}


def _argument_key(key: str, section: Section, name: str) -> str:
    steps = (key, section.key if isinstance(section, Component) else "", name)
    return ".".join(step for step in steps if step)
