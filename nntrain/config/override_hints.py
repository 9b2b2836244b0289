"""Which override was probably meant by one whose key does not exist: `units=64` is `model.0.dense.units=64`."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from nntrain.config.schema import Component, Config, Layer, field_kinds
from nntrain.config.suggest import closest_word, same_word
from nntrain.config.wording import join_or
from nntrain.config.yaml_tree import Node, Place

SHORT_KEYS = {"epochs": "fit.epochs", "batch_size": "fit.batch_size"}
SHORT_WORDS = (*SHORT_KEYS, "learning_rate")  # keys that need no path
MAX_SUGGESTIONS = 3
NO_CONFIG = Node({}, Place(""))


def did_you_mean(key: str, value: str, root: Node = NO_CONFIG) -> str:
    """Return "did you mean `epochs=5`?" for an unknown key, or "" if no key is close.

    `value` is the text after the key, with its equals sign; it is empty for an override from Python. `root` is the
    config's expanded tree; without it, layers are examples.
    """
    keys = intended_keys(key, root)[:MAX_SUGGESTIONS]
    return f"did you mean {join_or(f'`{shlex.quote(key + value)}`' for key in keys)}?" if keys else ""


def intended_keys(key: str, root: Node = NO_CONFIG) -> list[str]:
    """Return the keys, as overrides write them, that an unknown key was probably meant to be; the likeliest first."""
    *parents, word = key.split(".")
    settings = _settings(root)
    name = same_word(word, settings) or (None if _is_component(word) else closest_word(word, settings))
    if name is None:
        return []
    for length in range(len(parents), 0, -1):
        prefix = ".".join(parents[:length]) + "."
        inside = [setting for setting in settings[name] if setting.startswith(prefix)]
        if inside:
            return inside
    return [name] if name in SHORT_WORDS else settings[name]


def is_setting(word: str) -> bool:
    """Return whether a word names a setting, perhaps in another spelling."""
    return same_word(word.rpartition(".")[2], _settings(NO_CONFIG)) is not None


def _is_component(word: str) -> bool:
    families = (kind.family for kind in field_kinds(Config).values() if kind.family)
    return any(same_word(word, family.members) for family in families)


def _settings(root: Node) -> dict[str, list[str]]:
    """Return the keys of a config's settings by their last word, those that the config has before others."""
    settings: dict[str, list[str]] = {}
    for key in (*SHORT_WORDS, *_keys(root)):
        settings.setdefault(_last(key), []).append(key)
    for word, keys in _layer_keys(root).items():
        settings.setdefault(word, []).extend(keys)
    for key in _keys_of_others(with_layers=root is NO_CONFIG):
        settings.setdefault(_last(key), [key])
    return settings


def _last(key: str) -> str:
    return key.rpartition(".")[2]


def _keys(root: Node) -> Iterator[str]:
    """Yield the config's keys, those of its sections, and the arguments of its components; layers excepted."""
    for top, kind in field_kinds(Config).items():
        yield top
        if kind.section:
            yield from (f"{top}.{field}" for field in kind.section.model_fields)
        elif kind.family and not kind.many:
            yield from _arguments(top, root.child(top), kind.family)


def _arguments(path: str, component: Node | None, family: type[Component]) -> Iterator[str]:
    """Yield the arguments of an expanded component."""
    for name in component.value if component is not None and isinstance(component.value, dict) else ():
        if name in family.members:
            yield from (f"{path}.{name}.{argument}" for argument in family.members[name].model_fields)


def _layer_keys(root: Node) -> dict[str, list[str]]:
    """Return the layers' arguments by their last word, and by the layer's name; the output layer's only if alone."""
    model = root.child("model")
    layers = model.value if model is not None and isinstance(model.value, list) else []
    found: dict[str, list[tuple[int, str]]] = {}
    for index, layer in enumerate(layers):
        for key in _arguments(f"model.{index}", layer, Layer):
            name, argument = key.split(".")[2:]
            found.setdefault(argument, []).append((index, key))
            if argument == Layer.members[name].positional_argument():
                found.setdefault(name, []).append((index, key))
    return {
        word: [key for index, key in keys if index < len(layers) - 1] or [key for _, key in keys]
        for word, keys in found.items()
    }


def _keys_of_others(*, with_layers: bool) -> Iterator[str]:
    """Yield the arguments of all components of the families of which a config has at most one, and of layers."""
    for top, kind in field_kinds(Config).items():
        if kind.family and (with_layers if kind.family is Layer else not kind.many):
            path = f"{top}.0" if kind.many else top
            for name, member in kind.family.members.items():
                yield from (f"{path}.{name}.{argument}" for argument in member.model_fields)
