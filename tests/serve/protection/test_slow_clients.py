"""Clients that send a byte a second, or hardly read, do not starve others; with Serve's proxy.

20 slow senders --> 408 at the deadline
20 slow readers --> of 4 MB each, held by the proxy
 1 normal client --> as fast as it was
"""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from statistics import median

import httpx
import pytest

from serve.app import serving
from shelftag.artifacts import Run
from shelftag.config import Config
from tests import tiny
from tests.network import free_port

TIMEOUT_S = 4.0
SLOW = 20
PROBES = 60
LARGE = json.dumps({"products": [{"id": "x" * 1_000, "name": ""}] * 4_000}).encode()


@pytest.fixture(scope="module")
def port(tiny_run: Run, ray_here: None) -> Iterator[int]:  # noqa: ARG001
    port = free_port()
    settings = {"port": port, "timeout_s": TIMEOUT_S, "max_products": 5_000}
    config = Config.model_validate(tiny.CONFIG.model_dump() | {"serve": settings})
    with serving(tiny_run, config):
        yield port
    from ray import serve as ray_serve

    ray_serve.shutdown()


def head(length: int) -> bytes:
    lines = ["POST /v1/tag HTTP/1.1", "Host: localhost", "Content-Type: application/json"]
    return "\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode()


async def slow_sender(port: int) -> tuple[bytes, float]:
    """What it was answered, and after how many seconds."""
    started = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head(1_000))
    answered = asyncio.create_task(reader.readline())
    while not answered.done():
        writer.write(b" ")
        await asyncio.wait([answered], timeout=1)
    seconds = time.monotonic() - started
    await asyncio.wait_for(reader.read(), 5)  # to the end: the connection is closed
    writer.close()
    return await answered, seconds


async def slow_reader(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Asks for 4 MB; they have begun to come."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=sock, limit=1_024)
    writer.write(head(len(LARGE)) + LARGE)
    assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
    return reader, writer


async def read_slowly(reader: asyncio.StreamReader) -> int:
    """Bytes read until it is cancelled, 200 a second."""
    total = 0
    try:
        while not reader.at_eof():
            total += len(await reader.read(100))
            await asyncio.sleep(0.5)
    except asyncio.CancelledError:
        pass
    return total


async def normal(port: int) -> list[float]:
    """Seconds of each of some requests, one after the other."""
    seconds = []
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        for _ in range(PROBES):
            started = time.monotonic()
            body = {"products": [{"name": "Rye Bread"}]}
            answer = await client.post("/v1/tag", json=body, timeout=30)
            assert answer.status_code == 200
            seconds.append(time.monotonic() - started)
    return seconds


async def both(port: int) -> tuple[list[float], list[float], list[tuple[bytes, float]]]:
    """Seconds of the normal client alone and beside the slow ones; what the senders met."""
    alone = await normal(port)
    readers = [await slow_reader(port) for _ in range(SLOW)]  # one by one: asking is not the test
    reading = [asyncio.create_task(read_slowly(reader)) for reader, _ in readers]
    sending = [asyncio.create_task(slow_sender(port)) for _ in range(SLOW)]
    await asyncio.sleep(0.5)
    beside = await normal(port)
    senders = list(await asyncio.gather(*sending))
    assert not any(task.done() for task in reading), "a reader was cut off"
    for task, (_, writer) in zip(reading, readers, strict=True):
        task.cancel()
        writer.close()
    assert all(0 < size < len(LARGE) / 2 for size in await asyncio.gather(*reading))
    return alone, beside, senders


@pytest.mark.slow
def test_slow_clients_do_not_starve_others(port: int) -> None:
    alone, beside, senders = asyncio.run(both(port))
    for name, seconds in (("alone", alone), ("beside", beside)):
        worst = sorted(seconds)[int(0.95 * PROBES)]
        print(f"{name}: median {1e3 * median(seconds):.1f} ms, p95 {1e3 * worst:.1f} ms")
    print(f"senders answered after {senders[0][1]:.1f} to {max(s for _, s in senders):.1f} s")
    assert median(beside) < 2 * median(alone) + 0.02
    assert max(beside) < TIMEOUT_S / 2
    assert {status for status, _ in senders} == {b"HTTP/1.1 408 Request Timeout\r\n"}
    assert max(seconds for _, seconds in senders) < TIMEOUT_S + 3


@pytest.mark.slow
@pytest.mark.parametrize("chunked", [True, False])
def test_a_body_without_end_is_answered_while_it_is_sent(port: int, chunked: bool) -> None:
    """413 comes through the proxy, and the connection or the next one goes on."""
    most = 8_000_000  # serve.max_body_mb
    parts = (b" " * 100_000 for _ in range(5 * most // 100_000))
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        content = parts if chunked else b" " * (most + 1)
        kind = {"Content-Type": "application/json"}
        answer = client.post("/v1/tag", content=content, headers=kind)
        assert answer.status_code == 413
        assert "at most 8 MB in one request (serve.max_body_mb)" in answer.json()["detail"]
        assert client.post("/v1/tag", json={"products": []}).status_code == 200
