"""The keys in force while an endpoint runs: those it was started with, and those of a file."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

from serve.protection.keys import VARIABLE, owner, read_keys, read_keys_file
from shelftag.errors import InputError

CHECK_S = 2.0
log = logging.getLogger("ray.serve")
Stamp = tuple[int, int, int]


class KeyRing:
    """Looks keys up; a changed file is in force within CHECK_S seconds.

    A file that has gone, or has a bad line, changes nothing: the keys before it stay, and the log
    says so. An empty one is an order, and lets nobody in.
    """

    def __init__(
        self, lines: str, file: Path | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Raises InputError: there is no key, the file cannot be read, or a line is no key's."""
        self._clock, self._file = clock, file
        self._fixed = read_keys(lines, VARIABLE)
        self._stamp = _stamp(file)
        self._of_file = read_keys_file(file) if file else ()
        self._next_check = clock() + CHECK_S
        if not self._fixed and not self._of_file:
            problem = f"{VARIABLE if file is None else file} holds no API key"
            raise InputError(problem, "make one with `shelftag keys new`")

    def owner(self, token: bytes) -> str | None:
        """The client with this key, if there is one."""
        if self._file is not None and self._clock() >= self._next_check:
            self._next_check = self._clock() + CHECK_S
            self._look_again()
        return owner(self._fixed + self._of_file, token)

    def _look_again(self) -> None:
        stamp = _stamp(self._file)
        if self._file is None or stamp == self._stamp:
            return
        self._stamp = stamp  # of before the reading, so that a change meanwhile is seen next time
        try:
            self._of_file = read_keys_file(self._file)
            log.warning("API keys read anew: %d in %s", len(self._of_file), self._file)
        except InputError as error:
            log.error("API keys are as before: %s", error)


def _stamp(file: Path | None) -> Stamp | None:
    """What changes with a file's content; None for one that is not there."""
    try:
        found = file.stat() if file else None
    except OSError:
        return None
    return found and (found.st_mtime_ns, found.st_size, found.st_ino)


def key_ring(lines: str, file: Path | None) -> KeyRing | None:
    """The keys of an endpoint; None where none are configured.

    Raises:
        InputError: keys are configured, and cannot be used.
    """
    return KeyRing(lines, file) if file is not None or lines.strip() else None
