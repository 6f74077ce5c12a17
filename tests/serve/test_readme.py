"""The curl lines of serve/README.md, run as they stand against `shelftag serve`."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest

from shelftag.artifacts import Run
from tests.network import free_port, is_free

JOB_AGENT_PORT = 52365
"""Ray's, which `ray.init` cannot change: another Ray of this machine may have it."""

README = Path(__file__).parents[2] / "serve" / "README.md"


def curl_lines() -> list[str]:
    """Those of the `sh` blocks, in order."""
    blocks = re.findall(r"```sh\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


@pytest.fixture(scope="module")
def shop(
    tiny_run: Run, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[int, Path, bool]]:
    """A port that answers, a folder with a catalog, and whether Ray can start jobs here."""
    has_jobs = is_free(JOB_AGENT_PORT)
    folder, port = tmp_path_factory.mktemp("shop"), free_port()
    copytree(tiny_run.path, folder / "run")
    (folder / "products.csv").write_text("id,product_name\n7,Cat Litter\n8, \n")
    (folder / "tags").mkdir()
    command = [sys.executable, "-m", "pipelines", "serve", "--run", str(folder / "run")]
    command += ["--port", str(port), f"serve.jobs_input={folder}", "scaling.object_store_gb=0.5"]
    command += [f"serve.jobs_output={folder / 'tags'}", "serve.cpus_per_replica=0.5"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert f":{port}" in process.stdout.readline()
        yield port, folder, has_jobs
        process.terminate()
        process.communicate(timeout=60)


@pytest.mark.slow
def test_every_curl_line_is_answered(shop: tuple[int, Path, bool]) -> None:
    port, folder, has_jobs = shop
    lines, job = curl_lines(), ""
    assert len(lines) > 12
    for line in lines:
        if "/v1/jobs" in line and not has_jobs:
            continue
        command = line.replace("localhost:8000", f"127.0.0.1:{port}").replace("$JOB", job)
        done = subprocess.run(
            f"{command} -w '\\n%{{http_code}}'",
            shell=True,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        answer, _, status = done.stdout.rpartition("\n")
        assert status in ("200", "202", "204"), (line, done.stdout)
        if "/v1/jobs --json" in line:
            job = json.loads(answer)["id"]


def test_all_examples_are_curl() -> None:
    assert all(line.startswith("curl -s") for line in curl_lines())
