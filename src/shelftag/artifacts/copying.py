"""A finished folder, brought to another place: a disk, or an object store.

    FROM --parts--> each read back, its digest compared --> all whole --manifest--> TO

The manifest goes last, so what was cut is never read, and the same command goes on with what is
not there yet. What readers have no need of stays: checkpoints hold the state of an optimizer, which
is no model, in a format that can carry code.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b

from pyarrow import fs

from shelftag.artifacts.folder import MARKER
from shelftag.artifacts.places import Place, one_line, reaching
from shelftag.errors import ArtifactError, Failed

MANIFEST = "manifest.json"
STAYS = ("checkpoints", "scratch", "base.draft", "work", "commits")
"""Of what a folder holds, that which only its making needs; hidden files stay too."""
CHUNK_BYTES = 2**23

Told = Callable[[int], None]
"""Is told the bytes that are done."""
Chosen = Callable[[str], bool]
"""Whether a file is meant, by its path below the folder."""


@dataclass(frozen=True)
class Listing:
    """What stands in a folder, by the path below it."""

    files: Mapping[str, int]
    """Path -> bytes, the manifest not among them."""
    empty: tuple[str, ...]
    """Folders without a file."""

    @property
    def bytes(self) -> int:
        return sum(self.files.values())


@dataclass(frozen=True)
class Source:
    """A folder that can be copied."""

    place: Place
    manifest: bytes
    listing: Listing


def check_source(place: Place) -> Source:
    """Look at what is to be copied.

    Raises:
        ArtifactError: there is no whole folder of ours.
        InputError: the place does not answer.
    """
    with reaching(place):
        if not (place / MANIFEST).is_file():
            raise ArtifactError(f"{place} is {_state(place)}", "name a folder that is finished")
        return Source(place, (place / MANIFEST).read(), listing(place))


def check_target(source: Source, place: Place) -> None:
    """Refuse to mix two folders.

    Raises:
        ArtifactError: another one, or somebody's files, stand there.
        InputError: the place does not answer.
    """
    with reaching(place):
        if place.is_file():
            raise ArtifactError(f"{place} is a file", "name a folder")
        manifest = place / MANIFEST
        if manifest.is_file() and manifest.read() != source.manifest:
            problem = f"{place} holds another folder than {source.place}"
            raise ArtifactError(problem, "name another, or remove that one")
        foreign = sorted(set(listing(place).files) - set(source.listing.files))
    if foreign:
        problem = f"{place} holds {foreign[0]}, and {source.place} does not"
        raise ArtifactError(problem, "name an empty folder, or remove it")


def copy(
    source: Source,
    target: Place,
    told: Told = lambda _: None,
    *,
    compared: Chosen = lambda _: True,
) -> int:
    """Bring over what is not there yet, and the manifest after it.

    Args:
        compared: of which files that are there already the digest is compared, not the size alone.

    Returns:
        Files that were not there yet, the manifest not counted.

    Raises:
        Failed: a place stopped answering, or gives back other bytes than were written to it; the
            same again goes on.
    """
    written = 0
    there = listing(target).files
    for name, size in source.listing.files.items():
        with copying(name, target):
            one, other = _below(source.place, name), _below(target, name)
            if there.get(name) != size or (compared(name) and _digest(one) != _digest(other)):
                _copy(one, other)
                written += 1
            told(size)
    for name in source.listing.empty:
        with copying(name, target):
            _make(target, name)
    with copying(MANIFEST, target):
        if (source.place / MANIFEST).read() != source.manifest:
            problem = f"{source.place} was made anew meanwhile"
            raise Failed(problem, f"remove {target}, and copy again")
        (target / MANIFEST).write(source.manifest)
    return written


def listing(place: Place) -> Listing:
    """What stands below a place, in order; nothing where there is no folder."""
    selector = fs.FileSelector(place.path, recursive=True, allow_not_found=True)
    found = {
        entry.path[len(place.path) :].lstrip("/"): entry
        for entry in place.filesystem.get_file_info(selector)
    }
    kept = {name: found[name] for name in sorted(found) if _is_kept(name)}
    files = {name: one.size for name, one in kept.items() if one.type == fs.FileType.File}
    folders = [name for name, one in kept.items() if one.type == fs.FileType.Directory]
    empty = [name for name in folders if not any(each.startswith(f"{name}/") for each in kept)]
    return Listing(files, tuple(empty))


@contextmanager
def copying(name: str, target: Place) -> Iterator[None]:
    """What a filesystem raises on the way is said in one line."""
    try:
        yield
    except OSError as error:
        raise Failed(
            f"copying {name} to {target} stopped ({one_line(error)})",
            "mend the network, the room or the credentials, and give the same command again",
        ) from None


def _is_kept(name: str) -> bool:
    parts = name.split("/")
    return name != MANIFEST and parts[0] not in STAYS and not any(p[:1] == "." for p in parts)


def _below(place: Place, name: str) -> Place:
    for part in name.split("/"):
        place = place / part
    return place


def _make(target: Place, name: str) -> None:
    place = _below(target, name)
    place.filesystem.create_dir(place.path, recursive=True)


def _copy(source: Place, target: Place) -> None:
    """One file, read back."""
    target.folder.make()
    digest = blake2b(digest_size=16)
    with source.filesystem.open_input_stream(source.path) as reading, target.create() as writing:
        while piece := reading.read(CHUNK_BYTES):
            writing.write(piece)
            digest.update(piece)
    if _digest(target) != digest.hexdigest():
        raise OSError("other bytes came back than were written")


def _digest(file: Place) -> str:
    digest = blake2b(digest_size=16)
    with file.filesystem.open_input_stream(file.path) as stream:
        while piece := stream.read(CHUNK_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def _state(place: Place) -> str:
    if not place.is_folder():
        return "not a folder"
    return "half-written" if (place / MARKER).is_file() else f"without a {MANIFEST}"
