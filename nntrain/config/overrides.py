"""`key=value` arguments."""

from nntrain.config.building import OVERRIDE


def is_override(argument: str) -> bool:
    """Return whether a command-line argument is an override, `key=value`, rather than a name or path."""
    return OVERRIDE.match(argument) is not None
