"""Are two tables of order lines the same rows, in any order?

One sum of 64-bit hashes for each column, modulo 2^64, and one over whole rows, so that columns
shuffled against each other are seen. A sum does not depend on the order of rows, and unlike an
exclusive or it sees a row that stands there twice. DuckDB computes all of them, over types all
tables have in common, nulls included.
"""

import duckdb
import pyarrow as pa

from shelftag.tables.schemas import ORDER_LINE

ROWS, WHOLE_ROW = "rows", "whole row"


def checksums(parquet: str) -> dict[str, int]:
    """Rows, and the checksum of each column and of the whole rows, of the files of a glob."""
    casts = (f"{field.name}::{_common(field.type)} AS {field.name}" for field in ORDER_LINE)
    sums = [_sum(name, name) for name in ORDER_LINE.names]
    sums.append(_sum(WHOLE_ROW, ", ".join(ORDER_LINE.names)))
    files = f"(SELECT {', '.join(casts)} FROM read_parquet('{parquet}'))"
    (values,) = duckdb.execute(f"SELECT count(*), {', '.join(sums)} FROM {files}").fetchall()
    return dict(zip((ROWS, *ORDER_LINE.names, WHOLE_ROW), values, strict=True))


def differences(tables: dict[str, dict[str, int]]) -> dict[str, list[str]]:
    """Table -> what of it is not as in the first table; only tables that differ."""
    first = next(iter(tables.values()))
    differing = {
        name: [column for column in first if sums[column] != first[column]]
        for name, sums in tables.items()
    }
    return {name: columns for name, columns in differing.items() if columns}


def _common(kind: pa.DataType) -> str:
    if pa.types.is_integer(kind):
        return "BIGINT"
    return "DOUBLE" if pa.types.is_floating(kind) else "VARCHAR"


def _sum(name: str, columns: str) -> str:
    return f'coalesce(sum(hash({columns})) % {2**64}, 0) AS "{name}"'
