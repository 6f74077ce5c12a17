"""A folder that another machine does not see is refused: with one that has a disk of its own."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.storage import check_nodes, local
from shelftag.artifacts import Dataset, read_json
from tests import tiny
from tests.pipelines.preparing import Running, Stage, stage
from tests.tables.made import write_tables


def mounts() -> bool:
    """Whether this user may give a process mounts of its own."""
    tried = ["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="module")
def here() -> Iterator[Stage]:
    with stage() as found:
        yield found


@pytest.fixture(scope="module")
def address(here: Stage) -> str:
    """Of a cluster whose second node sees another disk under `apart`: as on two machines."""
    if not mounts():
        pytest.skip("this user may not mount: a machine with a disk of its own cannot be made")
    file, apart = here.folder / "cluster.json", here.folder / "apart"
    apart.mkdir()
    head = here.start("-m", "tests.pipelines.three_nodes", str(file), "1")
    assert head.wait_until(file.is_file), head.output
    address = str(read_json(file)["address"])
    start = f"start --address={address} --num-cpus=1 --object-store-memory=100000000 --block"
    script = f"mount -t tmpfs none {apart} && exec $0 -m ray.scripts.scripts {start}"
    command = f"['unshare', '-m', 'sh', '-c', {script!r}, sys.executable]"
    node = here.start("-c", f"import os, sys; os.execvp('unshare', {command})")
    assert node.wait_until(lambda: "Ray runtime started" in node.output), node.output
    return address


def refused(command: Running, option: str, path: Path) -> None:
    assert command.exit_code() == 1, command.output
    assert f"does not see {path} of {option}: put {option} on storage" in command.output
    assert "Traceback" not in command.output


@pytest.mark.slow
def test_what_one_node_alone_sees_is_refused(
    here: Stage, address: str, tiny_dataset: Dataset
) -> None:
    apart, cluster = here.folder / "apart", f"scaling.address={address}"
    tables = write_tables(here.folder / "tables")
    dataset = Dataset(apart / "dataset")
    out = dataset.path / ".shelftag-incomplete"
    refused(here.prepare(tables, dataset, cluster, "data.block_bytes=1024"), "--out", out)
    hidden = tiny.write_dataset(apart / "tiny")
    words = ("-m", "pipelines", "train", cluster, "--dataset")
    out = here.folder / "run"
    command = here.start(*words, str(hidden.path), "--out", str(out))
    refused(command, "--dataset", hidden.manifest_file)
    assert not out.exists()
    out = apart / "run"
    command = here.start(*words, str(tiny_dataset.path), "--out", str(out))
    refused(command, "--out", out / ".shelftag-incomplete")


@pytest.mark.usefixtures("ray_here")
def test_one_node_is_not_asked(tmp_path: Path) -> None:
    check_nodes({"--out": tmp_path / "nothing"})


def test_what_an_object_store_holds_is_not_asked_for() -> None:
    assert local("--tables", "s3://shop/tables") == {}
    assert local("--tables", "tables") == {"--tables": Path.cwd() / "tables"}
