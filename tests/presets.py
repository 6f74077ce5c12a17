"""The configs that come with the package."""

from pathlib import Path

from shelftag.config import Config, load_config

FOLDER = Path(__file__).parents[1] / "pipelines" / "configs"


def preset(name: str, *overrides: str) -> Config:
    """One of them, with some settings changed."""
    return load_config(FOLDER / f"{name}.yaml", overrides)
