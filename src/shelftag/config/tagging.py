"""How names become tags."""

from pydantic import Field

from shelftag.config.section import Section


class TaggingConfig(Section):
    """Read by `tag` and `serve`."""

    top_k: int = Field(default=3, ge=1)
    """Departments named for a product: the tag, and top_k - 1 alternatives."""

    threshold: float | None = Field(default=None, ge=0, le=1)
    """Confidence below which a tag is for review; none takes the Run's calibrated one."""

    batch_size: int = Field(default=256, ge=1)
    """Names in one forward pass."""

    rows_per_block: int = Field(default=8_192, ge=1)
    """Catalog rows an actor tags at a time."""

    cache_size: int = Field(default=100_000, ge=0)
    """Names whose tags a Tagger remembers."""
