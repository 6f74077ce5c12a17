"""What makes a config differ from the defaults, as words of a command line."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from shelftag.config.tree import Config


def changed(config: Config) -> dict[str, str]:
    """Key path -> value, as JSON, which YAML reads: what `load_config` makes an equal Config of.

    So a config goes where its file does not, such as into the command of a job on a cluster.
    """
    now, before = (tree.model_dump(mode="json") for tree in (config, Config()))
    return {path: _written(value) for path, value in _changed(now, before)}


def _written(value: object) -> str:
    """JSON; YAML takes some characters only escaped, and no character as a pair of surrogates."""
    text = json.dumps(value, ensure_ascii=False)
    return re.sub(r"[^\x20-\x7e\U00010000-\U0010ffff]", lambda one: f"\\u{ord(one[0]):04x}", text)


def _changed(
    now: Mapping[str, Any], before: Mapping[str, Any], above: str = ""
) -> Iterator[tuple[str, Any]]:
    for key, value in now.items():
        old = before[key]
        if isinstance(value, dict) and isinstance(old, dict) and value.keys() == old.keys():
            yield from _changed(value, old, f"{above}{key}.")
        elif value != old:
            yield f"{above}{key}", value
