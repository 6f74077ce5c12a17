"""Which of several outputs is the catalog's: CURRENT, a small file beside them.

    TAGGED/  2026-11-28/  2026-11-29/  CURRENT    "2026-11-29"

An object store has no rename, but a small file is replaced at once: whoever reads CURRENT first
reads one output or the other, never a mixture. Rolling back is publishing the one before.
"""

from shelftag.artifacts import Place, Tags, place_of
from shelftag.errors import ArtifactError

CURRENT = "CURRENT"
MOST_SAID = 100
MOST_BYTES = 256
"""No file system has longer names."""


def make_current(tags: Tags) -> Place:
    """Name a complete output as the one of its folder.

    Raises:
        ArtifactError: it is not complete.
    """
    tags.manifest()
    file = tags.place.folder / CURRENT
    file.write(f"{tags.place.base_name}\n".encode())
    return file


def resolved(where: str | Place) -> Tags:
    """The output at a place, or the current one of a folder of outputs.

    Raises:
        ArtifactError: the CURRENT there names none that is complete.
    """
    place = place_of(where)
    file = place / CURRENT
    if not file.is_file():
        return Tags(place)
    name = file.read().decode(errors="replace").strip()
    is_name = 0 < len(name.encode()) < MOST_BYTES and "/" not in name and not name.startswith(".")
    if not is_name or not Tags(place / name).is_complete:
        problem = f"{file} names {name[:MOST_SAID]!r}, which is no complete output beside it"
        raise ArtifactError(problem, "name another with shelftag publish")
    return Tags(place / name)
