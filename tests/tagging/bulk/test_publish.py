"""The end of a job: rows are accounted for, or nothing is published."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from shelftag.artifacts import Place, Tags, place_of
from shelftag.errors import AccountingError
from shelftag.tagging.bulk.job import Identity, Job
from shelftag.tagging.bulk.publish import Done, changed_share, publish
from shelftag.tagging.bulk.rows import RowCounts
from shelftag.tagging.tagger import Tagger
from tests import tiny
from tests.artifacts.stores import bucket
from tests.tagging.bulk.made import do, job_of, write_csv

WHO = Identity(job="job", run="run", tagging="tagging")
CONFIG = tiny.config("tagging.rows_per_block=10", "tagging.names_per_block=5")


@pytest.fixture(params=["disk", "store"])
def out(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where an output may stand."""
    return place_of(tmp_path / "out") if request.param == "disk" else bucket()


@pytest.fixture
def done(tmp_path: Path, tagger: Tagger, out: Place) -> tuple[Job, Done]:
    """A job of 25 rows in three pieces, all stages of which are done: the last five rows are blank,
    and parts that tasks left that died."""
    rows = [(f"Rye Bread {i % 8}",) for i in range(20)] + [(" ",)] * 5
    write_csv(tmp_path / "a.csv", rows)
    job, parts = job_of(tmp_path / "a.csv", out, CONFIG)
    for folder in ("tags", "errors", "names"):
        (job.out.place / folder / "part-000000-orphan").write(b"x")
    return job, do(job, parts, tagger)


def changed(done: Done, **counts: int) -> Done:
    """With other counts of the last piece."""
    last = done.rows[-1].model_copy(update=counts)
    return replace(done, rows=[*done.rows[:-1], last])


def test_parts_are_named_in_the_order_of_the_input(done: tuple[Job, Done]) -> None:
    job, all_done = done
    manifest = publish(job, all_done, 25, WHO)
    assert (manifest.rows_in, manifest.rows_out, manifest.errors) == (25, 20, 5)
    assert manifest.error_reasons == {"the name is blank": 5}
    assert (manifest.unique_names, manifest.scored, manifest.since) == (8, 8, None)
    assert sum(manifest.departments.values()) == 20
    assert (manifest.fingerprint, manifest.run, manifest.tagging) == ("job", "run", "tagging")
    assert [name[:11] for name in manifest.parts] == ["part-000000", "part-000001"]
    assert job.out.manifest() == manifest
    left = [one.base_name for one in job.out.place.entries()]
    assert left == ["errors", "manifest.json", "names", "review.csv", "summary.json", "tags"]
    found = [entry.base_name for entry in job.out.tags.entries()]
    assert found == sorted(manifest.parts)  # and no orphans
    assert [len(folder.entries()) for folder in (job.out.errors, job.out.names)] == [
        *(1, len(manifest.names))
    ]


def test_the_summary_says_what_became_of_the_rows(done: tuple[Job, Done]) -> None:
    job, all_done = done
    manifest = publish(job, replace(all_done, seconds=0.5), 25, WHO)
    summary = json.loads((job.out.place / "summary.json").read())
    assert summary["rows"] == summary["tagged"] + summary["errors"] == 25
    assert summary["departments"] == manifest.departments
    assert summary["review_share"] == manifest.review / 20
    assert (summary["names_per_s"], summary["rows_per_s"]) == (16.0, 50.0)
    assert (summary["since"], summary["changed_share"]) == (None, None)
    lines = (job.out.place / "review.csv").read().decode("utf-8-sig").splitlines()
    assert len(lines) == 1 + summary["names_for_review"]


@pytest.mark.parametrize(
    ("rows_in", "counts", "problem"),
    [
        (26, {}, "26 rows in, 20 with a tag and 5 errors out"),
        (25, {"errors": 4}, "25 rows in, 20 with a tag and 4 errors out"),
        # two pieces whose mistakes would make up for each other
        (25, {"rows": 6}, "25 rows in, 20 with a tag and 5 errors out"),
    ],
)
def test_nothing_is_published_when_rows_are_lost(
    done: tuple[Job, Done], rows_in: int, counts: dict[str, int], problem: str
) -> None:
    job, all_done = done
    with pytest.raises(AccountingError, match=problem):
        publish(job, changed(all_done, **counts), rows_in, WHO)
    assert not job.out.is_complete
    assert job.out.is_half_written
    assert (job.out.tags / "part-000000-orphan").is_file()
    job.out.release()


def test_an_output_of_nothing_but_errors(tmp_path: Path, tagger: Tagger, out: Place) -> None:
    write_csv(tmp_path / "a.csv", [(" ",), (" ",)])
    job, parts = job_of(tmp_path / "a.csv", out)
    manifest = publish(job, do(job, parts, tagger), 2, WHO)
    assert (manifest.rows_out, manifest.errors, manifest.parts, manifest.names) == (0, 2, (), ())
    assert Tags(out).manifest() == manifest
    assert changed_share(manifest) is None


def test_rows_of_a_piece_are_its_tags_and_errors(done: tuple[Job, Done]) -> None:
    job, all_done = done
    assert [(one.rows, one.tagged, one.errors) for one in all_done.rows] == [
        *((10, 10, 0), (10, 10, 0), (5, 0, 5))
    ]
    assert all(isinstance(one, RowCounts) for one in all_done.rows)
    job.out.release()
