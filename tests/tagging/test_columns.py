"""Tags as columns: the same as one by one, gathered to the rows."""

import json

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from shelftag.artifacts import Run
from shelftag.catalog.text import text
from shelftag.config.tagging import TaggingConfig
from shelftag.tagging.columns import Naming, TaggedRows, tag_rows
from shelftag.tagging.products import BadProduct, model_input
from shelftag.tagging.tagger import Tagger

NAMES = ["Rye Bread", "rye  BREAD", "Cat Litter", "Organic Milk", "Rye Bread", "Sorbet"]


@pytest.fixture(scope="module")
def tagger(tiny_run: Run) -> Tagger:
    return Tagger.load(tiny_run, TaggingConfig())


def tagged(tagger: Tagger, names: pa.Array | list[object], **more: list[object]) -> TaggedRows:
    naming = Naming("name", "more" if more else None)
    return tag_rows(tagger, pa.table({"name": names, **more}), naming)


def test_columns_say_what_single_tags_say(tagger: Tagger) -> None:
    rows = tagged(tagger, NAMES).table.to_pylist()
    for row, tag in zip(rows, tagger.tag([text(name) for name in NAMES]), strict=True):
        assert (row["department"], row["status"]) == (tag.department, tag.status)
        assert row["confidence"] == tag.confidence
        assert json.loads(row["alternatives"]) == [
            {"department": department, "confidence": round(confidence, 6)}
            for department, confidence in tag.alternatives
        ]
        assert json.loads(row["candidates"]) == list(tag.candidates)


def test_types_are_as_promised(tagger: Tagger) -> None:
    schema = tagged(tagger, NAMES).table.schema
    for column in ("department", "alternatives", "candidates", "status"):
        assert pa.types.is_dictionary(schema.field(column).type)
        assert schema.field(column).type.value_type == pa.string()
    assert schema.field("confidence").type == pa.float32()


def test_each_text_is_scored_once(tagger: Tagger, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    probabilities = tagger.probabilities

    def spy(texts: list[str]) -> NDArray[np.float32]:
        seen.append(texts)
        return probabilities(texts)

    monkeypatch.setattr(tagger, "probabilities", spy)
    done = tagged(tagger, NAMES)
    assert seen == [["rye bread", "cat litter", "organic milk", "sorbet"]]
    assert done.unique_names == 4
    assert sum(done.departments.values()) == 6
    assert done.table["confidence"][0] == done.table["confidence"][1]


@pytest.mark.parametrize(
    "names",
    [
        pa.chunked_array([NAMES[:2], NAMES[2:]]),
        pa.array(NAMES, pa.large_string()),
        pa.array(NAMES, pa.string_view()),
        pa.chunked_array([pa.array(part).dictionary_encode() for part in (NAMES[:4], NAMES[4:])]),
    ],
)
def test_every_way_to_store_text_gives_the_same(tagger: Tagger, names: pa.ChunkedArray) -> None:
    expected = tagged(tagger, NAMES).table.drop(["name"])
    assert tagged(tagger, names).table.drop(["name"]).to_pylist() == expected.to_pylist()


def test_rows_without_a_name_are_refused_with_a_reason(tagger: Tagger) -> None:
    broken = pa.array([b"Milk", None, b"", b" \xc2\xa0\t", b"\xff", b"Sorbet"]).view(pa.string())
    done = tagged(tagger, broken)
    assert done.table["name"].to_pylist() == ["Milk", "Sorbet"]
    assert done.refused == {
        1: "the name is missing",
        2: "the name is blank",
        3: "the name is blank",
        4: "the name is not UTF-8",
    }


def test_a_table_of_nothing_but_bad_rows(tagger: Tagger) -> None:
    done = tagged(tagger, pa.array([None, ""], pa.string()))
    assert (len(done.table), len(done.refused), done.unique_names) == (0, 2, 0)
    assert done.table.column_names[-1] == "status"


def test_the_description_is_read_with_the_name(tagger: Tagger) -> None:
    more = ["crunchy", "crunchy", None, "", "soft", "crunchy"]
    done = tagged(tagger, NAMES, more=list(more))
    texts = [text(name, words) for name, words in zip(NAMES, more, strict=True)]
    assert done.unique_names == len(set(texts)) == 5
    assert done.table["confidence"].to_pylist() == [tag.confidence for tag in tagger.tag(texts)]


def test_new_columns_come_last_with_their_prefix(tagger: Tagger) -> None:
    rows = pa.table({"b": [1], "name": ["Milk"], "department": ["mine"]})
    table = tag_rows(tagger, rows, Naming("name", prefix="new_")).table
    assert table.column_names == [
        *("b", "name", "department"),
        *("new_department", "new_confidence", "new_alternatives", "new_candidates", "new_status"),
    ]
    assert table.select(rows.column_names).equals(rows)


@pytest.mark.parametrize(
    ("name", "description", "reason"),
    [
        (None, None, "missing"),
        (" \n", "good", "blank"),
        (7, None, "not text .int"),
        (["Milk"], None, "not text .list"),
        ("\ud800", None, "not UTF-8"),
        ("Milk", 7, "description is not text"),
        ("Milk", b"\xff", "description is not UTF-8"),
        ("x" * 1_001, None, "name has more than 1,000 characters"),
        ("Milk", "x" * 20_001, "description has more than 20,000 characters"),
        ("Milk", "\ufdfa" * 20_000, "folded text has more than 40,000 characters"),
    ],
)
def test_what_is_no_product(name: object, description: object, reason: str) -> None:
    with pytest.raises(BadProduct, match=reason):
        model_input(name, description)


@pytest.mark.parametrize("description", [None, "", "Fresh"])
def test_a_product_is_read_as_everywhere(description: str | None) -> None:
    name = "\uff2dilk  A"
    assert model_input(name, description) == text(name, description)
