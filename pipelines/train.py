"""Dataset -> Run, on Ray Train.

    products --make_base--> base/ --TorchTrainer--> checkpoints/ --freeze--> adapter/, manifest
               (nano only)          QLoRA, resumes                 calibrated on `valid`
                                    fed by Ray Data: train_feed

The same command goes on where a killed run stopped.
"""

import time
from pathlib import Path
from typing import Any

from cluster.local import check_resources, ray_session
from pipelines.train_feed import count_files, tokenized
from pipelines.train_worker import train_worker
from shelftag.artifacts import Dataset, Run, RunManifest, read_json, remove, write_json
from shelftag.config import Config
from shelftag.errors import ArtifactError, ConfigError, TrainingFailed
from shelftag.training.batches import Plan, left_over
from shelftag.training.fed import feed_account
from shelftag.training.progress import Pace, followed
from shelftag.training.rules import check_trainable


def main(*, dataset: Path, overwrite: bool, config: Config) -> None:
    """Train a Run and say where it is."""
    if config.train.output_dir is None:
        raise ConfigError("no folder for the Run is named", "give --out RUN")
    run = Run(Path(config.train.output_dir))
    manifest = train(Dataset(dataset), run, config, overwrite=overwrite)
    took = manifest.training["seconds"]
    print(f"Run {run.path} ({manifest.fingerprint[:8]}): {took:.0f} s in this session")
    print(f"next: shelftag evaluate --run {run.path} --dataset {Path(dataset).absolute()}")


def train(dataset: Dataset, run: Run, config: Config, *, overwrite: bool = False) -> RunManifest:
    """Make the base if it is a made one, fine-tune, calibrate, publish.

    Raises:
        Refused: the Dataset, the config or the folder cannot work.
        TrainingFailed: more workers died than `scaling.max_failures` allows.
    """
    check_trainable(config, dataset)
    begun = _is_begun(run, dataset, config, overwrite=overwrite)
    try:
        return _train(dataset, run, config, begun=begun, overwrite=overwrite)
    finally:
        run.release()


def _train(
    dataset: Dataset, run: Run, config: Config, *, begun: bool, overwrite: bool
) -> RunManifest:
    """Check what only the cluster knows, and only then touch the folder."""
    started = time.perf_counter()
    with ray_session(config.scaling):
        import ray

        check_resources(config.scaling, config.scaling.workers)
        task = ray.remote(num_cpus=config.scaling.cpus_per_worker)
        on_gpu = task(_check_base).options(num_gpus=int(config.scaling.use_gpu))
        base, cut = ray.get(on_gpu.remote(dataset, config))
        _begin(run, dataset, config, begun=begun, overwrite=overwrite)
        with followed(run.progress_file):
            cut = ray.get(task(_make_base).remote(dataset, run, config)) or cut
            if cut:
                print(cut)
            made = time.perf_counter()
            checkpoint, feed = _fine_tune(dataset, run, config, base)
            tuned = time.perf_counter()
        remove(run.scratch_dir)
        seconds = {
            "base_s": made - started,
            "fine_tune_s": tuned - made,
            "seconds": tuned - started,
            "feed": feed,
        }
        on_gpu = task(_freeze).options(num_gpus=int(config.scaling.use_gpu))
        manifest: RunManifest = ray.get(
            on_gpu.remote(dataset, run, config, checkpoint, base, seconds)
        )
        return manifest


def _is_begun(run: Run, dataset: Dataset, config: Config, *, overwrite: bool) -> bool:
    """Whether a half-written Run of the same config and Dataset is there to go on with.

    Raises:
        ArtifactError: the folder must not be written to, or was begun otherwise.
    """
    run.check_free(overwrite=overwrite)
    if overwrite or not run.is_half_written or not run.dataset_file.is_file():
        return False
    if _learning(read_json(run.config_file)) != _learning(config.model_dump(mode="json")):
        raise ArtifactError(
            f"Run {run.path} was begun with another config", "give the same, or --overwrite"
        )
    _check_same_dataset(run, dataset)
    return True


def _begin(run: Run, dataset: Dataset, config: Config, *, begun: bool, overwrite: bool) -> None:
    """Take the folder: cleared, or as a cut run left it."""
    if begun:
        run.hold()
        print(f"going on with {run.path}")
        for stale in (run.progress_file, run.scratch_dir, run.base_draft_dir):
            remove(stale)
        return
    run.begin(overwrite=overwrite)
    write_json(run.config_file, config.model_dump(mode="json"))
    write_json(run.dataset_file, {"fingerprint": dataset.manifest().fingerprint})


def _check_same_dataset(run: Run, dataset: Dataset) -> None:
    """Another Dataset has another split: what was learned from one may be tested in the other."""
    begun, given = read_json(run.dataset_file)["fingerprint"], dataset.manifest().fingerprint
    if begun != given:
        raise ArtifactError(
            f"Run {run.path} was begun with Dataset {begun[:12]}, and {dataset.path} is "
            f"{given[:12]}",
            "name that Dataset, or --overwrite to begin again",
        )


def _learning(settings: dict[str, Any]) -> dict[str, Any]:
    """What must not change in the middle of a run; where it runs may."""
    return {section: settings.get(section) for section in ("catalog", "data", "model", "train")}


def _check_base(dataset: Dataset, config: Config) -> tuple[str, str | None]:
    """In a worker: what adapter_config.json will name as the base, and a line on long texts."""
    from shelftag.catalog.departments import Departments
    from shelftag.model.adapter import MADE_BASE
    from shelftag.model.base import check_base, check_prompt
    from shelftag.training.rules import check_fits, this_gpu

    if config.scaling.use_gpu:
        check_fits(config, this_gpu())
    if config.model.base == "nano":
        return MADE_BASE, None
    folder = Path(config.model.base)
    base = str(folder.resolve()) if folder.is_dir() else config.model.base
    check_base(base, config.model, config.train)
    if config.train.objective == "generate":
        check_prompt(base, config.model, Departments(dataset.manifest().departments))
    return base, _long_texts(dataset, config, base)


def _long_texts(dataset: Dataset, config: Config, base: str) -> str | None:
    """In a worker: a line on texts that are cut, if there are any."""
    from shelftag.catalog.departments import Departments
    from shelftag.model.tokens import load_tokenizer
    from shelftag.training.examples import read_examples
    from shelftag.training.rules import check_lengths

    departments = Departments(dataset.manifest().departments)
    texts = read_examples(dataset, departments, "train", count_alpha=0.0).texts
    return check_lengths(load_tokenizer(base, config.model.revision), texts, config.model)


def _make_base(dataset: Dataset, run: Run, config: Config) -> str | None:
    """In a worker: make the nano base, once; a line on texts too long for it."""
    from shelftag.catalog.departments import Departments
    from shelftag.model.base import check_prompt
    from shelftag.model.runtime import set_up
    from shelftag.training.examples import read_examples
    from shelftag.training.pretrain import make_base

    set_up(config.scaling.threads_per_worker)
    if config.model.base == "nano" and not run.base_dir.is_dir():
        departments = Departments(dataset.manifest().departments)
        texts = read_examples(dataset, departments, "train", count_alpha=0.0).texts
        pace = Pace(run.progress_file, "base")
        make_base(
            texts,
            departments,
            config.model.nano,
            config.train.seed,
            run.base_draft_dir,
            pace,
            config.model.prompt,
        )
        if config.train.objective == "generate":
            check_prompt(str(run.base_draft_dir), config.model, departments)
        run.base_draft_dir.replace(run.base_dir)
    if config.model.base != "nano":
        return None
    return _long_texts(dataset, config, str(run.base_dir))


def _fine_tune(
    dataset: Dataset, run: Run, config: Config, base: str
) -> tuple[Path, dict[str, Any]]:
    """Run the workers to the end; returns the last checkpoint, and what they were fed.

    Given the same name and storage path, Ray Train goes on from its last checkpoint by itself.
    """
    from ray.train import CheckpointConfig, FailureConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchTrainer
    from ray.train.v2.api.exceptions import TrainingFailedError

    scaling = config.scaling
    objective, plan = _examples(dataset, run, config, base)
    resources = {"CPU": scaling.cpus_per_worker, "GPU": int(scaling.use_gpu)}
    trainer = TorchTrainer(
        train_worker,
        train_loop_config={"run": run, "config": config, "objective": objective, "plan": plan},
        scaling_config=ScalingConfig(
            num_workers=scaling.workers,
            use_gpu=scaling.use_gpu,
            resources_per_worker={kind: amount for kind, amount in resources.items() if amount},
        ),
        run_config=RunConfig(
            name=run.checkpoints_dir.name,
            storage_path=str(run.path),
            failure_config=FailureConfig(max_failures=scaling.max_failures),
            checkpoint_config=CheckpointConfig(num_to_keep=2),
        ),
    )
    try:
        result = trainer.fit()
    except TrainingFailedError as error:
        reason = str(error).strip().splitlines()[-1][:200]
        raise TrainingFailed(
            f"training stopped: workers failed more than {scaling.max_failures} times ({reason})",
            "mend the cause and give the same command: it goes on from the last checkpoint",
        ) from error
    if result.checkpoint is None:
        raise TrainingFailed("training ended without a checkpoint", "see the log above")
    return Path(result.checkpoint.path), _account(run, plan)


def _examples(dataset: Dataset, run: Run, config: Config, base: str) -> tuple[Any, Any]:
    """The objective with its token ids and the plan of batches, both in the object store."""
    import ray

    from shelftag.model.adapter import find_base

    files = count_files(dataset) if config.train.examples == "order_lines" else []
    task = ray.remote(num_cpus=config.scaling.cpus_per_worker, num_returns=2)(tokenized)
    found: tuple[Any, Any] = task.remote(dataset, config, find_base(base, run.adapter_dir), files)
    return found


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


def _freeze(
    dataset: Dataset,
    run: Run,
    config: Config,
    checkpoint: Path,
    base: str,
    seconds: dict[str, Any],
) -> RunManifest:
    """In a worker: calibrate and publish."""
    from shelftag.model.runtime import set_up
    from shelftag.training.freeze import freeze
    from shelftag.training.tracking import log_adapter

    set_up(config.scaling.threads_per_worker)
    _check_same_dataset(run, dataset)
    state = read_json(checkpoint / "trainer_state.json")
    losses = [entry["loss"] for entry in state["log_history"] if "loss" in entry]
    training = seconds | {
        "steps": state["global_step"],
        "loss": float(losses[-1]) if losses else None,
    }
    manifest = freeze(run, dataset, config, checkpoint, base, training)
    accuracy = {"valid_accuracy": manifest.training["valid_accuracy"]}
    log_adapter(config, run, accuracy, state["global_step"])
    return manifest
