"""The same command goes on with what it left; another is refused, with what differs."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shelftag.artifacts import Tags, place_of
from shelftag.config import Config
from shelftag.errors import ArtifactError
from shelftag.tagging.bulk.catalogs import check_catalogs
from shelftag.tagging.bulk.earlier import Earlier
from shelftag.tagging.bulk.job import (
    Job,
    description,
    forget,
    go_on_or_begin,
    identity_of,
    tagging_fingerprint,
)
from shelftag.tagging.columns import Naming
from tests import tiny
from tests.artifacts.stores import bucket
from tests.artifacts.test_tags import MANIFEST
from tests.tagging.bulk.made import job_of, write_csv


@pytest.fixture
def begun(tmp_path: Path) -> Job:
    """A job that was begun, and has left something in its folder."""
    for name in "ab":
        write_csv(tmp_path / "in" / f"{name}.csv", [("Tea",), ("Oats",)])
    job, _ = job_of(tmp_path / "in", bucket())
    go_on_or_begin(job.out, description(job, "tagging"), overwrite=False)
    (job.out.work / "names" / "part").write(b"x")
    return job


def went_on(job: Job, tagging: str = "tagging", *, overwrite: bool = False) -> bool:
    go_on_or_begin(job.out, description(job, tagging), overwrite=overwrite)
    return (job.out.work / "names" / "part").is_file()


def again(job: Job, folder: Path, naming: Naming, config: Config = tiny.CONFIG) -> Job:
    """The same, of the input as it is now."""
    catalogs = check_catalogs(place_of(folder), naming, config.tagging, job.labels)
    return replace(job, catalogs=catalogs, config=config)


def test_the_same_job_goes_on(begun: Job, tmp_path: Path) -> None:
    assert went_on(begun)
    config = tiny.config("scaling.tagging_actors=2", "tagging.max_change=0.5")
    assert went_on(again(begun, tmp_path / "in", Naming("name"), config))  # as of no other tags
    assert went_on(begun, overwrite=True)  # its manifest is gone already


def test_a_job_whose_description_is_damaged_begins(begun: Job) -> None:
    (begun.out.work / "job.json").write(b"{")  # as after a power cut
    assert not went_on(begun)
    assert went_on(begun) is False  # and the next goes on from an empty folder
    assert (begun.out.work / "job.json").is_file()


def test_what_is_forgotten_begins(begun: Job) -> None:
    forget(begun.out)
    assert not went_on(begun)


def grow(folder: Path) -> None:
    write_csv(folder / "b.csv", [("Tea",), ("Rice",)])


def add(folder: Path) -> None:
    write_csv(folder / "c.csv", [("Tea",)])


def drop(folder: Path) -> None:
    (folder / "a.csv").unlink()


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (grow, r".*in/b\.csv has changed since"),
        (add, "of other input files"),
        (drop, "of other input"),
    ],
)
def test_an_input_that_changed_is_named(
    begun: Job, tmp_path: Path, change: Callable[[Path], None], difference: str
) -> None:
    change(tmp_path / "in")
    job = again(begun, tmp_path / "in", Naming("name"))
    with pytest.raises(ArtifactError, match=rf"begun by another job \({difference}") as refused:
        went_on(job)
    assert "--overwrite" in refused.value.way_out
    assert not went_on(job, overwrite=True)


@pytest.mark.parametrize(
    ("changed", "difference"),
    [
        ({"tagging": "other"}, "with another Run or other settings of tags"),
        ({"config": tiny.config("tagging.format=csv")}, "with other settings"),
        ({"config": tiny.config("tagging.rows_per_block=7")}, "with other settings"),
        ({"naming": Naming("name", prefix="new_")}, "with other columns"),
        ({"config": tiny.config("tagging.departments={pets: Animals}")}, "with other departments"),
    ],
)
def test_another_job_is_refused(
    begun: Job, tmp_path: Path, changed: dict[str, Any], difference: str
) -> None:
    naming, config = changed.get("naming", Naming("name")), changed.get("config", tiny.CONFIG)
    job = again(begun, tmp_path / "in", naming, config)
    with pytest.raises(ArtifactError, match=rf"begun by another job \({difference}\)"):
        went_on(job, changed.get("tagging", "tagging"))
    assert went_on(begun)  # nothing was cleared


def test_an_earlier_output_is_part_of_the_job(begun: Job) -> None:
    since = Earlier(Tags(bucket()), MANIFEST, is_same=True)
    with pytest.raises(ArtifactError, match="with other since"):
        went_on(replace(begun, since=since))


def test_fingerprints_are_of_what_tags_depend_on(begun: Job) -> None:
    def of(*overrides: str, run: str = "run") -> str:
        return tagging_fingerprint(run, tiny.config(*overrides).tagging)

    assert of() == of("tagging.batch_size=7", "tagging.format=csv", "tagging.departments={a: b}")
    others = [of("tagging.top_k=2"), of("tagging.threshold=0.5"), of(run="other")]
    others.append(of("tagging.new_departments=[garden]"))
    assert len({of(), *others}) == 5
    job = description(begun, of())
    assert identity_of(job) == identity_of(description(begun, of()))
    assert identity_of(job) != identity_of(description(begun, others[0]))
