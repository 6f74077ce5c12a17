"""A catalog through Ray Serve and its proxy, with a real model."""

import io
import json
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shelftag.artifacts import Run
from tests.serve.test_serve import url  # noqa: F401  (a fixture)
from tests.tiny import NOUNS

NAMES = [f"{noun} {i}" for i in range(150) for nouns in NOUNS.values() for noun in nouns]
PARQUET = {"content-type": "application/vnd.apache.parquet"}


def tagged(url: str, body: bytes, headers: dict[str, str]) -> list[dict[str, Any]]:  # noqa: F811
    answer = httpx.post(f"{url}/v1/catalog", content=body, headers=headers, timeout=60)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def parquet(rows_per_group: int) -> bytes:
    sink = io.BytesIO()
    table = pa.table({"id": range(len(NAMES)), "name": NAMES})
    pq.write_table(table, sink, row_group_size=rows_per_group, compression="none")
    return sink.getvalue()


def test_tags_are_the_same_in_every_format(url: str, tiny_run: Run) -> None:  # noqa: F811
    csv = "id,name\n" + "".join(f"{i},{name}\n" for i, name in enumerate(NAMES))
    ndjson = "".join(json.dumps({"id": i, "name": n}) + "\n" for i, n in enumerate(NAMES))
    got = tagged(url, parquet(1_000), PARQUET)
    whole = {"rows": len(NAMES), "tagged": len(NAMES), "errors": 0}
    assert got[-1] == whole | {"model": tiny_run.manifest().fingerprint}
    assert got == tagged(url, ndjson.encode(), {"content-type": "application/jsonl"})
    as_text = [one | {"id": str(one["id"])} if "id" in one else one for one in got]
    assert as_text == tagged(url, csv.encode(), {"content-type": "text/csv"})
    products = [{"name": name} for name in NAMES[:50]]
    alone = httpx.post(f"{url}/v1/tag", json={"products": products}, timeout=60).json()["tags"]
    for one, row in zip(alone, got, strict=False):
        assert (one["department"], one["status"]) == (row["department"], row["status"])


def read(url: str, body: bytes, into: bytearray) -> None:  # noqa: F811
    """What came before it broke off stays."""
    with httpx.stream("POST", f"{url}/v1/catalog", content=body, headers=PARQUET) as answer:
        for chunk in answer.iter_raw():
            into.extend(chunk)


def test_an_answer_that_breaks_off_cannot_be_taken_for_a_whole_one(url: str) -> None:  # noqa: F811
    body = bytearray(parquet(1_500))
    groups = pq.read_metadata(io.BytesIO(body))
    name = groups.row_group(1).column(1)
    body[name.dictionary_page_offset : name.dictionary_page_offset + 40] = b"\xff" * 40
    got = bytearray()
    with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
        read(url, bytes(body), got)
    lines = [json.loads(line) for line in got.splitlines()]
    assert [one.get("row") for one in lines] == [*range(1, len(lines)), None]
    assert "the catalog cannot be read" in lines[-1]["error"]


def test_bad_input_is_a_problem(url: str) -> None:  # noqa: F811
    answer = httpx.post(
        f"{url}/v1/catalog", content=b"a\nb\n", headers={"content-type": "text/csv"}
    )
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
