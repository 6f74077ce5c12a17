"""The rows of an uploaded Parquet file, a batch at a time and in order.

A small file can say much: pages are compressed, a dictionary may name one huge text for every row,
and DELTA_BYTE_ARRAY repeats the start of the text before. So the decompressed size of what is read
is bounded, each distinct text of a batch is made once, and that encoding is refused.

Size and encodings are what the file's footer says; Arrow takes no other bound. A footer that lies
passes, and a page is then decompressed to whatever size it says: against those who would send such
a file, a copy is protected by keys, and by the limit on memory that it is given from outside.
"""

from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from serve.catalog.rows import ROWS_PER_BATCH, Columns, Rows, chosen
from shelftag.errors import Failed, InputError
from shelftag.tagging.products import MAX_CHARACTERS

PAGE_BUFFER_BYTES = 2**20
UNREAD = {
    # its decoded size is not bounded by the size of its pages
    # (https://parquet.apache.org/docs/file-format/data-pages/encodings/)
    "DELTA_BYTE_ARRAY": "texts may be far larger than their column",
    "DELTA_LENGTH_BYTE_ARRAY": "texts are not read by pyarrow as dictionaries",
}
LONGEST_BYTES = 4 * MAX_CHARACTERS["description"]
"""Of a text; of a longer one only so many are decoded, and they are too many for any product."""
GROUP_BYTES = 2**27
"""Of names, descriptions and ids of a row group, decompressed: what a file of a few kB may say."""
TEXTS = (pa.string(), pa.large_string(), pa.string_view())


def parquet_rows(source: BinaryIO, wanted: Columns) -> Iterator[Rows]:
    """Rows of a Parquet file.

    Raises:
        InputError: it is no Parquet file, a column is missing or no text, or too large.
        Failed: a part of it is damaged.
    """
    metadata = _metadata(source)
    schema = metadata.schema.to_arrow_schema()
    use = chosen(schema.names, wanted)
    read = list(dict.fromkeys(each for each in (use.name, use.description, use.id) if each))
    texts = _text_columns(schema, use)
    _check_size(metadata, read)
    place = 1
    for batch in _batches(source, metadata, read, texts):
        columns = {name: _values(batch.column(name)) for name in read}
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        yield Rows([use.of(row) for row in rows], range(place, place + len(rows)), ())
        place += len(rows)


def _metadata(source: BinaryIO) -> pq.FileMetaData:
    try:
        return pq.read_metadata(source)
    except (OSError, pa.ArrowException) as error:
        problem = f"{source.name} cannot be read as Parquet ({_first_line(error)})"
        raise InputError(problem, "write it again, or name its type in Content-Type") from None


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


def _text_columns(schema: pa.Schema, use: Columns) -> list[str]:
    """Those of the columns that hold text.

    Raises:
        InputError: the name or the description holds something else, the id no text or integer.
    """
    texts = []
    for option, column in (("name", use.name), ("description", use.description), ("id", use.id)):
        if column is None:
            continue
        stored = schema.field(column).type
        value = stored.value_type if pa.types.is_dictionary(stored) else stored
        if value in TEXTS:
            texts.append(column)
        elif option != "id" or not pa.types.is_integer(value):
            wanted = "text or integers" if option == "id" else "text"
            problem = f"column {column!r} is {stored}, not {wanted}"
            raise InputError(problem, f"name a column of {wanted} by {option}_column")
    return texts


def _check_size(metadata: pq.FileMetaData, read: list[str]) -> None:
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        columns = map(group.column, range(group.num_columns))
        chunks = [one for one in columns if one.path_in_schema in read]
        for encoding, problem in UNREAD.items():
            if any(encoding in one.encodings for one in chunks):
                raise InputError(f"{encoding} {problem}: they are refused", "write dictionaries")
        size = sum(one.total_uncompressed_size for one in chunks)
        if size > GROUP_BYTES:
            held = f"a row group has {size / 1e6:,.0f} MB of names, descriptions and ids"
            problem = f"{held}; at most {GROUP_BYTES / 1e6:,.0f} MB are read of one"
            raise InputError(problem, "write smaller row groups (row_group_size=100_000)")


def _batches(
    source: BinaryIO, metadata: pq.FileMetaData, read: list[str], texts: list[str]
) -> Iterator[pa.RecordBatch]:
    try:
        file = pq.ParquetFile(
            source,
            metadata=metadata,
            read_dictionary=texts,
            buffer_size=PAGE_BUFFER_BYTES,
            pre_buffer=False,
        )
        yield from file.iter_batches(ROWS_PER_BATCH, columns=read, use_threads=False)
    except (OSError, pa.ArrowException) as error:
        problem = f"{source.name} cannot be read ({_first_line(error)})"
        raise Failed(problem, "write the file again") from error


def _values(column: pa.Array) -> list[object]:
    """Python's values; texts may be broken UTF-8, which whoever reads them finds."""
    if not pa.types.is_dictionary(column.type):
        return _decoded(column)
    codes = column.indices.dictionary_encode()  # only the values that this batch has
    values = _decoded(_cut(column.dictionary).take(codes.dictionary))
    return [None if code is None else values[code] for code in codes.indices.to_pylist()]


def _decoded(column: pa.Array) -> list[object]:
    if column.type not in (*TEXTS, pa.large_binary()):
        values: list[object] = column.to_pylist()
        return values
    raw = column.cast(pa.large_binary()).to_pylist()
    return [None if one is None else _text(one) for one in raw]


def _text(raw: bytes) -> str:
    return raw.decode(errors="ignore" if len(raw) > LONGEST_BYTES else "surrogateescape")


def _cut(texts: pa.Array) -> pa.Array:
    """The texts of a dictionary, of which each batch would copy and decode the longest again."""
    longest = pc.max(pc.binary_length(texts)).as_py()
    if longest is None or longest <= LONGEST_BYTES:
        return texts
    return pc.binary_slice(texts.cast(pa.large_binary()), 0, LONGEST_BYTES + 1)
