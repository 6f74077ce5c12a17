"""Pieces of an NDJSON file (https://github.com/ndjson/ndjson-spec), and reading them.

A line is a row, if it holds an object; blank lines are no rows. What types the columns have is
found over the whole file, before anything else, so that every piece reads them alike. Numbers have
64 bits: an id of more than 18 digits must be a text to come out as it went in.
"""

import json
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.json as pjson
from numpy.typing import NDArray

from shelftag.artifacts import Place
from shelftag.artifacts.places import one_line
from shelftag.errors import InputError
from shelftag.tagging.csv_rows import MAX_ROW_BYTES, WINDOW_BYTES
from shelftag.tagging.pieces import Block, ErrorRow, Piece, changed

SPACES = np.frombuffer(b" \t\n\r\v\f", np.uint8)


def ndjson_pieces(file: Place, rows_per_block: int) -> Iterator[Piece]:
    """The lines, in runs of at most `rows_per_block`.

    Raises:
        InputError: a line is too long.
    """
    row = 0
    for offset, window in windows(file):
        ends = line_ends(window)
        cuts = [0, *ends[rows_per_block - 1 :: rows_per_block].tolist()]
        if cuts[-1] < len(window):
            cuts.append(len(window))
        for start, end in pairwise(cuts):
            rows = int(np.searchsorted(ends, end, "right") - np.searchsorted(ends, start, "right"))
            if rows:
                yield Piece(str(file), row, rows, offset + start, offset + end)
            row += rows


def windows(file: Place) -> Iterator[tuple[int, bytes]]:
    """Whole lines, some MiB at a time, and where they begin; not the byte order mark.

    Raises:
        InputError: a line is too long.
    """
    with file.open() as source:
        start = source.read(len(BOM_UTF8))
        offset, rest = (len(start), b"") if start == BOM_UTF8 else (0, start)
        while data := source.read(WINDOW_BYTES):
            rest += data
            end = rest.rfind(b"\n") + 1
            if end:
                yield offset, rest[:end]
                offset, rest = offset + end, rest[end:]
            elif len(rest) > MAX_ROW_BYTES:
                problem = f"{file} has a line of more than {len(rest) // 2**20:,} MiB"
                raise InputError(f"{problem}, from byte {offset:,} on", "write a line for each row")
        if rest:
            yield offset, rest


def line_ends(window: bytes) -> NDArray[np.int64]:
    """Where lines that are not blank end: offsets of the next byte."""
    codes = np.frombuffer(window, np.uint8)
    ends = np.flatnonzero(codes == ord("\n")) + 1
    if not len(ends) or ends[-1] < len(window):
        ends = np.append(ends, len(window))
    starts = np.append(0, ends)[:-1]
    spaced = np.flatnonzero(np.isin(codes[starts], SPACES))
    return np.delete(ends, [i for i in spaced if not window[starts[i] : ends[i]].strip()])


def ndjson_schema(file: Place) -> pa.Schema:
    """Names and types of the columns of all lines that are objects, if any; times stay texts.

    Raises:
        InputError: a column has several types.
    """
    schema = pa.schema([])
    for _, window in windows(file):
        try:
            found = _parse(_good(_lines(window), None)[0], None).schema
            schema = unified([schema, found])
        except pa.ArrowException as error:
            raise several_types(file, error) from None
    return schema


def unified(schemas: Sequence[pa.Schema]) -> pa.Schema:
    """One that all rows fit: numbers may be whole in some, columns may be missing.

    Raises:
        ArrowException: a column has several types.
    """
    plain = [pa.schema([(one.name, _kept(one.type)) for one in schema]) for schema in schemas]
    return pa.unify_schemas(plain, promote_options="permissive")


def several_types(file: Place, error: Exception) -> InputError:
    """A column's type is one in some rows, and another in others."""
    problem = f"{file} has a column of several types ({one_line(error)})"
    return InputError(problem, "write each column with one type, in all files of the job")


def _kept(found: pa.DataType) -> pa.DataType:
    """pyarrow takes texts that look like times for times, and would write them otherwise."""
    if pa.types.is_timestamp(found):
        return pa.string()
    if pa.types.is_list(found):
        return pa.list_(_kept(found.value_type))
    if pa.types.is_struct(found):
        return pa.struct([(one.name, _kept(one.type)) for one in found])
    return found


def without_nulls(found: pa.DataType) -> pa.DataType:
    """What is null everywhere is text."""
    if pa.types.is_list(found):
        return pa.list_(without_nulls(found.value_type))
    if pa.types.is_struct(found):
        return pa.struct([(one.name, without_nulls(one.type)) for one in found])
    return pa.string() if pa.types.is_null(found) else found


def read_ndjson_piece(file: Place, piece: Piece, schema: pa.Schema) -> Block:
    """Columns of the types that were found; lines that are no rows are errors.

    Raises:
        Failed: the file is not what it was.
    """
    lines = _lines(file.read_range(piece.start, piece.end - piece.start))
    good, numbers, errors = _good(lines, schema)
    table = _parse(good, schema).select(schema.names) if good else schema.empty_table()
    if len(lines) != piece.rows:
        raise changed(piece)
    errors = [ErrorRow(piece.first_row + e.row, e.reason, e.record) for e in errors]
    return Block(table, np.array(numbers, np.int64) + piece.first_row, errors)


def _parse(lines: Sequence[bytes], schema: pa.Schema | None) -> pa.Table:
    if not lines:
        return pa.table({})
    data = b"\n".join(lines)
    return pjson.read_json(
        BytesIO(data),
        read_options=pjson.ReadOptions(use_threads=False, block_size=len(data) + 1),
        parse_options=pjson.ParseOptions(
            explicit_schema=schema, unexpected_field_behavior="infer" if schema is None else "error"
        ),
    )


def _lines(data: bytes) -> list[bytes]:
    return [line for one in data.split(b"\n") if (line := one.strip())]


def _good(
    lines: Sequence[bytes], schema: pa.Schema | None
) -> tuple[Sequence[bytes], Sequence[int], list[ErrorRow]]:
    """Lines that are rows, their numbers from 1, and the others with the reason."""
    if _is_table(lines, schema):
        return lines, range(1, len(lines) + 1), []
    faults = {number: fault for number, line in enumerate(lines, 1) if (fault := _fault(line))}
    rest = {number: line for number, line in enumerate(lines, 1) if number not in faults}
    if not _is_table(list(rest.values()), schema):  # one that Python reads, and pyarrow does not
        faults |= {n: fault for n, line in rest.items() if (fault := _refused(line, schema))}
    good = {number: line for number, line in rest.items() if number not in faults}
    errors = [
        ErrorRow(number, fault, lines[number - 1].decode(errors="backslashreplace"))
        for number, fault in faults.items()
    ]
    return list(good.values()), list(good), errors


def _is_table(lines: Sequence[bytes], schema: pa.Schema | None) -> bool:
    """Whether each line is a row to pyarrow, which takes neither line ends nor bad UTF-8 amiss."""
    # Asked first: of data that begins with `null`, pyarrow 26 dies.
    if not all(line.startswith(b"{") and line.endswith(b"}") for line in lines):
        return False
    try:
        b"\n".join(lines).decode()
        return len(_parse(lines, schema)) == len(lines)
    except (UnicodeDecodeError, pa.ArrowException):
        return False


def _refused(line: bytes, schema: pa.Schema | None) -> str:
    try:
        _parse([line], schema)
    except pa.ArrowException as error:
        return f"the line cannot be read ({one_line(error)})"
    return ""


def _fault(line: bytes) -> str:
    """Why a line is no row; empty for one that is."""
    try:
        value = json.loads(line.decode())
    except UnicodeDecodeError:
        return "the line is not UTF-8"
    except (ValueError, RecursionError) as error:
        return f"the line is not JSON ({error})"
    if not isinstance(value, dict):
        return f"the line is no object, but {type(value).__name__}"
    return ""
