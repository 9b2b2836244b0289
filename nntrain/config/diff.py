"""The settings in which two configs differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nntrain.config.dump import to_plain
from nntrain.config.load import LoadedConfig, load_config
from nntrain.config.schema import Config
from nntrain.errors import ConfigError, UsageError


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
    """Return the settings of `new` that differ from those of `old`, by dotted key; a missing setting is None.

    Without `include_auto`, a runtime setting that is `auto` in `new` does not count.
    """
    before, after = _flatten(to_plain(old)), _flatten(to_plain(new))
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    if not include_auto:
        keys = [key for key in keys if not (key.startswith("runtime.") and after.get(key) == "auto")]
    return {key: after.get(key) for key in keys}


def _flatten(value: Any, path: str = "") -> dict[str, Any]:
    """Return the scalars of a nested document by dotted key; empty mappings and lists count as scalars."""
    if not (isinstance(value, dict | list) and value):
        return {path: value}
    children = value.items() if isinstance(value, dict) else enumerate(value)
    return {
        key: plain
        for name, child in children
        for key, plain in _flatten(child, f"{path}.{name}" if path else str(name)).items()
    }
