"""Which protocols are set side by side."""

from typing import Literal

from pydantic import Field

from shelftag.config.section import Section


class StudyConfig(Section):
    """Read by `study`: one Dataset and one Run for each split and label set."""

    splits: tuple[Literal["row", "product", "token_set"], ...] = Field(
        default=("row", "product", "token_set"), min_length=1
    )
    """From the one that leaks most to the honest one; see `data.split`."""

    label_sets: tuple[str, ...] = Field(default=("21",), min_length=1)
    """Presets of `catalog.unlabelled`, or `default`, which leaves out "missing" and "other"."""
