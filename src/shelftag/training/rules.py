"""What cannot work, said before anything starts."""

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from shelftag.artifacts import Dataset, DatasetManifest
from shelftag.config import Config
from shelftag.errors import ArtifactError, ConfigError, InputError
from shelftag.training.lines import bought_to_train

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
    if config.train.fp16 and not config.scaling.use_gpu:
        raise ConfigError(
            "config train.fp16 = True breaks the rule: float16 with loss scaling needs a GPU",
            "set scaling.use_gpu=true, or train.fp16=false",
        )
    for split in ("train", "valid"):
        if not manifest.splits.get(split):
            raise InputError(
                f"the Dataset has no {split} products", "prepare it from a larger catalog"
            )
    if config.train.examples == "order_lines":
        _check_lines(dataset, manifest)
    if not config.train.allow_leakage:
        _check_leakage(manifest)


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
