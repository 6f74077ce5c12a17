"""The official client and the metrics, with a real Run in Ray Serve."""

import time
from collections import Counter as CountOf
from collections.abc import Iterator

import httpx
import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tritonclient.http import InferenceServerClient, InferInput

from serve.app import APPLICATION, serving
from shelftag.artifacts import Run
from shelftag.config import Config
from tests import tiny
from tests.network import free_port

NAMES = ["Rye Bread", "Organic Milk", "Cat Litter", "Rye Bread", " "]
EXPORT_S = 30
"""Ray's agents have everything after ten seconds; a busy machine takes longer."""


@pytest.fixture(scope="module")
def url(tiny_run: Run, ray_here: None) -> Iterator[str]:  # noqa: ARG001
    """An endpoint over the tiny Run."""
    settings = {"serve": {"port": free_port(), "batch_wait_s": 0}}
    with serving(tiny_run, Config.model_validate(tiny.CONFIG.model_dump() | settings)) as address:
        yield address
    from ray import serve as ray_serve

    ray_serve.shutdown()


Families = dict[str, dict[tuple[str, ...], float]]


def copy_id() -> str:
    """Serve's name of the one copy: the export has what copies of other tests counted too."""
    from ray.serve.context import _get_global_client

    application = _get_global_client().get_serve_details()["applications"][APPLICATION]
    (copy,) = application["deployments"]["tagger"]["replicas"]
    return str(copy["replica_id"])


def scraped(url: str) -> Families:
    """Families of the copy: label values that are ours, in the order of their names -> the sum."""
    text, copy = httpx.get(f"{url}/metrics", timeout=30).text, copy_id()
    ours = ("department", "method", "name", "reason", "result", "role", "route", "status", "le")
    found: Families = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.labels.get("replica", copy) != copy:
                continue
            labels = tuple(sample.labels[key] for key in sorted(ours) if key in sample.labels)
            sums = found.setdefault(sample.name.removeprefix("ray_shelftag_"), {})
            sums[labels] = sums.get(labels, 0) + sample.value
    return found


@pytest.mark.slow
def test_what_was_sent_is_found_in_the_metrics(url: str, tiny_run: Run) -> None:
    products = [{"name": name} for name in NAMES]
    tags = httpx.post(f"{url}/v1/tag", json={"products": products}, timeout=30).json()["tags"]
    client = InferenceServerClient(url.removeprefix("http://"))
    names = InferInput("name", [len(NAMES)], "BYTES")
    names.set_data_from_numpy(np.array(NAMES, np.object_))
    result = client.infer(tiny_run.path.name, [names])
    client.close()
    departments = [one.decode() for one in result.as_numpy("department")]
    assert departments == [tag["department"] for tag in tags] + [""]
    assert result.as_numpy("confidence")[:4] == pytest.approx(
        [tag["confidence"] for tag in tags], abs=1e-5
    )
    assert httpx.get(f"{url}/v2/models/nope", timeout=30).status_code == 404

    tagged = CountOf((tag["department"], tag["status"]) for tag in tags * 2)
    expected = {
        "names_tagged_total": dict(tagged),
        "cache_lookups_total": {("hit",): 5, ("miss",): 3},
        "product_errors_total": {("the name is blank",): 2},
        "batch_names_count": {(): 2},
        "names_waiting": {(): 0},
        "model_info": {(tiny_run.path.name, "champion"): 1},
    }
    asked = {("POST", "/v1/tag", "200"): 1, ("POST", "/v2/models/{model}/infer", "200"): 1}
    asked["GET", "/v2/models/{model}", "404"] = 1
    found = scraped_until(url, expected)
    assert {name: found.get(name) for name in expected} == expected
    assert found["requests_total"].items() >= asked.items()
    assert found["request_duration_seconds_count"]["/v1/tag",] == 1
    assert set(found["shelftag_node_up"].values()) == {1}
    assert any(name.startswith("ray_serve_") for name in found)


def scraped_until(url: str, expected: Families) -> Families:
    """The metrics, when they are as expected and all requests are there, or are late."""
    deadline = time.monotonic() + EXPORT_S
    while True:
        found = scraped(url)
        there = all(found.get(name) == values for name, values in expected.items())
        if time.monotonic() > deadline or (there and len(found.get("requests_total", ())) >= 3):
            return found
        time.sleep(1)
