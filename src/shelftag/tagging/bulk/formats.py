"""Rows of the output as Parquet, CSV or NDJSON."""

from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from shelftag.artifacts import Place
from shelftag.tagging.pieces import as_json, values

Write = Callable[[pa.Table, pa.NativeFile, Mapping[str, str]], None]
DICTIONARIES = ("RLE_DICTIONARY", "PLAIN_DICTIONARY")
TEXTS = (pa.string(), pa.large_string(), pa.string_view())
RAWS = (pa.binary(), pa.large_binary(), pa.binary_view())
WITHOUT: dict[str, Callable[[pa.DataType], bool]] = {
    "DELTA_BINARY_PACKED": lambda kind: pa.types.is_integer(kind) or pa.types.is_temporal(kind),
    "BYTE_STREAM_SPLIT": lambda kind: pa.types.is_floating(kind) or pa.types.is_integer(kind),
    "DELTA_LENGTH_BYTE_ARRAY": lambda kind: kind in (*TEXTS, *RAWS),
    "DELTA_BYTE_ARRAY": lambda kind: kind in (*TEXTS, *RAWS),
}
"""Encodings without a dictionary -> types they are kept for. Others, such as decimals, may have
been stored in another way than Arrow stores them, which then refuses the encoding."""


def write_rows(
    table: pa.Table, file: Place, form: str, encodings: Mapping[str, str] | None = None
) -> int:
    """Write a part, and say how many bytes.

    Args:
        form: parquet, csv or ndjson.
        encodings: how the input stored its columns, which Parquet keeps.
    """
    with file.create() as sink:
        WRITERS[form](table, sink, encodings or {})
        return int(sink.tell())


def _parquet(table: pa.Table, sink: pa.NativeFile, encodings: Mapping[str, str]) -> None:
    """One row group, so that each dictionary is stored once."""
    for i, field in enumerate(table.schema):
        if _is_hollow(field.type):
            table = table.set_column(i, field.name, _cells(table[field.name]))
    own = {one.name: encodings.get(one.name, "") for one in table.schema}
    own = {
        name: one
        for name, one in own.items()
        if one in WITHOUT and WITHOUT[one](table.schema.field(name).type)
    }
    texts = [one.name for one in table.schema if _repeats(table, one, encodings)]
    texts += [path for path, one in encodings.items() if "." in path and one in DICTIONARIES]
    pq.write_table(
        table,
        sink,
        row_group_size=len(table),
        compression="zstd",
        compression_level=1,
        use_dictionary=texts,
        column_encoding=own or None,
        dictionary_pagesize_limit=2**30,  # past the limit all values would be written in full
        # the first and last of millions of texts take as long to find as the rest to write
        write_statistics=[one.name for one in table.schema if _is_small(one.type)],
    )


def _is_hollow(kind: pa.DataType) -> bool:
    """Whether it holds a struct without fields, as of `{}` in all rows, which Parquet has not."""
    if not pa.types.is_nested(kind):
        return False
    inner = [kind.field(i).type for i in range(kind.num_fields)]
    return not inner or any(map(_is_hollow, inner))


def _repeats(table: pa.Table, field: pa.Field, encodings: Mapping[str, str]) -> bool:
    """Whether a column is smaller with a dictionary of its values."""
    if field.name in encodings:
        return encodings[field.name] in DICTIONARIES
    if pa.types.is_dictionary(field.type):
        chunks = table[field.name].chunks
        return 2 * sum(len(chunk.dictionary) for chunk in chunks[:1]) <= len(table)
    return pa.types.is_string(field.type) and _seems_repeated(table[field.name])


def _seems_repeated(column: pa.ChunkedArray) -> bool:
    some = column.slice(0, 1_000)
    return 2 * len(some.unique()) <= len(some)


def _is_small(kind: pa.DataType) -> bool:
    return bool(pa.types.is_primitive(kind))


def _csv(table: pa.Table, sink: pa.NativeFile, _: Mapping[str, str]) -> None:
    columns = [_plain(column) for column in table.columns]
    pcsv.write_csv(pa.table(columns, table.column_names), sink)


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """As `pyarrow.csv` takes it."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    is_number = pa.types.is_primitive(kind) or pa.types.is_decimal(kind)
    is_taken = is_number or kind in TEXTS[:2] or pa.types.is_null(kind)
    return column if is_taken and not pa.types.is_interval(kind) else _cells(column)


def _cells(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Texts: lists and structs as JSON, others as Python shows them."""
    return pa.chunked_array([[_cell(one) for one in values(column)]], pa.string())


def _cell(value: object) -> str | None:
    if isinstance(value, dict | list | tuple):
        return as_json(value, ascii_only=False)
    return None if value is None else str(value)


def _ndjson(table: pa.Table, sink: pa.NativeFile, _: Mapping[str, str]) -> None:
    for batch in table.to_batches(max_chunksize=10_000):
        rows = pa.Table.from_batches([batch])
        columns = {name: _json_values(rows[name]) for name in rows.column_names}
        lines = [
            as_json(dict(zip(columns, row, strict=True)), ascii_only=False) + "\n"
            for row in zip(*columns.values(), strict=True)
        ]
        sink.write("".join(lines).encode(errors="backslashreplace"))


def _json_values(column: pa.ChunkedArray) -> list[object]:
    """As Python has them; a float32 with its own digits, not those of a double."""
    if column.type == pa.float32():
        return [None if one is None else float(one) for one in column.cast(pa.string()).to_pylist()]
    return values(column)


WRITERS: dict[str, Write] = {"parquet": _parquet, "csv": _csv, "ndjson": _ndjson}
