"""Groups of slots: every slot with names is in one, in order."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from shelftag.tagging.bulk.groups import groups

pieces = st.integers(1, 16).flatmap(
    lambda slots: st.lists(
        st.lists(st.integers(0, 9), min_size=slots, max_size=slots), min_size=1, max_size=4
    )
)


@given(pieces, st.integers(1, 30))
def test_every_name_is_in_one_group(slots: list[list[int]], most: int) -> None:
    totals = [sum(of_piece) for of_piece in zip(*slots, strict=True)]
    found = groups(slots, most)
    assert [one.index for one in found] == list(range(len(found)))
    before = 0
    for one in found:
        assert before == one.first < one.end
        assert one.names == sum(totals[one.first : one.end]) > 0
        full = [total for total in totals[one.first : one.end] if total]
        assert one.names <= most or len(full) == 1
        before = one.end
    assert not any(totals[before:])
    for one, more in pairwise(found):  # as few as the order allows
        assert one.names + totals[more.first] > most
