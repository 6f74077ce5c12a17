"""Which of several outputs is the catalog's: CURRENT, a small file beside them.

    TAGGED/  2026-11-28/  2026-11-29/  CURRENT    "2026-11-29"

An object store has no rename, but a small file is replaced at once: whoever reads CURRENT first
reads one output or the other, never a mixture. Rolling back is publishing the one before.
"""

from shelftag.artifacts import Place, Tags, place_of
from shelftag.errors import ArtifactError

CURRENT = "CURRENT"


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
        ArtifactError: the CURRENT there names none.
    """
    place = place_of(where)
    file = place / CURRENT
    if not file.is_file():
        return Tags(place)
    name = file.read().decode(errors="replace").strip()
    if not name or "/" in name or name.startswith("."):
        raise ArtifactError(f"{file} names {name!r}, which is no folder beside it", "publish one")
    return Tags(place / name)
