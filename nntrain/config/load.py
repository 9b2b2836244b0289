"""A YAML file and `key=value` overrides to a Config."""

from nntrain.config.loading import LoadedConfig, load_config, ten_classes

__all__ = ["LoadedConfig", "load_config", "ten_classes"]
