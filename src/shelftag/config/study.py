"""Which protocols are set side by side."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from shelftag.config.catalog import PRESETS
from shelftag.config.section import Section

DEFAULT = "default"
"""The label set of `catalog.unlabelled` as it is configured."""


def _known(name: str) -> str:
    if name not in (*PRESETS, DEFAULT):
        raise ValueError(f"a label set is one of {', '.join((*PRESETS, DEFAULT))}")
    return name


LabelSet = Annotated[str, BeforeValidator(str), AfterValidator(_known)]


def _each_once(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(values)) < len(values):
        raise ValueError("each stands there once")
    return values


class StudyConfig(Section):
    """Read by `study`: one Dataset and one Run for each split and label set."""

    splits: Annotated[
        tuple[Literal["row", "product", "token_set"], ...], AfterValidator(_each_once)
    ] = Field(default=("row", "product", "token_set"), min_length=1)
    """From the one that leaks most to the honest one; see `data.split`."""

    label_sets: Annotated[tuple[LabelSet, ...], AfterValidator(_each_once)] = Field(
        default=("21",), min_length=1
    )
    """Presets of `catalog.unlabelled`, or `default`, which leaves that as it is configured."""
