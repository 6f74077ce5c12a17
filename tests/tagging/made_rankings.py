"""Rankings of made texts, over departments with any names."""

import numpy as np
from hypothesis import strategies as st

from shelftag.tagging.tagger import Ranking

SHARES = st.one_of(st.floats(0, 1, width=32), st.sampled_from([0.0, 1.0, 5e-7, 0.9999996]))


@st.composite
def rankings(draw: st.DrawFn) -> tuple[Ranking, list[str]]:
    """A Ranking of some texts, none among them, and the departments' names."""
    names = draw(st.lists(st.text(max_size=5), min_size=1, max_size=5))
    count, top_k = draw(st.integers(0, 5)), draw(st.integers(1, len(names)))
    order = [draw(st.permutations(range(len(names)))) for _ in range(count)]
    shares = [draw(SHARES) for _ in range(count * top_k)]
    held = [draw(st.integers(0, len(names))) for _ in range(count)]
    width = draw(st.sampled_from([max(held, default=0), len(names)]))
    candidates = np.full((count, width), -1, np.int64)
    for row, (places, some) in enumerate(zip(order, held, strict=True)):
        candidates[row, :some] = places[:some]
    ranking = Ranking(
        np.array([one[:top_k] for one in order], np.int64).reshape(count, top_k),
        np.array(shares, np.float32).reshape(count, top_k),
        np.array([draw(st.booleans()) for _ in range(count)], np.bool_),
        candidates,
    )
    return ranking, names
