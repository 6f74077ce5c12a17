"""The numbers of scikit-learn's vectorizers, word by word."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelftag.catalog.text import text
from shelftag.errors import InputError
from shelftag.model.linear import LinearModel, features, fit_linear
from shelftag.model.word_terms import WordTerms, product

WORDS = [
    *("organic", "rye", "bread", "bread", "a", "x", "i", "2%", "500", "g", "coca-cola", "o'clock"),
    *("日本", "日本茶", "café", "naïve", "хлеб", "ржаной", "שלום", "_", "__", "?", "e\u0301", "ß"),
]
TEXTS = [
    *("organic rye bread", "organic bread 500 g", "coca-cola 2%", "a x i", "日本茶 日本", "хлеб"),
    *(
        "rye rye bread rye bread",
        "organic café",
        "naïve café 日本",
        "ржаной хлеб",
        "o'clock",
        "bread",
    ),
]
LABELS = np.arange(len(TEXTS)) % 3
names = st.one_of(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join), st.text(max_size=30))
separators = st.sampled_from([" ", "  ", "\t", "\u00a0", "\n ", "\u3000"])


@pytest.fixture(scope="module")
def model() -> LinearModel:
    return fit_linear(TEXTS, LABELS, departments_count=3, seed=0)


@settings(max_examples=300)
@given(st.lists(names, min_size=1, max_size=6), separators)
def test_margins_are_those_of_scikit_learn(
    model: LinearModel, names: list[str], separator: str
) -> None:
    texts = [name.replace(" ", separator) for name in names]
    expected = features(model.vectorizers, texts) @ model.coefficients + model.intercepts
    np.testing.assert_allclose(model.decision(texts), expected, rtol=1e-5, atol=1e-6)


@settings(max_examples=100)
@given(st.lists(st.text(max_size=12), min_size=3, max_size=8), st.data())
def test_whatever_was_learned(texts: list[str], data: st.DataObject) -> None:
    try:
        model = fit_linear(texts, np.arange(len(texts)) % 2, 2, 0)
    except InputError:  # nothing to learn
        return
    again = data.draw(st.lists(st.sampled_from(texts), min_size=1, max_size=4))
    asked = [*again, " ".join(again), *(text(one) for one in again)]
    expected = features(model.vectorizers, asked) @ model.coefficients + model.intercepts
    np.testing.assert_allclose(model.decision(asked), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["words", "letters"])
def test_rows_are_those_of_scikit_learn(model: LinearModel, name: str) -> None:
    """A matrix of ones on the diagonal shows each weight."""
    vectorizer = model.vectorizers[name]
    terms = WordTerms(vectorizer)
    texts = [*TEXTS, "", "?", "rye bread rye bread rye bread"]
    rows = product(terms([one.split() for one in texts]), np.eye(len(terms), dtype=np.float32))
    np.testing.assert_allclose(rows, vectorizer.transform(texts).toarray(), rtol=1e-5, atol=1e-7)
    assert not rows[-3:-1].any()


def test_a_name_has_the_same_margins_in_any_company(model: LinearModel) -> None:
    together = model.decision([*TEXTS, *WORDS])
    alone = np.concatenate([model.decision([one]) for one in [*TEXTS, *WORDS]])
    np.testing.assert_array_equal(together, alone)
