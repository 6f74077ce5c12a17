"""What cannot work, said before anything starts."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from shelftag.artifacts import Dataset, DatasetManifest
from shelftag.config import Config
from shelftag.config.model import ModelConfig
from shelftag.errors import ArtifactError, ConfigError, InputError
from shelftag.sizing.gpus import GIB, Device
from shelftag.sizing.memory import estimate
from shelftag.sizing.nearest import nearest
from shelftag.sizing.rules import check_rules
from shelftag.sizing.shapes import shape_of
from shelftag.training.lines import bought_to_train
from shelftag.training.tracking import check_trackers

MAX_LEAKAGE = 0.01
"""Share of the held-out that train may know by name: more would show in the accuracy."""


def check_trainable(config: Config, dataset: Dataset) -> None:
    """Refuse a config or Dataset that must fail later.

    Raises:
        ArtifactError: the Dataset is not complete, or damaged.
        ConfigError: settings exclude each other, or what the Dataset was made with.
        InputError: the Dataset has nothing to train or calibrate on, or its test split leaks.
    """
    manifest = dataset.manifest()
    try:
        pq.read_metadata(dataset.products_file)
    except (OSError, pa.ArrowInvalid) as error:
        problem = f"{dataset.products_file} cannot be read ({str(error).splitlines()[0]})"
        raise ArtifactError(problem, "prepare the Dataset again") from None
    _check_made_alike(config, manifest.config)
    check_trackers(config.train.report_to)
    _check_departments(dataset, manifest)
    check_rules(config)
    for split in ("train", "valid"):
        if not manifest.splits.get(split):
            raise InputError(
                f"the Dataset has no {split} products", "prepare it from a larger catalog"
            )
    if config.train.examples == "order_lines":
        _check_lines(dataset, manifest)
    if not config.train.allow_leakage:
        _check_leakage(manifest)


def check_fits(config: Config, device: Device) -> None:
    """Refuse, on the device itself, a precision it lacks and a base it cannot hold.

    Only what is counted is held against it, not the estimate of activations: `doctor` has that.

    Raises:
        ConfigError: naming the rule, or the bytes.
    """
    check_rules(config, device)
    try:
        shape = shape_of(config.model)
    except ConfigError:  # of another kind: it may well be trained, but not be counted
        return
    memory = estimate(shape, config)
    paged = memory.optimizer if "paged" in config.train.optim else 0  # may move to CPU memory
    needed = max(memory.held - paged, memory.load_peak)
    if needed > device.memory:
        change = nearest(shape, config, device)
        raise ConfigError(
            f"model.base = {config.model.base!r} needs {needed / GIB:.1f} GiB before the first "
            f"step, and {device.name} has {device.memory / GIB:.1f}",
            f"add {change}" if change else "take more or larger GPUs; see shelftag doctor",
        )


def this_gpu() -> Device:
    """The GPU that this process was given; not run on a GPU.

    Raises:
        ConfigError: it was given none.
    """
    import torch

    if not torch.cuda.is_available():
        raise ConfigError(
            "config scaling.use_gpu = True, and torch sees no GPU in a worker",
            "install torch with CUDA there, or set scaling.use_gpu=false",
        )
    found = torch.cuda.get_device_properties(0)
    return Device(found.name, float(found.total_memory), (found.major, found.minor))


def check_lengths(tokenizer: Any, texts: Sequence[str], model: ModelConfig) -> str | None:
    """One line on texts of more than `model.max_length` tokens, if there are any.

    Raises:
        InputError: there are, and `model.long_inputs` is `refuse`.
    """
    ids = tokenizer(list(texts), truncation=False, verbose=False)["input_ids"]
    lengths = [len(row) for row in ids]
    long = sum(length > model.max_length for length in lengths)
    if not long:
        return None
    found = (
        f"{long:,} of {len(lengths):,} training texts have more than model.max_length = "
        f"{model.max_length} tokens (the longest {max(lengths)})"
    )
    if model.long_inputs == "refuse":
        raise InputError(found, "raise model.max_length, or set model.long_inputs=cut")
    return f"{found}: cut"


def _check_departments(dataset: Dataset, manifest: DatasetManifest) -> None:
    """The label set is frozen in the manifest: products that were relabelled since do not fit."""
    labelled = pc.field("split") != "unlabelled"
    table = pq.read_table(dataset.products_file, columns=["department"], filters=labelled)
    unknown = set(table["department"].unique().to_pylist()) - set(manifest.departments)
    if unknown:
        names = ", ".join(sorted(map(repr, unknown))[:3])
        raise ArtifactError(
            f"{dataset.products_file} has products of {names}, and the Dataset's departments are "
            f"{len(manifest.departments)} others",
            "prepare the Dataset again",
        )


def _check_lines(dataset: Dataset, manifest: DatasetManifest) -> None:
    bought = bought_to_train(dataset) if manifest.parts else 0
    if not bought:
        raise InputError(
            f"{dataset.path} has {bought} order lines of train products, and "
            "train.examples = order_lines needs some",
            "set train.examples=products",
        )


def _check_leakage(manifest: DatasetManifest) -> None:
    leakage = manifest.leakage
    for what, known, of in (
        ("test purchases are of names", leakage.test_purchases_known, leakage.test_purchases),
        ("held-out products have token sets", leakage.token_set, leakage.held_out),
    ):
        share = known / max(of, 1)
        if share > MAX_LEAKAGE:
            raise InputError(
                f"{share:.1%} of the Dataset's {what} that are in train "
                f"(data.split = {manifest.split_protocol}), and {MAX_LEAKAGE:.0%} is the limit",
                "prepare it with data.split=token_set, or set train.allow_leakage=true to compare",
            )


def _check_made_alike(config: Config, made: dict[str, Any]) -> None:
    """Label set and split are the Dataset's: other ones asked for here would do nothing."""
    given, default = config.model_dump(mode="json"), Config().model_dump(mode="json")
    for section in ("catalog", "data"):
        for key, value in given[section].items():
            was = made.get(section, {}).get(key, value)
            if value not in (was, default[section][key]):
                raise ConfigError(
                    f"config {section}.{key} = {value!r}, and the Dataset was made with {was!r}",
                    "leave it out, or prepare a Dataset with it",
                )
