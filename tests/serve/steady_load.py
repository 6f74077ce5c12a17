"""A client that asks at a steady rate, bounded, and counts what becomes of every request."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import aiohttp

MOST_OPEN = 256
TIMEOUT_S = 30


@dataclass
class Outcomes:
    """What became of the requests."""

    sent: int = 0
    retried: int = 0
    answered: Counter[str] = field(default_factory=Counter)
    """How many ended how: by status, or by the name of the fault where none came."""
    first: Counter[str] = field(default_factory=Counter)
    """What the first answers were of those that were asked again."""
    models: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    @property
    def lost(self) -> dict[str, int]:
        """All that is not a 200 with a tag; those still open too."""
        bad = {how: count for how, count in self.answered.items() if how != "200"}
        open_still = self.sent - self.answered.total()
        return bad | ({"never answered": open_still} if open_still else {})

    def __str__(self) -> str:
        middle, slow = (sorted(self.seconds)[int(len(self.seconds) * at)] for at in (0.5, 0.99))
        return (
            f"{self.sent:,} sent, {dict(self.answered)}, {self.retried} asked again "
            f"{dict(self.first)}, {len(self.models)} models, p50 {middle * 1e3:.0f} ms, "
            f"p99 {slow * 1e3:.0f} ms, slowest {max(self.seconds):.1f} s"
        )


@contextmanager
def steady_load(url: str, *, per_s: float = 100, retries: int = 0) -> Iterator[Outcomes]:
    """Ask for the length of the block; all answers are in when it ends."""
    outcomes, stop = Outcomes(), threading.Event()
    thread = threading.Thread(
        target=lambda: asyncio.run(_ask_all(url, per_s, retries, outcomes, stop)), daemon=True
    )
    thread.start()
    try:
        yield outcomes
    finally:
        stop.set()
        thread.join(TIMEOUT_S * (retries + 2))


async def _ask_all(
    url: str, per_s: float, retries: int, outcomes: Outcomes, stop: threading.Event
) -> None:
    loop, room, asking = asyncio.get_running_loop(), asyncio.Semaphore(MOST_OPEN), set()
    connector = aiohttp.TCPConnector(limit=MOST_OPEN)
    timeout = aiohttp.ClientTimeout(TIMEOUT_S)
    async with aiohttp.ClientSession(url, connector=connector, timeout=timeout) as client:
        start = loop.time()
        while not stop.is_set():
            await room.acquire()
            outcomes.sent += 1
            task = asyncio.create_task(_ask(client, retries, outcomes))
            asking.add(task)
            task.add_done_callback(asking.discard)
            task.add_done_callback(lambda _: room.release())
            await asyncio.sleep(max(0, start + outcomes.sent / per_s - loop.time()))
        await asyncio.gather(*asking)


async def _ask(client: aiohttp.ClientSession, retries: int, outcomes: Outcomes) -> None:
    loop = asyncio.get_running_loop()
    start, number = loop.time(), outcomes.sent
    how = await _once(client, number, outcomes)
    for _ in range(retries):
        if how == "200":
            break
        outcomes.retried += 1
        outcomes.first[how] += 1
        how = await _once(client, number, outcomes)
    outcomes.answered[how] += 1
    outcomes.seconds.append(loop.time() - start)


async def _once(client: aiohttp.ClientSession, number: int, outcomes: Outcomes) -> str:
    products = [{"id": number, "name": f"Rye Bread {number}"}]
    try:
        async with client.post("/v1/tag", json={"products": products}) as answer:
            if answer.status != 200:
                return str(answer.status)
            body = await answer.json()
    except (aiohttp.ClientError, TimeoutError) as error:
        return type(error).__name__
    outcomes.models[body["model"]] += 1
    return "200" if [tag["id"] for tag in body["tags"]] == [number] else "another's answer"
