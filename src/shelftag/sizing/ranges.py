"""A number that is not known well: low, likely, high. A plan shows all three."""

from dataclasses import dataclass
from typing import Union

Number = Union["Range", float, int]


@dataclass(frozen=True)
class Range:
    """Three readings of one number. The low end of a time is the fast one.

    Sums and products take the ends together, as if all that is not known went wrong at once: the
    result is wider than chance would make it.
    """

    low: float
    likely: float
    high: float

    @property
    def ordered(self) -> bool:
        """Whether the ends are where they belong; not so for some remainders (`beyond`)."""
        return self.low <= self.likely <= self.high

    def __add__(self, other: Number) -> "Range":
        more = of(other)
        return Range(self.low + more.low, self.likely + more.likely, self.high + more.high)

    def __mul__(self, other: Number) -> "Range":
        """By something that is not negative."""
        by = of(other)
        return Range(self.low * by.low, self.likely * by.likely, self.high * by.high)

    def __truediv__(self, other: Number) -> "Range":
        """By something positive: the low end is divided by the high one."""
        by = of(other)
        return Range(self.low / by.high, self.likely / by.likely, self.high / by.low)

    __radd__ = __add__
    __rmul__ = __mul__

    def __rtruediv__(self, other: Number) -> "Range":
        return of(other) / self

    def beyond(self, other: "Range") -> "Range":
        """What is left where `other` goes on at the same time: their sum is the longer of both."""
        return Range(
            max(0.0, self.low - other.low),
            max(0.0, self.likely - other.likely),
            max(0.0, self.high - other.high),
        )


def of(value: Number) -> Range:
    """A number that is known is a range without width."""
    return value if isinstance(value, Range) else Range(value, value, value)


ZERO = Range(0, 0, 0)
