"""Any range size gives every line once."""

from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelftag.tables.ranges import chunks, pieces
from tests.tables.made import source

HEADER = b"order_id,product_id,add_to_cart_order,reordered"


@settings(deadline=None)
@given(
    lines=st.lists(st.sampled_from([b"1,2,3,1", b"", b"123456,78,9,0", b"x" * 40]), min_size=1),
    end=st.sampled_from([b"\n", b"\r\n"]),
    last=st.booleans(),
    block_bytes=st.integers(1, 200),
    chunk_bytes=st.integers(1, 200),
    line_bytes=st.sampled_from([1, 5, 4096]),
)
def test_every_line_comes_once_and_whole(
    lines: list[bytes], end: bytes, last: bool, block_bytes: int, chunk_bytes: int, line_bytes: int
) -> None:
    body = b"1,1,1,1" + end + end.join(lines) + (end if last else b"")
    with TemporaryDirectory() as folder:
        table = source(
            Path(folder), "order_products__prior", order_products__prior=HEADER + end + body
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("shelftag.tables.ranges.LINE_BYTES", line_bytes)
            ranges = pieces((table,), block_bytes)
            found = [chunk for part in ranges for chunk in chunks(table, part, chunk_bytes)]
        whole = Path(table.file.path).read_bytes()
    assert b"".join(chunk.data for chunk in found) == body
    for chunk, start in found:
        assert whole[start : start + len(chunk)] == chunk
        assert chunk
        assert start == table.body_start or whole[start - 1 : start] == b"\n"
        assert chunk.endswith(b"\n") or start + len(chunk) == len(whole)


@pytest.mark.parametrize("block_bytes", [1, 7, 8, 9, 10_000])
def test_ranges_cover_the_body(tmp_path: Path, block_bytes: int) -> None:
    table = source(tmp_path, "order_products__prior")
    ranges = pieces((table,), block_bytes)
    assert ranges[0].start == table.body_start
    assert ranges[-1].end == table.file.size
    assert all(one.end == two.start for one, two in pairwise(ranges))
    assert max(part.end - part.start for part in ranges) <= block_bytes
