"""Protocols side by side."""

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from shelftag.evaluation.beside_linear import beside_linear
from shelftag.evaluation.models import LINEAR, LOOKUP, MAJORITY, OURS, ModelRow, model_row
from shelftag.evaluation.report_study import study_page
from shelftag.evaluation.side_by_side import Protocol, SideBySide
from shelftag.report.page import render
from tests.evaluation.made import manifest, scored


def _protocol(split: str, lookup: float, ours: float, label_set: str = "21") -> Protocol:
    train, test = scored("train", 200, 1, 1), scored("test", 200, ours, 0.8)
    test = replace(test, scope=test.scope.model_copy(update={"protocol": split}))
    right = {MAJORITY: 0.1, LOOKUP: lookup, LINEAR: 0.8, OURS: ours}
    rows = tuple(_row(model, share) for model, share in right.items())
    evaluation = beside_linear(manifest(), "d" * 32, train, test, 0.5, rows)
    return Protocol(split=split, label_set=label_set, evaluation=evaluation)


def _row(model: str, right: float) -> ModelRow:
    rows = scored("test", 200, right, right)
    return model_row(model, rows.linear, rows.linear, rows.labels, rows.purchases * 0, rows.scope)


def _study(protocols: Sequence[Protocol]) -> SideBySide:
    return SideBySide(protocols=tuple(protocols))


@pytest.fixture
def study() -> SideBySide:
    return _study(
        [
            _protocol("row", 1.0, 0.98),
            _protocol("product", 0.5, 0.9),
            _protocol("token_set", 0, 0.8),
        ]
    )


def test_two_sentences_say_where_98_comes_from(study: SideBySide) -> None:
    first, second = re.split(r"(?<=there\.) ", study.explanation)
    assert "Split by row, 100.0% of the test purchases are answered right by looking" in first
    assert "this Run answers 98.0% there." in first
    assert (
        "the lookup is right for 0.0%, the linear model for 80.0% and this Run for 80.0%" in second
    )


def test_the_order_of_protocols_does_not_matter(study: SideBySide) -> None:
    turned = _study(study.protocols[::-1])
    assert turned.explanation == study.explanation


@pytest.mark.parametrize("splits", [("row",), ("row", "product")])
def test_without_an_honest_split_nothing_is_said_of_new_products(splits: tuple[str, ...]) -> None:
    leaking = _study([_protocol(split, 1.0, 0.98) for split in splits])
    assert "without understanding a word" in leaking.explanation
    assert "new product" not in leaking.explanation


def test_leaking_protocols_are_labelled_so(study: SideBySide) -> None:
    titles = [table.title for table in study_page(study).tables]
    assert titles == [
        "Split by row (leaks), 3 departments, in numbers",
        "Split by product (leaks), 3 departments, in numbers",
        "Split by token set, 3 departments, in numbers",
    ]
    html = render(study_page(study))
    assert html.count("It leaks: names of test products stand in train too.") == 2
    assert html.count("No test name is a train name") == 1


def test_json_reads_back_equal(study: SideBySide) -> None:
    assert SideBySide.model_validate_json(study.model_dump_json()) == study
