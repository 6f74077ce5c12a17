"""Ray's metrics of all nodes as one Prometheus text.

    replica --instruments--> agent of its node --MetricsExportPort--+
    replica --instruments--> agent of its node --MetricsExportPort--+--> kept, merged --> /metrics

Format: https://prometheus.io/docs/instrumenting/exposition_formats/ (version 0.0.4). Ray's agents
take no token and listen on all interfaces, as its other ports do.
"""

import asyncio
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aiohttp import ClientError, ClientSession, ClientTimeout
from prometheus_client import generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

KEPT = ("ray_shelftag_", "ray_serve_")
"""Ours, and Serve's own; Ray puts `ray_` before every name."""
NOISE = "otel_scope_"
"""Labels that are the same everywhere, and longer than the rest of a line."""
TIMEOUT_S = 3.0


@dataclass(frozen=True)
class Scrape:
    """What one node's agent said."""

    node: str
    """host:port"""
    families: tuple[Metric, ...] = ()
    problem: str | None = None


def node_addresses() -> list[str]:
    """host:port of every living node's agent; none where Ray does not run."""
    if "ray" not in sys.modules:  # so it does not run here, and need not be loaded for that
        return []
    import ray

    if not ray.is_initialized():
        return []
    return [
        f"{node['NodeManagerAddress']}:{node['MetricsExportPort']}"
        for node in ray.nodes()
        if node["Alive"]
    ]


async def exposition(nodes: Sequence[str], *, everything: bool = False) -> str:
    """The metrics of these nodes; one that does not answer is a comment and a `shelftag_node_up`.

    `everything` takes Ray's other families too.
    """
    kept = ("",) if everything else KEPT
    async with ClientSession(timeout=ClientTimeout(TIMEOUT_S)) as session:
        scrapes = await asyncio.gather(*(_scrape(session, node, kept) for node in nodes))
    return await asyncio.to_thread(as_text, scrapes)


async def _scrape(session: ClientSession, node: str, kept: tuple[str, ...]) -> Scrape:
    try:
        async with session.get(f"http://{node}/metrics", raise_for_status=True) as answer:
            text = await answer.text()
        return Scrape(node, await asyncio.to_thread(parsed, text, kept))
    except (ClientError, OSError, TimeoutError, ValueError) as error:
        reason = " ".join(f"{type(error).__name__} {error}".split())
        return Scrape(node, problem=reason)


def parsed(text: str, kept: tuple[str, ...]) -> tuple[Metric, ...]:
    """The families whose names begin so; the other lines, most of them, are not even parsed.

    Raises:
        ValueError: it is no Prometheus text.
    """
    lines = (line for line in text.split("\n") if _name_of(line).startswith(kept))
    return tuple(text_string_to_metric_families("\n".join(lines)))


def _name_of(line: str) -> str:
    return line.removeprefix("# HELP ").removeprefix("# TYPE ")


def as_text(scrapes: Sequence[Scrape]) -> str:
    """What was scraped, with which nodes answered."""
    up = GaugeMetricFamily(
        "shelftag_node_up", "1 for the Ray nodes whose agent answered.", labels=["node"]
    )
    for scrape in scrapes:
        up.add_metric([scrape.node], float(scrape.problem is None))
    silent = [f"# {s.node} did not answer: {s.problem}\n" for s in scrapes if s.problem]
    families = merged(family for scrape in scrapes for family in scrape.families)
    return "".join(silent) + generate_latest(_Given([*families, up])).decode()


def merged(families: Iterable[Metric]) -> list[Metric]:
    """Each family once. Counts that two nodes give under the same labels are added; of other
    values the last is kept, and of a family's types and descriptions the first."""
    found: dict[str, Metric] = {}
    values: dict[str, dict[tuple[str, frozenset[tuple[str, str]]], Sample]] = {}
    for family in families:
        first = found.setdefault(
            family.name, Metric(family.name, family.documentation, family.type)
        )
        samples = values.setdefault(family.name, {})
        for sample in map(_without_noise, family.samples):
            key = (sample.name, frozenset(sample.labels.items()))
            if key in samples and first.type in ("counter", "histogram"):
                sample = sample._replace(value=sample.value + samples[key].value)
            samples[key] = sample
    for name, family in found.items():
        family.samples = list(values[name].values())
    return list(found.values())


def _without_noise(sample: Sample) -> Sample:
    labels = {key: value for key, value in sample.labels.items() if not key.startswith(NOISE)}
    return sample._replace(labels=labels)


class _Given(Collector):
    """Families that are there already, in the shape `generate_latest` takes."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        """All of them."""
        return self._families
