"""What is counted: by instruments that hold counts until Ray takes them."""

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send

from serve.metrics import instruments
from serve.metrics import measured as metrics
from serve.products import read_products
from serve.routes import api
from serve.shadow import Shadow
from shelftag.config.serve import ServeConfig
from shelftag.tagging.tagger import Ranking
from tests.serve.local_client import local_client
from tests.serve.made_service import CARD, MadeService, ranking

LIMIT = 5


@pytest.fixture(autouse=True)
def nothing_held() -> Iterator[None]:
    """Each test counts from nothing: instruments belong to the process."""
    before = list(instruments._all)
    for one in before:
        one._held.clear()
    yield
    instruments._all[:] = before


@pytest.fixture(scope="module")
def client() -> TestClient:
    return local_client(api(MadeService(), ServeConfig(max_products=LIMIT)))


def test_settings_that_are_refused_are_a_gauge_that_an_alarm_can_watch() -> None:
    metrics.set_problem("Run nowhere is not a folder")
    assert handed_over(metrics.SETTINGS_REFUSED) == [(1.0, {})]
    metrics.set_problem(None)
    assert handed_over(metrics.SETTINGS_REFUSED) == [(0.0, {})]


class Recorded:
    """In place of one of Ray's instruments."""

    def __init__(self) -> None:
        self.values: list[tuple[float, dict[str, str]]] = []

    def inc(self, value: float, tags: dict[str, str]) -> None:
        self.values.append((value, tags))

    set = observe = inc


def handed_over(instrument: instruments.Instrument) -> list[tuple[float, dict[str, str]]]:
    """What Ray is given."""
    instrument._ray = Recorded()
    instrument.hand_over()
    values: list[tuple[float, dict[str, str]]] = instrument._ray.values
    return values


def test_nothing_is_lost_between_threads() -> None:
    counter = instruments.Counter("shelftag_made_total", "Made.", ("thread",))
    taken: dict[tuple[str, ...], float] = {}

    def count(thread: int) -> None:
        for _ in range(2_000):
            counter.add(str(thread % 2))

    with ThreadPoolExecutor(4) as threads:
        running = [threads.submit(count, thread) for thread in range(4)]
        while not all(one.done() for one in running):
            for key, value in counter.take().items():
                taken[key] = taken.get(key, 0) + value
    for value, tags in handed_over(counter):
        key = (tags["thread"],)
        taken[key] = taken.get(key, 0) + value
    assert taken == {("0",): 4_000, ("1",): 4_000}
    assert handed_over(counter) == []


@given(st.lists(st.floats(0.001, 100)))
def test_a_value_goes_into_the_bucket_it_belongs_to(values: list[float]) -> None:
    bounds = (1.0, 5.0, 10.0)
    histogram = instruments.Histogram("shelftag_made", "Made.", bounds, ("route",))
    for value in values:
        histogram.observe(value, "/v1/tag")
    given = handed_over(histogram)
    assert {tags["route"] for _, tags in given} <= {"/v1/tag"}
    for bound in (*bounds, float("inf")):
        assert sum(v <= bound for v, _ in given) == sum(value <= bound for value in values)


def test_a_gauge_is_said_again_and_what_is_over_is_0() -> None:
    gauge = instruments.Gauge("shelftag_made", "Made.", ("name",))
    gauge.only({("one",): 1})
    assert handed_over(gauge) == handed_over(gauge) == [(1, {"name": "one"})]
    gauge.only({("two",): 1})
    assert sorted(handed_over(gauge), key=str) == [(0.0, {"name": "one"}), (1, {"name": "two"})]


def test_what_is_over_is_0_for_some_time_and_then_forgotten() -> None:
    """In-place changes of a Run add labels; as many stay as were there lately."""
    gauge = instruments.Gauge("shelftag_made", "Made.", ("name",))
    for name in range(100):
        gauge.only({(str(name),): 1})
        gauge.take()
    assert len(gauge.take()) == instruments.SAID_0
    over = [("98",) in gauge.take() for _ in range(2 * instruments.SAID_0)]
    assert 0 < sum(over) < instruments.SAID_0
    assert gauge.take() == {("99",): 1}


def test_what_is_back_is_not_forgotten() -> None:
    gauge = instruments.Gauge("shelftag_made", "Made.", ("name",))
    for name in ("one", "two", "one"):
        gauge.only({(name,): 1})
    gauge.set(2, "two")
    assert [gauge.take() for _ in range(2 * instruments.SAID_0)][-1] == {("one",): 1, ("two",): 2}


def test_requests_are_counted_by_route_and_never_by_path(client: TestClient) -> None:
    for path in ("/v2/models/made", "/v2/models/other", "/nope/1", "/nope/2"):
        client.get(path)
    client.get("/v1/tag", params={"name": "x"})
    client.post("/v1/tag", json={"products": [{"name": "x"}] * (LIMIT + 1)})
    client.request("BREW", "/v1/tag")
    assert metrics.REQUESTS.take() == {
        ("/v2/models/{model}", "GET", "200"): 1,
        ("/v2/models/{model}", "GET", "404"): 1,
        ("other", "GET", "404"): 2,
        ("/v1/tag", "GET", "200"): 1,
        ("/v1/tag", "POST", "413"): 1,
        ("/v1/tag", "other", "405"): 1,
    }
    assert sum(metrics.SECONDS.take().values()) == 7
    assert metrics.REFUSED.take() == {}


def through(app: Any, scope: dict[str, Any]) -> None:
    """One request through the middleware."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(_: Any) -> None:
        return None

    asyncio.run(metrics.Measured(app)(scope, receive, send))


@pytest.mark.parametrize(
    ("error", "status"), [(ValueError("x"), "500"), (asyncio.CancelledError(), "499")]
)
def test_what_is_never_answered_is_counted_too(error: BaseException, status: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        raise error

    with pytest.raises(type(error)):
        through(app, {"type": "http", "method": "GET"})
    assert metrics.REQUESTS.take() == {("other", "GET", status): 1}


@pytest.mark.parametrize("status", [429, 503, 504])
def test_refusals_stand_alone_too(status: int) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        await send({"type": "http.response.start", "status": status, "headers": []})

    through(app, {"type": "http", "method": "GET"})
    through(app, {"type": "lifespan"})
    assert metrics.REFUSED.take() == {(str(status),): 1}


def saying(departments: Sequence[int]) -> Ranking:
    """These departments, all for review."""
    made = ranking(len(departments), 1)
    return replace(made, departments=np.array(departments, np.int64)[:, None])


def test_names_are_counted_by_department_and_status() -> None:
    review = np.array([True, False, True, True])
    metrics.count_tags(CARD, replace(saying([1, 1, 2, 1]), review=review))
    assert metrics.TAGS.take() == {
        ("pets", "review"): 2,
        ("pets", "tagged"): 1,
        ("produce", "review"): 1,
    }


VALUES: st.SearchStrategy[Any] = st.sampled_from((None, 7, "x", " ", "\ud800", "x" * 1_001, []))


@given(st.lists(st.one_of(VALUES, st.fixed_dictionaries({"id": VALUES, "name": VALUES}))))
def test_reasons_are_few(products: list[Any]) -> None:
    metrics.PRODUCT_ERRORS.take()
    _, _, errors = read_products(products)
    metrics.count_reasons(error.reason for error in errors)
    counted = metrics.PRODUCT_ERRORS.take()
    assert sum(counted.values()) == len(errors)
    assert {reason for (reason,) in counted} <= metrics.REASONS


def test_a_reason_that_quotes_a_file_is_no_label() -> None:
    metrics.count_reasons(["7 fields, and the header has 2", "the line is not JSON (x)"])
    assert metrics.PRODUCT_ERRORS.take() == {("other",): 1, ("the line is not JSON",): 1}


def test_bad_products_are_counted_on_both_protocols(client: TestClient) -> None:
    client.post("/v1/tag", json={"products": [{"name": " "}, {"name": 7}, {"name": "x"}]})
    named = {"name": "name", "shape": [1], "datatype": "BYTES", "data": [" "]}
    client.post("/v2/models/made/infer", json={"inputs": [named]})
    assert metrics.PRODUCT_ERRORS.take() == {
        ("the name is blank",): 2,
        ("the name is not text",): 1,
    }


def test_remembered_names_are_hits() -> None:
    metrics.count_batch(5, 5)
    metrics.count_batch(4, 1)
    metrics.count_batch(1, 0)
    assert metrics.CACHE.take() == {("miss",): 6, ("hit",): 4}
    assert sorted(handed_over(metrics.BATCH), key=str) == [(1, {}), (4, {}), (8, {})]


def test_the_shadow_counts_what_it_compares() -> None:
    def loaded(said: Sequence[int]) -> Any:
        """A model that says so."""
        tagger = SimpleNamespace(departments=SimpleNamespace(names=CARD.departments))
        tagger.rank = lambda _: saying(said)
        return SimpleNamespace(tagger=tagger)

    shadow = Shadow(metrics.count_compared)
    champion, challenger = loaded([1, 1, 2]), loaded([1, 0, 2])
    shadow.set(challenger, 1.0)
    shadow.offer(["a", "b", "c"], champion, champion.tagger.rank(()))
    shadow._thread.shutdown(wait=True)
    assert metrics.COMPARED.take() == {("pets",): 2, ("produce",): 1}
    assert metrics.DISAGREED.take() == {("pets",): 1}


def test_the_models_that_answer() -> None:
    metrics.set_models(CARD, None)
    metrics.set_models(CARD.model_copy(update={"fingerprint": "2"}), CARD)
    assert metrics.MODEL.take() == {
        ("made", "fingerprint", "champion"): 0,
        ("made", "2", "champion"): 1,
        ("made", "fingerprint", "challenger"): 1,
    }
