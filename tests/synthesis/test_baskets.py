"""Baskets: no product twice, `reordered` true to history, whatever thread does the work."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelftag.synthesis import baskets as module
from shelftag.synthesis.baskets import Baskets, Popularity, fill, parts_of, seen_before
from shelftag.synthesis.lines import lines_table, runs_by_id
from shelftag.synthesis.orders import PRIOR, TRAIN, Orders
from tests.synthesis.test_orders import orders_of


def filled(orders: Orders, products: int, *, backwards: bool = False) -> Baskets:
    baskets = Baskets.empty(orders)
    popular = Popularity.drawn(products, np.random.default_rng(1))
    parts = list(enumerate(parts_of(orders)))
    for number, part in reversed(parts) if backwards else parts:
        fill(baskets, orders, part, popular, np.random.default_rng(number))
    return baskets


@settings(deadline=None)
@given(pairs=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6))))
def test_seen_before_is_what_a_set_says(pairs: list[tuple[int, int]]) -> None:
    group = np.array([pair[0] for pair in pairs], dtype=np.int64)
    value = np.array([pair[1] for pair in pairs], dtype=np.int32)
    known: set[tuple[int, int]] = set()
    for pair, seen in zip(pairs, seen_before(group, value), strict=True):
        assert bool(seen) == (pair in known)
        known.add(pair)


@pytest.mark.parametrize("products", [40, 300, 20_000])
def test_lines_are_true_to_the_history(products: int) -> None:
    orders = orders_of(20_000, products)
    baskets = filled(orders, products)
    for user in np.unique(orders.user_id)[:200]:
        owned: set[int] = set()
        for order in np.flatnonzero(orders.user_id == user):
            lines = slice(baskets.start[order], baskets.start[order] + orders.size[order])
            basket = baskets.product[lines].tolist()
            assert len(set(basket)) == len(basket) == orders.size[order]
            assert baskets.reordered[lines].tolist() == [item in owned for item in basket]
            owned.update(basket)
    assert baskets.product.min() >= 0
    assert baskets.product.max() < products


def test_parts_are_whole_users_and_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINES_PER_PART", 1_500)
    orders = orders_of(20_000)
    parts = list(parts_of(orders))
    assert len(parts) > 5
    assert [part.start for part in parts] == [0, *(part.stop for part in parts[:-1])]
    assert parts[-1].stop == len(orders)
    assert all(orders.number[part.start] == 1 for part in parts)


def test_the_order_of_the_work_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINES_PER_PART", 1_500)
    orders = orders_of(20_000)
    one, other = filled(orders, 500), filled(orders, 500, backwards=True)
    assert (one.product == other.product).all()
    assert (one.reordered == other.reordered).all()


def test_popularity_is_a_power_law_with_an_empty_tail() -> None:
    popular = Popularity.drawn(5_000, np.random.default_rng(0))
    drawn = np.bincount(popular.draw(400_000, np.random.default_rng(1)), minlength=5_000)
    bought = np.sort(drawn)[::-1]
    assert bought[:50].sum() > 0.2 * bought.sum()
    assert bought[2_500:].sum() < 0.2 * bought.sum()
    assert 500 < (bought <= 5).sum() < 2_500
    assert 100 < (bought == 0).sum() < 1_000


@pytest.mark.parametrize("eval_set", [PRIOR, TRAIN])
def test_lines_come_by_ascending_order_id(eval_set: int) -> None:
    orders = orders_of(20_000)
    ids = np.arange(1_000, 6_000, 5)
    baskets = filled(orders, len(ids))
    tables = [lines_table(orders, baskets, run, ids) for run in runs_by_id(orders, eval_set)]
    columns = {name: np.concatenate([t[name].to_numpy() for t in tables]) for name in COLUMNS}
    order_id, cart = columns["order_id"], columns["add_to_cart_order"]
    assert (np.unique(order_id) == np.sort(orders.order_id[orders.eval_set == eval_set])).all()
    assert (np.diff(order_id) >= 0).all()
    begins = np.diff(order_id, prepend=0) > 0
    assert (cart[begins] == 1).all()
    assert (np.diff(cart)[~begins[1:]] == 1).all()
    assert np.isin(columns["product_id"], ids).all()


COLUMNS = ("order_id", "product_id", "add_to_cart_order", "reordered")
