"""JSON texts written by Arrow say what `json` would."""

import json
import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shelftag.tagging.tag_texts import alternatives_json, candidates_json, decimals
from shelftag.tagging.tagger import Ranking

shares = st.one_of(st.floats(0, 1, width=32), st.sampled_from([0.0, 1.0, 5e-7, 0.9999996]))


@st.composite
def rankings(draw: st.DrawFn) -> tuple[Ranking, list[str]]:
    """Of some texts, and departments with any names."""
    names = draw(st.lists(st.text(max_size=5), min_size=1, max_size=5))
    count, top_k = draw(st.integers(0, 5)), draw(st.integers(1, len(names)))
    places = st.integers(0, len(names) - 1)
    widest = draw(st.integers(0, len(names)))
    order = [draw(st.permutations(range(len(names)))) for _ in range(count)]
    ranking = Ranking(
        np.array([one[:top_k] for one in order], np.int64).reshape(count, top_k),
        np.array([draw(shares) for _ in range(count * top_k)], np.float32).reshape(count, top_k),
        np.zeros(count, np.bool_),
        np.array(
            [
                [
                    *(chosen := draw(st.lists(places, max_size=widest))),
                    *[-1] * (widest - len(chosen)),
                ]
                for _ in range(count)
            ],
            np.int64,
        ).reshape(count, widest),
    )
    return ranking, names


@given(rankings())
def test_alternatives(made: tuple[Ranking, list[str]]) -> None:
    ranking, names = made
    found = alternatives_json(ranking, names).to_pylist()
    assert [json.loads(one) for one in found] == [
        [
            {"department": names[place], "confidence": round(float(share), 6)}
            for place, share in zip(places[1:], confidences[1:], strict=True)
        ]
        for places, confidences in zip(ranking.departments, ranking.confidence, strict=True)
    ]


@given(rankings())
def test_candidates(made: tuple[Ranking, list[str]]) -> None:
    ranking, names = made
    assert candidates_json(ranking, names).to_pylist() == [
        json.dumps([names[place] for place in places if place >= 0])
        for places in ranking.candidates
    ]


@given(st.lists(shares))
def test_decimals_have_six_digits(numbers: list[float]) -> None:
    found = decimals(np.array(numbers, np.float32)).to_pylist()
    assert all(len(one) == 8 for one in found)
    for text, number in zip(found, np.array(numbers, np.float32).tolist(), strict=True):
        assert math.isclose(float(text), number, abs_tol=5.01e-7)
