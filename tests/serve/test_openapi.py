"""Requests drawn from the OpenAPI document: no 5xx, and answers are as it says.

schemathesis takes whatever routes the document has. Two of its checks are left out: a product that
breaks its schema is an error entry and no refusal, and a well-formed name may be of no model.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import checks

from serve.key_ring import key_ring
from serve.keys import key_line, new_key
from serve.routes import api
from shelftag.artifacts import Run
from shelftag.config.serve import ServeConfig
from tests.network import free_port
from tests.serve.made_service import MadeService

KEY = new_key()
HEADERS = {"Authorization": f"Bearer {KEY}"}
KEYS = key_ring(key_line("shop", KEY), None)
LEFT_OUT = [checks.negative_data_rejection, checks.positive_data_acceptance]
SCHEMA = schemathesis.openapi.from_asgi(
    "/openapi.json",
    api(MadeService(), ServeConfig(requests_per_s=1_000_000, timeout_s=5), KEYS),
    headers=HEADERS,
)


@SCHEMA.parametrize()
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
def test_every_operation_answers_as_documented(case: schemathesis.Case) -> None:
    case.call_and_validate(headers=HEADERS, excluded_checks=LEFT_OUT)


@pytest.mark.slow
def test_the_same_of_a_real_endpoint(tiny_run: Run, tmp_path: Path) -> None:
    """The command line of schemathesis, against `shelftag serve` with keys; it prints a summary."""
    port = free_port()
    environment = os.environ | {"SHELFTAG_API_KEYS": key_line("shop", KEY)}
    serve = [sys.executable, "-m", "pipelines", "serve", "--run", str(tiny_run.path)]
    serve += ["--port", str(port), "scaling.object_store_gb=0.5", "serve.requests_per_s=1000000"]
    command = [str(Path(sys.executable).parent / "schemathesis"), "run"]
    command += [f"http://127.0.0.1:{port}/openapi.json", "--max-examples", "25", "--seed", "0"]
    command += ["--header", f"Authorization: Bearer {KEY}", "--exclude-checks"]
    command += [",".join(check.__name__ for check in LEFT_OUT)]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True, env=environment) as endpoint:
        try:
            assert endpoint.stdout
            assert "serving" in endpoint.stdout.readline()
            ran = subprocess.run(
                command, cwd=tmp_path, check=False, capture_output=True, text=True, timeout=280
            )
            print(ran.stdout)
            assert ran.returncode == 0, ran.stdout
            assert "API Operations" in ran.stdout
        finally:
            endpoint.terminate()
