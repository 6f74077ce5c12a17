"""What a bulk job reads: one catalog, or several whose names are scored together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shelftag.artifacts import Place
from shelftag.config.tagging import TaggingConfig
from shelftag.errors import ConfigError, InputError
from shelftag.tagging.columns import Naming
from shelftag.tagging.inputs import CatalogFiles, check_input
from shelftag.tagging.pieces import Piece


@dataclass(frozen=True)
class Catalog:
    """One catalog, and how its tags are written."""

    name: str
    """Of its folder in the output; empty where there is one catalog alone."""
    files: CatalogFiles
    naming: Naming
    departments: tuple[str, ...]
    """What it calls the labels."""


@dataclass(frozen=True)
class Part:
    """A piece of one of several catalogs."""

    index: int
    """Among all pieces of the job, in the order of the input."""
    catalog: int
    piece: Piece


def check_catalogs(
    where: Place, naming: Naming, tagging: TaggingConfig, labels: tuple[str, ...]
) -> tuple[Catalog, ...]:
    """The catalog at a place, or those of `tagging.catalogs` below it.

    Raises:
        InputError: a file cannot be read, or a column is missing or taken.
        ConfigError: a department map names one that is none of the labels.
    """
    if not tagging.catalogs:
        names = _mapped(labels, tagging.departments, "tagging.departments")
        return (Catalog("", check_input(where, naming), naming, names),)
    catalogs = []
    for one in tagging.catalogs:
        own = Naming(one.name_column, one.description_column, naming.prefix)
        both = tagging.departments | one.departments
        names = _mapped(labels, both, f"tagging.catalogs of {one.name}: departments")
        catalogs.append(Catalog(one.name, check_input(where / one.path, own), own, names))
    return tuple(catalogs)


def _mapped(labels: tuple[str, ...], names: dict[str, str], key: str) -> tuple[str, ...]:
    unknown = sorted(set(names) - set(labels))
    if unknown:
        problem = f"{key} has {unknown[0]!r}, and the Run knows {', '.join(labels)}"
        raise ConfigError(problem, "write the Run's department first, then the shop's name for it")
    return called(labels, names)


def called(labels: Sequence[str], names: Mapping[str, str]) -> tuple[str, ...]:
    """What a map of departments calls some of a Run."""
    return tuple(names.get(label, label) for label in labels)


def check_rows(catalogs: tuple[Catalog, ...], where: Place, rows_per_block: int) -> list[Part]:
    """The pieces of all catalogs.

    Raises:
        InputError: there are no rows, or a quoted field has no end.
    """
    pieces = [
        (i, piece)
        for i, catalog in enumerate(catalogs)
        for piece in catalog.files.pieces(rows_per_block)
    ]
    if not pieces:
        raise InputError(f"input {where} has no rows", "name a catalog with products")
    return [Part(index, i, piece) for index, (i, piece) in enumerate(pieces)]


def described(catalogs: tuple[Catalog, ...]) -> dict[str, Any]:
    """What a job depends on: files as they are now, and columns."""
    return {
        catalog.name: {
            "files": catalog.files.fingerprints(),
            "columns": [*catalog.naming.read_columns, *catalog.naming.new_columns],
            "departments": catalog.departments,
        }
        for catalog in catalogs
    }
