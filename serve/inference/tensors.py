"""Tensors of the Open Inference Protocol, in JSON and in the binary extension: pure data.

    body = JSON object | bytes of the first binary tensor | of the second | ...
           '- Inference-Header-Content-Length -'

An element of BYTES is a 4-byte little-endian length, then that many bytes; one of FP32 is 4 bytes,
little-endian. Sources: https://github.com/kserve/open-inference-protocol (REST) and
https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
"""

import json
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from serve.inference.schemas import InputTensor
from serve.problems import Problem

HEADER = "Inference-Header-Content-Length"
LENGTH_BYTES = 4


def refuse(detail: str) -> NoReturn:
    """The protocol's status for whatever is wrong with a request is 400."""
    raise Problem(HTTPStatus.BAD_REQUEST, detail)


def split_body(body: bytes, header: str | None) -> tuple[bytes, bytes | None]:
    """The JSON and what follows it; no header: all of it is JSON.

    Raises:
        Problem: 400 the header is no number, or more than the body has.
    """
    if header is None:
        return body, None
    if not (header.isascii() and header.isdigit() and len(header) < 20) or int(header) > len(body):
        refuse(f"{HEADER} is {header[:50]!r}: a number of bytes, at most the body's {len(body):,}")
    return body[: int(header)], body[int(header) :]


def rows_of(tensor: InputTensor) -> int:
    """How many elements the shape says.

    Raises:
        Problem: 400 it is not BYTES, or not [n] or [n, 1].
    """
    if tensor.datatype != "BYTES":
        refuse(f"input {_short(tensor.name)} has datatype {_short(tensor.datatype)}: it is BYTES")
    rows, *more = tensor.shape or [-1]
    if rows < 0 or more not in ([], [1]):
        refuse(f"input {_short(tensor.name)} has shape {_short(tensor.shape)}: it is [n] or [n, 1]")
    return rows


def read_tensors(
    tensors: Sequence[InputTensor], binary: bytes | None
) -> dict[str, Sequence[object]]:
    """The elements of each input: text from JSON, bytes from binary data.

    Raises:
        Problem: 400 data are missing, left over, or not as the shape says.
    """
    read: dict[str, Sequence[object]] = {}
    rest = binary
    for tensor in tensors:
        if "binary_data_size" in tensor.parameters:
            own, rest = _cut(tensor, rest)
            read[tensor.name] = _checked(tensor, unpack_bytes(own, tensor.shape[0], tensor.name))
        else:
            read[tensor.name] = _checked(tensor, list(_elements(tensor)))
    if rest:
        refuse(f"{len(rest):,} bytes of binary data are left over: no input's binary_data_size")
    return read


def _cut(tensor: InputTensor, binary: bytes | None) -> tuple[bytes, bytes]:
    size = tensor.parameters["binary_data_size"]
    name = _short(tensor.name)
    if binary is None:
        refuse(f"input {name} has binary_data_size, so the header {HEADER} must be there")
    if tensor.data is not None:
        refuse(f"input {name} has both data and binary_data_size: give one of them")
    if type(size) is not int or not 0 <= size <= len(binary):
        rule = f"a number of bytes, at most the {len(binary):,} that are left of the body"
        refuse(f"input {name} has binary_data_size {_short(size)}: {rule}")
    return binary[:size], binary[size:]


def _elements(tensor: InputTensor) -> Iterator[object]:
    """Of JSON data, flat or nested."""
    if tensor.data is None:
        refuse(f"input {_short(tensor.name)} has neither data nor binary_data_size")
    nested = len(tensor.shape) == 2
    for place, value in enumerate(tensor.data):
        element = value[0] if nested and isinstance(value, list) and len(value) == 1 else value
        if not isinstance(element, str):
            refuse(f"input {_short(tensor.name)}, data[{place}] is {_short(value)}: it is text")
        yield element


def _checked(tensor: InputTensor, elements: Sequence[object]) -> Sequence[object]:
    rows = tensor.shape[0]
    if len(elements) != rows:
        there = f"{len(elements):,}" if len(elements) < rows else "more"
        detail = f"has shape {_short(tensor.shape)} and {there} elements"
        refuse(f"input {_short(tensor.name)} {detail}: they must agree")
    return elements


def _short(value: object) -> str:
    return repr(value)[:100]


def unpack_bytes(packed: bytes, rows: int, name: str) -> list[bytes]:
    """The elements of a BYTES tensor; at most one more than `rows` is read.

    Raises:
        Problem: 400 it ends inside an element.
    """
    elements: list[bytes] = []
    at = 0
    while at < len(packed) and len(elements) <= rows:
        start = at + LENGTH_BYTES
        at = start + int.from_bytes(packed[at:start], "little")
        if at > len(packed):
            detail = f"element {len(elements)} ends at byte {at:,} of {len(packed):,}"
            refuse(f"input {_short(name)}, {detail}: BYTES is 4 bytes of length, then the bytes")
        elements.append(packed[start:at])
    return elements


def pack_bytes(elements: Sequence[str]) -> bytes:
    """Text as a BYTES tensor."""
    encoded = [element.encode() for element in elements]
    return b"".join(len(one).to_bytes(LENGTH_BYTES, "little") + one for one in encoded)


Values = Sequence[str] | NDArray[np.float32]


def write_tensors(
    head: dict[str, Any], outputs: Sequence[tuple[str, Values, bool]]
) -> tuple[bytes, int | None]:
    """The body of a response, and how long its JSON is if binary data follow.

    An output is a name, its values [n], and whether they go as binary data.
    """
    tensors, parts = [], []
    for name, values, binary in outputs:
        datatype = "FP32" if isinstance(values, np.ndarray) else "BYTES"
        tensor: dict[str, Any] = {"name": name, "datatype": datatype, "shape": [len(values)]}
        if binary:
            parts.append(_packed(values))
            tensor["parameters"] = {"binary_data_size": len(parts[-1])}
        else:
            tensor["data"] = _in_json(values)
        tensors.append(tensor)
    text = json.dumps(head | {"outputs": tensors}).encode()
    return b"".join([text, *parts]), len(text) if parts else None


def _packed(values: Values) -> bytes:
    return values.astype("<f4").tobytes() if isinstance(values, np.ndarray) else pack_bytes(values)


def _in_json(values: Values) -> list[Any]:
    if isinstance(values, np.ndarray):  # the fewest digits that give the same float32 back
        return [float(str(value)) for value in values]
    return list(values)
