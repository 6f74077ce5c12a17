"""The engines we are measured against write the table that ours must equal."""

from pathlib import Path

import pytest

from tests.benchmarks.checksum import ROWS, checksums
from tests.benchmarks.engines import PEERS, peer
from tests.benchmarks.measured import measure
from tests.tables.made import KEPT, merged_by_pandas, write_tables


@pytest.mark.parametrize("name", PEERS)
def test_a_peer_joins_as_expected(tmp_path: Path, name: str) -> None:
    engine = peer(name, write_tables(tmp_path / "tables"), tmp_path)
    measure(engine.command, tmp_path / "log", memory=False)
    expected = tmp_path / "expected.parquet"
    merged_by_pandas(tmp_path / "tables").to_parquet(expected)
    sums = checksums(str(tmp_path / engine.parquet))
    assert sums == checksums(str(expected))
    assert sums[ROWS] == KEPT
    assert engine.written > 0
