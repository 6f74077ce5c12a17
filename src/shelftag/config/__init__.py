"""One frozen, typed tree of settings, a file a stage."""

from shelftag.config.tree import Config, load_config, parse_config

__all__ = ["Config", "load_config", "parse_config"]
