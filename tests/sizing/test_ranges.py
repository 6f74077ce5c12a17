"""Numbers that are not known well."""

from itertools import product

import pytest

from shelftag.sizing.constants import CONSTANTS, Constant
from shelftag.sizing.ranges import Range

FAST, SLOW = Range(1, 2, 4), Range(3, 5, 6)


def test_ends_go_together_and_a_slow_divisor_makes_a_long_time() -> None:
    assert Range(4, 7, 10) == FAST + SLOW
    assert FAST * 3 == 3 * FAST == Range(3, 6, 12)
    assert Range(15, 30, 60) == 60 / FAST
    assert Range(1 / 6, 0.4, 4 / 3) == FAST / SLOW


def test_what_two_things_take_side_by_side_is_the_longer() -> None:
    """Also where one is longer at one end and the other in the middle."""
    ends = (Range(0, 3, 3), FAST, SLOW, Range(2, 2, 9))
    for one, other in product(ends, ends):
        both = one + other.beyond(one)
        assert both == Range(
            max(one.low, other.low), max(one.likely, other.likely), max(one.high, other.high)
        )


def test_a_constant_is_in_order() -> None:
    with pytest.raises(ValueError, match="not in order"):
        Constant("speed", Range(2, 1, 3), "", "assumed")


@pytest.mark.parametrize("constant", CONSTANTS, ids=lambda constant: constant.name)
def test_every_constant_says_where_it_comes_from(constant: Constant) -> None:
    kind, _, rest = constant.source.partition(": ")
    assert kind in ("measured", "published", "counted", "assumed")
    assert rest
    assert (kind == "published") == ("https://" in constant.source)
    assert constant.value.low > 0
