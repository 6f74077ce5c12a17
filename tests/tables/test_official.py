"""The official tables are known by size and SHA-256, however they are packed."""

import hashlib
from pathlib import Path

import pytest

from shelftag.tables import official
from shelftag.tables.official import Digest, is_official
from shelftag.tables.sources import check_sources
from tests.tables.made import TABLES, write_tables
from tests.tables.test_formats import packed


@pytest.fixture
def _made_is_official(monkeypatch: pytest.MonkeyPatch) -> None:
    digests = {
        name: Digest(len(text.encode()), hashlib.sha256(text.encode()).hexdigest())
        for name, text in TABLES.items()
    }
    monkeypatch.setattr(official, "OFFICIAL", digests)


@pytest.mark.usefixtures("_made_is_official")
@pytest.mark.parametrize("form", ["gzip", "zstd", "zip"])
def test_official_tables_are_known_in_any_packing(tmp_path: Path, form: str) -> None:
    assert is_official(check_sources(write_tables(tmp_path / "plain")))
    assert is_official(check_sources(packed(tmp_path / form, form)))
    assert not is_official(check_sources(packed(tmp_path / "parquet", "parquet")))
    assert not is_official(check_sources(packed(tmp_path / "folder", "folder")))


@pytest.mark.usefixtures("_made_is_official")
def test_one_other_byte_is_another_table(tmp_path: Path) -> None:
    other = TABLES["products"].replace("Banana", "Bananb")
    assert not is_official(check_sources(write_tables(tmp_path, products=other)))


@pytest.mark.usefixtures("_made_is_official")
def test_nothing_is_read_when_a_size_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = check_sources(write_tables(tmp_path, products=TABLES["products"] + "\n"))
    monkeypatch.setattr(official, "open_csv", None)
    assert not is_official(sources)


def test_made_tables_are_not_the_official_ones(tmp_path: Path) -> None:
    assert not is_official(check_sources(write_tables(tmp_path)))
    assert set(official.OFFICIAL) == set(TABLES)
