"""A finished folder -> another place: onto an object store, or back from one.

parts --> each read back and compared --> manifest, last
"""

import time

from shelftag.artifacts import place_of
from shelftag.artifacts.copying import check_source, check_target, copy
from shelftag.config import Config
from shelftag.progress import Progress


def main(*, source: str, target: str, config: Config) -> None:  # noqa: ARG001
    """Copy it, and say how much.

    Raises:
        Refused: there is no whole folder to copy, or something else stands where it is to go.
        Failed: a place stopped answering; the same command goes on.
    """
    started = time.perf_counter()
    found, place = check_source(place_of(source)), place_of(target)
    check_target(found, place)
    files, size = len(found.listing.files), found.listing.bytes
    progress = Progress("copied", size, "MB", 10**6)
    written = copy(found, place, progress.add)
    took = time.perf_counter() - started
    print(
        f"{place}: {files} files, {size / 1e6:,.1f} MB, all compared; {written} of them were not "
        f"there yet ({took:.1f} s)"
    )
