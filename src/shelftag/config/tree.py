"""The whole config: a YAML file, then `section.key=value` overrides, then validation.

defaults  <-  what FILE extends  <-  --config FILE  <-  key=value ...   =   one frozen Config,
                                                                            saved with every result
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from shelftag.config.catalog import CatalogConfig
from shelftag.config.data import DataConfig
from shelftag.config.evaluation import EvaluationConfig
from shelftag.config.model import ModelConfig
from shelftag.config.scaling import ScalingConfig
from shelftag.config.section import Section
from shelftag.config.serve import ServeConfig
from shelftag.config.study import StudyConfig
from shelftag.config.synthesis import SynthesisConfig
from shelftag.config.tagging import TaggingConfig
from shelftag.config.train import TrainConfig
from shelftag.errors import ConfigError


class Config(Section):
    """Every setting of every verb. Defaults run on a laptop without a GPU."""

    synthesis: SynthesisConfig = SynthesisConfig()
    catalog: CatalogConfig = CatalogConfig()
    data: DataConfig = DataConfig()
    model: ModelConfig = ModelConfig()
    train: TrainConfig = TrainConfig()
    scaling: ScalingConfig = ScalingConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    study: StudyConfig = StudyConfig()
    tagging: TaggingConfig = TaggingConfig()
    serve: ServeConfig = ServeConfig()

    def yaml(self) -> str:
        """The resolved config, as a file that `load_config` reads back equal."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False)


def load_config(
    file: Path | None = None,
    overrides: Sequence[str] = (),
    options: Mapping[str, str] | None = None,
    presets: Path | None = None,
) -> Config:
    """Resolve defaults, a YAML file, `key=value` overrides and options, in this order.

    The values of overrides are YAML; those of options (key path -> text) are taken as they are,
    so that a folder may be called `run #2`. A file may extend one beside it or in `presets`.

    Raises:
        ConfigError: the file cannot be read, or a key or value breaks a rule.
    """
    tree = _extended(_read(file), file, presets) if file else {}
    for override in overrides:
        _apply(tree, override)
    for path, text in (options or {}).items():
        _set(tree, path, text)
    return parse_config(tree)


def parse_config(tree: Mapping[str, Any]) -> Config:
    """A Config from nested mappings, such as a Run's config.json.

    Raises:
        ConfigError: naming each key path, value and rule.
    """
    try:
        return Config.model_validate(tree)
    except ValidationError as error:
        raise ConfigError(_sentence(error), "mend it, or see `--dry-run` for every key") from None


def _read(file: Path) -> dict[str, Any]:
    try:
        tree = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"config {file} cannot be read ({error})", "name a YAML file") from None
    except yaml.YAMLError as error:
        line = " ".join(str(error).split())
        raise ConfigError(f"config {file} is not YAML ({line})", "mend the file") from None
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise ConfigError(f"config {file} is a {type(tree).__name__}", "write `section:` blocks")
    return tree


def _extended(tree: dict[str, Any], file: Path, presets: Path | None) -> dict[str, Any]:
    """A file's tree over that of the file it `extends`: one beside it, or a preset."""
    if "extends" not in tree:
        return tree
    own = {key: value for key, value in tree.items() if key != "extends"}
    name = str(tree["extends"]).removesuffix(".yaml")
    places = [folder / f"{name}.yaml" for folder in (file.parent, presets) if folder]
    base = next((place for place in places if place.is_file() and place != file), None)
    if base is None:
        problem = f"config {file} extends {name!r}, which is no file beside it and no preset"
        raise ConfigError(problem, "name one, without .yaml")
    below = _read(base)
    if "extends" in below:
        raise ConfigError(f"config {file} extends {base}, which extends too", "extend that one's")
    return _over(below, own)


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            value = _over(old, value)
        merged[key] = value
    return merged


def _apply(tree: dict[str, Any], override: str) -> None:
    path, equals, text = override.partition("=")
    if not equals or not path:
        raise ConfigError(f"override {override!r} is not key=value", "write e.g. train.epochs=3")
    try:
        _set(tree, path, yaml.safe_load(text))
    except yaml.YAMLError:
        raise ConfigError(f"override {override!r} has no YAML value", "quote the value") from None


def _set(tree: dict[str, Any], path: str, value: object) -> None:
    *sections, key = path.split(".")
    for section in sections:
        if tree.get(section) is None:  # absent, or an empty block in the file
            tree[section] = {}
        tree = tree[section]
        if not isinstance(tree, dict):
            raise ConfigError(f"config key {path!r}: {section} has no keys", "check the path")
    tree[key] = value


def _sentence(error: ValidationError) -> str:
    parts = []
    for problem in error.errors():
        path = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            parts.append(f"config key {path!r} is unknown")
        else:
            rule = problem["msg"].removeprefix("Value error, ")
            parts.append(f"config {path} = {problem['input']!r} breaks the rule: {rule}")
    return "; ".join(parts)
