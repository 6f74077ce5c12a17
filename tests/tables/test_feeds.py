"""Where rows came from."""

import pyarrow as pa
import pytest

from shelftag.errors import InputError
from shelftag.tables.feeds import MAX_FEEDS, feeds_of


def test_a_column_names_the_feed() -> None:
    feeds = feeds_of(pa.table({"shop": ["north", None]}), "shop")
    assert feeds is not None
    assert feeds.tolist() == ["north", "(none)"]
    many = pa.table({"shop": [str(number) for number in range(MAX_FEEDS + 1)]})
    with pytest.raises(InputError, match="has 201 values, and feeds are 200 at most"):
        feeds_of(many, "shop")


def test_ids_of_shops_name_it_where_all_do() -> None:
    feeds = feeds_of(pa.table({"id": ["north/1", "south/1/2"]}), None)
    assert feeds is not None
    assert feeds.tolist() == ["north", "south"]
    assert feeds_of(pa.table({"id": ["north/1", "2"]}), None) is None
    assert feeds_of(pa.table({"id": [f"{i}/1" for i in range(MAX_FEEDS + 1)]}), None) is None
    assert feeds_of(pa.table({"shop": ["north"]}), None) is None
