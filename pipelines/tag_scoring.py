"""The actors that score names: each holds a Tagger."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from pipelines.spread import GIVE_AGAIN, told
from shelftag.artifacts.fetched import fetched
from shelftag.tagging.bulk.commits import Counts, commit
from shelftag.tagging.bulk.groups import Group
from shelftag.tagging.bulk.job import Job
from shelftag.tagging.bulk.scores import ScoreCounts, score
from shelftag.tagging.tagger import Tagger


class ScoringActor:
    """Loads the Tagger once, then takes one group after another."""

    def __init__(self, job: Job) -> None:
        self._job = job

    @cached_property
    def _tagger(self) -> Tagger:
        from shelftag.model.runtime import set_up

        threads = self._job.config.scaling.threads_per_worker
        set_up(threads)
        tagging = self._job.config.tagging.model_copy(update={"cache_size": 0})  # all are new
        return Tagger.load(fetched(self._job.run), tagging, threads=threads)

    def load(self) -> dict[str, str]:
        """Ends when it is ready to work."""

        def load() -> str:
            _ = self._tagger
            return ""

        return told(load, "loading the Run")

    def work(self, row: dict[str, Any]) -> dict[str, str]:
        """Score the names of a group; `files` are those of all pieces."""
        files, group = row["files"], Group(**row["group"])

        def work() -> ScoreCounts:
            return score(group, files, self._tagger, self._job)

        return told(lambda: done_and_said("scores", work, self._job), "scoring names")


@contextmanager
def scoring_actors(job: Job) -> Iterator[Callable[[], list[Any]]]:
    """Gives the actors that score, and ends them: the writing of rows needs their room.

    Where nothing else runs and a core is left, they load the Run while names are read. Beside
    others, or in a cluster, where machines may leave, they could take the last core from the
    reading.
    """
    import ray

    scaling = job.config.scaling
    found: list[Any] = []

    def actors() -> list[Any]:
        options = {"num_cpus": scaling.cpus_per_worker, "num_gpus": int(scaling.use_gpu)}
        made = ray.remote(ScoringActor).options(**options, **GIVE_AGAIN)
        found.extend(made.remote(job) for _ in range(scaling.tagging_actors - len(found)))
        return found

    cores, free = (
        found.get("CPU", 0) for found in (ray.cluster_resources(), ray.available_resources())
    )
    is_alone = scaling.address is None and free == cores
    if is_alone and cores - scaling.tagging_actors * scaling.cpus_per_worker >= 1:
        for actor in actors():
            actor.load.remote()
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
