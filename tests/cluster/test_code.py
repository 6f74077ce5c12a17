"""What is sent to other machines: all of the code, and nothing that lies beside it."""

from pathlib import Path

import pytest

from cluster import code
from shelftag.errors import InputError

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
PACKAGE = ("__init__.py", "errors.py", "tables/rejects.py")


def packed(tree: Path = code.TREE) -> tuple[dict[str, int], dict[str, int]]:
    """What Ray packs of a tree: the working folder, and the package."""
    with code.runtime_env(tree) as environment:
        folders = (environment["working_dir"], *environment["py_modules"])
        working, package = (code.sent(Path(one), environment["excludes"]) for one in folders)
        return working, package


def made(tree: Path, *names: str) -> Path:
    for name in names:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(b"x" * 10)
    return tree


def test_data_beside_the_code_stays(tmp_path: Path) -> None:
    """Also where the data's folder is called as one of the code's is."""
    package = [f"src/shelftag/{name}" for name in PACKAGE]
    working, modules = packed(made(tmp_path, *DATA, *NEEDED, *package))
    assert set(working) == {*NEEDED, *package}
    assert set(modules) == {*PACKAGE}


def test_the_code_of_this_tree_is_sent() -> None:
    working, modules = packed()
    assert set(working) >= {*NEEDED}
    assert set(modules) >= {*PACKAGE}
    assert not [name for name in working if "__pycache__" in name or name.startswith("tests")]


def test_all_packages_are_sent() -> None:
    packages = {path.parent.name for path in code.TREE.glob("*/__init__.py")} - {"tests"}
    assert packages <= set(code.CODE)


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    with code.runtime_env(made(tmp_path, *NEEDED)) as environment:
        folder = Path(environment["working_dir"])
    assert not folder.exists()
    assert all((tmp_path / name).is_file() for name in NEEDED)  # links went, not what they name


def test_what_is_too_large_is_named_the_largest_first(tmp_path: Path) -> None:
    made(tmp_path, *NEEDED, "src/shelftag/errors.py")
    (tmp_path / "pipelines" / "configs" / "model.bin").write_bytes(b"x" * 3_000_000)
    (tmp_path / "serve" / "web" / "film.mp4").write_bytes(b"x" * 2_000_000)
    with code.runtime_env(tmp_path) as environment:
        assert code.check_size(environment, 6_000_000) == pytest.approx(5_000_000, abs=1_000)
        with pytest.raises(InputError) as refused:
            code.check_size(environment, 4_000_000)
    assert str(refused.value) == (
        "the code to send is 5.0 MB, and the cluster takes 4.0 MB at most; the largest: "
        "pipelines/configs/model.bin 3.0 MB, serve/web/film.mp4 2.0 MB, "
        "cluster/local.py 0.0 MB, pipelines/__main__.py 0.0 MB, "
        "pipelines/configs/nano_cpu.yaml 0.0 MB: "
        "move what is not code out of pipelines, serve, cluster, src, or name it in .rayignore"
    )
    (tmp_path / ".rayignore").write_text("*.bin\n")
    (tmp_path / "serve" / ".gitignore").write_text("*.mp4\n")
    with code.runtime_env(tmp_path) as environment:
        assert code.check_size(environment, 1_000) < 500
