"""What a finished task leaves: its counts, in a small file that is there whole or not at all.

    parts, under names that nobody else chooses  -->  work/commits/STAGE-INDEX.json

A piece of work that has a commit is done, and parts that no commit names are nobody's. Two tasks
on the same piece, as when a machine was taken for dead, leave one commit: either is right.
"""

import uuid
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from shelftag.artifacts import Place, Tags
from shelftag.artifacts.places import READERS


class Counts(BaseModel):
    """What a task did; `index` is its place in the stage."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    index: int
    files: dict[str, int]
    """Files it wrote, below OUT -> bytes of each."""


C = TypeVar("C", bound=Counts)


def unique_name(index: int, ending: str, folder: str = "") -> str:
    """A part's name: in the order of the work, and no other task will choose it."""
    name = f"part-{index:06d}-{uuid.uuid4().hex[:12]}{ending}"
    return f"{folder}/{name}" if folder else name


def commit(out: Tags, stage: str, counts: Counts) -> None:
    """Say that a piece of work is done; its parts are written already."""
    file = out.work / "commits" / f"{stage}-{counts.index:06d}.json"
    file.write(counts.model_dump_json().encode())


def committed(out: Tags, stage: str, kind: type[C]) -> dict[int, C]:
    """Index -> counts of all that is done and whose parts are whole."""
    with ThreadPoolExecutor(READERS) as threads:
        found = list(threads.map(lambda file: _read(file, kind), _files(out, stage)))
    sizes = _sizes(out, {name.rpartition("/")[0] for one in found if one for name in one.files})
    return {one.index: one for one in found if one and _is_whole(one.files, sizes)}


def is_begun(out: Tags, stage: str) -> bool:
    """Whether anything of a stage is done."""
    return bool(_files(out, stage))


def _files(out: Tags, stage: str) -> list[Place]:
    folder = out.work / "commits"
    names = (entry.base_name for entry in folder.entries())
    return [folder / name for name in names if name.startswith(f"{stage}-")]


def _read(file: Place, kind: type[C]) -> C | None:
    try:
        return kind.model_validate_json(file.read())
    except (OSError, ValueError):  # as after a power cut
        return None


def _sizes(out: Tags, folders: Iterable[str]) -> dict[str, int]:
    return {
        f"{folder}/{entry.base_name}": entry.size
        for folder in folders
        for entry in (out.place / folder).entries()
    }


def _is_whole(files: Mapping[str, int], sizes: Mapping[str, int]) -> bool:
    return all(sizes.get(name) == size for name, size in files.items())


def remove_others(out: Tags, folder: str, named: Iterable[str]) -> None:
    """Remove what tasks that died left behind: files below a folder that nobody names."""
    kept = set(named)
    for entry in (out.place / folder).entries():
        name = f"{folder}/{entry.base_name}"
        if name not in kept and not any(one.startswith(f"{name}/") for one in kept):
            (out.place / name).remove()
