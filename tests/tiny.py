"""A catalog small enough to learn in seconds: four departments, words of their own."""

from itertools import product
from pathlib import Path
from shutil import copytree

import pyarrow as pa
import pyarrow.parquet as pq

from shelftag.artifacts import Dataset, DatasetManifest, Run
from shelftag.catalog.departments import Departments
from shelftag.catalog.split import split_of, token_set
from shelftag.config import Config, load_config
from shelftag.model.adapter import MADE_BASE
from shelftag.training.examples import Examples, read_examples
from shelftag.training.fit import fit
from shelftag.training.freeze import freeze

ADJECTIVES = ("Organic", "Classic", "Family Size", "Golden", "Spicy", "Small Batch", "2% Light")
NOUNS = {
    "bakery": ("Rye Bread", "Bagel", "Brioche Bun", "Croissant", "Pita"),
    "dairy eggs": ("Milk", "Kefir", "Cheddar", "Greek Yogurt", "Butter"),
    "frozen": ("Frozen Peas", "Ice Cream", "Frozen Pizza", "Sorbet", "Frozen Waffles"),
    "pets": ("Dog Treats", "Cat Litter", "Puppy Kibble", "Bird Seed", "Cat Food"),
}
ENDINGS = ("", "Twin Pack", "500 g", "Original")

OVERRIDES = (
    "model.nano.vocab_size=300",
    "model.nano.hidden_size=32",
    "model.nano.intermediate_size=64",
    "model.nano.layers=1",
    "model.nano.heads=2",
    "model.nano.pretrain_epochs=1",
    "model.lora.r=4",
    "train.max_steps=100",
    "train.per_device_train_batch_size=64",
    "train.learning_rate=0.005",
    "train.embedding_dropout=0",
    "train.token_dropout=0",
    "scaling.threads_per_worker=1",
    "scaling.object_store_gb=0.5",
)


def config(*overrides: str) -> Config:
    """The tiny config with some settings changed."""
    return load_config(overrides=[*OVERRIDES, *overrides])


CONFIG = config()
GENERATING = (
    "train.objective=generate",
    'model.prompt="{product} department:"',
    "train.linear=false",
)
GENERATE = config(*GENERATING)


def write_dataset(folder: Path) -> Dataset:
    """A Dataset of 560 products, without order lines."""
    rows = [
        {
            "name": " ".join(filter(None, (adjective, noun, ending))),
            "department": department,
            "aisle": f"{noun.lower()} aisle",
        }
        for department, nouns in NOUNS.items()
        for adjective, noun, ending in product(ADJECTIVES, nouns, ENDINGS)
    ]
    splits = [split_of(token_set(row["name"])) for row in rows]
    table = pa.table(
        {
            "id": pa.array(range(1, len(rows) + 1), pa.int64()),
            "name": [row["name"] for row in rows],
            "department": [row["department"] for row in rows],
            "aisle": [row["aisle"] for row in rows],
            "purchases": pa.array([i % 7 for i in range(len(rows))], pa.int64()),
            "split": splits,
        }
    )
    dataset = Dataset(folder)
    dataset.begin()
    pq.write_table(table, dataset.products_file)
    dataset.publish(
        DatasetManifest(
            shelftag="test",
            fingerprint="tiny",
            config=CONFIG.model_dump(mode="json"),
            departments=tuple(sorted(NOUNS)),
            split_protocol="token_set",
            splits={split: splits.count(split) for split in ("train", "valid", "test")},
            tables={},
            order_lines={},
            reject_reasons={},
            inputs={},
            parts=(),
        )
    )
    return dataset


def learned(dataset: Dataset) -> tuple[Departments, Examples]:
    """The label set and the training examples."""
    departments = Departments(dataset.manifest().departments)
    return departments, read_examples(dataset, departments, "train", count_alpha=0.0)


def train(dataset: Dataset, base: Path, folder: Path, config: Config = CONFIG) -> Run:
    """What `shelftag train` does, without Ray."""
    run = Run(folder)
    run.begin()
    copytree(base, run.base_dir)
    departments, examples = learned(dataset)
    scratch = folder / "checkpoints"
    fit(config, str(run.base_dir), departments, examples, scratch)
    freeze(
        run,
        dataset,
        config,
        scratch / f"checkpoint-{config.train.max_steps}",
        MADE_BASE,
        {"seconds": 0.0},
    )
    return run
