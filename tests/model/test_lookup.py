"""The baselines that understand nothing."""

import numpy as np
import pytest

from shelftag.errors import InputError
from shelftag.model.lookup import NameLookup, learn_names


def _learn(*rows: tuple[str, int, int]) -> NameLookup:
    texts, labels, purchases = zip(*rows, strict=True)
    return learn_names(texts, np.array(labels), np.array(purchases))


def test_a_known_name_has_its_commonest_department_by_purchases() -> None:
    names = _learn(("kefir", 0, 2), ("kefir", 1, 3), ("rye", 2, 0), ("kefir", 0, 0))
    assert names.find(["kefir", "rye", "new"]).tolist() == [0, 2, -1]  # 3 to 3: the first


def test_an_unknown_name_has_the_majority_by_products() -> None:
    names = _learn(("a", 1, 900), ("b", 2, 1), ("c", 2, 1))
    assert names.predict(["a", "z"]).tolist() == [1, 2]


def test_nothing_to_learn_from_is_refused() -> None:
    with pytest.raises(InputError, match="train split has 0 products"):
        learn_names([], np.empty(0, np.int64), np.empty(0, np.int64))
