"""All of it on made data, in a few minutes without a GPU.

synthesize -> prepare -> train -> evaluate -> tag -> ten tags, and where the report is
"""

from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from cluster.local import ray_session
from pipelines import evaluate, prepare, synthesize, tag, train
from shelftag.artifacts import Run, Tags
from shelftag.config import Config, parse_config

SIZES = {"lines": 200_000, "products": 12_000}
"""Large enough for figures that mean something, small enough for a coffee."""

TARGET_PRECISION = 0.95
"""What its 1,200 validation products can certify; the default of 0.98 takes more of them."""

SHOWN = 10


def main(*, out: Path | None, overwrite: bool, config: Config) -> None:
    """Run every stage into one folder."""
    folder = (out or Path("demo")).absolute()
    tables, dataset, run, tagged = (folder / n for n in ("tables", "dataset", "run", "tagged"))
    config = _sized(config, run)
    started = perf_counter()
    stages: dict[str, Callable[[], None]] = {
        "made tables": lambda: synthesize.main(
            out=tables, catalog=None, overwrite=overwrite, config=config
        ),
        "prepare": lambda: prepare.main(
            tables=str(tables), out=dataset, overwrite=overwrite, config=config
        ),
        "train": lambda: train.main(dataset=dataset, overwrite=overwrite, config=config),
        "evaluate": lambda: evaluate.main(run=run, dataset=dataset, config=config),
        "tag": lambda: tag.main(
            run=run,
            input=str(tables / "products.csv"),
            out=str(tagged),
            name_column="product_name",
            description_column=None,
            prefix="",
            overwrite=overwrite,
            config=config,
        ),
    }
    with ray_session(config.scaling):
        for number, (name, stage) in enumerate(stages.items(), start=1):
            print(f"\n[{number}/{len(stages)}] {name}", flush=True)
            stage()
    _show_tags(Tags(tagged))
    print(f"report: {Run(run).evaluation_dir / 'report.html'}")
    print(f"done in {perf_counter() - started:.0f} s; next: shelftag serve --run {run}")


def _sized(config: Config, run: Path) -> Config:
    """The demo's sizes, where nothing else was asked for."""
    default = Config().synthesis
    tree = config.model_dump(mode="json")
    for name, size in SIZES.items():
        if getattr(config.synthesis, name) == getattr(default, name):
            tree["synthesis"][name] = size
    tree["train"]["output_dir"] = str(run)
    if config.train.target_precision == Config().train.target_precision:
        tree["train"]["target_precision"] = TARGET_PRECISION
    return parse_config(tree)


def _show_tags(tags: Tags) -> None:
    """Ten tagged products, evenly taken from the catalog."""
    import pyarrow.dataset as ds
    from rich.console import Console
    from rich.table import Table

    rows = ds.dataset(tags.tags.path, filesystem=tags.tags.filesystem).to_table()
    picked = rows.take([i * (len(rows) - 1) // (SHOWN - 1) for i in range(SHOWN)]).to_pylist()
    table = Table("product", "department", "confidence", "status", title="ten tags")
    for column in table.columns[1:]:
        column.no_wrap = True
    for row in picked:
        confidence = f"{row['confidence']:.3f}"
        table.add_row(row["product_name"], row["department"], confidence, row["status"])
    Console().print(table)
