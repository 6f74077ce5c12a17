"""The image: its versions are the pinned ones, its files are there, and its user is not root."""

import os
import re
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

from cluster import local
from tests.cluster.manifests import TREE, pods

DOCKERFILE = (TREE / "cluster" / "Dockerfile").read_text()
RENAMED = {"jinja2": "Jinja2", "mapie": "MAPIE", "pyyaml": "PyYAML"}
"""As constraints.txt writes them."""


class Step(NamedTuple):
    """An instruction of the Dockerfile, its lines joined."""

    word: str
    rest: str


def steps() -> list[Step]:
    """All of them, in order."""
    lines = [line for line in DOCKERFILE.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [Step(*line.split(" ", 1)) for line in joined.splitlines() if line]


def of(word: str) -> list[str]:
    """What stands after each instruction of a kind."""
    return [step.rest for step in steps() if step.word == word]


def arguments() -> dict[str, str]:
    """Build arguments and their defaults."""
    return dict(argument.split("=", 1) for argument in of("ARG"))


def pinned() -> dict[str, str]:
    """Package -> version, of constraints.txt."""
    lines = (TREE / "constraints.txt").read_text().splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def copied() -> list[str]:
    """What is copied from the tree."""
    return [name for rest in of("COPY") for name in rest.split()[1:-1]]


def test_ray_torch_and_python_are_the_pinned_ones() -> None:
    given = arguments()
    assert (given["RAY"], given["TORCH"]) == (pinned()["ray"], pinned()["torch"])
    assert given["PYTHON"] == "py{}{}".format(*sys.version_info)  # the tests' own, as in CI
    assert f"python{given['PYTHON'][2]}.{given['PYTHON'][3:]}" in (TREE / "Makefile").read_text()
    assert given["PLATFORM"] == "cpu"


def test_the_base_is_rays_own_by_a_name_without_a_host() -> None:
    (base,) = of("FROM")
    assert base == "rayproject/ray:${RAY}-${PYTHON}-${PLATFORM}"


def test_torch_comes_first_and_all_else_as_pinned() -> None:
    installs = [run for run in of("RUN") if "pip install" in run]
    torch, rest, ours = installs
    assert torch.endswith('"torch==$TORCH"')
    assert "-c constraints.txt -r /tmp/dependencies.txt" in rest
    assert "--no-deps -e ." in ours
    project = tomllib.loads((TREE / "pyproject.toml").read_text())["project"]
    names = [re.split(r"[\[<>=]", one)[0] for one in project["dependencies"]]
    assert {RENAMED.get(name, name) for name in names} <= pinned().keys()


def test_what_is_copied_is_there_and_is_all_of_the_code() -> None:
    assert all((TREE / name).exists() for name in copied())
    packages = {path.parent.name for path in TREE.glob("*/__init__.py")} - {"tests"}
    assert packages | {"src", "pyproject.toml", "constraints.txt"} <= set(copied())


def test_the_builder_is_sent_what_is_copied_and_nothing_else() -> None:
    lines = (TREE / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    assert {rule[1:] for rule in rules if rule.startswith("!")} == set(copied())


def test_its_user_is_the_pods_and_not_root() -> None:
    *_, user = of("USER")
    assert int(user) != 0
    assert {group.pod["securityContext"]["runAsUser"] for group in pods()} == {int(user)}
    assert steps()[-1].word == "USER"


def test_its_environment_is_what_every_verb_sets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given = {"HOME": str(tmp_path), "RAY_AUTH_TOKEN": "made-up"}
    monkeypatch.setattr(os, "environ", dict(given))
    local.prepare_environment()
    set_by_verbs = os.environ.items() - given.items()
    (line,) = of("ENV")
    assert {tuple(word.split("=")) for word in line.split()} == {
        (name, value) for name, value in set_by_verbs if name != "PYTHONPATH"
    }


def test_it_says_that_it_was_not_built() -> None:
    assert "NOT BUILT" in DOCKERFILE.split("\nARG")[0]


def test_every_file_of_cluster_is_described() -> None:
    text = (TREE / "cluster" / "README.md").read_text()
    section = text.split("## Kubernetes and clouds")[1]
    folders = [TREE / "cluster" / name for name in ("kuberay", "launcher", "monitoring")]
    for path in (TREE / "cluster" / "Dockerfile", *(p for f in folders for p in f.iterdir())):
        name = path.name.removeprefix("rayjob").removesuffix(".yaml")
        assert name in section, path
