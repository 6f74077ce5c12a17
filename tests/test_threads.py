"""`in_order` is `map`, with a bounded lead."""

from collections.abc import Iterator

import pytest

from shelftag.threads import in_order


def test_results_come_in_order() -> None:
    assert list(in_order(lambda number: number * number, range(100))) == [n * n for n in range(100)]


def test_it_does_not_run_far_ahead_of_its_reader() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1_000):
            taken.append(number)
            yield number

    results = in_order(str, items())
    assert next(results) == "0"
    assert len(taken) <= 10


def test_an_error_in_the_work_reaches_the_reader() -> None:
    with pytest.raises(ZeroDivisionError):
        list(in_order(lambda number: 1 // number, [2, 1, 0]))
