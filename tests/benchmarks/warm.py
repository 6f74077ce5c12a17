"""The seconds of `shelftag prepare` in a Ray that runs already: TABLES OUT.

They are the last line of what is printed. A tiny job comes first, so that Ray's workers have
started and imported what they need.
"""

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from cluster.local import ray_session
from pipelines.__main__ import main as shelftag
from shelftag.config.scaling import ScalingConfig
from tests.tables.made import write_tables


def prepare(tables: Path, out: Path) -> None:
    """Raises: SystemExit: the command failed."""
    if code := shelftag(["prepare", "--tables", str(tables), "--out", str(out)]):
        raise SystemExit(code)


if __name__ == "__main__":
    with ray_session(ScalingConfig()):
        with TemporaryDirectory() as folder:
            prepare(write_tables(Path(folder) / "tables"), Path(folder) / "dataset")
        started = time.perf_counter()
        prepare(*map(Path, sys.argv[1:]))
        print(time.perf_counter() - started)
