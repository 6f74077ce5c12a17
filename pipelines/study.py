"""Six tables -> one Dataset and one Run for each protocol -> one page that sets them side by side.

    tables --prepare--> OUT/row-21/dataset       --train--> run --evaluate--.
           --prepare--> OUT/product-21/dataset   --train--> run --evaluate--+--> OUT/report.html
           --prepare--> OUT/token_set-21/dataset --train--> run --evaluate--'

What is done already, by the same settings, is not done again: a killed study goes on.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cluster.local import ray_session
from pipelines import evaluate, prepare, train
from shelftag.artifacts import Dataset, Run, write_text
from shelftag.config import Config, parse_config
from shelftag.config.study import DEFAULT
from shelftag.errors import ArtifactError, ConfigError
from shelftag.evaluation.outcome import Evaluation
from shelftag.evaluation.report_study import COLUMNS, study_cells, study_page, title_of
from shelftag.evaluation.side_by_side import Protocol, SideBySide
from shelftag.report.page import render
from shelftag.tables.overrides import check_overrides
from shelftag.tables.sources import check_sources, fingerprints

DATA_SECTIONS = ("catalog", "data")
LEARNING_SECTIONS = (*DATA_SECTIONS, "model", "train")


def main(*, tables: str, out: Path, overwrite: bool, config: Config) -> None:
    """Run every protocol, and print the table.

    Raises:
        ConfigError: `data.source` has no order lines to split.
    """
    if config.data.source == "catalog":
        problem = "config data.source = 'catalog' breaks the rule: a study splits order lines too"
        raise ConfigError(problem, "give the six tables")
    check_sources(tables)
    settings = {
        (split, label_set): _settings(config, out, split, label_set)
        for label_set in config.study.label_sets
        for split in config.study.splits
    }
    protocols = []
    with ray_session(config.scaling):
        for number, ((split, label_set), each) in enumerate(settings.items(), start=1):
            print(
                f"\n[{number}/{len(settings)}] split by {split}, label set {label_set}", flush=True
            )
            folder = out / f"{split}-{label_set}"
            found = _one(tables, folder, each, overwrite=overwrite)
            protocols.append(Protocol(split=split, label_set=label_set, evaluation=found))
    study = SideBySide(protocols=tuple(protocols))
    publish(study, out)
    show(study)
    print(f"report: {out / 'report.html'}")


def _settings(config: Config, out: Path, split: str, label_set: str) -> Config:
    """The config of one protocol: its split and labels, leaks allowed, only scores measured."""
    tree = config.model_dump(mode="json")
    if label_set != DEFAULT:
        tree["catalog"]["unlabelled"] = label_set
    tree["data"]["split"] = split
    tree["train"] |= {
        "allow_leakage": True,
        "output_dir": str((out / f"{split}-{label_set}" / "run").absolute()),
    }
    tree["evaluation"] |= {"speed": False, "suspects": False, "learning_curve": False}
    return parse_config(tree)


def _one(tables: str, folder: Path, config: Config, *, overwrite: bool) -> Evaluation:
    dataset, run = Dataset(folder / "dataset"), Run(folder / "run")
    if overwrite or not _is_made(dataset, config, DATA_SECTIONS):
        prepare.main(tables=tables, out=dataset.path, overwrite=overwrite, config=config)
    _check_same_tables(dataset, tables, config)
    if overwrite or not _is_made(run, config, LEARNING_SECTIONS):
        train.main(dataset=dataset.path, overwrite=overwrite, config=config)
    done = _read_scores(run)
    if done is None:
        evaluate.main(run=run.path, dataset=dataset.path, config=config)
        done = _read_scores(run)
    assert done is not None  # noqa: S101
    return done


def _is_made(folder: Dataset | Run, config: Config, sections: tuple[str, ...]) -> bool:
    """Whether a complete folder is of these settings.

    Raises:
        ArtifactError: it is of others.
    """
    if not folder.is_complete:
        return False
    # read anew: settings that came since have their defaults
    made = parse_config(folder.manifest().config).model_dump(mode="json")
    given = config.model_dump(mode="json")
    for section in sections:
        if keys := ", ".join(_other(made[section], given[section])):
            problem = (
                f"{folder.kind} {folder.path} was made with other settings ({section}: {keys})"
            )
            raise ArtifactError(problem, "give the same, name another --out, or --overwrite")
    print(f"{folder.kind} {folder.path} is done already")
    return True


def _check_same_tables(dataset: Dataset, tables: str, config: Config) -> None:
    """Refuse a Dataset of other tables, or of labels corrected otherwise.

    Raises:
        ArtifactError: it is one.
    """
    sources = check_sources(tables) | check_overrides(config.data.overrides)
    if dataset.manifest().inputs != fingerprints(sources):
        problem = f"Dataset {dataset.path} was made of other files than {tables} has now"
        raise ArtifactError(problem, "name another --out, or --overwrite")


def _other(made: Mapping[str, Any], given: Mapping[str, Any]) -> list[str]:
    """Keys whose values differ; where a folder stands is no setting."""
    keys = (made.keys() | given.keys()) - {"output_dir", "report_to", "logging_steps"}
    return sorted(key for key in keys if made.get(key) != given.get(key))


def _read_scores(run: Run) -> Evaluation | None:
    """What `evaluate` found of this very Run."""
    try:
        scores = json.loads((run.scores_file).read_bytes())
        found = Evaluation.model_validate(scores)
    except (OSError, ValueError, ValidationError):
        return None
    learned = run.manifest()
    own = found.run == learned.fingerprint and found.dataset == learned.dataset
    return found if own else None


def publish(study: SideBySide, out: Path) -> None:
    """Write figures/, report.html and study.json, each replaced at once."""
    page = study_page(study)
    for drawing in page.drawings:
        write_text(out / "figures" / f"{drawing.name}.svg", drawing.svg + "\n")
    write_text(out / "report.html", render(page))
    write_text(out / "study.json", study.model_dump_json(indent=2) + "\n")


def show(study: SideBySide) -> None:
    """Print the table and what it says."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for one in study.protocols:
        table = Table(*COLUMNS[:5], box=box.SIMPLE_HEAD, title=title_of(one), title_justify="left")
        for row in one.evaluation.models:
            table.add_row(*study_cells(row)[:5])
        console.print(table)
    console.print(study.explanation, highlight=False, soft_wrap=True)
