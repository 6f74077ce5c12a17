"""Orders: users' runs, the one last order of each, and the formats of orders.csv."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from shelftag.synthesis.counts import scaled
from shelftag.synthesis.orders import (
    ORDER_COLUMNS,
    PRIOR,
    TEST,
    TRAIN,
    Orders,
    draw_orders,
    largest_basket,
    orders_table,
)
from shelftag.synthesis.writing import plain_csv


def orders_of(lines: int, products: int = 1_000, seed: int = 0) -> Orders:
    return draw_orders(scaled(lines), products, np.random.default_rng(seed))


@settings(deadline=None, max_examples=40)
@given(lines=st.integers(1_000, 60_000), products=st.integers(40, 400), seed=st.integers(0, 5))
def test_every_rule_holds_at_any_size(lines: int, products: int, seed: int) -> None:
    orders, counts = orders_of(lines, products, seed), scaled(lines)
    first = np.diff(orders.user_id, prepend=0) == 1
    last = np.roll(first, -1)
    assert sorted(orders.order_id) == list(range(1, counts.orders + 1))
    assert int(orders.user_id[-1]) == int(first.sum()) == counts.users
    assert (orders.number[first] == 1).all()
    assert (np.diff(orders.number)[~first[1:]] == 1).all()
    assert ((orders.eval_set != PRIOR) == last).all()
    assert int((orders.eval_set == TEST).sum()) == counts.test_users
    assert ((orders.gap == -1) == first).all()
    assert orders.gap.max() <= 30
    assert ((orders.size == 0) == (orders.eval_set == TEST)).all()
    assert orders.size.max() <= largest_basket(products)
    assert int(orders.size[first].sum()) == counts.first_lines
    assert int(orders.size[orders.eval_set == PRIOR].sum()) == counts.prior_lines
    assert int(orders.size[orders.eval_set == TRAIN].sum()) == counts.train_lines


def test_order_ids_say_nothing_of_the_user() -> None:
    orders = orders_of(50_000)
    assert abs(np.corrcoef(orders.order_id, orders.user_id)[0, 1]) < 0.1


def test_rows_are_written_as_in_the_public_file() -> None:
    orders = orders_of(5_000)
    table = orders_table(orders, 0, len(orders))
    assert tuple(table.column_names) == ORDER_COLUMNS
    rows = [row.split(",") for row in plain_csv(table).to_pybytes().decode().splitlines()]
    assert {len(row[5]) for row in rows} == {2}
    assert all((row[6] == "") == (row[3] == "1") for row in rows)
    assert {row[6] for row in rows if row[6]} <= {f"{days}.0" for days in range(31)}
    assert {row[2] for row in rows} == {"prior", "train", "test"}


def test_slices_make_up_the_whole() -> None:
    orders = orders_of(5_000)
    parts = [orders_table(orders, start, start + 100) for start in range(0, len(orders), 100)]
    whole = plain_csv(orders_table(orders, 0, len(orders))).to_pybytes()
    assert b"".join(plain_csv(part).to_pybytes() for part in parts) == whole
