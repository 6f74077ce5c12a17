"""A Run's folder: begun anew, or as a cut run left it."""

from shelftag.artifacts import Dataset, Run, read_json, remove, write_json
from shelftag.config import Config
from shelftag.errors import ArtifactError
from shelftag.training.checkpoints import newest_whole

NOT_LEARNING = ("output_dir", "report_to", "logging_steps")
"""Settings of `train` that may change in the middle of a run."""


def is_begun(run: Run, dataset: Dataset, config: Config, *, overwrite: bool) -> bool:
    """Whether a half-written Run of the same config and Dataset is there to go on with.

    Raises:
        ArtifactError: the folder must not be written to, or was begun otherwise.
    """
    run.check_free(overwrite=overwrite)
    if overwrite or not run.is_half_written or not run.dataset_file.is_file():
        return False
    _check_same_learning(run, config)
    check_same_dataset(run, dataset)
    return True


def begin(run: Run, dataset: Dataset, config: Config, *, begun: bool, overwrite: bool) -> None:
    """Take the folder: cleared, or as a cut run left it."""
    if begun:
        run.hold()
        print(f"going on with {run.path}")
        for stale in (run.progress_file, run.stopped_file, run.scratch_dir, run.base_draft_dir):
            remove(stale)
        newest, damaged = newest_whole(run.checkpoints_dir)
        instead = newest.path.name if newest else "the start"
        for name, files in damaged.items():
            print(f"{name} is damaged ({', '.join(files)}): going on from {instead}")
        if not damaged:
            print(f"from {instead}" + ("" if newest else ": no checkpoint is there"))
        return
    run.begin(overwrite=overwrite)
    write_json(run.config_file, config.model_dump(mode="json"))
    write_json(run.dataset_file, {"fingerprint": dataset.manifest().fingerprint})


def check_same_dataset(run: Run, dataset: Dataset) -> None:
    """Another Dataset has another split: what was learned from one may be tested in the other."""
    begun, given = read_json(run.dataset_file)["fingerprint"], dataset.manifest().fingerprint
    if begun != given:
        raise ArtifactError(
            f"Run {run.path} was begun with Dataset {begun[:12]}, and {dataset.path} is "
            f"{given[:12]}",
            "name that Dataset, or --overwrite to begin again",
        )


def _check_same_learning(run: Run, config: Config) -> None:
    """What is learned must not change in the middle of a run; where it runs may.

    The number of workers is of what is learned: it gives the global batch its size. And DeepSpeed
    cannot load its optimizer state with another.
    """
    begun, given = read_json(run.config_file), config.model_dump(mode="json")
    parts = ("catalog", "data", "model", "train")
    keys = [(part, key) for part in parts for key in given[part] if key not in NOT_LEARNING]
    for part, key in (*keys, ("scaling", "workers"), ("scaling", "strategy")):
        was, now = begun.get(part, {}).get(key), given[part][key]
        if was != now:
            raise ArtifactError(
                f"Run {run.path} was begun with another config ({part}.{key} = {was!r}, and now "
                f"{now!r})",
                "give the same (scaling.min_workers lets fewer go on), or --overwrite"
                if (part, key) == ("scaling", "workers")
                else "give the same, or --overwrite",
            )
