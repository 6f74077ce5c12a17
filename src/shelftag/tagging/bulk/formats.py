"""Rows of the output as Parquet, CSV or NDJSON."""

import json
from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from shelftag.artifacts import Place
from shelftag.tagging.pieces import values

Write = Callable[[pa.Table, pa.NativeFile, Mapping[str, str]], None]
DICTIONARIES = ("RLE_DICTIONARY", "PLAIN_DICTIONARY")
WITHOUT = (
    "DELTA_BINARY_PACKED",
    "BYTE_STREAM_SPLIT",
    "DELTA_LENGTH_BYTE_ARRAY",
    "DELTA_BYTE_ARRAY",
)


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
    own = {name: one for name, one in encodings.items() if one in WITHOUT}
    texts = [one.name for one in table.schema if _repeats(table, one, encodings)]
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
    for i, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            column = table[field.name].cast(field.type.value_type)
        elif pa.types.is_nested(field.type):
            texts = [json.dumps(one, default=str) for one in values(table[field.name])]
            column = pa.chunked_array([texts], pa.string())
        else:
            continue
        table = table.set_column(i, field.name, column)
    pcsv.write_csv(table, sink)


def _ndjson(table: pa.Table, sink: pa.NativeFile, _: Mapping[str, str]) -> None:
    for batch in table.to_batches(max_chunksize=10_000):
        rows = pa.Table.from_batches([batch])
        columns = {name: _json_values(rows[name]) for name in rows.column_names}
        lines = [
            json.dumps(dict(zip(columns, row, strict=True)), default=str, ensure_ascii=False)
            for row in zip(*columns.values(), strict=True)
        ]
        sink.write(("\n".join(lines) + "\n").encode(errors="backslashreplace"))


def _json_values(column: pa.ChunkedArray) -> list[object]:
    """As Python has them; a float32 with its own digits, not those of a double."""
    if column.type == pa.float32():
        return [None if one is None else float(one) for one in column.cast(pa.string()).to_pylist()]
    return values(column)


WRITERS: dict[str, Write] = {"parquet": _parquet, "csv": _csv, "ndjson": _ndjson}
