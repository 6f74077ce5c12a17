"""Prometheus' config and the dashboard: every name in them is one that is exported."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from serve.metrics import measured
from serve.metrics.exposition import NOISE, as_text
from serve.metrics.instruments import Histogram, Instrument
from tests.cluster.manifests import TREE, manifest

MONITORING = TREE / "cluster" / "monitoring"
SCRAPED = {"instance", "job", "ray_io_cluster", "ray_io_group"}
"""Labels that the scrape adds."""
WORDS = {"by", "histogram_quantile", "le", "max", "or", "rate", "sum", "count", "vector"}
"""Of PromQL."""
OUTSIDE = re.compile(r"\{[^}]*\}|\[[^]]*\]|\bby \([^)]*\)|\"[^\"]*\"")


class Query(NamedTuple):
    """An expression of a panel, and what its legend names."""

    title: str
    expression: str
    legend: str

    @property
    def metrics(self) -> set[str]:
        """Names of what it reads."""
        return set(re.findall(r"[a-z_]+", OUTSIDE.sub(" ", self.expression))) - WORDS

    @property
    def labels(self) -> set[str]:
        """Labels that it selects, groups or writes by."""
        grouped = ",".join(re.findall(r"\bby \(([^)]*)\)", self.expression)).split(",")
        selected = re.findall(r"([a-z_]+)\s*=~?\s*\"", self.expression)
        written = re.findall(r"\{\{(\w+)\}\}", self.legend)
        return {name.strip() for name in (*grouped, *selected, *written)} - {"", "le"}


def dashboard() -> dict[str, Any]:
    """The dashboard, as it is imported."""
    found: dict[str, Any] = json.loads((MONITORING / "grafana.json").read_text())
    return found


def queries() -> Iterator[Query]:
    """All of its expressions."""
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", []):
            yield Query(panel["title"], target["expr"], target["legendFormat"])


def ours() -> dict[str, set[str]]:
    """Name of each exported metric -> its labels; Ray puts `ray_` before what a copy counts."""
    found = {"shelftag_node_up": {"node"}}
    for one in vars(measured).values():
        if isinstance(one, Instrument):
            suffixes = ("_bucket", "_sum", "_count") if isinstance(one, Histogram) else ("",)
            found |= {f"ray_{one.name}{suffix}": set(one.labels) for suffix in suffixes}
    return found


def rays() -> set[str]:
    """Those that Ray's agents give of a node, by their source: imported, it starts half of Ray."""
    spec = find_spec("ray.dashboard.modules.reporter.reporter_agent")
    assert spec is not None
    assert spec.origin is not None
    names = re.findall(r'^    "(node_\w+)": Gauge', Path(spec.origin).read_text(), re.MULTILINE)
    return {f"ray_{name}" for name in names}


@pytest.mark.parametrize("query", list(queries()), ids=lambda query: query.title)
def test_a_panel_reads_what_is_exported(query: Query) -> None:
    assert query.metrics
    assert query.metrics <= ours().keys() | rays()
    have = set().union(*(ours().get(name, set()) for name in query.metrics))
    assert query.labels <= have | SCRAPED


def test_a_wrong_name_would_be_seen() -> None:
    query = Query("", 'sum by (shop) (rate(ray_shelftag_tags_total{shop="a"}[5m]))', "{{town}}")
    assert query.metrics == {"ray_shelftag_tags_total"}
    assert query.labels == {"shop", "town"}
    assert "ray_shelftag_tags_total" not in ours()


def test_everything_we_count_is_shown() -> None:
    shown = set().union(*(query.metrics for query in queries()))
    named = {name.removesuffix("_bucket") for name in shown}
    counted = {f"ray_{i.name}" for i in vars(measured).values() if isinstance(i, Instrument)}
    assert counted - named == set()


def test_the_endpoints_own_gauge_has_that_name() -> None:
    assert "# TYPE shelftag_node_up gauge" in as_text([])


def test_rows_of_counts_are_rated_and_gauges_are_not() -> None:
    for query in queries():
        for name in query.metrics & ours().keys():
            rated = f"rate({name}" in query.expression
            assert rated == name.endswith(("_total", "_bucket")), query.title


def test_panels_stand_beside_each_other() -> None:
    panels = dashboard()["panels"]
    ids = [panel["id"] for panel in panels]
    assert len(set(ids)) == len(ids)
    assert all(a["gridPos"]["y"] <= b["gridPos"]["y"] for a, b in pairwise(panels))
    for a, b in combinations([panel["gridPos"] for panel in panels], 2):
        apart = [a["x"] + a["w"] <= b["x"], b["x"] + b["w"] <= a["x"]]
        apart += [a["y"] + a["h"] <= b["y"], b["y"] + b["h"] <= a["y"]]
        assert any(apart)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)


def test_the_source_of_data_is_chosen_on_import() -> None:
    names = {variable["name"] for variable in dashboard()["templating"]["list"]}
    assert names == {"datasource", "cluster"}
    for panel in dashboard()["panels"]:
        for place in (panel, *panel.get("targets", [])):
            if panel["type"] != "row":
                assert place["datasource"]["uid"] == "${datasource}"


def jobs() -> dict[str, dict[str, Any]]:
    """Prometheus' jobs by name."""
    config = yaml.safe_load((MONITORING / "prometheus.yaml").read_text())
    return {job["job_name"]: job for job in config["scrape_configs"]}


def test_prometheus_adds_the_labels_that_panels_use() -> None:
    rules = jobs()["ray-pods"]["relabel_configs"]
    added = {rule["target_label"] for rule in rules if "target_label" in rule}
    assert added | {"instance", "job"} == SCRAPED
    for name in ("ray-pods", "ray-nodes"):
        (dropped,) = jobs()[name]["metric_relabel_configs"]
        assert re.fullmatch(dropped["regex"], f"{NOISE}name")
        assert dropped["action"] == "labeldrop"


def test_nothing_is_counted_twice() -> None:
    """The endpoint's /metrics has the agents' counts again."""
    (kept,) = jobs()["shelftag"]["metric_relabel_configs"]
    assert kept["action"] == "keep"
    assert not any(re.fullmatch(kept["regex"], name) for name in ours() if name.startswith("ray_"))
    assert re.fullmatch(kept["regex"], "shelftag_node_up")


def test_the_endpoint_is_where_kuberay_puts_it() -> None:
    (targets,) = jobs()["shelftag"]["static_configs"]
    name = manifest("rayservice.yaml")["metadata"]["name"]
    assert targets["targets"] == [f"{name}-serve-svc:8000"]
    assert jobs()["shelftag"]["authorization"]["credentials_file"]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool (Debian: prometheus)")
def test_prometheus_takes_its_config(tmp_path: Path) -> None:
    config = yaml.safe_load((MONITORING / "prometheus.yaml").read_text())
    del config["scrape_configs"][0]["kubernetes_sd_configs"]  # Debian's build knows no Kubernetes
    (tmp_path / "prometheus.yaml").write_text(yaml.safe_dump(config))
    command = ["promtool", "check", "config", "--syntax-only", str(tmp_path / "prometheus.yaml")]
    subprocess.run(command, check=True, capture_output=True)


@pytest.mark.parametrize("name", ["prometheus.yaml", "grafana.json"])
def test_each_file_says_what_was_not_run(name: str) -> None:
    assert "NOT RUN" in "".join((MONITORING / name).read_text().splitlines()[:5])
