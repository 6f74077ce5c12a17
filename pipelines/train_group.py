"""The workers of a training run: started on Ray Train, replaced when they die, to the last step.

Where a machine is to go, all workers save, leave, and are started anew on the machines that stay.
"""

from typing import Any

from pipelines.train_feed import count_files, tokenized
from pipelines.train_worker import train_worker
from shelftag.artifacts import Dataset, Run, read_json
from shelftag.config import Config
from shelftag.errors import TrainingFailed
from shelftag.training.batches import Plan, left_over
from shelftag.training.checkpoints import Checkpoint, best_whole, newest_whole
from shelftag.training.fed import feed_account


class ControllerLost(Exception):
    """Workers could not be watched over; what they have saved is there."""


def fine_tune(
    dataset: Dataset, run: Run, config: Config, base: str
) -> tuple[Checkpoint, dict[str, Any]]:
    """Run the workers to the end.

    Returns:
        The checkpoint that becomes the Run, and what the workers of the last attempt were fed.
    """
    stored = _examples(dataset, run, config, base)
    loop = {"dataset": dataset, "run": run, "config": config, "base": base, "stored": stored}
    error = _to_the_end(loop, config.scaling.max_failures)
    if run.stopped_file.is_file():
        raise _stopped(run)
    if error:
        raise TrainingFailed(
            f"training stopped: workers failed more than {config.scaling.max_failures} times "
            f"({error})",
            "mend the cause and give the same command: it goes on from the last checkpoint",
        )
    return _trained(run), _account(run, stored[1])


def _to_the_end(loop: dict[str, Any], max_failures: int) -> str:
    """Start workers until they are done; the cause in one line if too many failed."""
    failed = 0
    while True:
        try:
            error, left_at = _run_workers(loop)
        except ControllerLost as lost:  # a machine that died while workers were started on it
            if failed == max_failures:
                return str(lost)
            failed += 1
            print(f"{lost}: going on from the last checkpoint", flush=True)
            continue
        if left_at is None:
            return error
        print(f"a machine is to go: saved at step {left_at}, going on without it", flush=True)


def _examples(dataset: Dataset, run: Run, config: Config, base: str) -> tuple[Any, Any]:
    """The objective with its token ids and the plan of batches, both in the object store."""
    import ray

    from shelftag.model.adapter import find_base

    files = count_files(dataset) if config.train.examples == "order_lines" else []
    task = ray.remote(num_cpus=config.scaling.cpus_per_worker, num_returns=2)(tokenized)
    found = task.remote(dataset, config, find_base(base, run.adapter_dir), files)
    return tuple(found)


def _account(run: Run, stored: Any) -> dict[str, Any]:
    """What the workers of the last attempt were fed, and what an epoch has."""
    import ray

    plan: Plan = ray.get(stored)
    workers = read_json(run.fed_file(0))["workers"]
    ranks = [read_json(run.fed_file(rank)) for rank in range(workers)]
    return feed_account(ranks) | {
        "rows_per_epoch": plan.rows_per_epoch,
        "left_over_per_epoch": left_over(plan),
    }


def _stopped(run: Run) -> TrainingFailed:
    """Why a worker stopped, and what is left of its work."""
    stopped = read_json(run.stopped_file)
    newest, _ = newest_whole(run.checkpoints_dir)
    good = f"the last good checkpoint is {newest.path}" if newest else "no checkpoint was made"
    return TrainingFailed(f"{stopped['problem']}, and {good}", stopped["way_out"])


def _trained(run: Run) -> Checkpoint:
    """The checkpoint that becomes the Run.

    Raises:
        TrainingFailed: the last step is not there: workers that ended did not train.
    """
    best, newest = best_whole(run.checkpoints_dir), newest_whole(run.checkpoints_dir)[0]
    if best is None or newest is None or newest.step < newest.made_by()["steps"]:
        there = newest.path.name if newest else "no checkpoint"
        raise TrainingFailed(
            f"training ended with {there} and not with its last step",
            "give the same command: it goes on from there",
        )
    return best


def _run_workers(loop: dict[str, Any]) -> tuple[str, int | None]:
    """Start workers, and replace those that die.

    Returns:
        The cause in one line if too many did, and the step at which they left a machine.

    Raises:
        ControllerLost: Ray Train's own part died, or could not start workers.
    """
    from ray.exceptions import RayActorError
    from ray.train.torch import TorchTrainer
    from ray.train.v2.api.exceptions import ControllerError, TrainingFailedError

    configs = _ray_configs(loop["run"], loop["config"])
    try:
        result = TorchTrainer(train_worker, train_loop_config=loop, **configs).fit()
    except SystemExit as stopped:  # Ray Train's own answer to Ctrl-C
        raise KeyboardInterrupt from stopped
    except (ControllerError, RayActorError) as error:
        raise ControllerLost(_first_line(error)) from error
    except TrainingFailedError as error:
        return _cause(error), None
    return "", result.return_value


def _ray_configs(run: Run, config: Config) -> dict[str, Any]:
    from ray.train import FailureConfig, RunConfig, ScalingConfig

    scaling = config.scaling
    resources = {"CPU": scaling.cpus_per_worker, "GPU": int(scaling.use_gpu)}
    elastic = (scaling.min_workers or scaling.workers, scaling.workers)
    return {
        "scaling_config": ScalingConfig(
            num_workers=scaling.workers if elastic[0] == elastic[1] else elastic,
            use_gpu=scaling.use_gpu,
            resources_per_worker={kind: amount for kind, amount in resources.items() if amount},
            elastic_resize_monitor_interval_s=scaling.resize_check_s,
        ),
        "run_config": RunConfig(
            name=run.checkpoints_dir.name,
            storage_path=str(run.path),
            failure_config=FailureConfig(max_failures=scaling.max_failures),
        ),
    }


def _cause(error: Any) -> str:
    """The failure the others followed from, without its traceback.

    Workers that lose one of them fail too, with a connection that was closed.
    """
    failures = getattr(error, "worker_failures", {}) or {0: error}
    causes = {rank: getattr(one, "_base_exc", one) for rank, one in failures.items()}
    lines = [f"worker {rank}: {_first_line(one)}" for rank, one in causes.items()]
    return min(lines, key=lambda line: "connection" in line.lower())


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else 'no message'}"[:200]
