"""Nano's own forward pass: transformers' numbers, and the same in any company."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from shelftag.catalog.departments import Departments
from shelftag.config.model import NanoConfig
from shelftag.model.base import make_nano
from shelftag.model.nano import NanoForward
from shelftag.model.prefixes import prefixes_of
from shelftag.model.tokens import Encoded, ragged

DEPARTMENTS = Departments(("bakery", "frozen", "pets"))
ROWS = [
    *(
        [0, 7, 8, 9, 1],
        [0, 7, 8, 10, 1],
        [0, 7, 1],
        [0, 1],
        [0, 11, 7, 8, 9, 1],
        [0, 7, 8, 9, 9, 1],
    ),
    [0, *range(20, 90), 1],
]


@pytest.fixture(scope="module", params=[1, 2, 3])
def model(request: pytest.FixtureRequest) -> Any:
    """A random nano of some layers, with norms that are not all ones and a head that decides."""
    from transformers import LlamaForSequenceClassification

    nano = NanoConfig(
        vocab_size=300, hidden_size=64, intermediate_size=96, layers=request.param, heads=2
    )
    config = make_nano(["rye bread", "dog food"], DEPARTMENTS, nano, seed=1)[0].config
    config.vocab_size = 100
    made = LlamaForSequenceClassification(config).eval()
    with torch.no_grad():
        for name, weight in made.named_parameters():
            around = 1.0 if "norm" in name else 0.0
            weight.normal_(around, 1.0 if "embed" in name else 0.2)
    return made


def by_transformers(model: Any, rows: list[list[int]]) -> NDArray[np.float32]:
    with torch.inference_mode():
        logits = [model(torch.tensor([row])).logits for row in rows]
    return torch.cat(logits).numpy()


def by_ours(model: Any, rows: list[list[int]], products: torch.dtype) -> NDArray[np.float32]:
    forward, encoded = NanoForward(model, products), ragged(rows)
    return in_batches(forward, encoded, len(rows))


def in_batches(forward: NanoForward, encoded: Encoded, size: int) -> NDArray[np.float32]:
    order = encoded.sorted_rows()
    out = np.empty((len(encoded), len(DEPARTMENTS)), np.float32)
    with torch.inference_mode():
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            out[rows] = forward(prefixes_of(encoded, rows)).numpy()
    return out


def test_float32_products_give_the_numbers_of_transformers(model: Any) -> None:
    expected = by_transformers(model, ROWS)
    assert np.abs(expected).max() > 0.5
    np.testing.assert_allclose(by_ours(model, ROWS, torch.float32), expected, atol=2e-5)


def test_bfloat16_products_are_near(model: Any) -> None:
    expected = by_transformers(model, ROWS)
    found = by_ours(model, ROWS, torch.bfloat16)
    np.testing.assert_allclose(found, expected, atol=0.05 * np.abs(expected).max())
    assert (found != by_ours(model, ROWS, torch.float32)).any()


@pytest.mark.parametrize("products", [torch.float32, torch.bfloat16])
def test_a_text_has_the_same_logits_in_any_company(model: Any, products: torch.dtype) -> None:
    random = np.random.default_rng(0)
    rows = [[0, *random.integers(5, 40, random.integers(1, 12)).tolist(), 1] for _ in range(200)]
    forward, encoded = NanoForward(model, products), ragged(rows)
    together = in_batches(forward, encoded, 200)
    for size in (1, 7):
        apart = in_batches(forward, encoded, size)
        np.testing.assert_allclose(apart, together, atol=2e-3 * np.abs(together).max())
        assert np.median(np.abs(apart - together)) < 1e-5


def test_a_processor_without_bfloat16_gives_the_same_answers(model: Any) -> None:
    encoded = ragged(ROWS)
    here, there = (
        in_batches(NanoForward(model, torch.bfloat16, lambda native=native: native), encoded, 7)
        for native in (True, False)
    )
    np.testing.assert_allclose(there, here, atol=2e-3 * np.abs(here).max())
    exact = by_ours(model, ROWS, torch.float32)
    assert np.abs(there - here).mean() < np.abs(exact - here).mean() / 4
