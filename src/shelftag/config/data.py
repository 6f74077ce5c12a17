"""How the six tables become a Dataset."""

from decimal import Decimal
from typing import Literal

from pydantic import Field, model_validator

from shelftag.config.section import Section


class DataConfig(Section):
    """Reading, joining, splitting."""

    split: Literal["token_set", "product", "row"] = "token_set"
    """What never stands on both sides: names of the same token set, a product id, or (the
    study's, where every product leaks) an order line."""

    train_share: float = Field(default=0.8, gt=0, lt=1)
    """Share of what is split that is learned from."""

    valid_share: float = Field(default=0.1, gt=0, lt=1)
    """Share that is calibrated on; the rest is the test split."""

    max_rejects: float = Field(default=0.01, ge=0.0, le=1.0)
    """Share of the rows of the six tables that may be bad before the job stops."""

    block_bytes: int = Field(default=64 * 2**20, ge=2**10)
    """Bytes of a CSV file read by one task."""

    @model_validator(mode="after")
    def _some_test(self) -> "DataConfig":
        # as decimals: summed as floats, shares that leave nothing may stay below 1
        if Decimal(str(self.train_share)) + Decimal(str(self.valid_share)) >= 1:
            shares = f"{self.train_share:g} + {self.valid_share:g}"
            raise ValueError(f"train_share + valid_share = {shares} must leave a share for test")
        return self
