"""The sample that is drawn."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shelftag.catalog.split import SHARES, split_of, token_set
from shelftag.tables.drawn import draw, texts


def test_draw_is_seeded_and_takes_test_names_only() -> None:
    names = pa.chunked_array([[f"Thing {i}" for i in range(2_000)], [None, " "]])
    places, nameless = draw(names, 10_000, SHARES, seed=0)
    held = [i for i in range(2_000) if split_of(token_set(f"Thing {i}")) == "test"]
    assert (places.tolist(), nameless) == (held, 2)
    some, _ = draw(names, 50, SHARES, seed=0)
    again, _ = draw(names, 50, SHARES, seed=0)
    other, _ = draw(names, 50, SHARES, seed=1)
    assert len(some) == 50
    assert np.array_equal(some, again)
    assert not np.array_equal(some, other)
    assert set(some) < set(held)
    all_of_them, _ = draw(names, 10_000, None, seed=0)
    assert pc.all(pc.is_valid(names.take(pa.array(all_of_them)))).as_py()
    assert len(all_of_them) == 2_000


def test_texts_of_any_column() -> None:
    column = pa.chunked_array([["Milk", None, "Milk"]])
    assert texts(column) == texts(column.dictionary_encode()) == ["Milk", "", "Milk"]
    broken = pa.array([b"Caf\xe9"]).view(pa.string())
    assert texts(pa.chunked_array([broken])) == ["Caf\ufffd"]
