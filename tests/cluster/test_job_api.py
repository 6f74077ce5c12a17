"""What can go wrong between a command and a cluster, told in one line each."""

import json
import os
import platform
import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from cluster import job_api
from shelftag.errors import InputError
from tests.network import free_port


class Answers(BaseHTTPRequestHandler):
    """A server that gives one answer to all."""

    status = 200
    body = b"{}"

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, type[Answers]]]:
    """Its address, and the class to set the answer of."""
    monkeypatch.setattr(Answers, "status", 200)
    monkeypatch.setattr(Answers, "body", b"{}")
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as listening:
        Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}", Answers
        listening.shutdown()


def refused(address: str) -> str:
    with pytest.raises(InputError) as error:
        job_api.connected(address)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_nobody_listens() -> None:
    started = time.monotonic()
    said = refused(f"http://127.0.0.1:{free_port()}")
    assert said.startswith("no Ray answers at http://127.0.0.1:")
    assert "(a tunnel?)" in said
    assert time.monotonic() - started < 20


def test_one_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_api, "DEADLINES_S", (1, 0.5))
    with socket.create_server(("127.0.0.1", 0)) as hung:
        said = refused(f"http://127.0.0.1:{hung.getsockname()[1]}")
    assert "timed out" in said


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (401, b"Unauthorized", "does not let us in (401: no token was sent)"),
        (403, b"Forbidden", "does not let us in (403: the token in "),
        (404, b"", "Version check returned 404"),
        (502, b"", "no Ray answers"),
        (200, b"<html>", "no Ray answers"),
        (200, b'{"ray_version": "1.2.0"}', "Ray version 1.2.0 is running on the cluster"),
    ],
)
def test_answers_that_are_not_a_cluster_of_ours(
    server: tuple[str, type[Answers]],
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    body: bytes,
    expected: str,
) -> None:
    url, answers = server
    monkeypatch.setattr(answers, "status", status)
    monkeypatch.setattr(answers, "body", body)
    said = refused(url)
    assert url in said
    assert expected in said


def test_the_token_is_named_by_its_place_and_never_told(
    server: tuple[str, type[Answers]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, answers = server
    monkeypatch.setattr(answers, "status", 403)
    monkeypatch.setenv("RAY_AUTH_TOKEN", "5ec3e7")
    said = refused(url)
    assert "the token in RAY_AUTH_TOKEN is not the cluster's" in said
    assert "5ec3e7" not in said
    monkeypatch.delenv("RAY_AUTH_TOKEN")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", "/run/secrets/ray")
    assert "the token in /run/secrets/ray is not" in refused(url)
    monkeypatch.setattr(answers, "status", 401)
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    assert "and RAY_AUTH_MODE=token (it is 'disabled')" in refused(url)


def test_ray_s_variables_do_not_take_the_place_of_the_address(
    server: tuple[str, type[Answers]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, answers = server
    monkeypatch.setattr(answers, "body", json.dumps({"ray_version": "2.60.0"}).encode())
    other = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("RAY_ADDRESS", other)
    monkeypatch.setenv(job_api.VARIABLE, other)
    client, told = job_api.connected(url)
    assert told == url == client.get_address()
    assert (os.environ["RAY_ADDRESS"], os.environ[job_api.VARIABLE]) == (other, other)
    monkeypatch.setenv(job_api.VARIABLE, url)
    assert job_api.connected(None)[1] == url


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("http://head:8265/", "http://head:8265"),
        ("head:8265", "http://head:8265"),
        ("https://ray.example/cluster", "https://ray.example/cluster"),
    ],
)
def test_addresses(address: str, url: str) -> None:
    assert job_api.url_of(address) == url


@pytest.mark.parametrize("address", ["ray://head:10001", "auto", "s3://x", "http://", "a b"])
def test_addresses_of_another_kind(address: str) -> None:
    with pytest.raises(InputError, match="is not where jobs are submitted: name that of"):
        job_api.url_of(address)


class Told:
    """A client that knows what the dashboard says."""

    def __init__(self, **answers: Any) -> None:
        self._answers = answers

    def answer(self, path: str) -> Any:
        return self._answers.get(path.partition("?")[0].rpartition("/")[2], {})


def versions(ray: str, python: str) -> Told:
    return Told(cluster_metadata={"data": {"rayVersion": ray, "pythonVersion": python}})


def test_other_versions_are_told_with_both(monkeypatch: pytest.MonkeyPatch) -> None:
    import ray

    monkeypatch.setattr(ray, "__version__", "2.60.0")
    monkeypatch.setattr(platform, "python_version", lambda: "3.11.7")
    job_api.check_versions(versions("2.60.0", "3.11.2"), "URL")
    for theirs in (("2.59.1", "3.11.7"), ("2.60.0", "3.12.1")):
        with pytest.raises(InputError) as refused:
            job_api.check_versions(versions(*theirs), "URL")
        assert str(refused.value).startswith(
            f"the cluster at URL runs Ray {theirs[0]} with Python {theirs[1]}, "
            "and here are Ray 2.60.0 and Python 3.11.7: "
        )
    with pytest.raises(InputError, match="runs Ray unknown with Python unknown"):
        job_api.check_versions(Told(), "URL")


def test_the_python_of_the_head_is_taken() -> None:
    head = {"raylet": {"isHeadNode": True}, "cmdline": ["raylet"]}
    other = {"raylet": {"isHeadNode": False}, "cmdline": ["--python_worker_command=/x/python w"]}
    assert job_api.python_of(Told(nodes={"data": {"summary": [other, head]}})) == "python"
    head["cmdline"] = ["raylet", "--python_worker_command=/env/bin/python3 setup_worker.py a=b"]
    assert job_api.python_of(Told(nodes={"data": {"summary": [other, head]}})) == "/env/bin/python3"
    assert job_api.python_of(Told()) == "python"
