"""What is sent to other machines: all of the code, and nothing that lies beside it."""

from pathlib import Path

import pytest

from cluster import local

DATA = ("tables/orders.csv", "run/adapter/adapter_model.safetensors", "out.parquet", "tests/a.py")
NEEDED = (
    "pipelines/__main__.py",
    "pipelines/configs/nano_cpu.yaml",
    "serve/config.yaml",
    "serve/web/index.html",
    "cluster/local.py",
    "src/shelftag/errors.py",
    "pyproject.toml",
)


def sent(tree: Path, excludes: list[str]) -> set[str]:
    """As Ray packs a working_dir."""
    from ray._private.runtime_env import packaging

    found: set[str] = set()

    def take(path: Path) -> None:
        found.add(str(path.relative_to(tree)))

    rules = [packaging._get_excludes(tree, excludes)]
    packaging._dir_travel(tree, rules, take, include_gitignore=True)
    return found


def test_data_beside_the_code_stays(tmp_path: Path) -> None:
    for name in (*DATA, *NEEDED, "src/shelftag/tables/rejects.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    packed = sent(tmp_path, local.runtime_env()["excludes"])
    assert packed.isdisjoint(DATA)
    assert packed >= {*NEEDED, "src/shelftag/tables/rejects.py"}


@pytest.mark.parametrize("name", NEEDED)
def test_the_code_of_this_tree_is_sent(name: str) -> None:
    environment = local.runtime_env()
    assert (local.TREE / name).is_file()
    assert name in sent(Path(environment["working_dir"]), environment["excludes"])


def test_all_packages_are_sent() -> None:
    packages = {path.parent.name for path in local.TREE.glob("*/__init__.py")} - {"tests"}
    assert packages <= set(local.CODE)
