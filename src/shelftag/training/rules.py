"""What cannot work, said before anything starts."""

from shelftag.artifacts import DatasetManifest
from shelftag.config import Config
from shelftag.errors import ConfigError, InputError


def check_trainable(config: Config, dataset: DatasetManifest) -> None:
    """Refuse a config or Dataset that must fail later.

    Raises:
        ConfigError: settings exclude each other.
        InputError: the Dataset has nothing to train or calibrate on.
    """
    if config.train.fp16 and not config.scaling.use_gpu:
        raise ConfigError(
            "config train.fp16 = True breaks the rule: float16 with loss scaling needs a GPU",
            "set scaling.use_gpu=true, or train.fp16=false",
        )
    for split in ("train", "valid"):
        if not dataset.splits.get(split):
            raise InputError(
                f"the Dataset has no {split} products", "prepare it from a larger catalog"
            )
