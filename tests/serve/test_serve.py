"""`shelftag serve`, over HTTP, with a real model in a Ray Serve replica."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import copytree
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from pipelines.__main__ import main as shelftag
from pipelines.tag import tag
from serve.app import ServeArgs, build, serving
from serve.checks import check_address
from shelftag.artifacts import Run, Tags
from shelftag.config import Config
from shelftag.errors import ArtifactError, ConfigError, InputError
from shelftag.tagging.columns import Naming
from tests import tiny
from tests.network import free_port

NAMES = ["Rye Bread", "Organic Milk", "Cat Litter", "Ice Cream", "  rye BREAD", "日本", "x" * 900]


@pytest.fixture(scope="module")
def url(tiny_run: Run, ray_here: None) -> Iterator[str]:  # noqa: ARG001
    """An endpoint over the tiny Run."""
    settings = {"port": free_port(), "max_products": 50, "batch_wait_s": 0.05}
    config = Config.model_validate(tiny.CONFIG.model_dump() | {"serve": settings})
    with serving(tiny_run, config) as address:
        yield address
    from ray import serve as ray_serve  # an import of Ray before its settings would turn auth off

    ray_serve.shutdown()


def test_the_page_is_there(url: str) -> None:
    page = httpx.get(url, timeout=30)
    assert page.headers["content-type"].startswith("text/html")
    assert 'src="web/app.js"' in page.text
    assert httpx.get(f"{url}/web/app.js", timeout=30).status_code == 200


def ask(url: str, names: list[str], **more: Any) -> dict[str, Any]:
    products = [{"id": i, "name": name} for i, name in enumerate(names)]
    answer = httpx.post(f"{url}/v1/tag", json={"products": products, **more}, timeout=30)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def test_tags_are_those_of_the_bulk_job(url: str, tiny_run: Run, tmp_path: Path) -> None:
    pq.write_table(pa.table({"name": NAMES}), tmp_path / "names.parquet")
    bulk, naming = Tags(tmp_path / "out"), Naming("name")
    manifest = tag(tiny_run.path, tmp_path / "names.parquet", bulk, naming, tiny.CONFIG)
    expected = pq.read_table((bulk.tags / manifest.parts[0]).path).to_pylist()
    body = ask(url, NAMES)
    assert body["model"] == manifest.run
    assert body["errors"] == []
    for position, (one, row) in enumerate(zip(body["tags"], expected, strict=True)):
        assert one["id"] == position
        assert (one["department"], one["status"]) == (row["department"], row["status"])
        assert one["confidence"] == pytest.approx(row["confidence"], abs=1e-3)
        assert one["candidates"] == json.loads(row["candidates"])
        alternatives = json.loads(row["alternatives"])
        assert [a["department"] for a in one["alternatives"]] == [
            a["department"] for a in alternatives
        ]


def test_requests_that_share_a_batch_get_their_own_answers(url: str) -> None:
    alone = {name: ask(url, [name])["tags"][0]["department"] for name in NAMES}

    def one(number: int) -> None:
        names = [NAMES[(number + i) % len(NAMES)] for i in range(number % 3 + 1)]
        body = ask(url, names, top_k=number % 4 + 1)
        assert [tag["department"] for tag in body["tags"]] == [alone[name] for name in names]
        assert {len(tag["alternatives"]) for tag in body["tags"]} == {number % 4}

    with ThreadPoolExecutor(16) as clients:
        list(clients.map(one, range(48)))


def test_the_limit_of_a_request_is_the_configured_one(url: str) -> None:
    answer = httpx.post(f"{url}/v1/tag", json={"products": [{"name": "x"}] * 51}, timeout=30)
    assert answer.status_code == 413
    assert "50 products" in answer.json()["detail"]


def test_health_and_docs(url: str, tiny_run: Run) -> None:
    health = httpx.get(f"{url}/healthz", timeout=30).json()
    assert health["status"] == "ok"
    assert health["model"] == tiny_run.manifest().fingerprint
    assert "/v1/tag" in httpx.get(f"{url}/openapi.json", timeout=30).json()["paths"]
    assert httpx.get(f"{url}/docs", timeout=30).status_code == 200


def test_a_port_in_use_is_one_clear_line(tiny_run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert shelftag(["serve", "--run", str(tiny_run.path), "--port", str(port)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"serve.port = {port} cannot be used (Address already in use)" in line


@pytest.mark.parametrize("host", ["192.0.2.77", "no.such.host.invalid"])
def test_an_address_of_another_machine_is_refused(host: str) -> None:
    with pytest.raises(InputError, match="--host"):
        check_address(host, free_port())


@pytest.mark.usefixtures("ray_here")
def test_more_copies_than_cores_are_refused(tiny_run: Run) -> None:
    settings = {"port": free_port(), "replicas": 1_000}
    config = Config.model_validate(tiny.CONFIG.model_dump() | {"serve": settings})
    with pytest.raises(ConfigError, match="asks for 1000 CPU"), serving(tiny_run, config):
        pass


@pytest.mark.parametrize("broken", ["manifest_file", "calibration_file", "departments_file"])
def test_a_broken_run_is_refused_before_ray_starts(
    tiny_run: Run, tmp_path: Path, broken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run(copytree(tiny_run.path, tmp_path / "run"))
    getattr(run, broken).write_text("{}")
    assert shelftag(["serve", "--run", str(run.path), "--port", str(free_port())]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    with pytest.raises(ArtifactError):
        build(ServeArgs(run=run.path))


def test_the_config_file_is_what_serve_deploy_takes(tiny_run: Run) -> None:
    from ray.serve.schema import ServeDeploySchema

    file = Path(__file__).parents[2] / "serve" / "config.yaml"
    schema = ServeDeploySchema.model_validate(yaml.safe_load(file.read_text()))
    assert schema.http_options.host == "127.0.0.1"
    (application,) = schema.applications
    assert application.import_path == f"{build.__module__}:{build.__name__}"
    args = ServeArgs.model_validate(application.args | {"run": tiny_run.path})
    assert build(args)


@pytest.mark.parametrize("name", ["models_root", "keys_file", "jobs_input", "jobs_output"])
def test_relative_paths_of_a_deployment_are_refused(tmp_path: Path, name: str) -> None:
    """It is built on the cluster, whose folder is not that of who deploys."""
    with pytest.raises(
        ValueError, match=rf"serve\.{name} = 'here' is relative: name the full path"
    ):
        ServeArgs.model_validate({"run": tmp_path, "config": {"serve": {name: "here"}}})


@pytest.mark.slow
def test_the_command_answers_and_stops_on_sigterm(tiny_run: Run) -> None:
    port = free_port()
    command = [sys.executable, "-m", "pipelines", "serve", "--run", str(tiny_run.path)]
    command += ["--port", str(port), "scaling.object_store_gb=0.5"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert f"at http://127.0.0.1:{port} (docs at" in process.stdout.readline()
        assert ask(f"http://127.0.0.1:{port}", ["Rye Bread"])["tags"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/healthz")
