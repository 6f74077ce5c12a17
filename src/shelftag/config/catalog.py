"""Which departments are learned."""

from typing import Annotated

from pydantic import BeforeValidator

from shelftag.config.section import Section

PRESETS: dict[str, tuple[str, ...]] = {"21": (), "20": ("missing",)}


def _preset(value: object) -> object:
    return PRESETS.get(str(value), value)


class CatalogConfig(Section):
    """The label set."""

    unlabelled: Annotated[tuple[str, ...], BeforeValidator(_preset)] = ("missing", "other")
    """Departments that say "not known": their products are kept, but not learned from. The preset
    `21` learns all of them (the study's label set), `20` all but "missing"."""
