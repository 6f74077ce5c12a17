"""`shelftag keys new`: an API key for one client of the endpoint."""

import sys
from pathlib import Path

from serve.protection.keys import append_line, key_line, new_key
from shelftag.config import Config
from shelftag.errors import InputError


def main(*, action: str, name: str, config: Config) -> None:
    """Print a new key, which is kept nowhere, and the line with its hash, which is.

    Raises:
        InputError: the action is unknown, the name cannot be used, or the file not written.
    """
    if action != "new":
        raise InputError(f"keys has no action {action!r}", "the only one is `shelftag keys new`")
    key = new_key()
    line = key_line(name, key)
    file = config.serve.keys_file
    if file is not None:
        append_line(file, line)
    print(key)
    print(line)
    print(_told(file), file=sys.stderr)


def _told(file: Path | None) -> str:
    kept = "put the second line into serve.keys_file or SHELFTAG_API_KEYS"
    if file is not None:
        kept = f"the second line was added to {file}"
    return f"the first line is the key: it is shown this once, for the client; {kept}"
