"""The drawings: well-formed, the same twice, and leaving no trace in matplotlib's settings."""

import re
from collections.abc import Callable
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest

from shelftag.report.changes import changes_of_departments, shares_beside
from shelftag.report.curves import Point, curve_and_law, orders_curve
from shelftag.report.distributions import MAX_LABEL, Bar, bars, heat_map, histogram, lorenz_curve
from shelftag.report.dots import Dot, dots
from shelftag.report.figures import (
    confusion_heat_map,
    precision_and_recall,
    train_and_test,
)
from shelftag.report.flow import HAIRLINE, Flow, Node, Stream, flows
from shelftag.report.svg import BASELINE, MODEL, WRONG

ODD = ("a <b> & $x^2$", '"乳製品" id="1" url(#2)', "naïve")

FLOW = Flow(
    [[Node(100, ODD[0], BASELINE)], [Node(75, ODD[1], MODEL), Node(25, "out", WRONG)]],
    [Stream(0, 0, 0, 75), Stream(0, 0, 1, 25)],
)

POINTS = [Point(100, 0.5, 0.4, 0.6), Point(200, 0.7, 0.65, 0.75)]
ORDERS = [(ODD[0], POINTS), (ODD[1], POINTS)]

DRAWINGS: dict[str, Callable[[str], str]] = {
    "accuracy": lambda name: train_and_test(name, [(ODD[0], 0.97, 0.86), (ODD[1], 1.0, 0.0)]),
    "curve": lambda name: curve_and_law(name, POINTS, [*POINTS, Point(400, 0.8, 0.7, 0.9)]),
    "orders": lambda name: orders_curve(name, ORDERS, 0.8),
    "departments": lambda name: precision_and_recall(
        name, [(ODD[0], 5, 0.5, 0.25), (ODD[1], 0, None, None), (ODD[2], 9, None, 0.0)]
    ),
    "confusion": lambda name: confusion_heat_map(
        name, ODD, np.array([[5, 1, 0], [0, 0, 0], [2, 0, 3]])
    ),
    "changes": lambda name: changes_of_departments(
        name, [(ODD[0], 0.1, -0.2), (ODD[1], None, 0.0), (ODD[2], None, None)], 0.05
    ),
    "shares": lambda name: shares_beside(name, "Shares", [(ODD[0], 0.9, 1.0), (ODD[1], 0.1, 0.0)]),
    "flow": lambda name: flows(name, "Rows", [FLOW]),
    "bars": lambda name: bars(name, "Bars", [Bar(ODD[0], 1, "5"), Bar(ODD[1], 0, "0")]),
    "histogram": lambda name: histogram(name, "Sizes", [0, 1_500, 2], 1, "products"),
    "hours": lambda name: heat_map(name, "Hours", np.arange(168).reshape(7, 24), "day", "hour"),
    "lorenz": lambda name: lorenz_curve(name, "Curve", np.array([0, 0.1, 1]), "y", "x"),
    "dots": lambda name: dots(
        name, "shares", [Dot("a & b $1", 0.5, 0.4, 0.6, own=True), Dot("c", 1, 1, 1)], (0.4, "all")
    ),
}

every_drawing = pytest.mark.parametrize("name", DRAWINGS)


@every_drawing
def test_is_one_well_formed_element(name: str) -> None:
    root = ElementTree.fromstring(DRAWINGS[name](name))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.attrib["aria-label"]


@every_drawing
def test_same_bytes_twice(name: str) -> None:
    assert DRAWINGS[name](name) == DRAWINGS[name](name)


@every_drawing
def test_ids_are_its_own_and_references_lead_to_them(name: str) -> None:
    root = ElementTree.fromstring(DRAWINGS[name](name))
    ids = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    assert len(ids) == len(set(ids))
    assert all(one.startswith(f"{name}-") for one in ids)
    used = {
        value.removeprefix("url(").rstrip(")").removeprefix("#")
        for element in root.iter()
        for key, value in element.attrib.items()
        if key.endswith("href") or value.startswith("url(#")
    }
    assert used <= set(ids)


@every_drawing
def test_leaves_no_trace(name: str) -> None:
    before = dict(mpl.rcParams)
    DRAWINGS[name](name)
    assert dict(mpl.rcParams) == before


@every_drawing
def test_takes_its_colours_from_the_page(name: str) -> None:
    svg = DRAWINGS[name](name)
    assert "currentColor" in svg
    assert "var(--model, #" in svg
    assert "#0102" not in svg


@pytest.mark.parametrize(
    "name",
    [
        "accuracy",
        "departments",
        "confusion",
        "changes",
        "shares",
        "flow",
        "bars",
        "orders",
    ],
)
def test_names_are_drawn_as_they_are(name: str) -> None:
    words = _words(DRAWINGS[name](name))
    assert "a <b> & $x^2$" in words
    assert ODD[1] in words


def test_what_is_not_there_is_a_dash_and_no_bar() -> None:
    none = precision_and_recall("x", [("a", 0, None, None)])
    some = precision_and_recall("x", [("a", 0, 0.5, 0.5)])
    assert none.count("–") == 2  # noqa: RUF001
    assert some.count("50%") == 2


def test_a_change_that_is_not_known_has_no_dot() -> None:
    def dots(recall: float | None) -> int:
        return changes_of_departments("x", [("a", recall, None)], 0.05).count("<use ")

    assert dots(0.1) > dots(None)


def test_confusions_are_darker_where_more_of_a_row_goes() -> None:
    svg = confusion_heat_map("x", ("a", "b"), np.array([[1, 3], [0, 4]]))
    cells = [line for line in svg.splitlines() if "fill-opacity" in line]
    right = [line.rsplit(": ", 1)[1].rstrip('"/>') for line in cells if "--model" in line]
    wrong = [line.rsplit(": ", 1)[1].rstrip('"/>') for line in cells if "--wrong" in line]
    assert [float(one) for one in right] == pytest.approx([0.375, 0.75])
    assert [float(one) for one in wrong] == pytest.approx(
        [0.75 * 0.75**0.5]
    )  # nothing is not drawn


def _words(svg: str) -> str:
    root = ElementTree.fromstring(svg)
    return " ".join(one.text or "" for one in root.iter("{http://www.w3.org/2000/svg}text"))


def _lengths(svg: str) -> list[float]:
    """Of all level strokes, in points."""
    strokes = re.findall(r'd="M ([\d.]+) ([\d.]+) \nL ([\d.]+) \2 \n" [^>]*stroke-width', svg)
    return [float(right) - float(left) for left, _, right in strokes]


def test_streams_are_as_wide_as_their_rows_are_many() -> None:
    source, merged, rejected = _lengths(flows("x", "Rows", [FLOW]))
    assert (merged / source, rejected / source) == pytest.approx((0.75, 0.25))


def test_one_row_of_millions_is_drawn_and_none_is_not() -> None:
    def rejected(rows: int) -> float:
        nodes = [Node(9_000_000, "merged", MODEL), Node(rows, "rejected", WRONG)]
        streams = [Stream(0, 0, 0, 9_000_000), Stream(0, 0, 1, rows)]
        flow = Flow([[Node(9_000_000 + rows, "read", BASELINE)], nodes], streams)
        return _lengths(flows("x", "Rows", [flow]))[2]

    assert rejected(1) == pytest.approx(72 * HAIRLINE)
    assert rejected(0) == 0


def test_long_labels_are_cut_and_folded() -> None:
    words = _words(bars("x", "Bars", [Bar("a\nb " + "c" * 400, 1, "7")]))
    assert words == f"a b {'c' * (MAX_LABEL - 5)}… 7"


def test_each_hour_is_as_dark_as_it_is_busy() -> None:
    svg = heat_map("x", "Hours", np.array([[4, 2], [1, 0]]), "day", "hour")
    assert [float(one) for one in re.findall(r"fill-opacity: ([\d.]+)", svg)] == [0.5, 0.25]
