"""Large bodies on disk: taken as fast as they come, bounded, and gone with whoever holds them.

Serve's proxy reads a body as fast as the client sends it, and hands it over without waiting: what
is not taken at once piles up in the memory of the proxy. So it goes to a temporary file first. The
file has no name (O_TMPFILE, or unlinked at once), so that nothing is left behind, not even by a
process that is killed.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import BinaryIO

from fastapi import Request
from starlette.requests import ClientDisconnect

from serve.problems import Problem

WRITTEN_AT_ONCE_BYTES = 2**20
FREE_DISK_BYTES = 2**29
"""Left to others on the disk of the temporary files."""

NAME = "the catalog"
"""What messages call the file."""


async def spool(request: Request, max_bytes: int) -> BinaryIO:
    """The body as a file without a name, at its start; the caller closes it.

    Raises:
        Problem: 413 it is larger than `max_bytes`, 507 the disk is full, 400 it broke off.
    """
    announced = request.headers.get("content-length", "")
    check_size(int(announced) if announced.isdecimal() else 0, max_bytes)
    file = _temporary()
    try:
        await _fill(file, request.stream(), max_bytes)
        file.seek(0)
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


async def _fill(file: BinaryIO, chunks: AsyncIterator[bytes], max_bytes: int) -> None:
    waiting = bytearray()
    async for chunk in chunks:
        waiting += chunk
        if len(waiting) >= WRITTEN_AT_ONCE_BYTES:
            await asyncio.to_thread(_write, file, bytes(waiting), max_bytes)
            waiting.clear()
    await asyncio.to_thread(_write, file, bytes(waiting), max_bytes)


def _write(file: BinaryIO, data: bytes, max_bytes: int) -> None:
    check_size(file.tell() + len(data), max_bytes)
    try:
        file.write(data)
        file.flush()
    except OSError as error:
        raise _no_disk(str(error.strerror)) from None


def check_size(size: int, max_bytes: int) -> None:
    """Refuse a body that is too large, for the limit or for the disk.

    Raises:
        Problem: 413 or 507.
    """
    if size > max_bytes:
        limit = f"at most {max_bytes / 1e6:,g} MB in one upload (serve.max_upload_mb)"
        way_out = "send it in parts, or start a job (/v1/jobs)"
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{limit}; {way_out}")
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if free - size < FREE_DISK_BYTES:
        raise _no_disk(f"{free / 1e6:,.0f} MB are free, and {FREE_DISK_BYTES / 1e6:,.0f} stay so")


def _no_disk(reason: str) -> Problem:
    detail = f"the upload does not fit on the disk of temporary files ({reason})"
    return Problem(HTTPStatus.INSUFFICIENT_STORAGE, f"{detail}: send less, or come back later")
