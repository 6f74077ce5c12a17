"""A Run from an object store, kept on this machine: fetched once by each, whoever needs it.

    s3://bucket/run --copy--> ~/.cache/shelftag/DIGEST/run

DIGEST is the manifest's, which names the weights by their fingerprint: another Run under the same
URI is another folder here. Any of them may be removed when no process reads it.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from shelftag.artifacts.copying import Listing, check_source, copy
from shelftag.artifacts.files import fingerprint
from shelftag.artifacts.kinds import Run
from shelftag.artifacts.manifests import RunManifest
from shelftag.artifacts.places import Place, place_of
from shelftag.errors import ArtifactError

Where = str | Path
"""A folder of this machine, or a URI."""


def whole(where: Where) -> Where:
    """The same from any folder: a path in full, a URI as it is."""
    return where if "://" in str(where) else Path(where).absolute()


def name_of(where: Where) -> str:
    """What the folder is called."""
    return str(where).partition("?")[0].rstrip("/").rpartition("/")[2]


def fetched(where: Where) -> Run:
    """A Run to read: the folder itself, or what was fetched from where a URI points.

    Its files are as large as there; that they are as `train` left them, `check_run` says.

    Raises:
        ArtifactError: there is no whole Run, or no room for it here.
        InputError: the place does not answer.
        Failed: it stopped answering.
    """
    place = place_of(where)
    return Run(place.local) if place.local is not None else _fetched(place)


def _fetched(place: Place) -> Run:
    source = check_source(place)
    try:
        RunManifest.model_validate_json(source.manifest)
    except (ValidationError, ValueError) as error:
        problem = f"{place} is not a Run ({str(error).splitlines()[0]})"
        raise ArtifactError(problem, "name a folder that `shelftag train` finished") from None
    folder = cache() / fingerprint(source.manifest) / name_of(place.name)
    with _alone(folder.parent):
        copy(source, place_of(folder), compared=is_rewritten)
    return Run(folder)


def put_back(run: Run, where: Where) -> None:
    """Bring what was written to a Run since it was trained to where it was fetched from.

    Raises:
        Failed: the place stopped answering.
    """
    place = place_of(where)
    if place.local is not None:
        return
    source = check_source(place_of(run.path))
    files = {name: size for name, size in source.listing.files.items() if is_rewritten(name)}
    copy(replace(source, listing=Listing(files, ())), place)


def is_rewritten(name: str) -> bool:
    """Whether `evaluate` and `compare` write it: it may have changed, and the manifest has not."""
    return name.startswith("evaluation/") or name == "adapter/README.md"


def cache() -> Path:
    """Where fetched Runs are kept: below XDG_CACHE_HOME, or else ~/.cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "shelftag"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process of this machine at a time; the others find it there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("a")
    except OSError as error:
        problem = f"{folder} cannot be made ({error.strerror})"
        raise ArtifactError(problem, "set XDG_CACHE_HOME to a folder with room") from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
