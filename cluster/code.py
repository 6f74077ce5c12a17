"""What is sent to other machines: all of the code, and nothing that lies beside it.

TREE/pipelines serve cluster src pyproject.toml  --> working_dir: where a job's command starts
TREE/src/shelftag                                --> py_modules: `import shelftag` of workers
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from shelftag.errors import InputError

TREE = Path(__file__).resolve().parent.parent
CODE = ("pipelines", "serve", "cluster", "src", "pyproject.toml")
"""What is sent of TREE; packages with their configs and the page."""
IGNORED = (".gitignore", ".rayignore")
"""Files that say what else stays; Ray reads them."""
NAMED = 5
"""The largest files and folders that a refusal names."""


@contextmanager
def runtime_env(tree: Path = TREE) -> Iterator[dict[str, Any]]:
    """What another machine needs to import our code; Ray packs it within the block.

    The working folder that Ray is given holds links to CODE and nothing else, so that tables and
    Runs that were made in the tree stay here. (Its `excludes` cannot say that: Ray holds the same
    patterns against each package, and one that keeps `TREE/tables` here empties `shelftag/tables`.)
    """
    with TemporaryDirectory(prefix="shelftag-code-") as folder:
        for name in (*CODE, *IGNORED):
            if (tree / name).exists():
                (Path(folder) / name).symlink_to(tree / name)
        yield {
            "working_dir": folder,
            "py_modules": [str(tree / "src" / "shelftag")],
            "excludes": ["__pycache__"],
        }


def sent(folder: Path, excludes: list[str]) -> dict[str, int]:
    """Files that Ray packs of a folder, by their path in it, and their bytes.

    Asked of Ray itself, since its rules are its own (.gitignore and .rayignore of every folder).
    """
    from ray._private.runtime_env import packaging

    found: dict[str, int] = {}

    def take(path: Path) -> None:
        if path.is_file():
            found[path.relative_to(folder).as_posix()] = path.stat().st_size

    rules = [packaging._get_excludes(folder, excludes)]
    quiet = logging.getLogger(__name__)
    packaging._dir_travel(folder, rules, take, include_gitignore=True, logger=quiet)
    return found


def check_size(environment: Mapping[str, Any], limit: int) -> int:
    """Bytes of the code to send.

    Raises:
        InputError: more than `limit` bytes in one package; the largest of them are named.
    """
    folders = [environment["working_dir"], *environment["py_modules"]]
    files = [sent(Path(folder), environment["excludes"]) for folder in folders]
    for package in files:
        total = sum(package.values())
        if total > limit:
            raise InputError(
                f"the code to send is {_mb(total)}, and the cluster takes {_mb(limit)} at most; "
                f"the largest: {', '.join(_largest(package))}",
                f"move what is not code out of {', '.join(CODE[:-1])}, or name it in .rayignore",
            )
    return sum(sum(package.values()) for package in files)


def _largest(files: Mapping[str, int]) -> Iterator[str]:
    """Files and folders, the largest first; a folder counts all that is below it."""
    sizes = dict(files)
    for name, size in files.items():
        for folder in Path(name).parents[:-1]:
            key = f"{folder.as_posix()}/"
            sizes[key] = sizes.get(key, 0) + size
    ordered = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))[: 10 * NAMED]
    told = [(name, size) for name, size in ordered if not _is_of_one(name, size, ordered)]
    yield from (f"{name} {_mb(size)}" for name, size in told[:NAMED])


def _is_of_one(folder: str, size: int, others: list[tuple[str, int]]) -> bool:
    """Whether nearly all of a folder is one thing in it, which says more."""
    below = (other for name, other in others if name != folder and name.startswith(folder))
    return folder.endswith("/") and any(other > 0.9 * size for other in below)


def _mb(size: float) -> str:
    return f"{size / 1e6:,.1f} MB"
