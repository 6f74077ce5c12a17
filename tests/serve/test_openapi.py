"""Requests drawn from the OpenAPI document: no 5xx, and answers are as it says.

schemathesis takes whatever routes the document has. Two of its checks are left out: a product that
breaks its schema is an error entry and no refusal, and a well-formed name may be of no model.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import reduce
from http import HTTPStatus
from operator import getitem
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import checks

from serve.app import serving
from serve.document import STATUSES
from serve.protection.key_ring import key_ring
from serve.protection.keys import VARIABLE, key_line, new_key
from serve.routes import api
from shelftag.artifacts import Run
from shelftag.config import Config
from shelftag.config.serve import ServeConfig
from tests import tiny
from tests.network import free_port
from tests.serve.made_service import MadeService

SERVE = Path(__file__).parents[2] / "serve"
KEY = new_key()
HEADERS = {"Authorization": f"Bearer {KEY}"}
KEYS = key_ring(key_line("shop", KEY), None)
LEFT_OUT = [checks.negative_data_rejection, checks.positive_data_acceptance]
SCHEMA = schemathesis.openapi.from_asgi(
    "/openapi.json",
    api(MadeService(), ServeConfig(requests_per_s=1_000_000, timeout_s=5), KEYS),
    headers=HEADERS,
)


@pytest.mark.filterwarnings("ignore:Skipped test cases with unsupported payload")  # of catalogs
@SCHEMA.parametrize()
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
def test_every_operation_answers_as_documented(case: schemathesis.Case[Any]) -> None:
    case.call_and_validate(headers=HEADERS, excluded_checks=LEFT_OUT)


def test_every_status_that_is_sent_is_documented() -> None:
    code = [file.read_text() for file in SERVE.rglob("*.py")]
    sent = {name for text in code for name in re.findall(r"HTTPStatus\.([A-Z_]+)", text)}
    assert {HTTPStatus[name] for name in sent} <= set(STATUSES)
    paths = api(MadeService(), ServeConfig()).openapi()["paths"]
    documented = paths["/v1/catalog"]["post"]["responses"]
    assert {str(int(status)) for status in STATUSES} <= set(documented)


def test_what_the_document_refers_to_is_in_it() -> None:
    document = api(MadeService(), ServeConfig()).openapi()
    refs = set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document)))
    assert "components/schemas/JobOptions" in refs
    for ref in refs:
        reduce(getitem, ref.split("/"), document)


@pytest.fixture
def url(tiny_run: Run, ray_here: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:  # noqa: ARG001
    """An endpoint on Ray, with keys."""
    monkeypatch.setenv(VARIABLE, key_line("shop", KEY))
    settings = {"port": free_port(), "requests_per_s": 1_000_000}
    config = Config.model_validate(tiny.CONFIG.model_dump() | {"serve": settings})
    with serving(tiny_run, config) as address:
        yield address
    from ray import serve as ray_serve

    ray_serve.shutdown()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_same_of_a_real_endpoint(url: str, tmp_path: Path) -> None:
    """The command line of schemathesis prints a summary: operations and cases."""
    command = [str(Path(sys.executable).parent / "schemathesis"), "run", f"{url}/openapi.json"]
    command += ["--max-examples", "25", "--seed", "0", "--header", f"Authorization: Bearer {KEY}"]
    command += ["--exclude-checks", ",".join(check.__name__ for check in LEFT_OUT)]
    ran = subprocess.run(
        command, cwd=tmp_path, check=False, capture_output=True, text=True, timeout=280
    )
    print(ran.stdout)
    assert ran.returncode == 0, ran.stdout + ran.stderr
