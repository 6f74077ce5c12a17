"""What `synthesize` makes."""

from pydantic import Field

from shelftag.config.section import Section

FULL_LINES = 33_819_106
FULL_PRODUCTS = 49_688


class SynthesisConfig(Section):
    """Six made tables in the shape of Instacart's."""

    lines: int = Field(default=200_000, ge=1_000)
    """Order lines of prior and train together. 33819106 is full size, and then the official
    counts of every table come out exactly."""

    products: int = Field(default=FULL_PRODUCTS, ge=200)
    """Products in a made catalog (not used with --catalog)."""

    descriptions: bool = False
    """Add an informative `description` column to products.csv."""

    label_noise: float = Field(default=0.03, ge=0.0, le=0.5)
    """Share of made products filed under a wrong aisle, as people do."""

    seed: int = Field(default=0, ge=0)
    """The same seed gives the same bytes."""
