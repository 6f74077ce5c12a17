"""The label set: ordered, frozen, and the same in every file of a Run."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from shelftag.artifacts import fingerprint


@dataclass(frozen=True)
class Departments:
    """Department names in the order of the model's outputs."""

    names: tuple[str, ...]

    @classmethod
    def learned(cls, names: Iterable[str], unlabelled: Iterable[str]) -> "Departments":
        """The sorted names, less those that say "not known"."""
        return cls(tuple(sorted(set(names) - set(unlabelled))))

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def index(self) -> dict[str, int]:
        """Name -> position."""
        return {name: position for position, name in enumerate(self.names)}

    @property
    def fingerprint(self) -> str:
        """Changes with any name or its place."""
        return fingerprint(*self.names)
