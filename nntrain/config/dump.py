"""A Config as YAML."""

from nntrain.config.loading import dump_config
from nntrain.config.loading import plain as to_plain

__all__ = ["dump_config", "to_plain"]
