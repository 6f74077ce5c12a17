"""A bounded load generator: so many keep-alive connections, each asks, waits for its answer, asks.

Raw sockets under asyncio, since an HTTP library would take more of the shared cores than what is
measured. It reads answers with a Content-Length only.
"""

import asyncio
import itertools
import json
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field


@dataclass
class Load:
    """What one stretch of requests got."""

    seconds: float = 0.0
    latencies_s: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def rps(self) -> float:
        return len(self.latencies_s) / self.seconds

    @property
    def non_2xx(self) -> int:
        return sum(count for status, count in self.statuses.items() if not 200 <= status < 300)

    def latency_ms(self, percent: int) -> float:
        """A percentile of the latency."""
        return 1_000 * statistics.quantiles(self.latencies_s, n=100)[percent - 1]


def tag_requests(path: str, names: Sequence[str], names_per_request: int) -> list[bytes]:
    """HTTP requests that ask for each name once; a rest that fills none is left out."""
    batches = [
        names[start : start + names_per_request]
        for start in range(0, len(names) - names_per_request + 1, names_per_request)
    ]
    return [_request(path, batch) for batch in batches]


def _request(path: str, names: Sequence[str]) -> bytes:
    products = [{"id": place, "name": name} for place, name in enumerate(names)]
    body = json.dumps({"products": products}).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def run_load(port: int, requests: Sequence[bytes], connections: int, seconds: float) -> Load:
    """Ask for so long, going round the requests."""
    return asyncio.run(_run(port, itertools.cycle(requests), connections, seconds))


async def _run(port: int, requests: Iterator[bytes], connections: int, seconds: float) -> Load:
    load, started = Load(), time.perf_counter()
    end = started + seconds
    await asyncio.gather(*(_ask(port, requests, end, load) for _ in range(connections)))
    load.seconds = time.perf_counter() - started
    return load


async def _ask(port: int, requests: Iterator[bytes], end: float, load: Load) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    while (asked := time.perf_counter()) < end:
        writer.write(next(requests))
        load.statuses[await _answer(reader)] += 1
        load.latencies_s.append(time.perf_counter() - asked)
    writer.close()


async def _answer(reader: asyncio.StreamReader) -> int:
    """The status of one answer, read to its end."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status, *lines = head.split("\r\n")
    fields = dict(line.lower().split(": ", 1) for line in lines if line)
    await reader.readexactly(int(fields["content-length"]))
    return int(status.split()[1])
