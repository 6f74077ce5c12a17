"""The floors hold, and would be seen not to."""

import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest

ROOT = Path(__file__).parents[1]
LINTER = str(Path(sys.executable).parent / "lint-imports")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The packages and their settings, to be spoiled."""
    for name in ("pipelines", "serve", "cluster"):
        copytree(ROOT / name, tmp_path / name)
    copytree(ROOT / "src" / "shelftag", tmp_path / "shelftag")
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    return tmp_path


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINTER, "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin"},
    )


def test_floors_hold(copy: Path) -> None:
    result = lint(copy)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("shelftag/tables/parse.py", "import ray"),
        ("shelftag/model/tokens.py", "def f() -> None:\n    from ray import data"),
        ("shelftag/catalog/text.py", "import shelftag.tables"),
        ("shelftag/errors.py", "import shelftag.config"),
        ("cluster/local.py", "import pipelines"),
    ],
)
def test_a_broken_floor_is_found(copy: Path, module: str, line: str) -> None:
    with (copy / module).open("a") as file:
        file.write(f"\n{line}\n")
    result = lint(copy)
    assert result.returncode == 1, result.stdout
    assert "BROKEN" in result.stdout


@pytest.mark.usefixtures("ray_here")
def test_workers_import_the_tree_they_were_sent() -> None:
    import ray

    @ray.remote  # type: ignore[untyped-decorator]
    def files() -> list[str]:
        import pipelines
        import serve
        import shelftag

        return [str(module.__file__) for module in (pipelines, serve, shelftag)]

    expected = [ROOT / "pipelines", ROOT / "serve", ROOT / "src" / "shelftag"]
    assert ray.get(files.remote()) == [str(folder / "__init__.py") for folder in expected]
