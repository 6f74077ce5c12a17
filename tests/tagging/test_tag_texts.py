"""JSON texts written by Arrow say what `json` would."""

import json
import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shelftag.tagging.tag_texts import alternatives_json, candidates_json, decimals
from shelftag.tagging.tagger import Ranking
from tests.tagging.made_rankings import SHARES, rankings


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
        json.dumps([names[place] for place in places if place >= 0], ensure_ascii=False)
        for places in ranking.candidates
    ]


@given(st.lists(SHARES))
def test_decimals_have_six_digits(numbers: list[float]) -> None:
    found = decimals(np.array(numbers, np.float32)).to_pylist()
    assert all(len(one) == 8 for one in found)
    for text, number in zip(found, np.array(numbers, np.float32).tolist(), strict=True):
        assert math.isclose(float(text), number, abs_tol=5.01e-7)
