"""Dataset -> Run, on Ray Train.

    products --make_base--> base/ --TorchTrainer--> checkpoints/ --freeze--> adapter/, manifest
               (nano only)          QLoRA, resumes                 calibrated on `valid`
                                    fed by Ray Data: train_feed

The same command goes on where a killed run stopped.
"""

import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cluster.local import check_resources, ray_session
from cluster.storage import check_nodes
from pipelines.train_group import fine_tune
from shelftag.artifacts import MARKER, Dataset, Run, RunManifest, read_json, remove
from shelftag.config import Config
from shelftag.errors import ConfigError, Refused
from shelftag.tagging.identity import check_run
from shelftag.training.begun import begin, check_same_dataset, is_begun
from shelftag.training.checkpoints import Checkpoint, newest_whole
from shelftag.training.progress import Pace, followed
from shelftag.training.rules import check_trainable
from shelftag.training.starts import starts
from shelftag.training.strategies import check_strategy


def main(*, dataset: Path, overwrite: bool, config: Config) -> None:
    """Train a Run and say where it is."""
    if config.train.output_dir is None:
        raise ConfigError("no folder for the Run is named", "give --out RUN")
    run = Run(Path(config.train.output_dir))
    try:
        manifest = train(Dataset(dataset), run, config, overwrite=overwrite)
    except KeyboardInterrupt:
        newest, _ = newest_whole(run.checkpoints_dir)
        where = newest.path.name if newest else "the start"
        print(f"stopped: the same command goes on from {where}", file=sys.stderr)
        raise
    scores, took = manifest.training, manifest.training["seconds"]
    alone = scores["valid_accuracy_alone"]
    print(f"Run {run.path} ({manifest.fingerprint[:8]}): {took:.0f} s in this session")
    print(
        f"validation: {scores['valid_accuracy']:.1%} of {scores['valid_rows']:,} products right"
        + (f", {alone:.1%} without the linear model" if config.train.linear else "")
    )
    print(check_run(run).calibration.summary)
    print(f"next: shelftag evaluate --run {run.path} --dataset {Path(dataset).absolute()}")


def train(dataset: Dataset, run: Run, config: Config, *, overwrite: bool = False) -> RunManifest:
    """Make the base if it is a made one, fine-tune, calibrate, publish.

    Raises:
        Refused: the Dataset, the config or the folder cannot work.
        Failed: a node does not see the Dataset or the folder.
        TrainingFailed: more workers died than `scaling.max_failures` allows, or what they learned
            is not finite.
    """
    check_trainable(config, dataset)
    check_strategy(config)
    begun = is_begun(run, dataset, config, overwrite=overwrite)
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

        check_resources(config.scaling, config.scaling.min_workers or config.scaling.workers)
        check_nodes({"--dataset": dataset.manifest_file})
        task = ray.remote(num_cpus=config.scaling.cpus_per_worker)
        on_gpu = task(_check_base).options(num_gpus=int(config.scaling.use_gpu))
        base, cut = ray.get(on_gpu.remote(dataset, config))
        begin(run, dataset, config, begun=begun, overwrite=overwrite)
        check_nodes({"--out": run.path / MARKER})
        with followed(run.progress_file):
            try:
                cut = ray.get(task(_make_base).remote(dataset, run, config)) or cut
            except Refused:  # before any training: the folder is as it was found
                if not begun:
                    run.abandon()
                raise
            if cut:
                print(cut)
            made = time.perf_counter()
            checkpoint, feed = fine_tune(dataset, run, config, base)
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


def _check_base(dataset: Dataset, config: Config) -> tuple[str, str | None]:
    """In a worker: what adapter_config.json will name as the base, and a line on long texts."""
    from shelftag.catalog.departments import Departments
    from shelftag.model.adapter import MADE_BASE
    from shelftag.model.base import check_base, check_prompt
    from shelftag.training.arguments import check_names
    from shelftag.training.rules import check_fits, this_gpu

    check_names(config.train)
    if config.scaling.use_gpu:
        check_fits(config, this_gpu())
    if config.model.base == "nano":
        return MADE_BASE, None
    folder = Path(config.model.base)
    if folder.is_absolute() and not folder.is_dir():
        problem = f"config model.base = {str(folder)!r} cannot be loaded (no such folder)"
        raise ConfigError(problem, "name `nano`, a hub id, or a folder with safetensors")
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


def _freeze(
    dataset: Dataset,
    run: Run,
    config: Config,
    checkpoint: Checkpoint,
    base: str,
    seconds: dict[str, Any],
) -> RunManifest:
    """In a worker: calibrate and publish."""
    from shelftag.model.runtime import set_up
    from shelftag.training.freeze import freeze
    from shelftag.training.tracking import log_adapter

    set_up(config.scaling.threads_per_worker)
    check_same_dataset(run, dataset)
    state = read_json(checkpoint.path / "trainer_state.json")
    losses = [entry["loss"] for entry in state["log_history"] if "loss" in entry]
    training = seconds | {
        "steps": state["global_step"],
        "loss": float(losses[-1]) if losses else None,
        "validation_loss": checkpoint.validation_loss,
        "starts": [asdict(start) for start in starts(run.checkpoints_dir)],
    }
    manifest = freeze(run, dataset, config, checkpoint.path, base, training)
    accuracy = {"valid_accuracy": manifest.training["valid_accuracy"]}
    log_adapter(config, run, accuracy, state["global_step"])
    return manifest
