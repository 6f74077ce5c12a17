"""Training workers without Ray: processes joined by torch.distributed over gloo.

    python -m tests.training.ranks RANK WORKERS PORT JOB

JOB is a JSON file: dataset, base, folder, start (a checkpoint or null) and overrides of the tiny
config.
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import Any

from shelftag.artifacts import Dataset, read_json, write_json
from shelftag.config import Config
from shelftag.training.checkpoints import Checkpoint, checkpoints
from tests import tiny

PATIENCE_S = 240


@dataclass(frozen=True)
class Job:
    """One training run."""

    dataset: Dataset
    base: Path
    folder: Path
    overrides: tuple[str, ...]

    @property
    def config(self) -> Config:
        return tiny.config(*self.overrides)

    def run(self, workers: int, start: Path | None = None) -> list[float]:
        """Losses of the steps, as logged; checkpoints are in `folder/checkpoints`."""
        file = self.folder / "job.json"
        write_json(
            file,
            {
                "dataset": str(self.dataset.path),
                "base": str(self.base),
                "folder": str(self.folder),
                "start": str(start) if start else None,
                "overrides": list(self.overrides),
            },
        )
        _together(workers, file)
        return self.losses()

    def last(self) -> Checkpoint:
        return checkpoints(self.folder / "checkpoints")[0]

    def losses(self) -> list[float]:
        history = read_json(self.last().path / "trainer_state.json")["log_history"]
        return [entry["loss"] for entry in history if "loss" in entry]


def _together(workers: int, job: Path) -> None:
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.training.ranks"]
    ranks = [
        subprocess.Popen(
            [*command, str(rank), str(workers), str(port), str(job)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(workers)
    ]
    outputs = [rank.communicate(timeout=PATIENCE_S)[0] for rank in ranks]
    for rank, output in zip(ranks, outputs, strict=True):
        assert rank.returncode == 0, output


def main(rank: int, workers: int, port: str, job: dict[str, Any]) -> None:
    """Be one rank."""
    os.environ |= {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(workers),
        "LOCAL_WORLD_SIZE": str(workers),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": port,
    }
    import torch.distributed as dist

    from shelftag.model.runtime import set_up
    from shelftag.training.examples import read_examples
    from shelftag.training.fit import Place, fit
    from shelftag.training.objective import objective_of
    from shelftag.training.saving import undisturbed

    set_up(1)
    dist.init_process_group("gloo")
    config = tiny.config(*job["overrides"])
    folder, dataset = Path(job["folder"]), Dataset(Path(job["dataset"]))
    departments, examples = tiny.learned(dataset)
    valid = read_examples(dataset, departments, "valid", count_alpha=0.0)
    fit(
        config,
        job["base"],
        departments,
        examples,
        folder / "scratch",
        place=Place(rank, workers),
        checkpoint=Path(job["start"]) if job["start"] else None,
        checkpoints=folder / "checkpoints",
        judged=objective_of(undisturbed(config), job["base"], departments, valid),
    )
    dist.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], read_json(Path(sys.argv[4])))
