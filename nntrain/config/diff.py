"""In which settings two configs differ."""

from pathlib import Path
from typing import Any

from nntrain.config.loading import LoadedConfig, changes


def changed_settings(loaded: LoadedConfig, *, previous: Path | None, include_auto: bool = False) -> dict[str, Any]:
    """Return the settings in which a config differs from its file, or from an earlier run's config, by dotted key."""
    return changes(loaded, previous=previous, auto=include_auto)
