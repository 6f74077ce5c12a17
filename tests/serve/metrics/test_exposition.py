"""Texts of several nodes merged to one."""

import asyncio
from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Response
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from serve.metrics.exposition import KEPT, Scrape, as_text, exposition, parsed
from serve.routes import api
from shelftag.config.serve import ServeConfig
from tests.network import free_port, listening
from tests.serve.local_client import local_client
from tests.serve.made_service import MadeService

DEPARTMENTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
COUNTS = st.dictionaries(DEPARTMENTS, st.integers(1, 99), min_size=1, max_size=4)


def node_text(counts: dict[str, int], node: str | None = None) -> str:
    """What a node's agent exports: these counts, and what is not ours."""
    registry = CollectorRegistry()
    labels = ["department", "otel_scope_name"] + ([] if node is None else ["node"])
    tags = Counter("ray_shelftag_names_tagged", "Names.", labels, registry=registry)
    sizes = Histogram("ray_shelftag_batch_names", "Sizes.", labels, registry=registry)
    Gauge("ray_node_mem_used", "Not ours.", registry=registry).set(1)
    Gauge("shelftag_like", "Not ours either.", registry=registry).set(1)
    for department, count in counts.items():
        values = [department, "long name"] + ([] if node is None else [node])
        tags.labels(*values).inc(count)
        sizes.labels(*values).observe(count / 10)
    return generate_latest(registry).decode()


def totals(text: str) -> dict[str, float]:
    """Names by department, over all nodes."""
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "ray_shelftag_names_tagged_total":
                department = sample.labels["department"]
                sums[department] = sums.get(department, 0) + sample.value
    return sums


@settings(max_examples=30)
@given(st.lists(COUNTS, min_size=1, max_size=4), st.booleans())
def test_counts_of_all_nodes_are_there_once(nodes: list[dict[str, int]], named: bool) -> None:
    names = [str(place) if named else None for place in range(len(nodes))]
    scrapes = [
        Scrape(f"node{place}", parsed(node_text(counts, name), KEPT))
        for place, (counts, name) in enumerate(zip(nodes, names, strict=True))
    ]
    text = as_text(scrapes)
    expected: dict[str, float] = {}
    for counts in nodes:
        for department, count in counts.items():
            expected[department] = expected.get(department, 0) + count
    assert totals(text) == expected
    series = [line.rsplit(" ", 1)[0] for line in text.split("\n") if line[:1] not in ("", "#")]
    assert len(series) == len(set(series))
    for kind in ("# HELP", "# TYPE"):
        headed = [line.split()[2] for line in text.split("\n") if line.startswith(kind)]
        assert len(headed) == len(set(headed))
    assert "ray_node_mem_used" not in text
    assert "otel_scope" not in text


def test_a_histogram_of_two_nodes_is_one() -> None:
    scrapes = [Scrape(node, parsed(node_text({"pets": 10}), KEPT)) for node in "ab"]
    families = {one.name: one for one in text_string_to_metric_families(as_text(scrapes))}
    samples = families["ray_shelftag_batch_names"].samples
    by_bound = {sample.labels.get("le", sample.name): sample.value for sample in samples}
    assert by_bound["0.75"] == 0
    assert by_bound["1.0"] == by_bound["+Inf"] == by_bound["ray_shelftag_batch_names_count"] == 2
    assert by_bound["ray_shelftag_batch_names_sum"] == 2.0


@pytest.fixture(scope="module")
def agent() -> Iterator[str]:
    """A node whose agent answers; its /broken/metrics is no metrics, its /slow/metrics late."""
    app = FastAPI()

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(node_text({"pets": 3}), media_type="text/plain")

    @app.get("/broken/metrics")
    def broken() -> Response:
        return Response("ray_serve_x{ 1", media_type="text/plain")

    @app.get("/slow/metrics")
    async def slow() -> None:
        await asyncio.sleep(2)

    with listening(app) as address:
        yield address


def test_a_node_that_does_not_answer_is_a_comment_and_a_metric(
    agent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serve.metrics.exposition.TIMEOUT_S", 0.5)
    silent = [f"127.0.0.1:{free_port()}", f"{agent}/broken", f"{agent}/slow", f"{agent}/nope"]
    text = asyncio.run(exposition([*silent, agent]))
    assert totals(text) == {"pets": 3}
    for node in silent:
        assert f"\n# {node} did not answer: " in f"\n{text}"
        assert f'shelftag_node_up{{node="{node}"}} 0.0' in text
    assert f'shelftag_node_up{{node="{agent}"}} 1.0' in text
    assert list(text_string_to_metric_families(text))


def test_all_of_rays_families_where_they_are_asked_for(agent: str) -> None:
    text = asyncio.run(exposition([agent], everything=True))
    assert "ray_node_mem_used 1.0" in text
    assert totals(text) == {"pets": 3}


def test_the_endpoints_metrics_are_text_with_or_without_nodes() -> None:
    answer = local_client(api(MadeService(), ServeConfig())).get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "shelftag_node_up" in answer.text
