"""What jobs may read and write."""

from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve.jobs.paths import input_path, inside, output_path
from serve.problems import Problem
from shelftag.artifacts import Tags
from shelftag.tagging.columns import Naming

NAMING = Naming("name")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with links out of it and a link within, beside a folder that is not for jobs."""
    top = tmp_path_factory.mktemp("jobs")
    root, secret = top / "root", top / "secret"
    (root / "shop").mkdir(parents=True)
    secret.mkdir()
    for file in (root / "shop" / "a.csv", secret / "b.csv"):
        file.write_text("name\nMilk\n")
    (root / "out").symlink_to(secret)
    (root / "within").symlink_to(root / "shop")
    (root / "loop").symlink_to(root / "loop")
    (root / "mixed").mkdir()
    (root / "mixed" / "b.csv").symlink_to(secret / "b.csv")
    return root


parts = st.sampled_from(
    ["..", ".", "", "shop", "out", "within", "loop", "mixed", "a.csv", "~", "secret", "\\..", "\0"]
)
relatives = st.one_of(
    st.lists(parts, max_size=6).map("/".join),
    st.text(max_size=20),
    st.text(max_size=8).map(lambda text: f"shop/{text}/../../{text}"),
)


def outcome(take: Callable[[], Path]) -> Path | Problem:
    try:
        return take()
    except Problem as problem:
        return problem


@given(relatives)
def test_a_path_never_leads_out(root: Path, relative: str) -> None:
    taken = outcome(lambda: inside(root, relative, "input"))
    if isinstance(taken, Problem):
        assert taken.status == HTTPStatus.UNPROCESSABLE_ENTITY
    else:
        assert taken == taken.resolve()
        assert taken.is_relative_to(root.resolve())


@given(relatives)
def test_an_output_is_never_the_root_or_outside(root: Path, relative: str) -> None:
    taken = outcome(lambda: output_path(root, relative, []))
    if isinstance(taken, Problem):
        assert taken.status in (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.CONFLICT)
        assert str(root) not in taken.detail
    else:
        assert root.resolve() in taken.parents


@pytest.mark.parametrize(
    ("relative", "rule"),
    [
        ("", "a path under serve.jobs_input, without .."),
        ("/etc/passwd", "a path under"),
        ("../secret/b.csv", "without .."),
        ("shop/../../secret", "without .."),
        ("out/b.csv", "a link leads out of it"),
        ("mixed", "a link leads out of it"),
        ("loop", "must be"),
        ("x" * 5_000, "must be a path"),
        ("nothing", "is not there"),
        ("shop/b.txt", "is not there"),
    ],
)
def test_inputs_that_are_refused(root: Path, relative: str, rule: str) -> None:
    with pytest.raises(Problem, match=rule) as caught:
        input_path(root, relative, NAMING)
    assert caught.value.status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert str(root) not in caught.value.detail


@pytest.mark.parametrize("relative", ["shop", "shop/a.csv", "within/a.csv", "./shop//a.csv"])
def test_inputs_that_are_taken(root: Path, relative: str) -> None:
    assert (root / "shop") in {path := input_path(root, relative, NAMING), *path.parents}


def test_a_column_that_is_missing_is_told_before_the_job(root: Path) -> None:
    with pytest.raises(Problem, match=r"shop/a.csv has no column 'title'"):
        input_path(root, "shop", Naming("title"))


def test_outputs(tmp_path: Path) -> None:
    assert output_path(tmp_path, "new/one", []) == tmp_path / "new" / "one"
    done, begun = Tags(tmp_path / "done"), Tags(tmp_path / "begun")
    for tags in (done, begun):
        tags.begin()
    begun.release()
    done.manifest_file.write(b"{}")
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "file").touch()
    assert (
        output_path(tmp_path, "begun", []) == tmp_path / "begun"
    )  # a job that failed may be repeated
    for relative, reason in (
        ("done", "is there already"),
        ("done/deeper", "'done' is the output of a job"),
        ("begun/tags", "'begun' is the output of a job"),
        ("others", "holds files"),
        ("others/file", "is a file"),
        ("live/tags", "a job writes to 'live'"),
        ("live", "a job writes to 'live'"),
        ("deep", "a job writes to 'deep/er'"),
    ):
        with pytest.raises(Problem, match=reason) as caught:
            output_path(tmp_path, relative, ["live", "deep/er"])
        assert caught.value.status == HTTPStatus.CONFLICT
        assert str(tmp_path) not in caught.value.detail


def test_a_half_written_output_with_a_link_is_refused(tmp_path: Path) -> None:
    tags = Tags(tmp_path / "begun")
    tags.begin()
    tags.release()
    (tmp_path / "begun" / "tags").rmdir()
    (tmp_path / "begun" / "tags").symlink_to(tmp_path)
    with pytest.raises(Problem, match="there is a link in it"):
        output_path(tmp_path, "begun", [])


def test_parquet_is_taken(tmp_path: Path) -> None:
    pq.write_table(pa.table({"name": ["Milk"]}), tmp_path / "a.parquet")
    assert input_path(tmp_path, "a.parquet", NAMING) == tmp_path / "a.parquet"
