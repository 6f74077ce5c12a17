"""More requests than a copy takes, each of one name: some are answered, the others told when."""

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

import pytest

from shelftag.artifacts import Run
from tests.network import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ONGOING, QUEUED, CLIENTS = 32, 64, 400
SLOW = ("serve.max_batch_size=16", "serve.batch_wait_s=1")
"""Sixteen names a second, however fast the machine is: far fewer than come."""


@pytest.fixture(scope="module")
def port(tiny_run: Run) -> Iterator[int]:
    """Of `shelftag serve` in a process of its own."""
    number = free_port()
    command = [sys.executable, "-m", "pipelines", "serve", "--run", str(tiny_run.path)]
    command += ["--port", str(number), "scaling.object_store_gb=0.2", *SLOW]
    command += [f"serve.max_ongoing_requests={ONGOING}", f"serve.max_queued_requests={QUEUED}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert "serving" in process.stdout.readline()
        yield number
        process.terminate()
        assert process.wait(120) == 0


def test_single_names_beyond_the_queue_are_503_with_retry_after(port: int) -> None:
    async def ask() -> list[tuple[int, bool]]:
        return await asyncio.gather(*(asked(port, [{"name": "rye"}]) for _ in range(CLIENTS)))

    answers = Counter(asyncio.run(ask()))
    print(f"\n(status, Retry-After): {dict(answers)}")
    assert set(answers) == {(200, False), (503, True)}
    assert answers[200, False] >= ONGOING


async def asked(port: int, products: list[dict[str, str]]) -> tuple[int, bool]:
    """Status, and whether the answer says when to come back."""
    body = json.dumps({"products": products}).encode()
    head = (
        f"POST /v1/tag HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head.encode() + body)
    answer = (await reader.read()).lower()
    writer.close()
    return int(answer.split(b" ", 2)[1]), b"\r\nretry-after: 1\r\n" in answer
