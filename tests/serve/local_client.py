"""Starlette's `TestClient` as a client of this machine: its own Host, `testserver`, is let in only
with keys."""

from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient


def local_client(app: FastAPI, **settings: Any) -> TestClient:
    """A client that asks 127.0.0.1."""
    return TestClient(app, base_url="http://127.0.0.1", **settings)
