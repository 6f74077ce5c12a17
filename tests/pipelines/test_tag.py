"""`shelftag tag`: every row of a catalog comes out once, with its tag or with a reason."""

import json
import os
from pathlib import Path
from shutil import copytree
from typing import Any

import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pytest

from pipelines.__main__ import main as shelftag
from pipelines.tag import tag
from shelftag.artifacts import Run, Tags, TagsManifest
from shelftag.catalog.text import text
from shelftag.config import Config
from shelftag.config.tagging import TaggingConfig
from shelftag.errors import ArtifactError, ConfigError, Failed, InputChanged, InputError
from shelftag.tagging.bulk.groups import Group, groups
from shelftag.tagging.columns import Naming
from shelftag.tagging.tagger import Tagger
from tests import tiny

CSV = """\
sku,product_name,price
00123,"Rye Bread, ""sliced""
thin",1.50
00124,Organic Milk,
00125,Cat Litter,7
00126,,3
00127,Organic Milk,2
00128,Frozen Pizza
00129,   ,3
00130,Café Sorbet,4
"""
BAD_ROWS = [4, 6, 7]


def settings(**tagging: Any) -> Config:
    tree = tiny.CONFIG.model_dump()
    return Config.model_validate(tree | {"tagging": {"rows_per_block": 3, **tagging}})


def done(
    run: Run, catalog: Path, out: Path, naming: Naming | None = None, **tagging: Any
) -> tuple[Tags, TagsManifest]:
    tags = Tags(out)
    return tags, tag(run.path, catalog, tags, naming or Naming("product_name"), settings(**tagging))


def rows(tags: Tags, manifest: TagsManifest) -> pa.Table:
    return pa.concat_tables(
        pq.read_table((tags.tags / part).open()) for part in manifest.parts
    ).unify_dictionaries()


def errors(tags: Tags) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(tags.errors.path).sort_by("row").to_pylist()
    return found


@pytest.fixture(scope="module")
def from_csv(
    tiny_run: Run,
    ray_here: None,  # noqa: ARG001
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Tags, TagsManifest]:
    """The catalog above, tagged."""
    folder = tmp_path_factory.mktemp("csv")
    (folder / "catalog.csv").write_text(CSV)
    return done(tiny_run, folder / "catalog.csv", folder / "out")


def test_rows_come_out_in_order_with_their_own_columns(
    from_csv: tuple[Tags, TagsManifest],
) -> None:
    table = rows(*from_csv)
    assert table.column_names[:3] == ["sku", "product_name", "price"]
    assert table["sku"].to_pylist() == ["00123", "00124", "00125", "00127", "00130"]
    assert table["product_name"][0].as_py() == 'Rye Bread, "sliced"\nthin'
    assert table["price"].to_pylist() == ["1.50", "", "7", "2", "4"]


def test_tags_are_the_taggers(from_csv: tuple[Tags, TagsManifest], tiny_run: Run) -> None:
    table = rows(*from_csv)
    names = [text(name) for name in table["product_name"].to_pylist()]
    for row, one in zip(
        table.to_pylist(), Tagger.load(tiny_run, TaggingConfig()).tag(names), strict=True
    ):
        assert (row["department"], row["status"]) == (one.department, one.status)
        assert row["confidence"] == pytest.approx(one.confidence, abs=1e-5)
        alternatives = json.loads(row["alternatives"])
        assert [each["department"] for each in alternatives] == [d for d, _ in one.alternatives]


def test_rows_without_a_name_are_errors_with_a_reason(from_csv: tuple[Tags, TagsManifest]) -> None:
    tags, _ = from_csv
    found = errors(tags)
    assert [row["row"] for row in found] == BAD_ROWS
    assert [row["reason"] for row in found] == [
        "the name is blank",
        "2 fields, and the header has 3",
        "the name is blank",
    ]
    assert all(row["file"].endswith("catalog.csv") for row in found)
    assert json.loads(found[0]["record"]) == {"sku": "00126", "product_name": "", "price": "3"}
    assert found[1]["record"] == "00128,Frozen Pizza"


def test_the_manifest_accounts_for_every_row(
    from_csv: tuple[Tags, TagsManifest], tiny_run: Run
) -> None:
    tags, manifest = from_csv
    assert (manifest.rows_in, manifest.rows_out, manifest.errors) == (8, 5, 3)
    assert manifest.run == tiny_run.manifest().fingerprint
    assert sum(manifest.departments.values()) == 5
    assert manifest.unique_names == manifest.scored == 4  # Organic Milk stands in two blocks
    assert manifest.error_reasons == {"the name is blank": 2, "2 fields, and the header has 3": 1}
    assert list(manifest.parts) == [entry.base_name for entry in tags.tags.entries()]
    assert tags.manifest() == manifest


def test_progress_ends_with_all_rows(from_csv: tuple[Tags, TagsManifest]) -> None:
    tags, _ = from_csv
    told = json.loads(tags.progress_file.read())
    assert (told["state"], told["rows_done"], told["rows_total"]) == ("done", 8, 8)
    assert told["errors"] == 3


def test_parquet_gives_what_csv_gives(
    from_csv: tuple[Tags, TagsManifest], tiny_run: Run, tmp_path: Path
) -> None:
    own = rows(*from_csv).select(["sku", "product_name", "price"])
    catalog = tmp_path / "shop"
    catalog.mkdir()
    kinds = own.append_column("kind", pa.array([1, None, 3, 4, 5], pa.int8()))
    for name, part in (("a", kinds[:1]), ("b", kinds[1:])):
        pq.write_table(part, catalog / f"{name}.parquet")
    table = rows(*done(tiny_run, catalog, tmp_path / "out"))
    assert table.select(kinds.column_names).equals(kinds)
    one, other = (
        t.drop(["alternatives", "candidates"]).to_pylist() for t in (table, rows(*from_csv))
    )
    for left, right in zip(one, other, strict=True):
        assert left["confidence"] == pytest.approx(right["confidence"], abs=1e-5)
        assert left["department"] == right["department"]


@pytest.mark.usefixtures("ray_here")
def test_the_command_line_with_a_description_and_a_prefix(
    tiny_run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog = tmp_path / "c.csv"
    pcsv.write_csv(
        pa.table({"title": ["Milk"] * 3, "about": ["a", "b", "b"], "status": [1] * 3}), catalog
    )
    command = ["tag", "--run", str(tiny_run.path), "--input", str(catalog), "--out"]
    command += [str(tmp_path / "out"), "--name-column", "title", "--description-column", "about"]
    assert shelftag(command) == 2
    assert "--prefix shelftag_" in capsys.readouterr().err
    command += ["--prefix", "shelftag_", "tagging.threshold=1", "scaling.threads_per_worker=1"]
    assert shelftag(command) == 0
    said = capsys.readouterr()
    assert "3 rows in = 3 tagged + 0 errors; 2 names, 2 of them scored" in said.out
    assert f"for review: {Tags(tmp_path / 'out').manifest().review} rows (" in said.out
    assert "rows written: 3 of 3 rows" in said.err
    assert shelftag(command) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert shelftag([*command, "--overwrite"]) == 0
    (part,) = (tmp_path / "out" / "tags").iterdir()
    assert pq.read_schema(part).names[2:4] == ["status", "shelftag_department"]


@pytest.mark.parametrize(
    ("content", "naming", "problem"),
    [
        ("product_name\n", Naming("product_name"), "has no rows"),
        ("product_name\n\n\n", Naming("product_name"), "has no rows"),
        ("sku,title\n1,x\n", Naming("product_name"), "only 'sku', 'title'"),
        ("product_name\nx\n", Naming("product_name", "about"), "no column 'about'"),
        ("product_name,status\nx,1\n", Naming("product_name"), "'status' already"),
        ('product_name\n"x\n', Naming("product_name"), "never closed"),
    ],
)
def test_bad_input_is_refused_before_anything_is_written(
    tiny_run: Run, tmp_path: Path, content: str, naming: Naming, problem: str
) -> None:
    (tmp_path / "c.csv").write_text(content)
    with pytest.raises(InputError, match=problem):
        done(tiny_run, tmp_path / "c.csv", tmp_path / "out", naming)
    assert not (tmp_path / "out").exists()


def test_a_run_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(CSV)
    with pytest.raises(ArtifactError, match="is not a folder"):
        done(Run(tmp_path / "none"), tmp_path / "c.csv", tmp_path / "out")


def test_the_input_is_never_cleared(from_csv: tuple[Tags, TagsManifest], tiny_run: Run) -> None:
    tags, _ = from_csv
    naming = Naming("product_name", prefix="x_")
    with pytest.raises(InputError, match="name another --out"):
        tag(tiny_run.path, tags.tags.path, tags, naming, settings(), overwrite=True)
    assert tags.manifest()


@pytest.mark.usefixtures("ray_here")
def test_a_job_whose_input_changed_while_it_was_read_begins_anew(
    tiny_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog, kept = tmp_path / "c.csv", 100_000
    catalog.write_text("product_name\n" + "Milk\n" * 2 * kept)
    state = catalog.stat()

    def change(*given: Any) -> list[Group]:
        """When names are read; times are kept, as some copies do, so that the job is the same."""
        catalog.write_text("product_name\n" + "Milk\n" * kept + "Kiwi\n" + "Milk\n" * (kept - 1))
        os.utime(catalog, ns=(state.st_atime_ns, state.st_mtime_ns))
        return groups(*given)

    with monkeypatch.context() as patch:
        patch.setattr("pipelines.tag_work.groups", change)
        with pytest.raises(InputChanged, match=r"c\.csv changed while it was read: give the same"):
            done(tiny_run, catalog, tmp_path / "out", rows_per_block=kept)
    tags, manifest = done(tiny_run, catalog, tmp_path / "out", rows_per_block=kept)
    assert (manifest.rows_out, manifest.unique_names) == (2 * kept, 2)
    assert rows(tags, manifest)["product_name"][kept].as_py() == "Kiwi"


def test_a_damaged_run_is_refused_before_anything_starts(tiny_run: Run, tmp_path: Path) -> None:
    broken = Run(copytree(tiny_run.path, tmp_path / "run"))
    broken.calibration_file.write_text("{}")
    (tmp_path / "c.csv").write_text(CSV)
    with pytest.raises(ArtifactError, match=r"calibration.*train again"):
        done(broken, tmp_path / "c.csv", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("ray_here")
def test_a_file_damaged_inside_fails_by_name_and_says_so(tiny_run: Run, tmp_path: Path) -> None:
    catalog = tmp_path / "c.parquet"
    pq.write_table(pa.table({"product_name": ["Milk", "Bread"]}), catalog)
    content = bytearray(catalog.read_bytes())
    content[4:40] = bytes(36)
    catalog.write_bytes(content)
    with pytest.raises(Failed, match=r"c\.parquet cannot be read"):
        done(tiny_run, catalog, tmp_path / "out")
    tags = Tags(tmp_path / "out")
    assert json.loads(tags.progress_file.read())["state"] == "failed"
    assert not tags.is_complete


@pytest.mark.usefixtures("ray_here")
def test_several_catalogs_are_one_job_each_with_its_own_columns_and_departments(
    tiny_run: Run, tmp_path: Path
) -> None:
    shops = tmp_path / "shops"
    (shops / "north").mkdir(parents=True)
    (shops / "south.csv").write_text("name,about\nORGANIC MILK,\nCat Litter,for cats\n")
    catalogs = [
        {"name": "north", "path": "north", "name_column": "title"},
        {
            "name": "south",
            "path": "south.csv",
            "name_column": "name",
            "description_column": "about",
            "departments": {"pets": "Haustiere"},
        },
    ]
    (shops / "north" / "a.ndjson").write_text(
        '{"title": "Rye Bread", "price": 2}\n{"title": "Organic Milk", "price": 1.5}\nno json\n'
    )
    named = {"dairy eggs": "Kühlregal", "pets": "Tiere"}
    tags, manifest = done(
        tiny_run, shops, tmp_path / "out", catalogs=catalogs, departments=named, format="ndjson"
    )
    assert (manifest.rows_in, manifest.rows_out, manifest.errors) == (5, 4, 1)
    assert manifest.unique_names == 3  # Organic Milk is one over both
    assert [part.partition("/")[0] for part in manifest.parts] == ["north", "south"]
    rows = {
        json.loads(line)["department"]: json.loads(line)
        for part in manifest.parts
        for line in (tags.tags / part).read().decode().splitlines()
    }
    assert set(rows) == {"bakery", "Kühlregal", "Haustiere"}
    assert rows["bakery"]["price"] == 2
    assert "Tiere" in rows["bakery"]["alternatives"]
    assert "Tiere" not in rows["Haustiere"]["alternatives"]
    assert list(manifest.departments) == ["dairy eggs", "bakery", "pets"]  # the Run's own
    (error,) = (tags.errors / tags.errors.entries()[0].base_name).read().decode().splitlines()
    assert json.loads(error)["reason"].startswith("the line is not JSON")


def test_a_map_of_departments_that_the_run_does_not_know_is_refused(
    tiny_run: Run, tmp_path: Path
) -> None:
    (tmp_path / "c.csv").write_text(CSV)
    with pytest.raises(ConfigError, match=r"has 'dairy', and the Run knows bakery, dairy eggs"):
        done(tiny_run, tmp_path / "c.csv", tmp_path / "out", departments={"dairy": "Kühlregal"})


@pytest.mark.usefixtures("ray_here")
def test_an_output_of_another_job_or_of_an_input_that_changed_is_refused(
    tiny_run: Run, tmp_path: Path
) -> None:
    catalog = tmp_path / "c.parquet"
    pq.write_table(pa.table({"product_name": ["Milk", "Bread"]}), catalog)
    good = catalog.read_bytes()
    catalog.write_bytes(good[:4] + bytes(36) + good[40:])
    with pytest.raises(Failed, match=r"c\.parquet cannot be read"):
        done(tiny_run, catalog, tmp_path / "out")
    with pytest.raises(ArtifactError, match=r"begun by another job .*with other settings"):
        done(tiny_run, catalog, tmp_path / "out", rows_per_block=4)
    catalog.write_bytes(good)
    with pytest.raises(ArtifactError, match=r"c\.parquet has changed since.*--overwrite"):
        done(tiny_run, catalog, tmp_path / "out")
    tags = Tags(tmp_path / "out")
    tag(tiny_run.path, catalog, tags, Naming("product_name"), settings(), overwrite=True)
    assert tags.manifest().rows_out == 2
