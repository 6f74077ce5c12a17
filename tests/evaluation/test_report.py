"""An Evaluation as a page."""

import dataclasses
import re

from shelftag.evaluation.beside_linear import beside_linear
from shelftag.evaluation.free_generation import FreeAnswers, FreeGeneration
from shelftag.evaluation.outcome import Evaluation
from shelftag.evaluation.report import page
from shelftag.report.page import render
from tests.evaluation.made import manifest, scored


def _evaluation(right: float = 0.7) -> Evaluation:
    test = scored("test", 300, right, 0.8)
    named = dataclasses.replace(test, names=["<script>alert('&')</script>"] * 300)
    return beside_linear(manifest(), "d" * 32, scored("train", 300, 0.99, 0.9), named, 0.9)


def _words(html: str) -> str:
    body = html[html.index("<body>") :]
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def test_first_line_is_the_verdict() -> None:
    evaluation = _evaluation()
    words = _words(render(page(evaluation)))
    assert words.startswith("Not better than the linear baseline, but worse: test accuracy 70.0%")


def test_train_accuracy_stands_beside_test_accuracy() -> None:
    words = _words(render(page(_evaluation())))
    assert "test accuracy 70.0% linear baseline 80.0%" in words
    assert "train accuracy 99.0% 29.0 points above" in words


def test_every_figure_names_labels_and_rows() -> None:
    report = page(_evaluation())
    assert [one.name for one in report.drawings] == [
        "accuracy",
        "departments",
        "confusion",
    ]
    scopes = [one.scope for one in report.drawings] + [one.scope for one in report.tables]
    for scope in scopes:
        assert "3 departments trained (without missing, other); scored on 300 test" in scope


def test_product_names_are_escaped() -> None:
    html = render(page(_evaluation()))
    assert "<script" not in html
    assert "&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;" in html


def test_nothing_confident_enough_is_a_dash() -> None:
    tiles = {tile.label: tile for tile in page(_evaluation()).tiles}
    assert tiles["need no review"].value == "0.0%"
    assert tiles["need no review"].note.startswith("– ")  # noqa: RUF001


def test_free_answers_stand_beside_the_closed_set() -> None:
    before = FreeAnswers(answers=200, one=3, several=7, none=10, unknown=180, ended=20)
    tuned = FreeAnswers(answers=200, one=199, several=0, none=0, unknown=1, ended=200)
    tags = FreeAnswers(answers=200, one=200, several=0, none=0, unknown=0, ended=200)
    free = FreeGeneration(
        scope=scored("test", 200, 1, 1).scope, before=before, tuned=tuned, scorer=tags
    )
    words = _words(render(page(_evaluation().model_copy(update={"free_generation": free}))))
    assert "base 3 7 180 10 98.5% 10.0%" in words
    assert "tuned 199 0 1 0 0.5% 100.0%" in words
    assert "tuned, closed set 200 0 0 0 0.0% 100.0%" in words
    assert "Asked freely" not in _words(render(page(_evaluation())))
