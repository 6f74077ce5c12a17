"""The linear baseline: TF-IDF of words and letters into a linear support vector machine.

    text --> words, 1 and 2 ---------------------> TF-IDF --.
         '-> letters inside words, 2 to 5 -------> TF-IDF --'-> one margin a department

It fits in seconds, and whatever is fine-tuned has to beat it. Saved without pickle:

    FOLDER/  linear.safetensors  idf, coefficients, intercepts, float32
             vocabulary.json     the terms in column order; written last
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from shelftag.artifacts import fingerprint, read_json, remove, write_json
from shelftag.errors import ArtifactError, InputError
from shelftag.model.word_terms import WordTerms, product

REGULARIZATION = 0.5
"""C of the support vector machine: how much a misplaced product weighs against small weights."""

ANALYZERS: dict[str, tuple[str, tuple[int, int]]] = {
    "words": ("word", (1, 2)),
    "letters": ("char_wb", (2, 5)),
}


@dataclass(frozen=True)
class LinearModel:
    """Fitted vectorizers, coefficients [terms, departments] and intercepts [departments]."""

    vectorizers: dict[str, Any]
    coefficients: NDArray[np.float32]
    intercepts: NDArray[np.float32]

    def decision(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Margins [n, departments]; -inf for a department that had no training rows."""
        margins = np.tile(self.intercepts, (len(texts), 1))
        words = [text.split() for text in texts]
        start = 0
        for terms in self._terms if texts else ():
            weights, rows = terms(words), self.coefficients[start : start + len(terms)]
            margins += product(weights, rows)
            start += len(terms)
        return margins

    @cached_property
    def _terms(self) -> list[WordTerms]:
        return [WordTerms(self.vectorizers[name]) for name in ANALYZERS]

    def predict(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Positions [n] of the departments with the widest margin."""
        return np.asarray(self.decision(texts).argmax(axis=1), np.int64)

    def save(self, folder: Path) -> None:
        """Write both files; a folder without vocabulary.json is not read."""
        folder.mkdir(parents=True, exist_ok=True)
        remove(_vocabulary_file(folder))
        idf = {f"idf.{name}": one.idf_ for name, one in self.vectorizers.items()}
        weights = save({**idf, "coefficients": self.coefficients, "intercepts": self.intercepts})
        _weights_file(folder).write_bytes(weights)
        terms = {name: _terms(one) for name, one in self.vectorizers.items()}
        identity = fingerprint(weights, *_flat(terms))
        write_json(_vocabulary_file(folder), {"fingerprint": identity, **terms})

    @classmethod
    def load(cls, folder: Path) -> "LinearModel":
        """Read what `save` wrote.

        Raises:
            ArtifactError: a file is missing, broken, or not of the same `save`.
        """
        tensors, terms = _read(_weights_file(folder), _vocabulary_file(folder))
        vectorizers = {
            name: _restored(name, terms[name], tensors[f"idf.{name}"]) for name in ANALYZERS
        }
        return cls(vectorizers, tensors["coefficients"], tensors["intercepts"])


def fit_linear(
    texts: Sequence[str],
    labels: NDArray[np.int64],
    departments_count: int,
    seed: int,
    min_products: int = 1,
) -> LinearModel:
    """Fit on texts [n] of `catalog.text` and label positions [n].

    Terms that stand in fewer than `min_products` texts are left out.

    A department without training rows is never predicted.

    Raises:
        InputError: there are no rows, or no words in them.
    """
    vectorizers = fit_vectorizers(texts, min_products)
    rows = features(vectorizers, texts)
    return LinearModel(vectorizers, *fit_margins(rows, labels, departments_count, seed))


def fit_vectorizers(texts: Sequence[str], min_products: int = 1) -> dict[str, Any]:
    """The terms of texts and how rare each is, one vectorizer for each of `ANALYZERS`.

    Raises:
        InputError: there are no texts, or no words in them.
    """
    vectorizers = {name: _vectorizer(name, min_products) for name in ANALYZERS}
    try:
        for one in vectorizers.values():
            one.fit(texts)
    except ValueError as error:
        problem = f"{len(texts)} product names have nothing to learn from ({error})"
        raise InputError(problem, "give names with words in them") from None
    return vectorizers


def fit_margins(
    features: Any,
    labels: NDArray[np.int64],
    departments_count: int,
    seed: int,
    regularization: float = REGULARIZATION,
    tolerance: float = 1e-4,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Coefficients [terms, departments] and intercepts [departments] of features [n, terms].

    The intercept of a department without rows is -inf.
    """
    coefficients, intercepts = _fit_present(features, labels, seed, regularization, tolerance)
    present = np.unique(labels)
    all_coefficients = np.zeros((coefficients.shape[1], departments_count), np.float32)
    all_coefficients[:, present] = coefficients.T
    all_intercepts = np.full(departments_count, -np.inf, np.float32)
    all_intercepts[present] = intercepts
    return all_coefficients, all_intercepts


def _fit_present(
    features: Any, labels: NDArray[np.int64], seed: int, regularization: float, tolerance: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coefficients [labels present, terms] and intercepts, in the order of the labels."""
    from sklearn.svm import LinearSVC

    if len(np.unique(labels)) == 1:  # nothing to tell apart, which scikit-learn refuses
        return np.zeros((1, features.shape[1])), np.zeros(1)
    machine = LinearSVC(C=regularization, random_state=seed, tol=tolerance)
    machine.fit(features, labels)
    coefficients, intercepts = machine.coef_, machine.intercept_
    if len(machine.classes_) == 2:  # scikit-learn keeps the second one's margin only
        return np.vstack([-coefficients, coefficients]), np.hstack([-intercepts, intercepts])
    return coefficients, intercepts


def _vectorizer(name: str, min_products: int = 1, terms: Sequence[str] | None = None) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    analyzer, lengths = ANALYZERS[name]
    return TfidfVectorizer(
        analyzer=analyzer,
        ngram_range=lengths,
        sublinear_tf=True,
        lowercase=False,  # catalog.text has folded case already
        min_df=min_products,
        vocabulary=terms,
        dtype=np.float32,
    )


def _restored(name: str, terms: Sequence[str], idf: NDArray[np.float32]) -> Any:
    vectorizer = _vectorizer(name, terms=terms)
    vectorizer.idf_ = idf
    return vectorizer


def features(vectorizers: Mapping[str, Any], texts: Sequence[str]) -> Any:
    """A sparse float32 matrix [n, terms]."""
    from scipy.sparse import hstack

    return hstack([one.transform(texts) for one in vectorizers.values()], format="csr")


def _terms(vectorizer: Any) -> list[str]:
    return [str(term) for term in vectorizer.get_feature_names_out()]


def _weights_file(folder: Path) -> Path:
    return folder / "linear.safetensors"


def _vocabulary_file(folder: Path) -> Path:
    return folder / "vocabulary.json"


def _read(
    weights: Path, vocabulary: Path
) -> tuple[dict[str, NDArray[np.float32]], dict[str, list[str]]]:
    """Tensors by name, and the terms of each vectorizer in column order."""
    way_out = f"remove {weights.parent}, and the linear model is fitted again"
    stored = read_json(vocabulary)
    try:
        content = weights.read_bytes()
        tensors = load(content)
    except (OSError, SafetensorError) as error:
        raise ArtifactError(f"{weights} cannot be read ({error})", way_out) from None
    terms = {name: stored.get(name, []) for name in ANALYZERS}
    if stored.get("fingerprint") != fingerprint(content, *_flat(terms)):
        raise ArtifactError(f"{weights} and {vocabulary.name} are not of one save", way_out)
    return tensors, terms


def _flat(terms: dict[str, list[str]]) -> list[str]:
    return [f"{name}\n" + "\n".join(terms[name]) for name in ANALYZERS]
