"""Large bodies on disk: taken as fast as they come, bounded, and gone with whoever holds them.

Serve's proxy reads a body as fast as the client sends it, and hands it over without waiting: what
is not taken at once piles up in the memory of the proxy. So it goes to a temporary file first. The
file has no name (O_TMPFILE, or unlinked at once), so that nothing is left behind, not even by a
process that is killed. Its size is bounded by limits.py.
"""

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import BinaryIO

from fastapi import Request
from starlette.requests import ClientDisconnect

from serve.problems import Problem
from serve.protection.limits import declared_size

WRITTEN_AT_ONCE_BYTES = 2**20
FREE_DISK_BYTES = 2**29
"""Left to others on the disk of the temporary files."""

GRACE_S = 30.0
LEAST_BYTES_PER_S = 20_000
"""Of a whole upload, once GRACE_S are over: a slow line has more, and a sender that only holds its
place has less."""

NAME = "the catalog"
"""What messages call the file."""


async def spool(request: Request, idle_s: float) -> BinaryIO:
    """The body as a file without a name, at its start; the caller closes it.

    Raises:
        Problem: 507 the disk is full, 408 nothing came for `idle_s` seconds or all came too slowly,
            400 it broke off.
    """
    check_disk(declared_size(request.scope) or 0)
    file = _temporary()
    try:
        await _fill(file, request.stream(), idle_s)
        file.seek(0)
    except TimeoutError:
        file.close()
        detail = f"nothing more of the body came for {idle_s:g} s (serve.timeout_s), or less than "
        detail += f"{LEAST_BYTES_PER_S / 1e3:g} kB/s over more than {GRACE_S:g} s: send it faster"
        raise Problem(HTTPStatus.REQUEST_TIMEOUT, detail, {"Connection": "close"}) from None
    except ClientDisconnect:
        file.close()
        raise Problem(HTTPStatus.BAD_REQUEST, "the body broke off") from None
    except BaseException:
        file.close()
        raise
    return file


def _temporary() -> BinaryIO:
    with tempfile.TemporaryFile() as file:
        return open(NAME, "w+b", opener=lambda *_: os.dup(file.fileno()))


async def _fill(file: BinaryIO, chunks: AsyncIterator[bytes], idle_s: float) -> None:
    waiting, more, size, began = bytearray(), True, 0, time.monotonic()
    while more:
        late = began + GRACE_S + size / LEAST_BYTES_PER_S - time.monotonic()
        async with asyncio.timeout(min(idle_s, late)):
            chunk = await anext(chunks, None)
        more = chunk is not None
        waiting += chunk or b""
        size += len(chunk or b"")
        if not more or len(waiting) >= WRITTEN_AT_ONCE_BYTES:
            await asyncio.to_thread(_write, file, bytes(waiting))
            waiting.clear()


def _write(file: BinaryIO, data: bytes) -> None:
    check_disk(len(data))
    try:
        file.write(data)
        file.flush()
    except OSError as error:
        raise _no_disk(str(error.strerror)) from None


def check_disk(size: int) -> None:
    """Refuse what would leave others too little of the disk.

    Raises:
        Problem: 507.
    """
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if free - size < FREE_DISK_BYTES:
        raise _no_disk(f"{free / 1e6:,.0f} MB are free, and {FREE_DISK_BYTES / 1e6:,.0f} stay so")


def _no_disk(reason: str) -> Problem:
    detail = f"the upload does not fit on the disk of temporary files ({reason})"
    return Problem(HTTPStatus.INSUFFICIENT_STORAGE, f"{detail}: send less, or come back later")
