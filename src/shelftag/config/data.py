"""How the six tables become a Dataset."""

from typing import Literal

from pydantic import Field

from shelftag.config.section import Section


class DataConfig(Section):
    """Reading, joining, splitting."""

    split: Literal["token_set", "product"] = "token_set"
    """What never stands on both sides: names of the same token set, or a product id."""

    max_rejects: float = Field(default=0.01, ge=0.0, le=1.0)
    """Share of the rows of the six tables that may be bad before the job stops."""

    block_bytes: int = Field(default=64 * 2**20, ge=2**10)
    """Bytes of a CSV file read by one task."""
