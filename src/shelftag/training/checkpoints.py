"""Checkpoints that are whole or not there.

    scratch/checkpoint-50  --all workers have written-->  seal.json  --rename-->  checkpoints/

A checkpoint is written aside, sealed with a digest of each file, and put in its place by a rename.
A reader checks the digests, and takes the newest whole one: what a dying disk or a cut copy
damaged costs one interval, not the run.
"""

import json
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from shelftag.artifacts import fingerprint, read_json, remove, write_json
from shelftag.errors import ArtifactError

SEAL = "seal.json"
VALIDATION = "validation.json"
KEEP = 2
"""The last, and the one before it in case the last is damaged."""


@dataclass(frozen=True)
class Checkpoint:
    """A sealed `checkpoint-STEP`."""

    path: Path

    @property
    def step(self) -> int:
        """Optimizer steps done."""
        return int(self.path.name.rpartition("-")[2])

    @property
    def validation_loss(self) -> float | None:
        """Mean loss over the validation split, if it was evaluated."""
        file = self.path / VALIDATION
        return float(read_json(file)["loss"]) if file.is_file() else None

    def made_by(self) -> dict[str, Any]:
        """What `seal` was told of its making."""
        made: dict[str, Any] = read_json(self.path / SEAL)["made_by"]
        return made

    def damage(self) -> list[str]:
        """Files that are missing or not as they were sealed; none if it is whole."""
        try:
            sealed = read_json(self.path / SEAL)
        except ArtifactError:
            return [SEAL]
        files = sealed.get("files", {})
        if sealed.pop("digest", None) != _digest_of(sealed):
            return [SEAL]
        return [name for name, digest in files.items() if _digest(self.path / name) != digest]


def checkpoints(folder: Path) -> list[Checkpoint]:
    """Those of a run, the newest first."""
    found = [Checkpoint(path) for path in folder.glob("checkpoint-*")]
    return sorted(found, key=lambda checkpoint: -checkpoint.step)


def newest_whole(folder: Path) -> tuple[Checkpoint | None, dict[str, list[str]]]:
    """The checkpoint to go on from, and what is damaged in newer ones, by their names."""
    damaged: dict[str, list[str]] = {}
    for checkpoint in checkpoints(folder):
        files = checkpoint.damage()
        if not files:
            return checkpoint, damaged
        damaged[checkpoint.path.name] = files
    return None, damaged


def best_whole(folder: Path) -> Checkpoint | None:
    """The checkpoint that becomes the Run: lowest validation loss, or the last if none has one."""
    whole = [checkpoint for checkpoint in checkpoints(folder) if not checkpoint.damage()]
    judged = [checkpoint for checkpoint in whole if checkpoint.validation_loss is not None]
    return min(judged, key=_loss) if judged else next(iter(whole), None)


def commit(draft: Path, folder: Path, made_by: dict[str, Any]) -> None:
    """Seal a draft, put it among a run's checkpoints, and remove those that are not needed."""
    seal(draft, made_by)
    place = folder / draft.name
    folder.mkdir(parents=True, exist_ok=True)
    if place.exists():  # a worker group that was given up for dead had come as far
        place.rename(draft.with_name(f"{draft.name}.before"))
    draft.rename(place)
    _sync(folder)
    _prune(folder)


def seal(draft: Path, made_by: dict[str, Any]) -> None:
    """Write the digest of each file, after they have reached the disk."""
    files = {str(file.relative_to(draft)): _digest(file) for file in _files(draft)}
    for file in _files(draft):
        _sync(file)
    sealed = {"made_by": made_by, "files": files}
    write_json(draft / SEAL, sealed | {"digest": _digest_of(sealed)})
    _sync(draft / SEAL)
    _sync(draft)


def _prune(folder: Path) -> None:
    found = checkpoints(folder)
    judged = [checkpoint for checkpoint in found if checkpoint.validation_loss is not None]
    kept = [*found[:KEEP], *([min(judged, key=_loss)] if judged else [])]
    for checkpoint in found:
        if checkpoint not in kept:
            remove(checkpoint.path)


def _loss(checkpoint: Checkpoint) -> float:
    loss = checkpoint.validation_loss
    return math.inf if loss is None else loss


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != SEAL)


def _digest_of(sealed: dict[str, Any]) -> str:
    return fingerprint(json.dumps(sealed, sort_keys=True))


def _digest(file: Path) -> str | None:
    """BLAKE2b-128 of a file, or None without one."""
    digest = blake2b(digest_size=16)
    try:
        with file.open("rb") as stream:
            while piece := stream.read(1 << 20):
                digest.update(piece)
    except OSError:
        return None
    return digest.hexdigest()


def _sync(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
