"""Dataset -> Run, on Ray Train.

    products --make_base--> base/ --TorchTrainer--> checkpoints/ --freeze--> adapter/, manifest
               (nano only)          QLoRA, resumes                 calibrated on `valid`

The same command goes on where a killed run stopped.
"""

import time
from pathlib import Path
from typing import Any

from cluster.local import check_resources, ray_session
from shelftag.artifacts import Dataset, Run, RunManifest, read_json, write_json
from shelftag.config import Config
from shelftag.errors import ArtifactError, ConfigError, TrainingFailed
from shelftag.training.progress import Pace, followed
from shelftag.training.rules import check_trainable


def main(*, dataset: Path, overwrite: bool, config: Config) -> None:
    """Train a Run and say where it is."""
    if config.train.output_dir is None:
        raise ConfigError("no folder for the Run is named", "give --out RUN")
    run = Run(Path(config.train.output_dir))
    manifest = train(Dataset(dataset), run, config, overwrite=overwrite)
    took = manifest.training["seconds"]
    print(f"Run {run.path} ({manifest.fingerprint[:8]}): {took:.0f} s of training")
    print(f"next: shelftag evaluate --run {run.path} --dataset {Path(dataset).absolute()}")


def train(dataset: Dataset, run: Run, config: Config, *, overwrite: bool = False) -> RunManifest:
    """Make the base if it is a made one, fine-tune, calibrate, publish.

    Raises:
        Refused: the Dataset, the config or the folder cannot work.
        TrainingFailed: more workers died than `scaling.max_failures` allows.
    """
    check_trainable(config, dataset.manifest())
    _begin(run, config, overwrite=overwrite)
    started = time.perf_counter()
    with ray_session(config.scaling), followed(run.progress_file):
        import ray

        check_resources(config.scaling, config.scaling.num_workers)
        base = ray.get(_task(config)(_make_base).remote(dataset, run, config))
        made = time.perf_counter()
        checkpoint = _fine_tune(dataset, run, config, base)
        tuned = time.perf_counter()
        seconds = {
            "base_s": made - started,
            "fine_tune_s": tuned - made,
            "seconds": tuned - started,
        }
        frozen = _task(config)(_freeze).remote(dataset, run, config, checkpoint, base, seconds)
        manifest: RunManifest = ray.get(frozen)
        return manifest


def _begin(run: Run, config: Config, *, overwrite: bool) -> None:
    """Clear the folder, or keep a half-written Run of the same config to go on with."""
    settings = config.model_dump(mode="json")
    if overwrite or not run.config_file.is_file() or run.is_complete:
        run.begin(overwrite=overwrite)
        write_json(run.config_file, settings)
    elif not run.is_half_written or _learning(read_json(run.config_file)) != _learning(settings):
        raise ArtifactError(
            f"Run {run.path} was begun with another config", "give the same, or --overwrite"
        )
    else:
        print(f"going on with {run.path}")


def _learning(settings: dict[str, Any]) -> dict[str, Any]:
    """What must not change in the middle of a run; where it runs may."""
    return {section: settings.get(section) for section in ("catalog", "data", "model", "train")}


def _task(config: Config) -> Any:
    import ray

    scaling = config.scaling
    return ray.remote(num_cpus=scaling.cpus_per_worker, num_gpus=int(scaling.use_gpu))


def _make_base(dataset: Dataset, run: Run, config: Config) -> str:
    """In a worker: make the nano base once; returns what adapter_config.json will name."""
    from shelftag.catalog.departments import Departments
    from shelftag.model.adapter import MADE_BASE
    from shelftag.model.runtime import set_up
    from shelftag.training.examples import read_examples
    from shelftag.training.pretrain import make_base

    set_up(config.scaling.threads_per_worker)
    if config.model.base != "nano":
        return config.model.base
    if not run.base_dir.is_dir():
        departments = Departments(dataset.manifest().departments)
        texts = read_examples(dataset, departments, "train", count_alpha=0.0).texts
        pace = Pace(run.progress_file, "base")
        make_base(
            texts, departments, config.model.nano, config.train.seed, run.base_draft_dir, pace
        )
        run.base_draft_dir.replace(run.base_dir)
    return MADE_BASE


def _fine_tune(dataset: Dataset, run: Run, config: Config, base: str) -> Path:
    """Run the workers to the end; returns the last checkpoint.

    Given the same name and storage path, Ray Train goes on from its last checkpoint by itself.
    """
    from ray.train import CheckpointConfig, FailureConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchTrainer
    from ray.train.v2.api.exceptions import TrainingFailedError

    scaling = config.scaling
    resources = {"CPU": scaling.cpus_per_worker, "GPU": int(scaling.use_gpu)}
    trainer = TorchTrainer(
        _worker,
        train_loop_config={"dataset": dataset, "run": run, "config": config, "base": base},
        scaling_config=ScalingConfig(
            num_workers=scaling.num_workers,
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
        reason = str(error).strip().splitlines()[-1]
        raise TrainingFailed(
            f"training stopped after {scaling.max_failures} worker failures ({reason})",
            "mend the cause and give the same command: it goes on from the last checkpoint",
        ) from error
    if result.checkpoint is None:
        raise TrainingFailed("training ended without a checkpoint", "see the log above")
    return Path(result.checkpoint.path)


def _worker(loop: dict[str, Any]) -> None:
    """In each training worker: fit, from the last checkpoint if there is one."""
    import tempfile

    import ray.train

    from shelftag.catalog.departments import Departments
    from shelftag.model.adapter import find_base
    from shelftag.model.runtime import set_up
    from shelftag.training.examples import read_examples
    from shelftag.training.fit import Place, fit

    config: Config = loop["config"]
    set_up(config.scaling.threads_per_worker)
    context, last = ray.train.get_context(), ray.train.get_checkpoint()
    place = Place(context.get_world_rank(), context.get_world_size())
    departments = Departments(loop["dataset"].manifest().departments)
    examples = read_examples(loop["dataset"], departments, "train", config.train.count_alpha)
    with tempfile.TemporaryDirectory(prefix="shelftag-") as scratch:
        fit(
            config,
            find_base(loop["base"], loop["run"].adapter_dir),
            departments,
            examples,
            Path(scratch),
            place=place,
            checkpoint=Path(last.path) if last else None,
            callbacks=[_reporter(place.rank, loop["run"].progress_file)],
        )


def _reporter(rank: int, progress_file: Path) -> Any:
    """A callback that hands each saved checkpoint to Ray and writes how it goes.

    Every rank must report, or the others wait; only rank 0 has files to give.
    """
    import ray.train
    from transformers import TrainerCallback

    class Reporter(TrainerCallback):  # type: ignore[misc]
        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
            self.pace = Pace(progress_file, "train", state.global_step)

        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
            folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
            checkpoint = ray.train.Checkpoint.from_directory(str(folder)) if rank == 0 else None
            ray.train.report({"step": state.global_step}, checkpoint=checkpoint)

        def on_log(self, args: Any, state: Any, control: Any, logs: Any, **_: Any) -> None:  # noqa: ARG002
            if rank == 0 and "loss" in logs:
                self.pace(state.global_step, state.max_steps, float(logs["loss"]))

    return Reporter()


def _freeze(
    dataset: Dataset,
    run: Run,
    config: Config,
    checkpoint: Path,
    base: str,
    seconds: dict[str, float],
) -> RunManifest:
    """In a worker: keep a linear model to be measured by, calibrate, publish."""
    from shelftag.catalog.departments import Departments
    from shelftag.model.linear import fit_linear
    from shelftag.model.runtime import set_up
    from shelftag.training.examples import read_examples
    from shelftag.training.freeze import freeze

    set_up(config.scaling.threads_per_worker)
    departments = Departments(dataset.manifest().departments)
    examples = read_examples(dataset, departments, "train", count_alpha=0.0)
    linear = fit_linear(examples.texts, examples.labels, len(departments), config.train.seed)
    linear.save(run.linear_dir)
    state = read_json(checkpoint / "trainer_state.json")
    losses = [entry["loss"] for entry in state["log_history"] if "loss" in entry]
    training = seconds | {
        "steps": state["global_step"],
        "loss": float(losses[-1]) if losses else None,
    }
    return freeze(run, dataset, config, checkpoint, base, training)
