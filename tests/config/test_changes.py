"""A config as words: read back, they make it again."""

from pathlib import Path

import pytest

from pipelines.__main__ import CONFIGS
from shelftag.config import Config, load_config
from shelftag.config.changes import changed


def again(config: Config) -> Config:
    return load_config(overrides=[f"{key}={value}" for key, value in changed(config).items()])


@pytest.mark.parametrize("file", sorted(CONFIGS.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_preset_comes_back(file: Path) -> None:
    config = load_config(file, presets=CONFIGS)
    assert again(config) == config


def test_the_defaults_are_no_words() -> None:
    assert changed(Config()) == {}


@pytest.mark.parametrize(
    "setting",
    [
        "train.learning_rate=0.00001",
        "train.learning_rate=3e-7",
        "train.linear=false",
        "data.overrides=[a.csv, b c.csv]",
        "model.prompt='it is \"{product}\": 🥖 \\ é\u2028\x85\ndepartment:'",
        "model.target_modules=[q_proj]",
        "scaling.address='null'",
        "scaling.min_workers=null",
        "catalog.unlabelled=21",
    ],
)
def test_values_come_back(setting: str) -> None:
    config = load_config(overrides=[setting.replace("model.target", "model.lora.target")])
    assert again(config) == config
