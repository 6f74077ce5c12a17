"""The base of every result that is written, and what each one speaks of."""

from pydantic import BaseModel, ConfigDict


class Result(BaseModel):
    """Frozen, closed, and JSON that reads back equal. What cannot be computed is None, not NaN."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )


class Scope(Result):
    """What a figure speaks of: the labels trained and the rows scored."""

    labels: tuple[str, ...]
    """Departments the model chooses from, in the order of its outputs."""

    unlabelled: tuple[str, ...]
    """Departments of the catalog that were not learned."""

    protocol: str
    """How the Dataset was split: `token_set`, `product` or `row`."""

    split: str
    """The split whose rows were scored."""

    rows: int
    """Products scored."""

    of: int
    """Products in that split; more than `rows` where a seeded sample was scored."""

    @property
    def sentence(self) -> str:
        """The scope in words, for a caption."""
        without = f" (without {', '.join(self.unlabelled)})" if self.unlabelled else ""
        sample = f"a seeded sample of {self.rows:,} of " if self.rows < self.of else ""
        return (
            f"{len(self.labels)} departments trained{without}; scored on {sample}"
            f"{self.of:,} {self.split} products, split by {self.protocol.replace('_', ' ')}"
            f"{' (leaking)' * self.leaks}"
        )

    @property
    def leaks(self) -> bool:
        """Whether a name, or its twin with the words in another order, may be on both sides."""
        return self.protocol != "token_set"
