"""Model inputs of columns: the same as one by one, however the columns are stored."""

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shelftag.tagging.products import BadProduct, model_input
from shelftag.tagging.texts import Texts, as_list, texts_of

words = st.one_of(
    st.sampled_from(["Rye Bread", "rye  BREAD", "Rye Bread ", "", " ", "~!", "Straße", "STRASSE"]),
    st.text(st.characters(max_codepoint=0x7F), max_size=6),  # what Arrow does at once, or not
    st.text(max_size=6),
    st.sampled_from(["x" * 1_000, "X" * 1_001, "a\u0301" * 2, "\u0301" * 31, "\ufdfa" * 999]),
)
values = st.one_of(
    st.none(),
    words.map(str.encode),
    st.sampled_from([b"\xff", b"caf\xe9", b"\xed\xa0\x80", b"a" * 20_000, b"a" * 20_001]),
)
Rows = list[tuple[bytes | None, bytes | None]]


def stored(column: list[bytes | None], how: str, cut: int) -> pa.ChunkedArray:
    """A column in two chunks; the bytes need not be UTF-8."""
    kind = pa.large_string() if how == "large" else pa.string()
    raw = pa.large_binary() if how == "large" else pa.binary()
    parts = [pa.array(part, raw).view(kind) for part in (column[:cut], column[cut:])]
    if how == "dictionary":
        parts = [part.dictionary_encode() for part in parts]
    if how == "wasteful":  # values that no row has, and each value several times
        parts = [
            pa.DictionaryArray.from_arrays(
                pa.array([None if one is None else i for i, one in enumerate(part)], pa.int16()),
                pa.array([b"unused" if one is None else one for one in part], raw).view(kind),
            )
            for part in (column[:cut], column[cut:])
        ]
    return pa.chunked_array(parts)


def naive(rows: Rows) -> list[str | BadProduct]:
    found: list[str | BadProduct] = []
    for row in rows:
        try:
            found.append(model_input(*row))
        except BadProduct as problem:
            found.append(problem)
    return found


def check(texts: Texts, rows: Rows) -> None:
    expected = naive(rows)
    for i, one in enumerate(expected):
        if isinstance(one, BadProduct):
            assert texts.of_row[i] == -1
            assert texts.reasons[i] == str(one)
        else:
            assert texts.texts[texts.of_row[i]].as_py() == one
    good = [one for one in expected if isinstance(one, str)]
    assert len(texts.reasons) == len(rows) - len(good)
    assert sorted(as_list(texts.texts)) == sorted(set(good))
    counts = dict(zip(as_list(texts.texts), texts.rows.tolist(), strict=True))
    assert counts == Counter(good)
    more = texts.descriptions or pa.nulls(len(texts.texts))
    for text, name, description in zip(texts.texts, texts.names, more, strict=True):
        assert model_input(name.as_py(), description.as_py()) == text.as_py()


@given(
    st.lists(st.tuples(values, values), max_size=12),
    st.booleans(),
    *([st.sampled_from(["plain", "large", "dictionary", "wasteful"])] * 2),
    st.integers(0, 12),
)
@example([(b"a", None), (b"A", b""), (b"a", b" "), (b"a", b"\xc2\xa0")], True, "plain", "plain", 1)
@example([(b"a : b", None), (b"a", b"b"), (b"a :", b"b")], True, "wasteful", "dictionary", 0)
@example([], True, "dictionary", "plain", 0)
def test_texts_are_what_single_products_read(
    rows: Rows, described: bool, how: str, more: str, cut: int
) -> None:
    names = stored([name for name, _ in rows], how, cut)
    if described:
        check(texts_of(names, stored([about for _, about in rows], more, cut)), rows)
    else:
        check(texts_of(names), [(name, None) for name, _ in rows])


@pytest.mark.parametrize("described", [False, True])
def test_columns_of_no_chunks(described: bool) -> None:
    none = pa.chunked_array([], pa.string())
    texts = texts_of(none, none if described else None)
    assert (len(texts.texts), texts.of_row.tolist(), texts.reasons) == (0, [], {})
    assert (texts.descriptions is not None) == described


def test_nulls_inside_a_dictionary_are_missing_names() -> None:
    names = pa.DictionaryArray.from_arrays(pa.array([0, 1, None]), pa.array(["Oats", None]))
    for column in (pa.chunked_array([names]), pa.chunked_array([names, names])):
        texts = texts_of(column)
        assert as_list(texts.texts) == ["oats"]
        assert texts.of_row.tolist() == [0, -1, -1] * column.num_chunks
        assert set(texts.reasons.values()) == {"the name is missing"}


def test_dictionaries_that_are_too_many_for_their_indices() -> None:
    parts = [
        pa.DictionaryArray.from_arrays(
            pa.array(range(100), pa.int8()), pa.array([f"{letter}{i}" for i in range(100)])
        )
        for letter in "ab"
    ]
    texts = texts_of(pa.chunked_array(parts))
    assert texts.of_row.tolist() == list(range(200))
    assert as_list(texts.texts)[::100] == ["a0", "b0"]


def test_each_distinct_value_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []

    def spy(name: object, description: object) -> str:
        seen.append(name)
        return model_input(name, description)

    monkeypatch.setattr("shelftag.tagging.texts.model_input", spy)
    names = pa.chunked_array([["Tea", "Crème", "crème"] * 100])
    texts = texts_of(names)
    assert [one.decode() for one in seen if isinstance(one, bytes)] == ["Crème", "crème"]
    assert texts.rows.tolist() == [100, 200]
    assert np.unique(texts.of_row).tolist() == [0, 1]
