"""API keys: made, kept as hashes, looked up.

A line of the keys file, or of the environment variable SHELFTAG_API_KEYS (there commas part them
too), names a client and holds the hash of its key; two lines of one name are one client with two
keys, as while one takes the other's place:

    shop:sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

A key has 256 random bits. Slow hashes with salt (scrypt, Argon2) are for passwords, which can be
guessed; nobody guesses this, so one SHA-256 is as safe, and a request pays a microsecond for it
(https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html).
"""

import hmac
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from shelftag.errors import InputError

VARIABLE = "SHELFTAG_API_KEYS"
PREFIX = "stg_"
"""By it a key that was published by mistake is found, by people and by scanners of secrets."""
LINE = re.compile(r"([A-Za-z0-9._-]{1,64}):sha256:([0-9a-f]{64})")
WAY_OUT = "lines are what `shelftag keys new` prints"


@dataclass(frozen=True)
class Key:
    """A client, and the hash of its key (32 bytes)."""

    name: str
    digest: bytes = field(repr=False)


def new_key() -> str:
    """A key that nobody has: 256 random bits, for a header."""
    return PREFIX + secrets.token_urlsafe(32)


def key_line(name: str, key: str) -> str:
    """What is kept of a key.

    Raises:
        InputError: the name has other characters than a line can hold.
    """
    line = f"{name}:sha256:{sha256(key.encode()).hexdigest()}"
    if LINE.fullmatch(line) is None:
        problem = f"--name = {name!r}: a name has 1 to 64 of A-Z a-z 0-9 . _ -"
        raise InputError(problem, "give another, such as --name shop")
    return line


def read_keys(text: str, source: str) -> tuple[Key, ...]:
    """The keys of lines; empty ones and those that begin with # are none.

    Raises:
        InputError: a line is no key's. It is named by its number, since it may hold a key.
    """
    keys: list[Key] = []
    for number, line in enumerate(re.split(r"\r?\n|,", text), start=1):
        content = line.strip()
        if not content or content.startswith("#"):
            continue
        match = LINE.fullmatch(content)
        if match is None:
            raise InputError(f"line {number} of {source} is not NAME:sha256:HASH", WAY_OUT)
        keys.append(Key(match[1], bytes.fromhex(match[2])))
    return tuple(keys)


def read_keys_file(file: Path) -> tuple[Key, ...]:
    """The keys of a file.

    Raises:
        InputError: it cannot be read, or a line is no key's.
    """
    try:
        text = file.read_text()
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        problem = f"serve.keys_file = {str(file)!r} cannot be read ({reason})"
        raise InputError(problem, f"make it with `shelftag keys new --file {file}`") from None
    return read_keys(text, str(file))


def append_line(file: Path, line: str) -> None:
    """Add a line to a keys file; a new file can be read and written by its owner only.

    Raises:
        InputError: it cannot be written.
    """
    try:
        with os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "a+") as out:
            out.seek(0)
            before = out.read()
            out.write(line + "\n" if not before or before.endswith("\n") else f"\n{line}\n")
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise InputError(f"--file = {str(file)!r} cannot be written ({reason})", WAY_OUT) from None


def owner(keys: Sequence[Key], token: bytes) -> str | None:
    """Whose key this is. All are compared, in a time that says nothing of how alike they are."""
    digest, found = sha256(token).digest(), None
    for key in keys:
        if hmac.compare_digest(key.digest, digest):
            found = key.name
    return found
