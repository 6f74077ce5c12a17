"""Made descriptions: a sentence that says more of the department than many a name does."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shelftag.synthesis import vocabulary
from shelftag.synthesis.arrays import Ints
from shelftag.synthesis.names import from_pool
from shelftag.synthesis.shelves import DEPARTMENTS, aisles

INFORMATIVE = 0.85
"""Share of descriptions that are about the product; the others praise it and no more."""
_PRAISE = "A favourite of our customers, now at an everyday price"


def descriptions_of(aisle: Ints, rng: np.random.Generator) -> pa.Array:
    """One sentence a product, from its true aisle's words and its department's phrase.

    "Goes well with Kefir and Parfait: keep refrigerated, from pasture raised herds."
    """
    words = pa.array(vocabulary.nouns().words)
    phrases = pa.array([vocabulary.PHRASES.get(number, "") for number in DEPARTMENTS])
    department = np.array([a.department_id - 1 for a in aisles()])[aisle - 1]
    informed = pc.binary_join_element_wise(
        pc.binary_join_element_wise("Goes well with", words.take(_noun(aisle, rng)), "and", " "),
        pc.binary_join_element_wise(words.take(_noun(aisle, rng)), ":", ""),
        phrases.take(pa.array(department)),
        " ",
    )
    said = pc.if_else(pa.array(rng.random(len(aisle)) < INFORMATIVE), informed, _PRAISE)
    return pc.binary_join_element_wise(said, ".", "")


def _noun(aisle: Ints, rng: np.random.Generator) -> pa.Array:
    return pa.array(from_pool(vocabulary.nouns(), aisle - 1, rng))
