"""A whole job, in whatever pieces, is the table tagged at once."""

import csv
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shelftag.artifacts import Tags
from shelftag.errors import ConfigError, Failed, InputError
from shelftag.tagging.bulk.names import write_names
from shelftag.tagging.bulk.rows import Answers, write_tagged
from shelftag.tagging.columns import Naming, tag_rows
from shelftag.tagging.tagger import Tagger
from tests import tiny
from tests.artifacts.stores import bucket
from tests.tagging.bulk.made import NAMING, do, job_of, read, rows_of, tag, write_csv

NOUNS = [noun for nouns in tiny.NOUNS.values() for noun in nouns]
NAMES = [f"{tiny.ADJECTIVES[i % 7]} {NOUNS[i % 19]} {i % 40}" for i in range(300)]
NAMES[17], NAMES[101], NAMES[250] = "", "x" * 1_001, " "
TABLE = pa.table(
    {
        "id": [i % 50 for i in range(300)],  # catalogs repeat theirs
        "name": NAMES,
        "tags": [[i] for i in range(300)],
    }
)


def without_shares(rows: pa.Table) -> list[dict[str, object]]:
    """Which confidence a name has depends a little on what is scored beside it."""
    found: list[dict[str, object]] = rows.drop_columns(["confidence", "alternatives"]).to_pylist()
    return found


@pytest.mark.parametrize("rows_per_block", [1_000, 70, 7])
def test_a_job_in_pieces_is_the_table_at_once(
    tmp_path: Path, tagger: Tagger, rows_per_block: int
) -> None:
    (tmp_path / "in").mkdir()
    for i in range(3):
        pq.write_table(TABLE.slice(100 * i, 100), tmp_path / f"in/{i}.parquet", row_group_size=15)
    config = tiny.config(f"tagging.rows_per_block={rows_per_block}", "tagging.names_per_block=30")
    tags = Tags(bucket())
    manifest = tag(tmp_path / "in", tags.place, tagger, config)
    at_once = tag_rows(tagger, TABLE, NAMING)
    rows = rows_of(tags)
    assert rows.schema.names == [*TABLE.column_names, *NAMING.new_columns]
    assert without_shares(rows) == without_shares(at_once.table)
    assert rows["confidence"].to_numpy() == pytest.approx(at_once.table["confidence"].to_numpy())
    assert manifest.departments == at_once.departments
    assert (manifest.review, manifest.unique_names) == (at_once.review, at_once.unique_names)
    errors = pa.concat_tables(read(tags.errors / one.base_name) for one in tags.errors.entries())
    assert [
        (Path(row["file"]).stem, row["row"], row["reason"], json.loads(row["record"])["tags"])
        for row in errors.to_pylist()
    ] == [(str(i // 100), i % 100 + 1, at_once.refused[i], [i]) for i in sorted(at_once.refused)]


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_tags_as_text(tmp_path: Path, tagger: Tagger, form: str) -> None:
    lines = [json.dumps(row) for row in TABLE.to_pylist()]
    (tmp_path / "a.ndjson").write_text("\n".join([*lines, "no row"]))
    config = tiny.config("tagging.rows_per_block=70", f"tagging.format={form}")
    tags = Tags(tmp_path / "out")
    manifest = tag(tmp_path / "a.ndjson", tags.place, tagger, config)
    parts = [(tags.tags / part).read().decode() for part in manifest.parts]
    at_once = tag_rows(tagger, TABLE, NAMING).table
    if form == "ndjson":
        found = [json.loads(line) for part in parts for line in part.splitlines()]
    else:
        found = [row for part in parts for row in csv.DictReader(part.splitlines())]
        found = [row | {"id": int(row["id"]), "tags": json.loads(row["tags"])} for row in found]
    for row in found:
        del row["confidence"], row["alternatives"]
    assert found == without_shares(at_once)
    assert manifest.errors == 4
    assert all(entry.base_name.endswith(form) for entry in tags.errors.entries())


def test_several_catalogs_keep_their_columns_and_call_departments_their_own_way(
    tmp_path: Path, tagger: Tagger
) -> None:
    write_csv(tmp_path / "in/books/a.csv", [("Rye Bread", 1), ("Cat Food", 2)], ("title", "n"))
    write_csv(tmp_path / "in/shop.csv", [("Cat Food",), ("Rye Bread",), ("Sorbet",)])
    config = tiny.config(
        "tagging.departments={bakery: Bread}",
        "tagging.catalogs=[{name: books, path: books, name_column: title, departments: "
        "{pets: Animals}}, {name: shop, path: shop.csv, name_column: name}]",
    )
    tags = Tags(bucket())
    manifest = tag(tmp_path / "in", tags.place, tagger, config)
    books, shop = (read(tags.tags / part) for part in manifest.parts)
    assert [part.partition("/")[0] for part in manifest.parts] == ["books", "shop"]
    assert books.column_names[:2] == ["title", "n"]
    assert books["department"].to_pylist() == ["Bread", "Animals"]
    assert shop["department"].to_pylist() == ["pets", "Bread", "frozen"]
    assert (manifest.unique_names, manifest.scored) == (3, 3)
    assert manifest.departments == {"bakery": 2, "pets": 2, "frozen": 1}  # the Run's names


def test_what_no_job_can_be_made_of(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", [])
    with pytest.raises(InputError, match=r"a\.csv has no rows"):
        job_of(tmp_path / "a.csv", tmp_path / "out")
    config = tiny.config("tagging.departments={toys: Games}")
    with pytest.raises(ConfigError, match=r"tagging\.departments has 'toys', and the Run knows ba"):
        job_of(tmp_path / "a.csv", tmp_path / "out", config)
    assert not (tmp_path / "out").exists()


def test_a_file_that_changes_between_two_stages_is_noticed(tmp_path: Path, tagger: Tagger) -> None:
    """Also where its rows are as many and as long as before."""
    write_csv(tmp_path / "a.csv", [("Rye Bread",), ("Cat Food",)])
    job, (part,) = job_of(tmp_path / "a.csv", bucket())
    (scores,) = do(job, [part], tagger).scores
    names = write_names(part, job.catalogs[0], job.bits, job.out)
    write_csv(tmp_path / "a.csv", [("Rye Bread",), ("Cat Loot",)])
    answers = Answers((scores.answers,), job.labels, names.hashes)
    with pytest.raises(Failed, match=r"a\.csv changed while it was read"):
        write_tagged(part, job.catalogs[0], answers, "parquet", job.out)


def test_a_description_is_read_where_it_is_named(tmp_path: Path, tagger: Tagger) -> None:
    rows = [("Bar", "dog treats"), ("Bar", "rye bread"), ("Bar", ""), ("Bar", "Dog  Treats")]
    write_csv(tmp_path / "a.csv", rows, ("name", "about"))
    naming = Naming("name", "about", "new_")
    tags = Tags(bucket())
    manifest = tag(tmp_path / "a.csv", tags.place, tagger, naming=naming)
    assert manifest.unique_names == 3
    table = pa.table({"name": [row[0] for row in rows], "about": [row[1] for row in rows]})
    at_once = tag_rows(tagger, table, naming).table
    assert rows_of(tags)["new_department"].to_pylist() == at_once["new_department"].to_pylist()
