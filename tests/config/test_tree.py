"""Settings: resolved in one order, refused by name."""

import pickle
from pathlib import Path
from typing import Any

import pytest
import yaml

from shelftag.config import Config, load_config, parse_config
from shelftag.config.section import Section
from shelftag.errors import ConfigError

CONFIGS = Path(__file__).parents[2] / "pipelines" / "configs"


def test_file_then_overrides(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("train: {epochs: 3, seed: 7}\n")
    config = load_config(file, ["train.epochs=5", "train.learning_rate=2e-4"])
    assert (config.train.epochs, config.train.seed, config.train.learning_rate) == (5, 7, 2e-4)


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("train.epoch=2", ["'train.epoch'", "unknown"]),
        ("train.epochs=-1", ["train.epochs", "-1", "greater than 0"]),
        ("train.epochs=many", ["train.epochs", "'many'", "number"]),
        ("model.nano.heads=5", ["model.nano", "multiple of 2 * heads"]),
        ("train.seed", ["'train.seed'", "key=value"]),
        ("nothing.at.all=1", ["'nothing'", "unknown"]),
        ("train=3", ["train", "3"]),
        ("train.epochs.x=3", ["train.epochs", "{'x': 3}"]),
        ("train.seed=[", ["'train.seed=['"]),
        ("data.valid_share=0", ["data.valid_share", "greater than 0"]),
        ("data.train_share=0.9", ["0.9 + 0.1", "must leave a share for test"]),
    ],
)
def test_an_error_names_key_value_and_rule(override: str, words: list[str]) -> None:
    with pytest.raises(ConfigError) as error:
        load_config(None, [override])
    assert all(word in str(error.value) for word in words), str(error.value)


SHOP: dict[str, Any] = {
    "name": "a",
    "path": "a.csv",
    "columns": {"id": "i", "name": "n", "department": "d"},
}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"source": "catalog"}, ["needs catalogs"]),
        ({"catalogs": [SHOP]}, ["source = catalog only"]),
        ({"source": "catalog", "catalogs": [SHOP], "split": "row"}, ["catalogs have none"]),
        ({"source": "catalog", "catalogs": [SHOP, SHOP]}, ["names of their own", "a, a"]),
        ({"catalogs": [{**SHOP, "name": "a/b"}]}, ["data.catalogs.0.name", "'a/b'"]),
        ({"catalogs": [{**SHOP, "path": "../a.csv"}]}, ["../a.csv", "below --tables"]),
        ({"catalogs": [{**SHOP, "columns": {}}]}, ["data.catalogs.0.columns.id", "required"]),
        (
            {"catalogs": [{**SHOP, "columns": {**SHOP["columns"], "price": "p"}}]},
            ["'data.catalogs.0.columns.price' is unknown"],
        ),
        (
            {"catalogs": [{**SHOP, "columns": {**SHOP["columns"], "count": "n"}}]},
            ["the column n is used twice"],
        ),
        ({"catalogs": [{**SHOP, "departments": {"x": ""}}]}, ["departments.x"]),
    ],
)
def test_catalogs_that_cannot_work(data: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(ConfigError) as error:
        parse_config({"data": data})
    assert all(word in str(error.value) for word in words), str(error.value)


@pytest.mark.parametrize("content", ["- a list", "a: [", "\xff"])
def test_a_file_that_is_no_config_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "c.yaml"
    file.write_bytes(content.encode("latin-1"))
    with pytest.raises(ConfigError, match=r"c\.yaml"):
        load_config(file)


def test_options_are_taken_as_they_are(tmp_path: Path) -> None:
    """A folder may be called what YAML would read as a comment, a number or a mapping."""
    for name in ("run #2", "2026", "a: b", "null"):
        config = load_config(None, (), {"train.output_dir": name, "serve.port": "81"})
        assert (config.train.output_dir, config.serve.port) == (name, 81)
    file = tmp_path / "c.yaml"
    file.write_text("train:\n")
    assert load_config(file, ["train.seed=4"]).train.seed == 4


def test_label_set_presets() -> None:
    assert load_config().catalog.unlabelled == ("missing", "other")
    assert load_config(None, ["catalog.unlabelled=21"]).catalog.unlabelled == ()
    assert load_config(None, ["catalog.unlabelled=20"]).catalog.unlabelled == ("missing",)


@pytest.mark.parametrize("file", sorted(CONFIGS.glob("*.yaml")), ids=lambda file: file.stem)
def test_packaged_configs_resolve_and_come_back_equal(file: Path) -> None:
    config = load_config(file)
    assert parse_config(yaml.safe_load(config.yaml())) == config
    assert pickle.loads(pickle.dumps(config)) == config


def test_a_file_stands_over_the_one_it_extends(tmp_path: Path) -> None:
    (tmp_path / "below.yaml").write_text("train: {epochs: 3, seed: 7}\nmodel: {base: a}\n")
    file = tmp_path / "above.yaml"
    file.write_text("extends: below\ntrain: {seed: 8}\nscaling: {workers: 2}\n")
    config = load_config(file, ["train.logging_steps=9"])
    train = config.train
    assert (train.epochs, train.seed, train.logging_steps) == (3, 8, 9)
    assert (config.model.base, config.scaling.workers) == ("a", 2)
    assert "extends" not in config.yaml()


def test_one_level_of_extending(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("extends: b\n")
    (tmp_path / "b.yaml").write_text("extends: c\n")
    with pytest.raises(ConfigError, match=r"a\.yaml extends .*b\.yaml, which extends too"):
        load_config(tmp_path / "a.yaml")
    with pytest.raises(ConfigError, match=r"b\.yaml extends 'c', which is no file"):
        load_config(tmp_path / "b.yaml")


def test_a_preset_may_be_extended_from_anywhere(tmp_path: Path) -> None:
    own = tmp_path / "mine.yaml"
    own.write_text("extends: llama2_7b_t4\ntrain: {epochs: 3}\n")
    config = load_config(own, presets=CONFIGS)
    assert (config.model.base, config.train.epochs) == ("NousResearch/Llama-2-7b-chat-hf", 3)
    own.write_text("extends: mine\n")  # itself
    with pytest.raises(ConfigError, match=r"mine\.yaml extends 'mine', which is no file"):
        load_config(own, presets=CONFIGS)


@pytest.mark.parametrize("name", ["models_root", "keys_file", "jobs_input", "jobs_output"])
def test_places_of_the_endpoint_are_full_paths(name: str) -> None:
    """Its copies work in another folder."""
    config = Config.model_validate({"serve": {name: "here"}})
    assert getattr(config.serve, name) == Path.cwd() / "here"


def test_nano_cpu_is_the_default() -> None:
    assert load_config(CONFIGS / "nano_cpu.yaml") == Config()


def test_every_field_says_what_it_is() -> None:
    def silent(section: type[Section]) -> list[str]:
        names = []
        for name, field in section.model_fields.items():
            kind = field.annotation
            if isinstance(kind, type) and issubclass(kind, Section):
                names += silent(kind)
            elif not field.description:
                names.append(f"{section.__name__}.{name}")
        return names

    assert silent(Config) == []
