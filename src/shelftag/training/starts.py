"""How often a run was started, with how many workers and from where: what it survived."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "starts.jsonl"


@dataclass(frozen=True)
class Start:
    """One worker group."""

    step: int
    """Optimizer steps the checkpoint had that it went on from; 0 without one."""
    workers: int
    damaged: dict[str, list[str]]
    """Newer checkpoints that were not used, and their damaged files."""


def note_start(folder: Path, start: Start) -> None:
    """Add a line to the run's list."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(start)) + "\n")


def starts(folder: Path) -> list[Start]:
    """All of a run, the first first; a line cut by a kill is left out."""
    found = []
    for line in (folder / FILE).read_text(encoding="utf-8").splitlines():
        try:
            found.append(Start(**json.loads(line)))
        except ValueError:
            continue
    return found
