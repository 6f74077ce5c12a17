"""How names become tags."""

from pydantic import Field, field_validator

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

    new_departments: tuple[str, ...] = ()
    """Departments the Run was not trained on, added by name to those it chooses from (generate).
    Tags into them are always for review: nothing was calibrated for them."""

    @field_validator("new_departments")
    @classmethod
    def _named_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(names)) < len(names) or not all(name.strip() for name in names):
            raise ValueError("new departments have names, each of its own")
        return names
