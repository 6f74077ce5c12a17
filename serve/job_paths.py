"""What a job may read and write: paths under two configured folders, and nothing else."""

from http import HTTPStatus
from pathlib import Path, PurePosixPath

from serve.problems import Problem
from shelftag.artifacts import Tags
from shelftag.errors import ArtifactError, InputError
from shelftag.tagging.columns import Naming
from shelftag.tagging.inputs import check_input


def inside(root: Path, relative: str, what: str) -> Path:
    """A path under a folder, with all links followed; `what` names it in the reason.

    Raises:
        Problem: 422 it leads out of the folder, or is no path.
    """
    asked = PurePosixPath(relative)
    if not relative or asked.is_absolute() or ".." in asked.parts:
        raise _refused(what, relative, f"a path under serve.jobs_{what}, without ..")
    try:
        top, path = root.resolve(), (root / asked).resolve()
        path.exists()  # too long a name is found out here
    except (OSError, ValueError, RuntimeError):  # NUL, a loop of links
        raise _refused(what, relative, "a path") from None
    if not path.is_relative_to(top):
        raise _refused(what, relative, f"under serve.jobs_{what}: a link leads out of it")
    return path


def _refused(what: str, relative: str, rule: str) -> Problem:
    detail = f"{what} {relative[:200]!r} must be {rule}"
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)


def input_path(root: Path, relative: str, naming: Naming) -> Path:
    """A catalog that can be tagged: a file, or a folder of files, none of them a link out.

    Raises:
        Problem: 422 with what is wrong with it.
    """
    path = inside(root, relative, "input")
    if path.is_dir():
        for file in sorted(path.iterdir()):
            inside(root, str(file.relative_to(root.resolve())), "input")
    try:
        check_input(path, naming)
    except InputError as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, without(root, str(error))) from None
    return path


def output_path(root: Path, relative: str, taken: list[str]) -> Path:
    """A folder that is free, or holds what a job that failed left; `taken` are those of live jobs.

    Raises:
        Problem: 422 it is no path under the root, 409 it is in use or holds something.
    """
    path = inside(root, relative, "output")
    top = root.resolve()
    if path == top:
        raise _refused("output", relative, "a folder of its own under serve.jobs_output")
    for other in (inside(root, one, "output") for one in taken):
        if path.is_relative_to(other) or other.is_relative_to(path):
            raise _in_use(relative, f"a job writes to {str(other.relative_to(top))!r}")
    _check_free(path, top, relative)
    return path


def _check_free(path: Path, top: Path, relative: str) -> None:
    try:
        Tags(path).check_free(overwrite=False)
    except ArtifactError as error:
        raise _in_use(relative, without(top, error.problem)) from None
    for above in path.relative_to(top).parents:
        tags = Tags(top / above)
        if tags.is_complete or tags.is_half_written:
            raise _in_use(relative, f"{str(above)!r} is the output of a job")
    if path.is_dir() and any(each.is_symlink() for each in path.rglob("*")):
        raise _in_use(relative, "there is a link in it")


def _in_use(relative: str, reason: str) -> Problem:
    detail = f"output {relative[:200]!r} cannot be taken ({reason}): name another"
    return Problem(HTTPStatus.CONFLICT, detail)


def without(root: Path, message: str) -> str:
    """A message in which paths begin under the root: where that lies is nobody's business."""
    for top in (root.resolve(), root.absolute()):
        message = message.replace(f"{top}/", "").replace(str(top), ".")
    return message
