"""So many requests a second."""

import asyncio

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send

from serve.app import ServeArgs
from serve.protection.rate_limit import Rate, RateLimit
from tests.serve.asgi import request_as
from tests.serve.deployed import CONFIG


@given(
    per_s=st.floats(0.1, 1_000),
    pauses=st.lists(st.floats(0, 3), min_size=1, max_size=200),
)
def test_no_second_has_more_than_a_burst_and_the_rate(per_s: float, pauses: list[float]) -> None:
    rate, now, granted = Rate(per_s), 0.0, []
    for pause in pauses:
        now += pause
        if rate.wait_s("shop", now) == 0:
            granted.append(now)
    for i, start in enumerate(granted):
        inside = [at for at in granted[i:] if at <= start + 1]
        assert len(inside) <= max(per_s, 1) + per_s + 1


@given(per_s=st.floats(0.1, 1_000), asked=st.integers(1, 300))
def test_who_waits_as_told_is_welcome(per_s: float, asked: int) -> None:
    rate, now = Rate(per_s), 0.0
    for _ in range(asked):
        wait = rate.wait_s("shop", now)
        if wait:
            now += wait + 1e-6
            assert rate.wait_s("shop", now) == 0


def test_an_even_rate_is_never_refused() -> None:
    rate = Rate(10)
    assert all(rate.wait_s("shop", i * 0.1 + 1e-6 * i) == 0 for i in range(1_000))


def test_clients_do_not_share() -> None:
    rate = Rate(1)
    assert rate.wait_s("a", 0) == 0
    assert rate.wait_s("a", 0) > 0
    assert rate.wait_s("b", 0) == 0


@pytest.mark.parametrize(("replicas", "welcome"), [(1, 4), (2, 2), (8, 1)])
def test_copies_share_the_limit(replicas: int, welcome: int) -> None:
    limited = RateLimit(_ok, requests_per_s=4, replicas=replicas, clock=lambda: 0.0)
    answers = [asyncio.run(request_as(limited, "shop")) for _ in range(10)]
    assert [answer.status for answer in answers] == [200] * welcome + [429] * (10 - welcome)
    assert answers[-1].headers["retry-after"] == str(-(-replicas // 4))
    assert "at most 4 requests a second (serve.requests_per_s)" in answers[-1].detail


def test_the_copies_of_the_config_file_share_the_limit() -> None:
    """Whatever number of them runs, a key gets no more than `serve.requests_per_s`."""
    (application,) = yaml.safe_load(CONFIG.read_text())["applications"]
    (tagger,) = application["deployments"]
    settings = ServeArgs.model_validate(application["args"]).config.serve
    assert settings.replicas == tagger["autoscaling_config"]["max_replicas"]
    share = RateLimit(_ok, settings.requests_per_s, settings.replicas, clock=lambda: 0.0)
    answers = [asyncio.run(request_as(share, "shop")) for _ in range(int(settings.requests_per_s))]
    welcome = sum(answer.status == 200 for answer in answers)
    assert 0 <= settings.requests_per_s - welcome * settings.replicas <= settings.replicas


def test_those_without_a_key_pass() -> None:
    limited = RateLimit(_ok, requests_per_s=1, replicas=1, clock=lambda: 0.0)
    assert {asyncio.run(request_as(limited, None)).status for _ in range(10)} == {200}


async def _ok(_: Scope, __: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})
