"""A dirty copy of made tables, through the command: counts by reason are what was planted."""

import re
from collections import Counter
from pathlib import Path
from random import Random
from shutil import copytree

import pyarrow.parquet as pq
import pytest

from pipelines.__main__ import main as shelftag
from shelftag.artifacts import Dataset
from shelftag.tables.rejects import Reason

pytestmark = pytest.mark.usefixtures("ray_here")

LINES = [
    *[(Reason.FIELDS, b"1,2,3"), (Reason.FIELDS, b"1,2,3,1,1")] * 40,
    *[(Reason.NUMBER, b"1,two,3,1"), (Reason.NUMBER, b"1,2.5,3,1")] * 15,
    *[(Reason.RANGE, b"1,2,0,1"), (Reason.RANGE, b"1,-2,3,1"), (Reason.RANGE, b"1,2,3,2")] * 9,
    *[(Reason.EMPTY, b",2,3,1"), (Reason.EMPTY, b"1,2,3,")] * 8,
    *[(Reason.UTF8, b"1,\xff,3,1")] * 7,
    *[(Reason.NUL, b"1,2\0,3,1")] * 5,
    *[(Reason.ORDER, b"99999999,2,3,1")] * 60,
    *[(Reason.PRODUCT, b"1,99999999,3,1")] * 50,
]
PLANTED = {
    "order_products__prior": LINES,
    "order_products__train": LINES[::2],
    "orders": [
        *[(Reason.CHOICE, b"99999998,1,later,1,0,0,")] * 6,
        *[(Reason.RANGE, b"99999998,1,prior,1,7,0,")] * 5,
        *[(Reason.NUMBER, b"99999998,1,prior,1,0,0,nan")] * 4,
        *[(Reason.EMPTY, b"99999998,,prior,1,0,0,")] * 3,
    ],
    "products": [
        *[(Reason.AISLE, b"99999998,No Aisle,999,1")] * 4,
        *[(Reason.DEPARTMENT, b"99999998,No Department,1,999")] * 3,
        *[(Reason.QUOTES, b'99999998,"Broken" Quotes,1,1')] * 2,
        *[(Reason.EMPTY, b"99999998,  ,1,1")] * 5,
    ],
    "aisles": [(Reason.UTF8, b"998,caf\xe9")],
    "departments": [(Reason.EMPTY, b"998,")],
}
"""Table -> (reason, line), put in at random places."""
DUPLICATES = {"orders": 25, "products": 9, "aisles": 2, "departments": 1}
"""Table -> first rows that stand again at its end."""
CUT_OFF = b"1,2"


def expected() -> Counter[str]:
    reasons = Counter(str(reason) for lines in PLANTED.values() for reason, _ in lines)
    return reasons + Counter(
        {str(Reason.DUPLICATE): sum(DUPLICATES.values()), str(Reason.TRUNCATED): 1}
    )


def dirty(clean: Path, folder: Path) -> Path:
    """A copy with all of it."""
    copytree(clean, folder)
    for name, planted in PLANTED.items():
        file = folder / f"{name}.csv"
        header, *rows = file.read_bytes().splitlines()
        duplicates = rows[: DUPLICATES.get(name, 0)]
        random = Random(name)
        for _, line in planted:
            rows.insert(random.randrange(len(rows) + 1), line)
        end = b"\r\n" if name == "departments" else b"\n"
        bom = b"\xef\xbb\xbf" if name == "aisles" else b""
        file.write_bytes(bom + end.join([header, *rows, *duplicates]) + end)
    with (folder / "order_products__train.csv").open("ab") as lines:
        lines.write(CUT_OFF)
    return folder


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "clean"
    size = ["--lines", "200000", "--products", "5000"]
    assert shelftag(["synthesize", "--out", str(folder), *size]) == 0
    return folder


def prepare(tables: Path, dataset: Dataset, *more: str) -> int:
    places = ["--tables", str(tables), "--out", str(dataset.path)]
    return shelftag(["prepare", *places, "data.block_bytes=500000", *more])


def test_what_is_rejected_is_what_was_planted(clean: Path, tmp_path: Path) -> None:
    of_clean, of_dirty = Dataset(tmp_path / "clean"), Dataset(tmp_path / "dirty")
    assert prepare(clean, of_clean) == 0
    assert prepare(dirty(clean, tmp_path / "tables"), of_dirty) == 0
    wanted, found = of_clean.manifest(), of_dirty.manifest()
    assert found.reject_reasons == expected()
    assert found.order_lines == wanted.order_lines
    for name, account in found.tables.items():
        planted = len(PLANTED[name]) + DUPLICATES.get(name, 0)
        assert account.rejected == planted + (name == "order_products__train")
        assert account.merged == wanted.tables[name].read
        assert account.read == account.merged + account.rejected
    assert of_dirty.products_file.read_bytes() == of_clean.products_file.read_bytes()
    check_texts(of_dirty)


def check_texts(dataset: Dataset) -> None:
    """The text of each reject stands at its place in its file."""
    rejects = pq.read_table(dataset.rejects_dir).to_pylist()
    assert Counter(row["reason"] for row in rejects) == expected()
    files = {row["file"]: Path(row["file"]).read_bytes() for row in rejects}
    for row in rejects:
        line = files[row["file"]][row["position"] :].splitlines()[0]
        assert line.decode(errors="backslashreplace") == row["raw"]


def test_too_many_stop_the_command(
    clean: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables, dataset = dirty(clean, tmp_path / "tables"), Dataset(tmp_path / "dataset")
    assert prepare(tables, dataset, "data.max_rejects=0.001") == 1
    said = capsys.readouterr().err
    assert "more than data.max_rejects = 0.001 allows" in said
    counted = {reason: int(count) for count, reason in re.findall(r"(\d+) x ([\w -]+)", said)}
    assert counted[str(Reason.DUPLICATE)] == sum(DUPLICATES.values())
    assert counted[str(Reason.FIELDS)] > 20
    assert all(count <= expected()[reason] for reason, count in counted.items())
    assert not dataset.is_complete
    assert list(dataset.rejects_dir.iterdir())
