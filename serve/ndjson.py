"""The rows of an uploaded NDJSON file, a batch at a time and in order."""

import json
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from serve.catalogs import MAX_ROW_BYTES, ROWS_PER_BATCH, Columns, Rows, check_utf8, chosen
from shelftag.tagging.products import BadProduct

BATCH_BYTES = 2**22
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def ndjson_rows(source: BinaryIO, wanted: Columns) -> Iterator[Rows]:
    """Lines that are JSON objects (https://github.com/ndjson/ndjson-spec); empty ones are no rows.

    Raises:
        InputError: no object of the first lines has a column with names.
    """
    check_utf8(source)
    place, use = 1, None
    for lines in _batched(_lines(source)):
        objects, places, errors = _objects(lines, place)
        if use is None:
            keys = list(dict.fromkeys(key for one in objects for key in one))
            later = [each for each in (wanted.description, wanted.id) if each]  # maybe not in these
            use = chosen(list(dict.fromkeys([*keys, *later])), wanted)
        yield Rows([use.of(one) for one in objects], places, errors)
        place += len(lines)


def _lines(source: BinaryIO) -> Iterator[bytes]:
    """Lines that are not empty, cut where they are longer than a row may be."""
    start = BYTE_ORDER_MARK
    while line := source.readline(MAX_ROW_BYTES + 1):
        row = line.removeprefix(start).strip()
        start, rest = b"", line
        while len(rest) > MAX_ROW_BYTES and not rest.endswith(b"\n"):
            rest = source.readline(MAX_ROW_BYTES + 1)
        if row:
            yield line if len(line) > MAX_ROW_BYTES else row


def _batched(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for line in lines:
        batch.append(line)
        size += len(line)
        if len(batch) == ROWS_PER_BATCH or size > BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _objects(
    lines: Sequence[bytes], first: int
) -> tuple[list[dict[str, object]], list[int], list[tuple[int, str]]]:
    """The objects, their places, and the lines that are none."""
    objects, places, errors = [], [], []
    for place, line in enumerate(lines, first):
        try:
            objects.append(_object(line))
        except BadProduct as problem:
            errors.append((place, str(problem)))
        else:
            places.append(place)
    return objects, places, errors


def _object(line: bytes) -> dict[str, object]:
    if len(line) > MAX_ROW_BYTES:
        raise BadProduct(f"the line has more than {MAX_ROW_BYTES:,} bytes")
    try:
        value = json.loads(line.decode())
    except UnicodeDecodeError:
        raise BadProduct("the line is not UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise BadProduct(f"the line is not JSON ({error})") from None
    if not isinstance(value, dict):
        raise BadProduct(f"the line is no object, but {type(value).__name__}")
    return value
