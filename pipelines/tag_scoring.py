"""The actors that score names: each holds a Tagger."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from pipelines.spread import GIVE_AGAIN, IN_FLIGHT, told
from shelftag.artifacts.fetched import fetched
from shelftag.tagging.bulk.commits import Counts, commit
from shelftag.tagging.bulk.groups import Group
from shelftag.tagging.bulk.job import Job
from shelftag.tagging.bulk.scores import ScoreCounts, score
from shelftag.tagging.tagger import Tagger


class ScoringActor:
    """Loads the Tagger once, then takes groups of names: while one is scored, another is read or
    written, so that the model does not wait for files."""

    def __init__(self, job: Job, threads: int) -> None:
        self._job, self._threads = job, threads
        self._scoring, self._loading = Lock(), Lock()
        self._loaded: Tagger | None = None

    def _tagger(self) -> Tagger:
        with self._loading:
            self._loaded = self._loaded or self._load()
            return self._loaded

    def _load(self) -> Tagger:
        from shelftag.model.runtime import set_up

        set_up(self._threads)
        tagging = self._job.config.tagging.model_copy(update={"cache_size": 0})  # all are new
        return Tagger.load(fetched(self._job.run), tagging, threads=self._threads)

    def load(self) -> dict[str, str]:
        """Ends when it is ready to work."""

        def load() -> str:
            self._tagger()
            return ""

        return told(load, "loading the Run")

    def work(self, row: dict[str, Any], files: list[str]) -> dict[str, str]:
        """Score the names of a group; `files` are those of all pieces."""
        group = Group(**row["group"])

        def work() -> ScoreCounts:
            return score(group, files, self._tagger(), self._job, self._scoring)

        return told(lambda: done_and_said("scores", work, self._job), "scoring names")


@contextmanager
def scoring_actors(job: Job, threads: int, *, early: bool) -> Iterator[Callable[[int], list[Any]]]:
    """Gives the actors that score, and ends them: the writing of rows needs their room.

    In a Ray of this machine alone the first loads the Run while names are read, and they reserve no
    cores, of which the reading needs all. In a cluster they reserve theirs, and start when names
    are read: before, they could take the last core that a machine that leaves has left to it.

    Args:
        early: whether the first may load while names are read; else all may be done already.
    """
    import ray

    scaling = job.config.scaling
    is_here = scaling.address is None
    cores = 0 if is_here else scaling.cpus_per_worker
    options = {"num_cpus": cores, "num_gpus": int(scaling.use_gpu), "max_concurrency": IN_FLIGHT}
    found: list[Any] = []

    def actors(count: int) -> list[Any]:
        made = ray.remote(ScoringActor).options(**options, **GIVE_AGAIN)
        found.extend(made.remote(job, threads) for _ in range(count - len(found)))
        return found

    if is_here and early:  # the others, if the names are worth it, when they are counted
        (first,) = actors(1)
        first.load.remote()
    try:
        yield actors
    finally:
        for actor in found:
            ray.kill(actor)


def done_and_said(stage: str, work: Callable[[], Counts], job: Job) -> str:
    """Do a piece of work, commit it, and say what it counted."""
    counts = work()
    commit(job.out, stage, counts)
    return counts.model_dump_json()
