"""Rows of a catalog -> distinct model inputs, and which of them each row has.

    name, description --> distinct pairs --> model inputs --> distinct texts
         rows ----------------'---------------------------------> text of each row

Work is done once for each distinct value. Most are plain ASCII, for which folding is lower case:
Arrow does those at once, and the one rule (`model_input`) the others, one by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shelftag.tagging.products import MAX_CHARACTERS, BadProduct, model_input

PLAIN = "^[!-~]+( [!-~]+)*$"
"""Printable ASCII, words with one space between them."""


@dataclass(frozen=True)
class Texts:
    """The model inputs of n rows."""

    texts: pa.StringArray
    """Distinct, [texts]."""
    names: pa.Array
    """The first name that reads so, [texts]."""
    descriptions: pa.Array | None
    """Its description, [texts]; None where no column is read."""
    of_row: NDArray[np.int64]
    """Position of each row's text, [n]; -1 for a row without."""
    reasons: dict[int, str]
    """Row -> why it has none."""

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """How many rows have each text, [texts]."""
        return np.bincount(self.of_row[self.of_row >= 0], minlength=len(self.texts))


def texts_of(names: pa.ChunkedArray, descriptions: pa.ChunkedArray | None = None) -> Texts:
    """The model inputs of rows whose columns hold text."""
    values, value_of_row = _distinct(names)
    more, pair_of_row = None, value_of_row
    if descriptions is not None:
        extra, extra_of_row = _distinct(descriptions)
        keys = value_of_row * len(extra) + extra_of_row
        pairs, pair_of_row = np.unique(keys, return_inverse=True)
        values, more = values.take(pairs // len(extra)), extra.take(pairs % len(extra))
    inputs, reasons = _model_inputs(values, more)
    used = np.bincount(pair_of_row, minlength=len(inputs)) > 0  # a dictionary may hold more
    encoded = pc.if_else(pa.array(used), inputs, None).dictionary_encode()
    text_of_pair = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    first = pa.array(_first(text_of_pair, len(encoded.dictionary)))
    of_row = text_of_pair[pair_of_row]
    without = np.flatnonzero(of_row < 0)
    return Texts(
        texts=encoded.dictionary,
        names=_as_text(values.take(first)),
        descriptions=None if more is None else _as_text(more.take(first)),
        of_row=of_row,
        reasons=dict(
            zip(without.tolist(), (reasons[pair] for pair in pair_of_row[without]), strict=True)
        ),
    )


def _distinct(column: pa.ChunkedArray) -> tuple[pa.Array, NDArray[np.int64]]:
    """Distinct values as bytes, null last whether there is one or not, and each row's position."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    try:
        encoded = column.unify_dictionaries().combine_chunks()
    except pa.ArrowInvalid:  # nulls in a dictionary, or more values together than indices count
        return _distinct(column.cast(column.type.value_type))
    if isinstance(encoded, pa.ChunkedArray):  # of no chunks
        encoded = pa.array([], column.type)
    values = pa.concat_arrays([encoded.dictionary.cast(pa.binary()), pa.nulls(1, pa.binary())])
    rows = encoded.indices.fill_null(len(values) - 1).to_numpy(zero_copy_only=False)
    return values, rows.astype(np.int64)


def _first(codes: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Where each of `count` codes stands first; -1 is none."""
    places = np.flatnonzero(codes >= 0)[::-1]
    first = np.empty(count, np.int64)
    first[codes[places]] = places  # of several, numpy keeps the last that is written
    return first


def _model_inputs(names: pa.Array, more: pa.Array | None) -> tuple[pa.Array, dict[int, str]]:
    """What the model reads of each pair, null where there is a reason against it."""
    plain = _plain(names, MAX_CHARACTERS["name"])
    words = _lower(names, plain)
    if more is not None:
        is_empty = pc.equal(more, b"").fill_null(True)
        is_plain = _plain(more, MAX_CHARACTERS["description"])
        both = pc.binary_join_element_wise(words, _lower(more, is_plain), " : ")
        words = pc.if_else(is_empty, words, both)
        plain = pc.and_(plain, pc.or_(is_empty, is_plain))
    slow: list[str | None] = []
    reasons: dict[int, str] = {}
    for place in np.flatnonzero(~plain.to_numpy(zero_copy_only=False)).tolist():
        description = None if more is None else more[place].as_py()
        try:
            slow.append(model_input(names[place].as_py(), description))
        except BadProduct as problem:
            slow.append(None)
            reasons[place] = str(problem)
    return pc.replace_with_mask(words, pc.invert(plain), pa.array(slow, pa.string())), reasons


def _plain(values: pa.Array, most: int) -> pa.BooleanArray:
    matches = pc.match_substring_regex(values, PLAIN)
    return pc.and_(matches, pc.less_equal(pc.binary_length(values), most)).fill_null(False)


def _lower(values: pa.Array, plain: pa.BooleanArray) -> pa.StringArray:
    return pc.ascii_lower(pc.if_else(plain, values, None).cast(pa.string()))


def _as_text(values: pa.Array) -> pa.StringArray:
    """Bytes whose text was read already."""
    return values.cast(pa.string())


def as_list(texts: pa.StringArray) -> Sequence[str]:
    """For a Tagger."""
    found: list[str] = texts.to_pylist()
    return found
