"""The settings in which two configs differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nntrain.config.dump import to_plain
from nntrain.config.load import LoadedConfig, load_config
from nntrain.errors import ConfigError, UsageError


def changed_settings(loaded: LoadedConfig, *, previous: Path | None, include_auto: bool = False) -> dict[str, Any]:
    """Return the settings in which a config differs from an earlier run's, or from its file, by dotted key.

    A runtime setting of `auto` is no change from what was chosen for it in the earlier run, unless `include_auto`. The
    result is empty if the earlier config cannot be read.
    """
    try:
        earlier = load_config(previous or loaded.path).config
    except (ConfigError, UsageError):
        return {}
    old, new = _flat(to_plain(earlier)), _flat(to_plain(loaded.config))
    keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    if previous is not None and not include_auto:
        keys = [key for key in keys if not (key.startswith("runtime.") and new.get(key) == "auto")]
    return {key: new.get(key) for key in keys}


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    """Return a nested document as plain values by dotted key."""
    if not (isinstance(value, dict | list) and value):
        return {path: value}
    children = value.items() if isinstance(value, dict) else enumerate(value)
    return {
        key: plain
        for name, child in children
        for key, plain in _flat(child, f"{path}.{name}" if path else str(name)).items()
    }
