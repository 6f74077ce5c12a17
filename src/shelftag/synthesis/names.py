"""Made product names: a fair problem, neither a give-away nor a riddle.

    aisle -> brand? quality? taste? noun size? -> "Alderbrook Organic Vanilla Yogurt 32 Oz"

A noun may stand in several aisles, some nouns say nothing ("Variety Pack"), and tastes, qualities
and brands are shared: what remains unknowable, together with wrong labels, sets the ceiling.
Everything is drawn for all rows at once; -1 stands for a part that a name lacks.
"""

from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shelftag.synthesis import vocabulary
from shelftag.synthesis.arrays import Bools, Ints, Longs
from shelftag.synthesis.shelves import aisles
from shelftag.synthesis.vocabulary import Pool

BRANDED, QUALIFIED, TASTED, SIZED = 0.55, 0.4, 0.65, 0.35
VAGUE = 0.10
"""Share of names whose noun says nothing of the aisle."""
PLAIN, TASTE_LAST, COMMA = 0, 1, 2
FORMS = (0.85, 0.10, 0.05)
"""Vanilla Yogurt; Yogurt Vanilla; "Yogurt, Vanilla"."""

_HOUSE_BRANDS = 20  # sold in every department, as a shop's own are
_BRANDS_NEAR = 150  # so a brand stands in about three departments


@dataclass(frozen=True)
class Parts:
    """Word positions of n names, each an array of n."""

    brand: Ints
    quality: Ints
    taste: Ints
    noun: Ints
    size: Ints
    form: Ints

    def take(self, rows: Longs) -> "Parts":
        """The names at these rows."""
        return Parts(*(getattr(self, field.name)[rows] for field in fields(self)))


def names_of(aisle: Ints, twin_of: Longs, rng: np.random.Generator) -> pa.Array:
    """One name a product, no two the same.

    Args:
        aisle: n aisle ids, 1 to 134.
        twin_of: n rows: where it is another row's, the name has that row's words in another
            order; elsewhere the row itself. Twins share their aisle.
        rng: spent in a fixed order.
    """
    parts = _draw(aisle, rng).take(twin_of)
    other = np.where(parts.form == PLAIN, np.int32(TASTE_LAST), np.int32(PLAIN))
    is_twin = twin_of != np.arange(len(aisle))
    names = _join(replace(parts, form=np.where(is_twin, other, parts.form)))
    while (again := np.flatnonzero(_repeats(names))).size:
        others = _join(_draw(aisle[again], rng, full=True))
        names = _put(names, again, others)
    return names


def _draw(aisle: Ints, rng: np.random.Generator, *, full: bool = False) -> Parts:
    """Draw all parts; `full` gives every name a brand and a size, where short names ran out."""
    chosen = aisle - 1
    n = len(aisle)
    noun = from_pool(vocabulary.nouns(), chosen, rng, skew=1.8)
    vague = len(vocabulary.nouns().words) + _upto(len(vocabulary.shared_nouns()), n, rng)
    sized = from_pool(vocabulary.sizes(), _with_inches()[chosen], rng)
    return Parts(
        brand=_maybe(_brands(chosen, rng), 1.0 if full else BRANDED, rng),
        quality=_maybe(_upto(len(vocabulary.qualities()), n, rng), QUALIFIED, rng),
        taste=_maybe(from_pool(vocabulary.tastes(), chosen, rng), TASTED, rng),
        noun=np.where(rng.random(n) < VAGUE, vague, noun),
        size=_maybe(sized, 1.0 if full else SIZED, rng),
        form=rng.choice(len(FORMS), size=n, p=FORMS).astype(np.int32),
    )


def _join(parts: Parts) -> pa.Array:
    comma = np.where((parts.form == COMMA) & (parts.taste >= 0), 0, -1)
    noun = _words((*vocabulary.nouns().words, *vocabulary.shared_nouns()), parts.noun)
    noun = pc.binary_join_element_wise(noun, _words((",",), comma), "", null_handling="skip")
    taste = vocabulary.tastes().words
    return pc.binary_join_element_wise(
        _words(vocabulary.brands(), parts.brand),
        _words(vocabulary.qualities(), parts.quality),
        _words(taste, np.where(parts.form == PLAIN, parts.taste, -1)),
        noun,
        _words(taste, np.where(parts.form == PLAIN, -1, parts.taste)),
        _words(vocabulary.sizes().words, parts.size),
        " ",
        null_handling="skip",
    )


def _brands(chosen: Ints, rng: np.random.Generator) -> Ints:
    """A brand near the department's own, or one of the house brands."""
    known = len(vocabulary.brands())
    departments = np.array([aisle.department_id for aisle in aisles()], dtype=np.int32)
    near = departments[chosen] * (known // 21) + _upto(_BRANDS_NEAR, len(chosen), rng)
    house = _upto(_HOUSE_BRANDS, len(chosen), rng)
    return np.where(rng.random(len(chosen)) < 0.2, house, near % known).astype(np.int32)


def from_pool(pool: Pool, lists: Ints, rng: np.random.Generator, skew: float = 1.0) -> Ints:
    """A position in `pool.words` from each row's list; with skew > 1, early words come more."""
    length = np.array(pool.length)[lists]
    inside = (length * rng.random(len(lists)) ** skew).astype(np.int32)
    return (np.array(pool.start)[lists] + inside).astype(np.int32)


def _upto(high: int, n: int, rng: np.random.Generator) -> Ints:
    return rng.integers(high, size=n, dtype=np.int32)


def _maybe(positions: Ints, share: float, rng: np.random.Generator) -> Ints:
    return np.where(rng.random(len(positions)) < share, positions, np.int32(-1))


def _words(words: tuple[str, ...], positions: npt.NDArray[np.integer]) -> pa.Array:
    """Words at these positions, null at -1."""
    return pa.array(words).take(pa.array(positions, mask=positions < 0))


def _repeats(names: pa.Array) -> Bools:
    """True where the same name stands in an earlier row."""
    # Codes are given in the order of first sight, so a new name has a code above all before it.
    codes: Ints = names.dictionary_encode().indices.to_numpy()
    highest = np.maximum.accumulate(np.concatenate(([-1], codes[:-1])))
    return np.less_equal(codes, highest)


def _put(names: pa.Array, rows: Longs, others: pa.Array) -> pa.Array:
    mask = np.zeros(len(names), dtype=bool)
    mask[rows] = True
    return pc.replace_with_mask(names, mask, others)


def _with_inches() -> Ints:
    return np.array([a.aisle_id in vocabulary.INCH_AISLES for a in aisles()], dtype=np.int32)
