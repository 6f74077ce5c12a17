"""Tensors as bytes, and the requests that hold them."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tritonclient.utils import deserialize_bytes_tensor, serialize_byte_tensor

from serve.inference.schemas import InputTensor
from serve.inference.tensors import (
    Values,
    pack_bytes,
    read_tensors,
    rows_of,
    split_body,
    unpack_bytes,
    write_tensors,
)
from serve.problems import Problem

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=20)


@given(TEXTS)
def test_bytes_are_packed_as_the_official_client_does(texts: list[str]) -> None:
    packed = pack_bytes(texts)
    theirs = serialize_byte_tensor(np.array(texts, np.object_))
    assert packed == (theirs.item() if theirs.size else b"")
    assert [one.decode() for one in deserialize_bytes_tensor(packed)] == texts
    assert [one.decode() for one in unpack_bytes(packed, len(texts), "name")] == texts


@given(st.binary(max_size=60))
def test_any_bytes_are_elements_or_refused(packed: bytes) -> None:
    try:
        elements = unpack_bytes(packed, len(packed), "name")
    except Problem as problem:
        told = (int(problem.status), "BYTES is 4 bytes of length" in problem.detail)
    else:
        again = b"".join(len(one).to_bytes(4, "little") + one for one in elements)
        told = (400, again == packed)
    assert told == (400, True)


@given(st.integers(0, 5), st.integers(0, 9))
def test_no_more_is_read_than_to_see_that_there_is_more(rows: int, there: int) -> None:
    assert len(unpack_bytes(pack_bytes(["x"] * there), rows, "name")) == min(there, rows + 1)


@given(TEXTS, st.booleans())
def test_json_data_may_be_nested(texts: list[str], nested: bool) -> None:
    data: list[Any] = [[text] for text in texts] if nested else texts
    tensor = InputTensor(name="name", shape=[len(texts), 1], datatype="BYTES", data=data)
    assert rows_of(tensor) == len(texts)
    assert read_tensors([tensor], None) == {"name": texts}


@given(TEXTS, TEXTS)
def test_binary_data_of_several_inputs_follow_each_other(one: list[str], two: list[str]) -> None:
    sizes = {"name": len(pack_bytes(one)), "description": len(pack_bytes(two))}
    tensors = [
        InputTensor(
            name=name, shape=[rows], datatype="BYTES", parameters={"binary_data_size": sizes[name]}
        )
        for name, rows in (("name", len(one)), ("description", len(two)))
    ]
    read = read_tensors(tensors, pack_bytes(one) + pack_bytes(two))
    assert read["name"] == [text.encode() for text in one]
    assert read["description"] == [text.encode() for text in two]


@given(TEXTS, st.lists(st.floats(0, 1, width=32), max_size=20))
def test_outputs_come_back_from_json_and_from_bytes(texts: list[str], floats: list[float]) -> None:
    confidence = np.array(floats, np.float32)
    for binary in (False, True):
        outputs: list[tuple[str, Values, bool]] = [
            ("department", texts, binary),
            ("confidence", confidence, binary),
        ]
        body, length = write_tensors({"id": "7"}, outputs)
        head, rest = split_body(body, None if length is None else str(length))
        read = json.loads(head)
        assert read["id"] == "7"
        assert [tensor["shape"] for tensor in read["outputs"]] == [[len(texts)], [len(floats)]]
        if binary:
            assert rest == pack_bytes(texts) + confidence.astype("<f4").tobytes()
        else:
            assert read["outputs"][0]["data"] == texts
            back = np.array(read["outputs"][1]["data"], np.float32)
            assert back.tobytes() == confidence.tobytes()


@pytest.mark.parametrize("header", ["", "-1", "1.5", "x", "²", "11", "9" * 5_000])
def test_a_header_that_is_no_length_is_refused(header: str) -> None:
    with pytest.raises(Problem, match="Inference-Header-Content-Length is") as caught:
        split_body(b"0123456789", header)
    assert caught.value.status == 400
