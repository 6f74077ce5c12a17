"""CSV as the public files have it: no quotes but where a value holds a comma or a quote."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

_ROWS_AT_ONCE = 1_000_000
_PLAIN = csv.WriteOptions(include_header=False, quoting_style="none")


def plain_csv(table: pa.Table) -> pa.Buffer:
    """Rows, without a header, of a table whose texts need no quotes; nulls are empty.

    Raises:
        pyarrow.ArrowInvalid: a text holds a comma or a quote.
    """
    out = pa.BufferOutputStream()
    csv.write_csv(table, out, _PLAIN)
    return out.getvalue()


def quoted_csv(table: pa.Table) -> bytes:
    """Rows, without a header, of a table of whole numbers and any texts."""
    columns = [_quoted(column.cast(pa.string())) for column in table.columns]
    rows = pc.binary_join_element_wise(*columns, ",")
    return "".join(f"{row}\n" for row in rows.to_pylist()).encode()


def write_quoted(path: Path, table: pa.Table) -> None:
    """Write a whole table with `quoted_csv`, some rows at a time."""
    starts = range(0, len(table), _ROWS_AT_ONCE)
    chunks = (quoted_csv(table.slice(start, _ROWS_AT_ONCE)) for start in starts)
    write_chunks(path, table.column_names, chunks)


def write_chunks(path: Path, columns: Sequence[str], chunks: Iterable[bytes | pa.Buffer]) -> None:
    """Write a header and then rows as they come."""
    with path.open("wb") as file:
        file.write((",".join(columns) + "\n").encode())
        for chunk in chunks:
            file.write(chunk)


def _quoted(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    doubled = pc.replace_substring(texts, '"', '""')
    return pc.if_else(
        pc.match_substring_regex(texts, '[",\r\n]'),
        pc.binary_join_element_wise('"', doubled, '"', ""),
        texts,
    )
