"""Small files, written whole or not at all."""

import fcntl
import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

from shelftag.errors import ArtifactError


def part_name() -> str:
    """A name no other task will choose, so a retried task never overwrites another's part."""
    return f"part-{uuid.uuid4().hex}.parquet"


def write_text(path: Path, text: str) -> None:
    """Replace a small file at once: a reader sees the old text or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """`write_text` of a JSON object."""
    write_text(path, json.dumps(value, indent=2) + "\n")


@contextmanager
def locked(path: Path, what: str) -> Iterator[None]:
    """Hold a lock file while a folder is written to; another process is refused.

    Raises:
        ArtifactError: another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            problem = f"{path.parent.parent} is being {what} by another process"
            raise ArtifactError(problem, "wait for it to end, or stop it") from None
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file.

    Raises:
        ArtifactError: the file is missing or holds something else.
    """
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path} cannot be read ({error})", "make the folder again") from None
    if not isinstance(value, dict):
        raise ArtifactError(f"{path} is not a JSON object", "make the folder again")
    return value


def fingerprint(*parts: bytes | str | Path) -> str:
    """BLAKE2b-128 over texts and files, each preceded by its length."""
    digest = blake2b(digest_size=16)
    for part in parts:
        data = part.read_bytes() if isinstance(part, Path) else part
        data = data.encode() if isinstance(data, str) else data
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()


def remove(path: Path) -> None:
    """Remove a file or folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
